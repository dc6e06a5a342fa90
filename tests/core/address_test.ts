import { assertEquals } from "@std/assert";
import {
  addressText,
  isLinkLocal,
  isUniversalText,
  parseAddress,
  tellable,
  understood,
  withZones,
} from "../../lib/core/address.ts";

const ALL = [
  "192.0.2.1:4000",
  "attic.example:4000",
  "[2001:db8::1]:4000",
  "127.0.0.1:4000",
  "localhost:4000",
  "[::1]:4000",
  "[fe80::1%2]:4000",
];
const UNIVERSAL = ALL.slice(0, 3);

Deno.test("an address comes through its text", () => {
  for (const text of ALL) {
    const address = parseAddress(text);
    assertEquals(address === null ? null : addressText(address), text);
  }
});

Deno.test("what means the same host for everybody", () => {
  assertEquals(ALL.filter(isUniversalText), UNIVERSAL);
});

Deno.test("link-local addresses, from fe80 to febf", () => {
  const all = ["fe80::1", "fe80::1%eth0", "febf::1", "FE80::1", "fec0::1", "fe8::1", "fd80::1"];
  assertEquals(all.filter(isLinkLocal), ["fe80::1", "fe80::1%eth0", "febf::1", "FE80::1"]);
});

Deno.test("each is told what means something to him", () => {
  assertEquals(tellable(ALL, "192.0.2.9"), UNIVERSAL);
  assertEquals(tellable(ALL, "2001:db8::9"), UNIVERSAL);
  assertEquals(tellable(ALL, "127.0.0.1"), ALL);
  assertEquals(tellable(ALL, "::1"), ALL);
  assertEquals(tellable(ALL, "fe80::9"), [...UNIVERSAL, "[fe80::1]:4000"]);
});

Deno.test("each understands what he is told as his own link means it", () => {
  const told = [...UNIVERSAL, "127.0.0.1:22", "[fe80::1]:4000"];
  assertEquals(understood(told, "192.0.2.9"), UNIVERSAL);
  assertEquals(understood(told, "fe80::9%eth0"), [...UNIVERSAL, "[fe80::1%eth0]:4000"]);
  // Who accepted the link does not know its zone.
  assertEquals(understood(told, "fe80::9"), [...UNIVERSAL, "[fe80::1]:4000"]);
  // A zone that somebody else says is none of this machine's.
  assertEquals(understood(["[fe80::1%7]:4000"], "fe80::9%2"), ["[fe80::1%2]:4000"]);
  assertEquals(understood(ALL, "127.0.0.1"), ALL);
});

Deno.test("a zone that is known elsewhere is added", () => {
  const known = ["192.0.2.1:4000", "[fe80::1%2]:4000", "[fe80::2%3]:4000"];
  assertEquals(
    withZones(["192.0.2.1:4000", "[fe80::1]:4000", "[fe80::1]:4010", "[fe80::2%7]:4000"], known),
    ["192.0.2.1:4000", "[fe80::1%2]:4000", "[fe80::1]:4010", "[fe80::2%7]:4000"],
  );
});

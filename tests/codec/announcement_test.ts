import { assert, assertEquals } from "@std/assert";
import {
  type Announcement,
  decodeAnnouncement,
  encodeAnnouncement,
  MAX_DATAGRAM_BYTES,
} from "../../lib/codec/announcement.ts";
import { utf8 } from "./naive_codec.ts";

const SERVER = { id: "0123456789ab", port: 4000, addresses: [] };

/** A datagram with the right beginning. */
function datagram(json: string): Uint8Array {
  return utf8(`p2p-rtt\x01${json}`);
}

Deno.test("an announcement and a question come through", () => {
  const said: readonly Announcement[] = [
    { clique: "p2p-rtt", server: SERVER, asks: false },
    { clique: "屋根裏", server: { ...SERVER, addresses: ["a:1", "[::1]:2"] }, asks: true },
    { clique: '"\\"', server: null, asks: true },
  ];
  for (const one of said) assertEquals(decodeAnnouncement(encodeAnnouncement(one)), one);
});

Deno.test("the bytes of a question", () => {
  const question = encodeAnnouncement({ clique: "attic", server: null, asks: true });
  assertEquals(question, datagram('{"clique":"attic","asks":true}'));
});

Deno.test("the longest announcement fits; addresses too many or too long are left out", () => {
  const long = "x".repeat(65) + ":4000";
  const addresses = ["é".repeat(70) + ":4000", "x".repeat(66) + ":4000", long, long, long, "a:1"];
  const bytes = encodeAnnouncement({
    clique: '"'.repeat(64),
    server: { ...SERVER, port: 65_535, addresses },
    asks: false,
  });
  assert(bytes.length <= MAX_DATAGRAM_BYTES, `${bytes.length} bytes`);
  assertEquals(decodeAnnouncement(bytes)?.server?.addresses, [long, long, long]);
});

Deno.test("unknown keys are ignored", () => {
  const later = datagram('{"clique":"a","asks":true,"later":{"x":[1]}}');
  assertEquals(decodeAnnouncement(later), { clique: "a", server: null, asks: true });
});

Deno.test("what is no announcement is none", () => {
  const good = '"clique":"a","id":"0123456789ab","port":4000,"asks":true';
  const wrong: readonly Uint8Array[] = [
    new Uint8Array(0),
    utf8("p2p-rtt"),
    utf8(`p2p-rtt\x02{${good}}`),
    utf8(`P2P-RTT\x01{${good}}`),
    utf8("M-SEARCH * HTTP/1.1\r\n\r\n"),
    datagram(""),
    datagram("null"),
    datagram("[]"),
    datagram("7"),
    datagram(`{${good}`),
    datagram(`{${good}}}`),
    datagram(`{${good},"pad":"${"x".repeat(MAX_DATAGRAM_BYTES)}"}`),
    new Uint8Array([...datagram(`{${good},"x":"`), 0xff, ...utf8('"}')]),
  ];
  for (const bytes of wrong) {
    assertEquals(decodeAnnouncement(bytes), null, new TextDecoder().decode(bytes));
  }
});

Deno.test("one wrong part makes an announcement none", () => {
  const good = { clique: "a", id: "0123456789ab", port: 4000, addresses: ["b:1"], asks: true };
  assert(decodeAnnouncement(datagram(JSON.stringify(good))) !== null);
  const wrong: readonly Record<string, unknown>[] = [
    { clique: undefined },
    { clique: "" },
    { clique: "two words" },
    { clique: "x".repeat(65) },
    { clique: 7 },
    { id: undefined },
    { id: null },
    { id: "0123456789AB" },
    { id: "0123456789abc" },
    { port: undefined },
    { port: null },
    { port: 0 },
    { port: 65_536 },
    { port: 1.5 },
    { port: "4000" },
    { addresses: null },
    { addresses: "b:1" },
    { addresses: [1] },
    { addresses: ["x".repeat(71)] },
    { addresses: ["a:1", "b:1", "c:1", "d:1"] },
    { asks: undefined },
    { asks: 1 },
  ];
  for (const part of wrong) {
    const json = JSON.stringify({ ...good, ...part });
    assertEquals(decodeAnnouncement(datagram(json)), null, json);
  }
});

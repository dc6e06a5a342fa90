/** Cliques of several hosts that find each other: nobody types an address. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Host } from "../testing/lan.ts";
import {
  formed,
  logged,
  onLan,
  peerAddresses,
  peerCount,
  sees,
  serversSeen,
  talk,
} from "./on_lan.ts";

onLan("hosts of one network find each other, whoever starts first", async (lan) => {
  const attic = await lan.host({ home: "10.1.0.1/24" });
  const cellar = await lan.host({ home: "10.1.0.2/24" });
  const garden = await lan.host({ home: "10.1.0.3/24" });
  const elsewhere = await lan.host({ office: "10.1.0.4/24" });
  await using stranger = await elsewhere.server("--discover");
  await using first = await attic.server("--discover");
  await using second = await cellar.server("--discover");
  await formed(first, second);
  await talk({ host: garden, by: ["--discover"] }, { host: cellar, by: ["--discover"] });
  await using third = await garden.server("--discover");
  await formed(first, second, third);
  assertEquals((await serversSeen(garden, "--discover")).length, 3);
  assertEquals(peerCount(stranger), 0);
  assertEquals((await serversSeen(elsewhere, "--discover")).length, 1);
});

onLan("cliques of different names stay apart, on one host too", async (lan) => {
  const attic = await lan.host({ home: "10.1.0.1/24" });
  const cellar = await lan.host({ home: "10.1.0.2/24" });
  await using red = await attic.server("--discover=red");
  await using blue = await attic.server("--discover=blue");
  await using otherBlue = await cellar.server("--discover=blue");
  await using otherRed = await cellar.server("--discover=red");
  await Promise.all([formed(red, otherRed), formed(blue, otherBlue)]);
  assertEquals((await serversSeen(cellar, "--discover=red")).length, 2);
  await using nobody = attic.client("--discover=green", "who");
  assertEquals((await nobody.ends()).code, 3);
  const [error] = nobody.events({ event: "error" });
  assertEquals(error?.["code"], "unreachable");
  assertMatch(String(error?.["message"]), /^No server of clique 'green' answers on this network: /);
  for (const server of [red, blue, otherRed, otherBlue]) assertEquals(peerCount(server), 1);
});

onLan("a host on two networks is found on each, at an address of that one", async (lan) => {
  const bridge = await lan.host({ home: "10.1.0.1/24", office: "10.2.0.1/24" }, {
    defaultRoute: "home",
  });
  const attic = await lan.host({ home: "10.1.0.2/24" }, { defaultRoute: "home" });
  const desk = await lan.host({ office: "10.2.0.3/24" });
  await using both = await bridge.server("--discover");
  await using home = await attic.server("--discover");
  await using office = await desk.server("--discover");
  await Promise.all([
    both.logged({ event: "peer-linked" }, 2),
    home.logged({ event: "peer-linked" }),
    office.logged({ event: "peer-linked" }),
  ]);
  await sees(attic, "10.1.0.1:4000", "--discover");
  // On its other network it has no route to say its IPv4 address by, but a link.
  const onLink = `[${await bridge.linkLocal("office")}%2]:4000`;
  await sees(desk, onLink, "--discover");
  await talk({ host: attic, by: ["--server", "10.1.0.1:4000", "--pin"] }, {
    host: desk,
    by: ["--server", onLink, "--pin"],
  });
});

onLan("IPv4 alone takes a default route, or the address of the host", async (lan) => {
  const ipv6 = false;
  const attic = await lan.host({ home: "10.1.0.1/24" }, { ipv6, defaultRoute: "home" });
  const cellar = await lan.host({ home: "10.1.0.2/24" }, { ipv6 });
  const garden = await lan.host({ home: "10.1.0.3/24" }, { ipv6 });
  await using first = await attic.server("--discover");
  await using second = await cellar.server("--discover", "--listen", "10.1.0.2:4000");
  await using third = await garden.server("--discover");
  await formed(first, second);
  assertEquals([...peerAddresses(first), ...peerAddresses(second)], [
    "10.1.0.2:4000",
    "10.1.0.1:4000",
  ]);
  await third.logged({ event: "discovery", level: "warn" });
  const [warning] = logged(third, "discovery");
  assertMatch(String(warning?.["message"]), /no IPv6 link and no IPv4 default route.*--listen$/);
  assertEquals(peerCount(third), 0);
  assertEquals((await serversSeen(garden, "--discover")).length, 1);
});

onLan("a host that comes back with another address is followed", async (lan) => {
  const options = { ipv6: false, defaultRoute: "home" };
  const attic = await lan.host({ home: "10.1.0.1/24" }, options);
  const cellar = await lan.host({ home: "10.1.0.2/24" }, options);
  await using first = await attic.server("--discover");
  await using bob = attic.client("--discover", "--name", "bob", "listen");
  await bob.event({ event: "attached", server: "10.1.0.1:4000" });
  {
    await using second = await cellar.server("--discover");
    await formed(first, second);
  }
  await cellar.renumber("home", "10.1.0.77/24");
  await cellar.ip("route", "replace", "default", "dev", "home");
  await using again = await cellar.server("--discover");
  await Promise.all([
    first.logged({ event: "peer-linked" }, 2),
    again.logged({ event: "peer-linked" }),
  ]);
  assertEquals(peerAddresses(first), ["10.1.0.2:4000", "10.1.0.77:4000"]);
  // Bob's server goes; the one that he moves to came after he had looked around.
  await first[Symbol.asyncDispose]();
  await bob.event({ event: "moved", server: "10.1.0.77:4000" });
  await using late = attic.client(
    "--server",
    "10.1.0.77:4000",
    "--name",
    "ada",
    "send",
    "bob",
    "hi",
  );
  await bob.event({ event: "message", from: "ada", text: "hi" });
  assertEquals((await late.ends()).code, 0);
});

onLan("a client follows the only server to its new address", async (lan) => {
  const options = { ipv6: false, defaultRoute: "home" };
  const attic = await lan.host({ home: "10.1.0.1/24" }, options);
  const garden = await lan.host({ home: "10.1.0.3/24" }, options);
  await using server = await attic.server("--discover");
  await using bob = garden.client("--discover", "--name", "bob", "listen");
  await bob.event({ event: "attached", server: "10.1.0.1:4000" });
  await server[Symbol.asyncDispose]();
  await attic.renumber("home", "10.1.0.77/24");
  await attic.ip("route", "replace", "default", "dev", "home");
  await using _again = await attic.server("--discover");
  await bob.event({ event: "moved", server: "10.1.0.77:4000" });
});

onLan("servers of a host without any network find each other", async (lan) => {
  const island = await lan.host({});
  await using first = await island.server("--discover");
  await using second = await island.server("--discover");
  await formed(first, second);
  assertEquals(await serversSeen(island, "--discover"), ["127.0.0.1:4000", "127.0.0.1:4010"]);
});

onLan("--join beside it reaches whom no multicast reaches", async (lan) => {
  const attic = await lan.host({ home: "10.1.0.1/24" });
  const cellar = await lan.host({ home: "10.1.0.2/24" });
  const garden = await lan.host({ home: "10.1.0.3/24" });
  await using silent = await attic.server("--listen", ":4000");
  await using first = await cellar.server("--discover", "--join", "10.1.0.1:4000");
  await using second = await garden.server("--discover");
  await formed(silent, first, second);
});

onLan("what others shout on the port does no harm", async (lan) => {
  const attic = await lan.host({ home: "10.1.0.1/24" });
  const cellar = await lan.host({ home: "10.1.0.2/24" });
  await using first = await attic.server("--discover", "--log-level", "debug");
  await shout(cellar, await attic.linkLocal("home"));
  await using second = await cellar.server("--discover");
  await formed(first, second);
  assertEquals(await serversSeen(cellar, "--discover").then(({ length }) => length), 2);
});

/** Sends what is malformed, foreign or forged to everybody, and to one host alone. */
async function shout(from: Host, to: string): Promise<void> {
  const script = `
    import { createSocket } from "node:dgram";
    const server = (id, more) => JSON.stringify({ clique: "p2p-rtt", id, port: 1, asks: true, ...more });
    const id = "00000000000f";
    const datagrams = [
      "", "p2p-rtt", "p2p-rtt\\x01", "p2p-rtt\\x01{}", "p2p-rtt\\x02" + server(id),
      "M-SEARCH * HTTP/1.1\\r\\n\\r\\n", "\\x00".repeat(1_400), "p2p-rtt\\x01" + "[".repeat(60_000),
      "p2p-rtt\\x01" + server(id),
      "p2p-rtt\\x01" + server(id, { addresses: ["127.0.0.1:22", "x", "[::]:0", "[fe80::1%9]:9"] }),
      "p2p-rtt\\x01" + server("__proto__", { clique: "__proto__" }),
    ];
    const socket = createSocket("udp6");
    await new Promise((resolve) => socket.bind(0, "::", resolve));
    for (const datagram of datagrams) {
      for (const to of ["ff12::7032:7072%2", "${to}%2"]) {
        await new Promise((resolve) => socket.send(datagram, 4040, to, resolve));
      }
    }
    socket.close();`;
  const [command = "", ...by] = from.by;
  const { success, stderr } = await new Deno.Command(command, {
    args: [...by, Deno.execPath(), "eval", "--ext=js", script],
    signal: AbortSignal.timeout(10_000),
    stdout: "null",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

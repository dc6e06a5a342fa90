/** Cliques of several hosts, joined by addresses that somebody typed. */

import { assert, assertEquals } from "@std/assert";
import { formed, onLan, peerAddresses, serversSeen, talk } from "./on_lan.ts";

onLan("servers on two hosts, clients on a third, then one server more", async (lan) => {
  const attic = await lan.host({ home: "10.1.0.1/24" });
  const cellar = await lan.host({ home: "10.1.0.2/24" });
  const garden = await lan.host({ home: "10.1.0.3/24" });
  await using first = await attic.server("--listen", ":4000");
  await using second = await cellar.server("--listen", ":4000", "--join", "10.1.0.1:4000");
  await formed(first, second);
  await talk({ host: garden, by: ["--server", "10.1.0.1:4000", "--pin"] }, {
    host: garden,
    by: ["--server", "10.1.0.2:4000", "--pin"],
  });
  await using third = await garden.server("--listen", ":4000", "--join", "10.1.0.2:4000");
  await formed(first, second, third);
  const all = ["10.1.0.1:4000", "10.1.0.2:4000", "10.1.0.3:4000"];
  assertEquals(await serversSeen(attic, "--server", "10.1.0.1:4000"), all);
  assertEquals(await serversSeen(garden, "--server", "10.1.0.3:4000"), all);
});

onLan("a host on two networks is told by the address that each network reaches", async (lan) => {
  const bridge = await lan.host({ home: "10.1.0.1/24", office: "10.2.0.1/24" });
  const attic = await lan.host({ home: "10.1.0.2/24" });
  const desk = await lan.host({ office: "10.2.0.3/24" });
  await using both = await bridge.server("--listen", ":4000");
  await using home = await attic.server("--listen", ":4000", "--join", "10.1.0.1:4000");
  await using office = await desk.server("--listen", ":4000", "--join", "10.2.0.1:4000");
  await Promise.all([
    both.logged({ event: "peer-linked" }, 2),
    home.logged({ event: "peer-linked" }),
    office.logged({ event: "peer-linked" }),
  ]);
  assertEquals(peerAddresses(home), ["10.1.0.1:4000"]);
  assertEquals(peerAddresses(office), ["10.2.0.1:4000"]);
  assertEquals(peerAddresses(both), ["10.1.0.2:4000", "10.2.0.3:4000"]);
  const fromHome = await serversSeen(attic, "--server", "10.1.0.2:4000");
  assertEquals(fromHome, ["10.1.0.1:4000", "10.1.0.2:4000"]);
  const fromOffice = await serversSeen(desk, "--server", "10.2.0.3:4000");
  assertEquals(fromOffice, ["10.2.0.1:4000", "10.2.0.3:4000"]);
  await talk({ host: attic, by: ["--server", "10.1.0.1:4000", "--pin"] }, {
    host: desk,
    by: ["--server", "10.2.0.1:4000", "--pin"],
  });
});

onLan("global IPv6 addresses", async (lan) => {
  const attic = await lan.host({ home: "2001:db8::1/64" });
  const cellar = await lan.host({ home: "2001:db8::2/64" });
  const garden = await lan.host({ home: "2001:db8::3/64" });
  await using first = await attic.server("--listen", "[::]:4000");
  await using second = await cellar.server(
    ...["--listen", "[2001:db8::2]:4010", "--join", "[2001:db8::1]:4000"],
  );
  await formed(first, second);
  const by = ["--server", "[2001:db8::1]:4000"];
  const all = ["[2001:db8::1]:4000", "[2001:db8::2]:4010"];
  assertEquals(await serversSeen(garden, ...by), all);
  await talk({ host: garden, by }, { host: cellar, by });
});

onLan("link-local IPv6 addresses: each host adds its own zone", async (lan) => {
  const attic = await lan.host({ home: null });
  const cellar = await lan.host({ office: "10.2.0.2/24", home: null });
  const garden = await lan.host({ home: null });
  const reached = `[${await attic.linkLocal("home")}%home]:4000`;
  await using first = await attic.server("--listen", "[::]:4000");
  await using second = await cellar.server("--listen", "[::]:4010", "--join", reached);
  await using third = await garden.server("--listen", "[::]:4020", "--join", reached);
  // The last two know of each other by the first only, who can't know their zones.
  await formed(first, second, third);
  const seen = await serversSeen(garden, "--server", reached);
  const hosts = [[attic, 4000], [cellar, 4010], [garden, 4020]] as const;
  const all = await Promise.all(
    hosts.map(async ([host, port]) => `[${await host.linkLocal("home")}%home]:${port}`),
  );
  assertEquals(seen, all.sort());
  await talk({ host: garden, by: ["--server", reached] }, {
    host: cellar,
    by: ["--server", reached],
  });
});

onLan("what one link alone can reach is not told on another", async (lan) => {
  const bridge = await lan.host({ home: "10.1.0.1/24", office: "10.2.0.1/24" });
  const attic = await lan.host({ home: null });
  const desk = await lan.host({ office: "10.2.0.3/24" });
  await using both = await bridge.server("--listen", "[::]:4000");
  const reached = `[${await bridge.linkLocal("home")}%home]:4000`;
  await using home = await attic.server("--listen", "[::]:4000", "--join", reached);
  await both.logged({ event: "peer-linked" });
  await using office = await desk.server(
    ...["--listen", ":4000", "--join", "10.2.0.1:4000", "--log-level", "debug"],
  );
  await office.logged({ event: "peer-linked" });
  assertEquals(
    await serversSeen(desk, "--server", "10.2.0.3:4000"),
    ["10.2.0.1:4000", "10.2.0.3:4000"],
  );
  assert(!office.err.some((line) => line.includes("fe80")), office.err.join("\n"));
  assertEquals(peerAddresses(home), [reached]);
});

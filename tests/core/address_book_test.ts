import { assertEquals } from "@std/assert";
import { acquaintances, card, dials } from "../testing/acquaintances.ts";

Deno.test("the names of this machine's loopback are one place", () => {
  const { dialling } = acquaintances({ seeds: ["localhost:4000", "127.0.0.1:4000"] });
  assertEquals(dials(dialling, 0).length, 1);
});

Deno.test("a flood of announcements leads to few dials at once", () => {
  const { dialling } = acquaintances();
  for (let at = 0; at < 1_000; at++) {
    dialling.found({ id: `z${at}`, addresses: [`10.0.${at >> 8}.${at & 255}:4000`] }, 0);
  }
  const targets = dialling.due(0).map(({ target }) => target);
  assertEquals(targets.length, 64);
  for (const target of targets) dialling.failed(target, 1);
  dialling.found({ id: "zz", addresses: ["10.9.0.1:4000"] }, 2);
  assertEquals(dials(dialling, 2), ["10.9.0.1:4000"]);
});

Deno.test("the zone of a link-local address comes from whoever knows it", () => {
  const { dialling, members } = acquaintances();
  const told = { itself: true, now: 0 };
  const addresses = (): readonly string[] | undefined =>
    members.cards({ linkedOnly: false })[0]?.addresses;
  members.learn(card("z", "[fe80::2]:4000"), told);
  members.linked("z", 0);
  assertEquals(addresses(), ["[fe80::2]:4000"]);
  dialling.found({ id: "z", addresses: ["[fe80::2%2]:4000"] }, 1);
  assertEquals(addresses(), ["[fe80::2%2]:4000"]);
  members.learn(card("z", "[fe80::2]:4000"), told);
  assertEquals(addresses(), ["[fe80::2%2]:4000"]);
});

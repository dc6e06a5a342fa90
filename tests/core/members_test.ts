import { assert, assertEquals } from "@std/assert";
import { FORGOTTEN_MS, LEFT_MS, type Members } from "../../lib/core/members.ts";
import { REDIAL_MIN_MS } from "../../lib/core/target.ts";
import { acquaintances, card, dials, onlyDial } from "../testing/acquaintances.ts";

Deno.test("a seed is not waited for once a linked member says it is there", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:4000"] });
  dialling.failed(onlyDial(dialling, 0), 0, { cut: true });
  assertEquals(members.mayMissNames(0), true);
  members.learn(card("x", "10.0.0.1:4000"), { itself: true, now: 0 });
  members.linked("x", 0);
  assertEquals(members.mayMissNames(0), false);
});

Deno.test("a member's own word replaces its addresses, another's only adds, and not to a linked one", () => {
  const { members } = acquaintances();
  members.learn(card("x", "10.0.0.1:1"), { itself: false, now: 0 });
  assert(members.learn(card("x", "10.0.0.2:1"), { itself: false, now: 0 }));
  assertEquals(addressesOf(members, "x"), ["10.0.0.1:1", "10.0.0.2:1"]);
  assert(members.learn(card("x", "10.0.0.3:1"), { itself: true, now: 0 }));
  assertEquals(addressesOf(members, "x"), ["10.0.0.3:1"]);
  members.linked("x", 0);
  assertEquals(members.learn(card("x", "10.0.0.9:1"), { itself: false, now: 0 }), false);
  assertEquals(addressesOf(members, "x"), ["10.0.0.3:1"]);
});

function addressesOf(members: Members, id: string): readonly string[] {
  return members.cards({ linkedOnly: false }).find((it) => it.id === id)?.addresses ?? [];
}

Deno.test("what is known already is no news, so gossip ends", () => {
  const { members } = acquaintances();
  const told = card("x", "10.0.0.1:1");
  assert(members.learn(told, { itself: false, now: 0 }));
  assertEquals(members.learn(told, { itself: false, now: 0 }), false);
  assertEquals(members.learn({ ...told, label: "other" }, { itself: false, now: 0 }), false);
  assert(members.learn({ ...told, label: "other" }, { itself: true, now: 0 }));
});

Deno.test("a server does not learn of itself", () => {
  const { members } = acquaintances();
  assertEquals(members.learn(card("m", "10.0.0.1:1"), { itself: false, now: 0 }), false);
  assertEquals(members.cards({ linkedOnly: false }), []);
});

Deno.test("one that left is not taken in again for an hour by hearsay, but by its own word", () => {
  const { members } = acquaintances();
  members.learn(card("x", "10.0.0.1:1"), { itself: false, now: 0 });
  assert(members.leave("x", 0));
  assertEquals(members.leave("x", 0), false);
  assertEquals(members.learn(card("x", "10.0.0.1:1"), { itself: false, now: 0 }), false);
  assertEquals(members.left, ["x"]);
  members.expire(LEFT_MS - 1);
  assertEquals(members.left, ["x"]);
  members.expire(LEFT_MS);
  assertEquals(members.left, []);
  members.leave("y", 0);
  assert(members.learn(card("y", "10.0.0.2:1"), { itself: true, now: 1 }));
  assertEquals(members.left, []);
});

Deno.test("a member unseen for a day is forgotten, a linked one never", () => {
  const { members } = acquaintances();
  members.learn(card("gone", "10.0.0.1:1"), { itself: false, now: 0 });
  members.learn(card("here", "10.0.0.2:1"), { itself: false, now: 0 });
  members.linked("here", 0);
  members.expire(FORGOTTEN_MS);
  assertEquals(members.cards({ linkedOnly: false }).map(({ id }) => id), ["here"]);
});

Deno.test("another id at a member's address on the LAN: the old id is gone", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("old", "10.0.0.1:1"), { itself: false, now: 0 });
  const target = onlyDial(dialling, 0);
  assertEquals(target.id, "old");
  members.answered(target, { address: "10.0.0.1:1", id: "new", now: 0 });
  assertEquals(members.left, ["old"]);
});

Deno.test("another id at a loopback address: only that address goes", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("old", "127.0.0.1:1", "10.0.0.1:1"), { itself: false, now: 0 });
  const target = onlyDial(dialling, 0);
  members.answered(target, { address: "127.0.0.1:1", id: "new", now: 0 });
  assertEquals(members.left, []);
  assertEquals(addressesOf(members, "old"), ["10.0.0.1:1"]);
});

Deno.test("a member that was at this server's own address before it is gone for good", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("old", "10.0.0.1:1"), { itself: false, now: 0 });
  members.isSelf(onlyDial(dialling, 0), { address: "10.0.0.1:1", now: 0 });
  assertEquals(members.left, ["old"]);
  assertEquals(dialling.nextDial(), Infinity);
});

Deno.test("nobody vouches for who announces himself: he is told to no one", () => {
  const { dialling, members } = acquaintances();
  dialling.found({ id: "m", addresses: ["10.0.0.1:4000"] }, 0);
  assertEquals(dialling.nextDial(), Infinity);
  dialling.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 0);
  assertEquals(members.cards({ linkedOnly: false }), []);
  const target = onlyDial(dialling, 0);
  members.isSelf(target, { address: "10.0.0.2:4000", now: 0 });
  assertEquals(dialling.nextDial(), Infinity);
});

Deno.test("told of ever more servers that left, it remembers the newest", () => {
  const { members } = acquaintances();
  for (let count = 0; count < 3_000; count++) members.leave(`x${count}`, 0);
  assertEquals(members.left.length, 1_024);
  assertEquals(members.left.at(-1), "x2999");
});

Deno.test("who is said to have left while there is a link is gone when that is lost", () => {
  const { members } = acquaintances();
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 0 });
  members.linked("z", 0);
  assertEquals(members.hearsayLeave("z", 1), false);
  assertEquals([members.isLinked("z"), members.left], [true, []]);
  assertEquals(members.unlinked("z", 2), true, "that is news");
  assertEquals([members.isLinked("z"), members.left], [false, ["z"]]);
  assertEquals(members.hearsayLeave("y", 3), true);
});

Deno.test("another id where a member was before it said that it is somewhere else: it is not gone", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("x", "10.0.0.1:1"), { itself: false, now: 0 });
  const target = onlyDial(dialling, 0);
  members.learn(card("x", "10.0.0.2:1"), { itself: true, now: 1 });
  assertEquals(members.answered(target, { address: "10.0.0.1:1", id: "new", now: 2 }), false);
  assertEquals(members.left, []);
  assertEquals(dials(dialling, 2 + REDIAL_MIN_MS), ["10.0.0.2:1"]);
});

Deno.test("who is said to have left and then speaks for itself has not left", () => {
  const { members } = acquaintances();
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 0 });
  members.linked("z", 0);
  members.hearsayLeave("z", 1);
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 2 });
  assertEquals(members.unlinked("z", 3), false);
  assertEquals(members.left, []);
});

Deno.test("names may be missed until each seed was tried once, and just after a link was lost", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:1"] });
  const target = onlyDial(dialling, 0);
  assertEquals(members.mayMissNames(0), true);
  dialling.failed(target, 1);
  assertEquals(members.mayMissNames(1), false);
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 1 });
  members.linked("z", 2);
  assertEquals(members.mayMissNames(2), false);
  members.unlinked("z", 3);
  assertEquals([4, 5_003].map((now) => members.mayMissNames(now)), [true, false]);
});

Deno.test("names may be missed while a seed was reached and cut off, but not for ever", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:1"] });
  let now = 0;
  const missed = [1, 2, 3].map(() => {
    dialling.failed(onlyDial(dialling, now), now, { cut: true });
    now = dialling.nextDial();
    return members.mayMissNames(now);
  });
  assertEquals(missed, [true, true, false]);
});

import { assert, assertEquals } from "@std/assert";
import { FORGOTTEN_MS, LEFT_MS, Members } from "../../lib/core/members.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS, type Target } from "../../lib/core/target.ts";
import { addressText } from "../../lib/core/address.ts";

/** A server `m` with the seeds given; jitter takes its full length. */
function membersOf(
  { seeds = [], random = () => 1 }: { seeds?: string[]; random?: () => number } = {},
): Members {
  return new Members({ selfId: "m", seeds, random });
}

function card(
  id: string,
  ...addresses: string[]
): { id: string; label: string; addresses: string[] } {
  return { id, label: `label of ${id}`, addresses };
}

/** The addresses to dial now. */
function dials(members: Members, now: number): string[] {
  return members.due(now).map(({ address }) => addressText(address));
}

/** Dials what is due now, which must be one place. */
function onlyDial(members: Members, now: number): Target {
  const [due, ...more] = members.due(now);
  assert(due !== undefined && more.length === 0, "exactly one dial is due");
  return due.target;
}

Deno.test("seeds are dialled at once, each once at a time", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000", "10.0.0.2:4000"] });
  assertEquals(dials(members, 0), ["10.0.0.1:4000", "10.0.0.2:4000"]);
  assertEquals(dials(members, 60_000), []);
});

Deno.test("the names of this machine's loopback are one place", () => {
  const members = membersOf({ seeds: ["localhost:4000", "127.0.0.1:4000"] });
  assertEquals(dials(members, 0).length, 1);
});

Deno.test("a seed is redialled for ever, later each time, up to a limit", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000"] });
  const pauses: number[] = [];
  let now = 0;
  for (let attempt = 0; attempt < 12; attempt++) {
    const target = onlyDial(members, now);
    members.failed(target, now);
    pauses.push(members.nextDial() - now);
    assertEquals(dials(members, members.nextDial() - 1), []);
    now = members.nextDial();
  }
  assertEquals(pauses.slice(0, 4), [250, 500, 1_000, 2_000]);
  assertEquals(pauses.at(-1), REDIAL_MAX_MS);
});

Deno.test("a seed that a linked member says it is at is dialled when things are quiet", () => {
  const members = membersOf({ seeds: ["localhost:4000", "10.0.0.2:4000"] });
  const targets = members.due(0).map(({ target }) => target);
  members.learn(card("x", "127.0.0.1:4000"), { itself: true, now: 0 });
  members.linked("x", 0);
  for (const target of targets) members.failed(target, 0);
  assertEquals(dials(members, REDIAL_MIN_MS), ["10.0.0.2:4000"]);
  assertEquals(members.nextDial(), REDIAL_MAX_MS);
  members.unlinked("x", 1_000);
  assertEquals(dials(members, 1_000 + REDIAL_MIN_MS), ["localhost:4000", "127.0.0.1:4000"]);
});

Deno.test("a seed is not waited for once a linked member says it is there", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000"] });
  members.failed(onlyDial(members, 0), 0, { cut: true });
  assertEquals(members.mayMissNames(0), true);
  members.learn(card("x", "10.0.0.1:4000"), { itself: true, now: 0 });
  members.linked("x", 0);
  assertEquals(members.mayMissNames(0), false);
});

Deno.test("a member at a seed that is being dialled is not dialled beside it", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000"] });
  const seed = onlyDial(members, 0);
  members.learn(card("x", "10.0.0.1:4000"), { itself: false, now: 0 });
  assertEquals(dials(members, REDIAL_MIN_MS), []);
  members.failed(seed, REDIAL_MIN_MS);
  assertEquals(dials(members, 2 * REDIAL_MIN_MS).length, 2, "if that leads to nothing, both are");
});

Deno.test("a member at a seed that has failed for long is dialled at once", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000"] });
  const seed = onlyDial(members, 0);
  for (let attempt = 0; attempt < 12; attempt++) members.failed(seed, 0);
  members.learn(card("x", "10.0.0.1:4000"), { itself: false, now: 0 });
  assertEquals(dials(members, 0), ["10.0.0.1:4000"]);
});

Deno.test("the pause before a redial is drawn from nothing up to its full length", () => {
  const members = membersOf({ seeds: ["10.0.0.1:4000"], random: () => 0.25 });
  members.failed(onlyDial(members, 0), 0);
  assertEquals(members.nextDial(), REDIAL_MIN_MS * 0.25);
});

Deno.test("all addresses of a member are tried at once before the first pause", () => {
  const members = membersOf();
  members.learn(card("x", "10.0.0.1:1", "10.0.0.2:1"), { itself: false, now: 0 });
  assertEquals(dialThenFail(members, 0), "10.0.0.1:1");
  assertEquals(dialThenFail(members, 0), "10.0.0.2:1");
  assert(members.nextDial() > 0);
});

function dialThenFail(members: Members, now: number): string {
  const [due] = members.due(now);
  assert(due !== undefined);
  members.failed(due.target, now);
  return addressText(due.address);
}

Deno.test("of two that learn of each other the smaller id dials at once, the other later", () => {
  const members = membersOf();
  members.learn(card("a", "10.0.0.1:1"), { itself: false, now: 0 });
  members.learn(card("z", "10.0.0.26:1"), { itself: false, now: 0 });
  assertEquals(dials(members, 0), ["10.0.0.26:1"]);
  assertEquals(dials(members, 2 * REDIAL_MIN_MS), ["10.0.0.1:1"]);
});

Deno.test("a linked member is not dialled, and redialled soon after its link is lost", () => {
  const members = membersOf();
  members.learn(card("x", "10.0.0.1:1"), { itself: true, now: 0 });
  const target = onlyDial(members, 0);
  members.linked("x", 0);
  members.settled(target);
  assertEquals(members.nextDial(), Infinity);
  members.unlinked("x", 1_000);
  assertEquals(dials(members, 1_000 + REDIAL_MIN_MS), ["10.0.0.1:1"]);
});

Deno.test("a seed whose server is lost is not dialled in step by everyone who lost it", () => {
  const members = membersOf({ seeds: ["10.0.0.1:1"] });
  const target = onlyDial(members, 0);
  members.answered(target, { address: "10.0.0.1:1", id: "x", now: 0 });
  members.learn(card("x"), { itself: true, now: 0 });
  members.linked("x", 0);
  members.settled(target);
  members.unlinked("x", 5_000);
  assertEquals(members.nextDial(), 5_000 + REDIAL_MIN_MS);
});

Deno.test("a seed where a linked member answered waits until that is lost", () => {
  const members = membersOf({ seeds: ["10.0.0.1:1"] });
  members.learn(card("x"), { itself: true, now: 0 });
  members.linked("x", 0);
  const target = onlyDial(members, 0);
  members.answered(target, { address: "10.0.0.1:1", id: "x", now: 0 });
  // The pair has a link already, so this one was closed as the second.
  members.failed(target, 10);
  assertEquals(members.nextDial(), Infinity);
  members.unlinked("x", 60_000);
  assertEquals(dials(members, 61_000), ["10.0.0.1:1"]);
});

Deno.test("a seed that cannot be an address does not keep the server awake", () => {
  const members = membersOf({ seeds: ["nonsense"] });
  assertEquals(dials(members, 0), []);
  assert(members.nextDial() > 0);
});

Deno.test("a member's own word replaces its addresses, another's only adds, and not to a linked one", () => {
  const members = membersOf();
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
  const members = membersOf();
  const told = card("x", "10.0.0.1:1");
  assert(members.learn(told, { itself: false, now: 0 }));
  assertEquals(members.learn(told, { itself: false, now: 0 }), false);
  assertEquals(members.learn({ ...told, label: "other" }, { itself: false, now: 0 }), false);
  assert(members.learn({ ...told, label: "other" }, { itself: true, now: 0 }));
});

Deno.test("a server does not learn of itself", () => {
  const members = membersOf();
  assertEquals(members.learn(card("m", "10.0.0.1:1"), { itself: false, now: 0 }), false);
  assertEquals(members.cards({ linkedOnly: false }), []);
});

Deno.test("one that left is not taken in again for an hour by hearsay, but by its own word", () => {
  const members = membersOf();
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
  const members = membersOf();
  members.learn(card("gone", "10.0.0.1:1"), { itself: false, now: 0 });
  members.learn(card("here", "10.0.0.2:1"), { itself: false, now: 0 });
  members.linked("here", 0);
  members.expire(FORGOTTEN_MS);
  assertEquals(members.cards({ linkedOnly: false }).map(({ id }) => id), ["here"]);
});

Deno.test("another id at a member's address on the LAN: the old id is gone", () => {
  const members = membersOf();
  members.learn(card("old", "10.0.0.1:1"), { itself: false, now: 0 });
  const target = onlyDial(members, 0);
  assertEquals(target.id, "old");
  members.answered(target, { address: "10.0.0.1:1", id: "new", now: 0 });
  assertEquals(members.left, ["old"]);
});

Deno.test("another id at a loopback address: only that address goes", () => {
  const members = membersOf();
  members.learn(card("old", "127.0.0.1:1", "10.0.0.1:1"), { itself: false, now: 0 });
  const target = onlyDial(members, 0);
  members.answered(target, { address: "127.0.0.1:1", id: "new", now: 0 });
  assertEquals(members.left, []);
  assertEquals(addressesOf(members, "old"), ["10.0.0.1:1"]);
});

Deno.test("this server itself behind a seed is dialled once and never again", () => {
  const members = membersOf({ seeds: ["10.0.0.1:1"] });
  members.isSelf(onlyDial(members, 0), { address: "10.0.0.1:1", now: 0 });
  assertEquals(members.nextDial(), Infinity);
});

Deno.test("a member that was at this server's own address before it is gone for good", () => {
  const members = membersOf();
  members.learn(card("old", "10.0.0.1:1"), { itself: false, now: 0 });
  members.isSelf(onlyDial(members, 0), { address: "10.0.0.1:1", now: 0 });
  assertEquals(members.left, ["old"]);
  assertEquals(members.nextDial(), Infinity);
});

Deno.test("a base server that announces itself is dialled at once, even while it is waited for", () => {
  const members = membersOf({ seeds: ["127.0.0.1:4000"] });
  members.failed(onlyDial(members, 0), 0);
  members.learnBase("127.0.0.1:4000", { now: 100, announced: true });
  const target = onlyDial(members, 100);
  members.baseLinked(target);
  assertEquals(members.base(), ["127.0.0.1:4000"]);
  members.baseLost(target, 200);
  assertEquals(members.base(), []);
  assertEquals(members.nextDial(), 200 + REDIAL_MIN_MS);
});

Deno.test("a server that announces itself is dialled at each address, once", () => {
  const members = membersOf();
  members.found({ id: "z", addresses: ["10.0.0.2:4000", "[fe80::2%2]:4000"] }, 0);
  members.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 0);
  const first = onlyDial(members, 0);
  members.failed(first, 10);
  assertEquals(dials(members, 10), ["[fe80::2%2]:4000"]);
  members.failed(first, 20);
  assertEquals(members.nextDial(), Infinity);
  members.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 30);
  assertEquals(dials(members, 30), ["10.0.0.2:4000"]);
});

Deno.test("of two that find each other the larger id waits a little", () => {
  const members = membersOf();
  members.found({ id: "a", addresses: ["10.0.0.2:4000"] }, 0);
  assertEquals(members.nextDial(), 2 * REDIAL_MIN_MS);
  members.learn(card("a", "10.0.0.2:4000"), { itself: true, now: 1 });
  members.linked("a", 1);
  assertEquals(members.nextDial(), Infinity);
});

Deno.test("nobody vouches for who announces himself: he is told to no one", () => {
  const members = membersOf();
  members.found({ id: "m", addresses: ["10.0.0.1:4000"] }, 0);
  assertEquals(members.nextDial(), Infinity);
  members.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 0);
  assertEquals(members.cards({ linkedOnly: false }), []);
  const target = onlyDial(members, 0);
  members.isSelf(target, { address: "10.0.0.2:4000", now: 0 });
  assertEquals(members.nextDial(), Infinity);
});

Deno.test("a flood of announcements leads to few dials at once", () => {
  const members = membersOf();
  for (let at = 0; at < 1_000; at++) {
    members.found({ id: `z${at}`, addresses: [`10.0.${at >> 8}.${at & 255}:4000`] }, 0);
  }
  const targets = members.due(0).map(({ target }) => target);
  assertEquals(targets.length, 64);
  for (const target of targets) members.failed(target, 1);
  members.found({ id: "zz", addresses: ["10.9.0.1:4000"] }, 2);
  assertEquals(dials(members, 2), ["10.9.0.1:4000"]);
});

Deno.test("the zone of a link-local address comes from whoever knows it", () => {
  const members = membersOf();
  const told = { itself: true, now: 0 };
  const addresses = (): readonly string[] | undefined =>
    members.cards({ linkedOnly: false })[0]?.addresses;
  members.learn(card("z", "[fe80::2]:4000"), told);
  members.linked("z", 0);
  assertEquals(addresses(), ["[fe80::2]:4000"]);
  members.found({ id: "z", addresses: ["[fe80::2%2]:4000"] }, 1);
  assertEquals(addresses(), ["[fe80::2%2]:4000"]);
  members.learn(card("z", "[fe80::2]:4000"), told);
  assertEquals(addresses(), ["[fe80::2%2]:4000"]);
});

Deno.test("told of ever more servers that left, it remembers the newest", () => {
  const members = membersOf();
  for (let count = 0; count < 3_000; count++) members.leave(`x${count}`, 0);
  assertEquals(members.left.length, 1_024);
  assertEquals(members.left.at(-1), "x2999");
});

Deno.test("who is said to have left while there is a link is gone when that is lost", () => {
  const members = membersOf();
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 0 });
  members.linked("z", 0);
  assertEquals(members.hearsayLeave("z", 1), false);
  assertEquals([members.isLinked("z"), members.left], [true, []]);
  members.unlinked("z", 2);
  assertEquals([members.isLinked("z"), members.left], [false, ["z"]]);
  assertEquals(members.hearsayLeave("y", 3), true);
});

Deno.test("names may be missed until each seed was tried once, and just after a link was lost", () => {
  const members = membersOf({ seeds: ["10.0.0.1:1"] });
  const target = onlyDial(members, 0);
  assertEquals(members.mayMissNames(0), true);
  members.failed(target, 1);
  assertEquals(members.mayMissNames(1), false);
  members.learn(card("z", "10.0.0.2:4000"), { itself: true, now: 1 });
  members.linked("z", 2);
  assertEquals(members.mayMissNames(2), false);
  members.unlinked("z", 3);
  assertEquals([4, 5_003].map((now) => members.mayMissNames(now)), [true, false]);
});

Deno.test("names may be missed while a seed was reached and cut off, but not for ever", () => {
  const members = membersOf({ seeds: ["10.0.0.1:1"] });
  let now = 0;
  const missed = [1, 2, 3].map(() => {
    members.failed(onlyDial(members, now), now, { cut: true });
    now = members.nextDial();
    return members.mayMissNames(now);
  });
  assertEquals(missed, [true, true, false]);
});

import { assert, assertEquals } from "@std/assert";
import { addressText } from "../../lib/core/address.ts";
import type { Dialling } from "../../lib/core/dialling.ts";
import type { Acquaintances } from "../../lib/core/gossip.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "../../lib/core/target.ts";
import { acquaintances, card, dials, onlyDial } from "../testing/acquaintances.ts";

Deno.test("seeds are dialled at once, each once at a time", () => {
  const { dialling } = acquaintances({ seeds: ["10.0.0.1:4000", "10.0.0.2:4000"] });
  assertEquals(dials(dialling, 0), ["10.0.0.1:4000", "10.0.0.2:4000"]);
  assertEquals(dials(dialling, 60_000), []);
});

Deno.test("a seed is redialled for ever, later each time, up to a limit", () => {
  const { dialling } = acquaintances({ seeds: ["10.0.0.1:4000"] });
  const pauses: number[] = [];
  let now = 0;
  for (let attempt = 0; attempt < 12; attempt++) {
    const target = onlyDial(dialling, now);
    dialling.failed(target, now);
    pauses.push(dialling.nextDial() - now);
    assertEquals(dials(dialling, dialling.nextDial() - 1), []);
    now = dialling.nextDial();
  }
  assertEquals(pauses.slice(0, 4), [250, 500, 1_000, 2_000]);
  assertEquals(pauses.at(-1), REDIAL_MAX_MS);
});

Deno.test("a seed that a linked member says it is at is dialled when things are quiet", () => {
  const { dialling, members } = acquaintances({ seeds: ["localhost:4000", "10.0.0.2:4000"] });
  const targets = dialling.due(0).map(({ target }) => target);
  members.learn(card("x", "127.0.0.1:4000"), { itself: true, now: 0 });
  members.linked("x", 0);
  for (const target of targets) dialling.failed(target, 0);
  assertEquals(dials(dialling, REDIAL_MIN_MS), ["10.0.0.2:4000"]);
  assertEquals(dialling.nextDial(), REDIAL_MAX_MS);
  members.unlinked("x", 1_000);
  assertEquals(dials(dialling, 1_000 + REDIAL_MIN_MS), ["localhost:4000", "127.0.0.1:4000"]);
});

Deno.test("a member at a seed that is being dialled is not dialled beside it", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:4000"] });
  const seed = onlyDial(dialling, 0);
  members.learn(card("x", "10.0.0.1:4000"), { itself: false, now: 0 });
  assertEquals(dials(dialling, REDIAL_MIN_MS), []);
  dialling.failed(seed, REDIAL_MIN_MS);
  assertEquals(dials(dialling, 2 * REDIAL_MIN_MS).length, 2, "if that leads to nothing, both are");
});

Deno.test("a member at a seed that has failed for long is dialled at once", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:4000"] });
  const seed = onlyDial(dialling, 0);
  for (let attempt = 0; attempt < 12; attempt++) dialling.failed(seed, 0);
  members.learn(card("x", "10.0.0.1:4000"), { itself: false, now: 0 });
  assertEquals(dials(dialling, 0), ["10.0.0.1:4000"]);
});

Deno.test("a member where another one was reached, which is still linked, is dialled at once", () => {
  const hand = acquaintances({ seeds: ["10.0.0.1:4000"] });
  reach(hand, "x");
  // It was started anew, and the old link does not know yet.
  hand.members.learn(card("y", "10.0.0.1:4000"), { itself: false, now: 60_000 });
  assertEquals(dials(hand.dialling, 60_000), ["10.0.0.1:4000"]);
});

Deno.test("a server that leaves is not dialled in step by everyone who named it", () => {
  const hand = acquaintances({ seeds: ["10.0.0.1:4000"] });
  reach(hand, "x");
  hand.members.leave("x", 60_000);
  assertEquals(hand.dialling.nextDial(), 60_000 + REDIAL_MIN_MS);
});

/** The one place that is due is dialled, and `id` is there and linked. */
function reach({ dialling, members }: Acquaintances, id: string): void {
  const target = onlyDial(dialling, 0);
  const address = target.addresses[0] as string;
  members.answered(target, { address, id, now: 0 });
  members.learn(card(id, address), { itself: true, now: 0 });
  members.linked(id, 0);
  dialling.settled(target);
}

Deno.test("the pause before a redial is drawn from nothing up to its full length", () => {
  const { dialling } = acquaintances({ seeds: ["10.0.0.1:4000"], random: () => 0.25 });
  dialling.failed(onlyDial(dialling, 0), 0);
  assertEquals(dialling.nextDial(), REDIAL_MIN_MS * 0.25);
});

Deno.test("all addresses of a member are tried at once before the first pause", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("x", "10.0.0.1:1", "10.0.0.2:1"), { itself: false, now: 0 });
  assertEquals(dialThenFail(dialling, 0), "10.0.0.1:1");
  assertEquals(dialThenFail(dialling, 0), "10.0.0.2:1");
  assert(dialling.nextDial() > 0);
});

function dialThenFail(dialling: Dialling, now: number): string {
  const [due] = dialling.due(now);
  assert(due !== undefined);
  dialling.failed(due.target, now);
  return addressText(due.address);
}

Deno.test("of two that learn of each other the smaller id dials at once, the other later", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("a", "10.0.0.1:1"), { itself: false, now: 0 });
  members.learn(card("z", "10.0.0.26:1"), { itself: false, now: 0 });
  assertEquals(dials(dialling, 0), ["10.0.0.26:1"]);
  assertEquals(dials(dialling, 2 * REDIAL_MIN_MS), ["10.0.0.1:1"]);
});

Deno.test("a linked member is not dialled, and redialled soon after its link is lost", () => {
  const { dialling, members } = acquaintances();
  members.learn(card("x", "10.0.0.1:1"), { itself: true, now: 0 });
  const target = onlyDial(dialling, 0);
  members.linked("x", 0);
  dialling.settled(target);
  assertEquals(dialling.nextDial(), Infinity);
  members.unlinked("x", 1_000);
  assertEquals(dials(dialling, 1_000 + REDIAL_MIN_MS), ["10.0.0.1:1"]);
});

Deno.test("a seed whose server is lost is not dialled in step by everyone who lost it", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:1"] });
  const target = onlyDial(dialling, 0);
  members.answered(target, { address: "10.0.0.1:1", id: "x", now: 0 });
  members.learn(card("x"), { itself: true, now: 0 });
  members.linked("x", 0);
  dialling.settled(target);
  members.unlinked("x", 5_000);
  assertEquals(dialling.nextDial(), 5_000 + REDIAL_MIN_MS);
});

Deno.test("a seed where a linked member answered waits until that is lost", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:1"] });
  members.learn(card("x"), { itself: true, now: 0 });
  members.linked("x", 0);
  const target = onlyDial(dialling, 0);
  members.answered(target, { address: "10.0.0.1:1", id: "x", now: 0 });
  // The pair has a link already, so this one was closed as the second.
  dialling.failed(target, 10);
  assertEquals(dialling.nextDial(), Infinity);
  members.unlinked("x", 60_000);
  assertEquals(dials(dialling, 61_000), ["10.0.0.1:1"]);
});

Deno.test("a seed that cannot be an address does not keep the server awake", () => {
  const { dialling } = acquaintances({ seeds: ["nonsense"] });
  assertEquals(dials(dialling, 0), []);
  assert(dialling.nextDial() > 0);
});

Deno.test("this server itself behind a seed is dialled once and never again", () => {
  const { dialling, members } = acquaintances({ seeds: ["10.0.0.1:1"] });
  members.isSelf(onlyDial(dialling, 0), { address: "10.0.0.1:1", now: 0 });
  assertEquals(dialling.nextDial(), Infinity);
});

Deno.test("a base server that announces itself is dialled at once, even while it is waited for", () => {
  const { book, dialling } = acquaintances({ seeds: ["127.0.0.1:4000"] });
  dialling.failed(onlyDial(dialling, 0), 0);
  dialling.learnBase("127.0.0.1:4000", { now: 100, announced: true });
  const target = onlyDial(dialling, 100);
  dialling.baseLinked(target);
  assertEquals(book.base(), ["127.0.0.1:4000"]);
  dialling.baseLost(target, 200);
  assertEquals(book.base(), []);
  assertEquals(dialling.nextDial(), 200 + REDIAL_MIN_MS);
});

Deno.test("a server that announces itself is dialled at each address, once", () => {
  const { dialling } = acquaintances();
  dialling.found({ id: "z", addresses: ["10.0.0.2:4000", "[fe80::2%2]:4000"] }, 0);
  dialling.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 0);
  const first = onlyDial(dialling, 0);
  dialling.failed(first, 10);
  assertEquals(dials(dialling, 10), ["[fe80::2%2]:4000"]);
  dialling.failed(first, 20);
  assertEquals(dialling.nextDial(), Infinity);
  dialling.found({ id: "z", addresses: ["10.0.0.2:4000"] }, 30);
  assertEquals(dials(dialling, 30), ["10.0.0.2:4000"]);
});

Deno.test("of two that find each other the larger id waits a little", () => {
  const { dialling, members } = acquaintances();
  dialling.found({ id: "a", addresses: ["10.0.0.2:4000"] }, 0);
  assertEquals(dialling.nextDial(), 2 * REDIAL_MIN_MS);
  members.learn(card("a", "10.0.0.2:4000"), { itself: true, now: 1 });
  members.linked("a", 1);
  assertEquals(dialling.nextDial(), Infinity);
});

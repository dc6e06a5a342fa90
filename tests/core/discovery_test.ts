import { assert, assertEquals } from "@std/assert";
import {
  type Announcement,
  decodeAnnouncement,
  encodeAnnouncement,
} from "../../lib/codec/announcement.ts";
import {
  ANSWER_GAP_MS,
  ANSWER_SPREAD_MS,
  Discovery,
  type Found,
  GRACE_MS,
  OFFER_GAP_MS,
  QUESTIONS,
  SAY_MAX_MS,
} from "../../lib/core/discovery.ts";
import { seededRandom } from "../testing/random.ts";

const DAY_MS = 86_400_000;

/** One participant on a virtual clock. */
class Participant {
  readonly discovery: Discovery;
  readonly found: (Found & { readonly at: number })[] = [];
  readonly said: (Announcement & { readonly at: number })[] = [];
  #next = 0;

  constructor(
    readonly id: string | null,
    { clique = "attic", seed = 1 }: { readonly clique?: string; readonly seed?: number } = {},
  ) {
    const server = id === null ? null : { id, port: 4000, addresses: [] };
    this.discovery = new Discovery({ clique, server, random: seededRandom(seed) });
  }

  get next(): number {
    return this.#next;
  }

  hears(datagram: Uint8Array, hostname: string, now: number): void {
    this.discovery.receive(datagram, hostname, now);
    this.#next = Math.min(this.#next, now);
  }

  /** Does what is due; what it says goes to `others`, unless it is lost. */
  turn(now: number, others: readonly Participant[], isLost = (): boolean => false): void {
    if (this.#next > now) return;
    for (const found of this.discovery.takeFound(now)) this.found.push({ ...found, at: now });
    this.#next = this.discovery.tick(now);
    for (const datagram of this.discovery.takeDatagrams()) {
      this.said.push({ ...decodeAnnouncement(datagram) as Announcement, at: now });
      for (const other of others) {
        if (!isLost()) other.hears(datagram, `192.0.2.${this.id?.at(-1) ?? "99"}`, now);
      }
    }
  }
}

/** Runs all on one link until `end`, each from its own start on. */
function runAll(
  participants: readonly { readonly who: Participant; readonly from: number }[],
  { end, isLost }: { readonly end: number; readonly isLost?: () => boolean },
): void {
  let now = 0;
  while (now <= end) {
    const running = participants.filter(({ from }) => from <= now).map(({ who }) => who);
    // What one says the others hear in the next turn of the same instant.
    for (const who of running) who.turn(now, running, isLost);
    const starts = participants.filter(({ from }) => from > now).map(({ from }) => from);
    const next = Math.min(...running.map((who) => who.next), ...starts);
    if (next > now) now = next;
  }
}

function announcement(id: string, more: Partial<Announcement> = {}): Uint8Array {
  const server = { id, port: 4000, addresses: [] };
  return encodeAnnouncement({ clique: "attic", server, asks: false, ...more });
}

function foundIds({ found }: Participant): string[] {
  return [...new Set(found.map(({ id }) => id))].sort();
}

const A = "00000000000a";
const B = "00000000000b";
const C = "00000000000c";

Deno.test("servers find each other at once, nobody finds himself", () => {
  const a = new Participant(A, { seed: 1 });
  const b = new Participant(B, { seed: 2 });
  runAll([{ who: a, from: 0 }, { who: b, from: 10_000 }], { end: 11_000 });
  assertEquals([foundIds(a), foundIds(b)], [[B], [A]]);
  const [first] = b.found;
  assertEquals(first?.addresses, ["192.0.2.a:4000"]);
  assert((first?.at ?? Infinity) <= 10_000 + ANSWER_SPREAD_MS + GRACE_MS, `at ${first?.at}`);
});

Deno.test("a client finds servers, and no server finds a client", () => {
  const a = new Participant(A, { seed: 1 });
  const client = new Participant(null, { seed: 2 });
  runAll([{ who: a, from: 0 }, { who: client, from: 60_000 }], { end: 70_000 });
  assertEquals([foundIds(a), foundIds(client)], [[], [A]]);
  const [found] = client.found;
  assert((found?.at ?? Infinity) <= 60_000 + ANSWER_SPREAD_MS + GRACE_MS);
  assertEquals(client.said.map(({ asks }) => asks), Array(QUESTIONS).fill(true));
});

Deno.test("other names are none of its business, whatever they ask", () => {
  const a = new Participant(A, { clique: "attic", seed: 1 });
  const b = new Participant(B, { clique: "cellar", seed: 2 });
  runAll([{ who: a, from: 0 }, { who: b, from: 0 }], { end: DAY_MS });
  assertEquals([a.found, b.found], [[], []]);
  // A question of the other clique brings no answer: only its own rounds are said.
  const gaps = a.said.slice(1).map(({ at }, index) => at - (a.said[index]?.at ?? 0));
  assert(gaps.slice(10).every((gap) => gap >= 0.75 * SAY_MAX_MS), gaps.join());
});

Deno.test("quick at the start, then slow, never in step", () => {
  const a = new Participant(A);
  runAll([{ who: a, from: 0 }], { end: 600_000 });
  assertEquals(a.said[0]?.at, 0);
  assert(a.said.filter(({ at }) => at < 10_000).length >= QUESTIONS);
  const late = a.said.slice(10).map(({ at }, index) => at - (a.said[index + 9]?.at ?? 0));
  assert(late.every((gap) => gap >= 0.75 * SAY_MAX_MS && gap <= 1.25 * SAY_MAX_MS), late.join());
  assertEquals(new Set(late).size, late.length);
  assertEquals(a.said.map(({ asks }) => asks).filter(Boolean).length, QUESTIONS);
});

Deno.test("it never floods, whatever it is asked", () => {
  const a = new Participant(A);
  for (let now = 0; now <= 10_000; now++) {
    a.hears(announcement(B, { asks: true }), "192.0.2.2", now);
    a.hears(announcement(C, { asks: true, server: null }), "192.0.2.3", now);
    a.turn(now, []);
  }
  const most = 10_000 / ANSWER_GAP_MS + QUESTIONS + 5;
  assert(a.said.length <= most, `${a.said.length} datagrams in 10 s`);
  assert(a.found.length <= 1 + 10_000 / OFFER_GAP_MS, `${a.found.length} offers`);
});

Deno.test("half of all datagrams may be lost", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const all = [A, B, C].map((id, at) => new Participant(id, { seed: 3 * seed + at }));
    const isLost = (): boolean => random() < 0.5;
    runAll(all.map((who) => ({ who, from: 0 })), { end: 120_000, isLost });
    assertEquals(all.map(foundIds), [[B, C], [A, C], [A, B]], `seed ${seed}`);
  }
});

Deno.test("foreign and malformed datagrams are counted, no more", () => {
  const a = new Participant(A);
  a.turn(0, []);
  for (const text of ["", "M-SEARCH * HTTP/1.1", "p2p-rtt\x01{", "p2p-rtt\x02{}"]) {
    a.hears(new TextEncoder().encode(text), "192.0.2.2", 1);
  }
  a.turn(200, []);
  assertEquals([a.discovery.ignored, a.said.length, a.found], [4, 1, []]);
});

Deno.test("addresses: IPv4 first, then IPv6, this machine, one link; within a kind the newest", () => {
  const a = new Participant(A);
  a.turn(0, []);
  const sources = ["fe80::b%3", "127.0.0.1", "2001:db8::b", "192.0.2.2", "192.0.2.20"];
  for (const source of sources) a.hears(announcement(B), source, 10);
  a.turn(10, []);
  a.turn(10 + GRACE_MS, []);
  assertEquals(a.found.map(({ addresses }) => addresses), [[
    "192.0.2.20:4000",
    "192.0.2.2:4000",
    "[2001:db8::b]:4000",
    "127.0.0.1:4000",
    "[fe80::b%3]:4000",
  ]]);
});

Deno.test("an announcement may name its addresses; loopback ones mean nothing from afar", () => {
  const named = (addresses: readonly string[]): Uint8Array =>
    announcement(B, { server: { id: B, port: 4000, addresses } });
  const a = new Participant(A);
  a.turn(0, []);
  a.hears(named(["192.0.2.7:5000", "127.0.0.1:22", "[fe80::b]:4000"]), "192.0.2.2", 1);
  a.turn(1, []);
  a.turn(1 + GRACE_MS, []);
  assertEquals(a.found[0]?.addresses, ["192.0.2.7:5000"]);
  const b = new Participant(C);
  b.turn(0, []);
  b.hears(named(["[fe80::b]:4000", "x"]), "fe80::7%2", 1);
  b.turn(1, []);
  b.turn(1 + GRACE_MS, []);
  assertEquals(b.found[0]?.addresses, ["[fe80::b%2]:4000"]);
});

Deno.test("a server that moved is offered at its new address, its old one is forgotten", () => {
  const a = new Participant(A);
  const offered = (at: number, hostname: string): readonly string[] | undefined => {
    a.hears(announcement(B), hostname, at);
    for (let now = at; now <= at + OFFER_GAP_MS; now += GRACE_MS) a.turn(now, []);
    return a.found.at(-1)?.addresses;
  };
  assertEquals(offered(0, "192.0.2.2"), ["192.0.2.2:4000"]);
  assertEquals(offered(20_000, "192.0.2.5"), ["192.0.2.5:4000", "192.0.2.2:4000"]);
  assertEquals(offered(200_000, "192.0.2.5"), ["192.0.2.5:4000"]);
});

Deno.test("forged servers fill no memory, and push out nobody who speaks", () => {
  const a = new Participant(A);
  a.turn(0, []);
  for (let forged = 0; forged < 5_000; forged++) {
    const id = forged.toString(16).padStart(12, "f");
    a.hears(announcement(id), "192.0.2.66", 1);
  }
  a.hears(announcement(B), "192.0.2.2", 2);
  a.turn(2 + GRACE_MS, []);
  assertEquals(a.found.length, 1_024);
  assertEquals(a.found.at(-1)?.id, B);
});

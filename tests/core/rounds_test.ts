import { assert, assertEquals } from "@std/assert";
import { Contact, type Place } from "../../lib/core/contact.ts";
import { ROUND_MS, roundOf } from "../../lib/core/rounds.ts";
import { Scene, SECOND } from "../testing/scene.ts";

// Whom to measure.

function place(id: string, minMs: number | null, changes: Partial<Contact> = {}): Place {
  const known: Place = { id, addresses: [`${id}:1`], isBase: false, last: null };
  const contact = new Contact(known, 10);
  contact.state = "ready";
  contact.protocol = "extended";
  if (minMs !== null) contact.sampled({ rttMs: minMs, late: false }, 0);
  known.last = Object.assign(contact, changes);
  return known;
}

function measuredIn(places: readonly Place[], { isFull = false } = {}): string {
  const [home] = places;
  return roundOf(places, home?.last as Contact, { isFull }).map(({ id }) => id).join(" ");
}

/** A round is seen only when its first connection is there. */
const SLACK_MS = 250;

Deno.test("a round measures the home and those that are at most twice as far", () => {
  const places = [place("home", 10), ...[30, 20, 11, 9, 21].map((ms) => place(`at${ms}`, ms))];
  assertEquals(measuredIn(places), "home at9 at11 at20");
});

Deno.test("however far they are, it measures the two nearest others", () => {
  const places = [place("home", 1), ...[90, 30, 50].map((ms) => place(`at${ms}`, ms))];
  assertEquals(measuredIn(places), "home at30 at50");
});

Deno.test("it measures no more than eight others, however many are near", () => {
  const near = Array.from({ length: 50 }, (_, n) => place(`s${n}`, 10 + n / 100));
  assertEquals(measuredIn([place("home", 10), ...near]), "home s0 s1 s2 s3 s4 s5 s6 s7");
});

Deno.test("it measures every server that was never contacted, but no base one", () => {
  const fresh = [1, 2, 3].map((n) => ({ ...place(`new${n}`, null), last: null }));
  const base = { ...place("base", null), isBase: true, last: null };
  const places = [place("home", 10), ...fresh, base, place("orig", 1, { protocol: "base" })];
  assertEquals(measuredIn(places), "home new1 new2 new3");
});

Deno.test("who failed, leaves or is the home by another address has a turn in full rounds only", () => {
  const places = [
    place("home", 10),
    place("failed", null, { state: "failed" }),
    place("leaves", 1, { leaving: true }),
    place("far", 900),
    place("also-far", 800),
    place("farthest", 990),
  ];
  const twin = place("home", 10);
  assertEquals(measuredIn([...places, twin]), "home also-far far");
  assertEquals(
    measuredIn([...places, twin], { isFull: true }),
    "home failed leaves far also-far farthest home",
  );
});

// When, and what else happens.

Deno.test("rounds come each 20 to 26 s, each with fresh connections, and the home's too", () => {
  const scene = new Scene({ a: 10, b: 12 });
  const ada = scene.client("ada");
  scene.world.run(5 * SECOND);
  const begun: number[] = [];
  while (begun.length < 30) {
    assert(scene.world.runUntil(() => ada.machine.ends.size > 1, 40 * SECOND));
    begun.push(scene.world.now);
    assert(scene.world.runUntil(() => ada.machine.ends.size >= 3, SECOND), "home, and both anew");
    assert(scene.world.runUntil(() => ada.machine.ends.size === 1, 5 * SECOND), "it ends");
  }
  const pauses = begun.slice(1).map((time, index) => time - (begun[index] ?? 0));
  for (const ms of pauses) {
    assert(ms >= ROUND_MS - SLACK_MS && ms <= 1.3 * ROUND_MS + SLACK_MS, `${ms} ms`);
  }
  assert(new Set(pauses.map(Math.round)).size > 20, "at random");
});

Deno.test("a server far away is measured in each fifth round only", () => {
  const scene = new Scene({ a: 10, b: 11, c: 12, far: 100 });
  scene.client("ada");
  const far = scene.server("far").machine;
  scene.world.run(10 * SECOND);
  let rounds = 0;
  let met = far.ends.size;
  scene.world.wires.onSent = (end) => {
    if (end.machine !== (far as unknown) || far.ends.size <= met) return;
    met = far.ends.size;
    rounds++;
  };
  for (let n = 0; n < 600; n++) {
    scene.world.run(SECOND);
    met = Math.min(met, far.ends.size);
  }
  assert(rounds >= 4 && rounds <= 6, `${rounds} rounds in 600 s`);
});

Deno.test("while a round goes on, the last one's samples tell the next best server", () => {
  const scene = new Scene({ a: 10, b: 12, c: 40 });
  const ada = scene.client("ada");
  scene.world.run(10 * SECOND);
  assert(scene.world.runUntil(() => ada.machine.ends.size > 1, 30 * SECOND), "a round begins");
  scene.world.kill(scene.server("a").machine);
  scene.world.run(100);
  assertEquals(ada.moves, ["b home-lost"]);
  assertEquals(ada.machine.ends.size, 1, "the round is over with it");
});

Deno.test("a server that can't be measured in one round is no next best, and the others are", () => {
  const scene = new Scene({ a: 10, b: 11, c: 40 });
  const ada = scene.client("ada");
  scene.world.run(10 * SECOND);
  scene.rttMs["b"] = 4_000;
  scene.world.run(26 * SECOND);
  scene.world.kill(scene.server("a").machine);
  scene.world.run(500);
  assertEquals(ada.moves, ["c home-lost"]);
});

Deno.test("a move that fails after the other server took the name along: it is asked for again here", () => {
  const scene = new Scene({ a: 10, b: 30 });
  const [ada, bob] = [scene.client("ada"), scene.client("bob", { pin: true })];
  scene.world.run(10 * SECOND);
  scene.rttMs["b"] = 2;
  const b = scene.server("b");
  const hasIt = (): boolean =>
    b.machine.ends.size > 0 &&
    b.node.names.some(({ name, server }) => name === "ada" && server === b.node.id);
  assert(scene.world.runUntil(hasIt, 120 * SECOND), "b has the name");
  for (const end of b.machine.ends.values()) {
    if (end.peer?.machine === (ada.machine as unknown)) {
      scene.world.wires.tear(end, { halfOpen: false });
    }
  }
  scene.world.run(SECOND);
  assertEquals([ada.home, ada.moves], ["a", []]);
  assertEquals(ada.client.events.filter(({ kind }) => kind === "attached").length, 1, "in silence");
  assert(scene.server("a").node.holds("ada"));
  bob.say("ada", "still there?");
  scene.world.run(SECOND);
  assertEquals(ada.texts, ["still there?"]);
  scene.world.run(120 * SECOND);
  assertEquals(ada.moves, ["b nearer"], "three rounds later it tries again");
});

Deno.test("who asks for another name while it moves has that name, wherever it is", () => {
  for (let delay = 0; delay < 12; delay++) {
    const scene = new Scene({ a: 10, b: 30 });
    const ada = scene.client("ada");
    scene.world.run(10 * SECOND);
    scene.rttMs["b"] = 2;
    const moves = (): boolean => ada.decisions.some((line) => line.startsWith("moves"));
    assert(scene.world.runUntil(moves, 120 * SECOND));
    scene.world.run(delay);
    ada.machine.act((session, now) => session.attach("eve", now));
    scene.world.run(SECOND);
    assertEquals(ada.client.name, "eve");
    const names = scene.server("a").node.names;
    assertEquals(names.map(({ name }) => name), ["eve"]);
    assert(scene.server(ada.home).node.holds("eve"), `after ${delay} ms at ${ada.home}`);
  }
});

Deno.test("where no other server is there, the user is told once that it searches", () => {
  const scene = new Scene({ a: 10 });
  const ada = scene.client("ada");
  scene.world.run(5 * SECOND);
  scene.world.kill(scene.server("a").machine);
  scene.world.run(60 * SECOND);
  const told = ada.client.events.filter(({ kind }) => kind !== "attached");
  assertEquals(told, [{ kind: "searching", from: "10.0.0.1:4000", reason: "home-lost" }]);
});

Deno.test("where another one is, it is not", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada");
  scene.world.run(5 * SECOND);
  scene.world.kill(scene.server("a").machine);
  scene.world.run(60 * SECOND);
  assertEquals(ada.client.events.map(({ kind }) => kind), ["attached", "moved"]);
});

Deno.test("a pinned client says goodbye at once to a home that leaves, and finds the next one at its address", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", { pin: true });
  scene.world.run(5 * SECOND);
  const first = scene.server("a");
  first.machine.act((node, now) => node.leave(now));
  assert(scene.world.runUntil(() => first.left, SECOND), "the server need not wait");
  scene.world.run(SECOND);
  const told = ada.client.events.filter(({ kind }) => kind !== "attached");
  assertEquals(told, [{ kind: "searching", from: "10.0.0.1:4000", reason: "leaving" }]);
  scene.world.server({ host: "10.0.0.1", port: 4000, join: ["10.0.0.2:4000"] });
  scene.world.run(10 * SECOND);
  assertEquals([ada.home, ada.moves], ["a", ["a leaving"]]);
});

Deno.test("a server that comes back as another one at the same address is measured at once", () => {
  const scene = new Scene({ a: 10, b: 12, c: 14, d: 16 });
  const ada = scene.client("ada");
  scene.world.run(5 * SECOND);
  scene.world.kill(scene.server("d").machine);
  scene.rttMs["d"] = 2;
  scene.world.run(60 * SECOND);
  scene.world.server({ host: "10.0.0.4", port: 4000, join: ["10.0.0.1:4000"] });
  scene.world.run(100 * SECOND);
  assertEquals(ada.moves, ["d nearer"]);
});

/**
 * Whole clients that choose among servers whose distances change, as tables of
 * steps on the virtual clock.
 */

import { assert, assertEquals } from "@std/assert";
import type { SessionConfig } from "../../lib/core/client_context.ts";
import { type Guest, MINUTE, Scene, SECOND } from "../testing/scene.ts";

/** After so many seconds this happens; then, after `wait` more, it is there and has moved so. */
interface Step {
  readonly after: number;
  readonly happens?: (scene: Scene, ada: Guest) => void;
  readonly home: string;
  readonly moves: readonly string[];
}

interface Scenario {
  readonly what: string;
  readonly rttMs: Readonly<Record<string, number>>;
  readonly config?: Partial<SessionConfig>;
  readonly steps: readonly Step[];
}

/** Makes `server` as far away as said. */
function at(server: string, rttMs: number): (scene: Scene) => void {
  return (scene) => void (scene.rttMs[server] = rttMs);
}

/** Nothing the other server says to the client arrives for so long. */
function hush(server: string, forMs: number): (scene: Scene, ada: Guest) => void {
  return (scene, { machine }) => {
    const { host } = scene.server(server).machine;
    scene.world.wires.cut(host, machine.host);
    scene.world.after(forMs, () => scene.world.wires.heal(host, machine.host));
  };
}

/** Each minute `server` is as far away as it was, or 40 % nearer. */
function swing(server: string): (scene: Scene) => void {
  return (scene) => {
    const farMs = scene.rttMs[server] ?? 0;
    for (let minute = 0; minute < 60; minute++) {
      const rttMs = minute % 2 === 0 ? farMs * 0.6 : farMs;
      scene.world.after(minute * MINUTE, () => at(server, rttMs)(scene));
    }
  };
}

const SCENARIOS: readonly Scenario[] = [
  {
    what: "steady: it stays",
    rttMs: { a: 10, b: 12, c: 40 },
    steps: [{ after: 3_600, home: "a", moves: [] }],
  },
  {
    what: "two servers within noise: it stays",
    rttMs: { a: 10, b: 10.1 },
    steps: [{ after: 3_600, home: "a", moves: [] }],
  },
  {
    what: "one becomes clearly nearer: it moves once, after three rounds",
    rttMs: { a: 10, b: 30, c: 40 },
    steps: [
      { after: 30, happens: at("b", 3), home: "a", moves: [] },
      { after: 35, home: "a", moves: [] },
      { after: 60, home: "b", moves: ["b nearer"] },
      { after: 3_600, home: "b", moves: ["b nearer"] },
    ],
  },
  {
    what: "one far away becomes nearer: it is measured less often, and found all the same",
    rttMs: { a: 10, b: 11, c: 12, far: 200 },
    steps: [
      { after: 30, happens: at("far", 2), home: "a", moves: [] },
      { after: 240, home: "far", moves: ["far nearer"] },
    ],
  },
  {
    what: "the home becomes slow: it moves, and back when that is worth it",
    rttMs: { a: 10, b: 12 },
    steps: [
      { after: 30, happens: at("a", 50), home: "a", moves: [] },
      { after: 90, home: "b", moves: ["b nearer"] },
      { after: 10, happens: at("a", 10), home: "b", moves: ["b nearer"] },
      { after: 300, home: "b", moves: ["b nearer"] },
      { after: 10, happens: at("a", 4), home: "b", moves: ["b nearer"] },
      { after: 90, home: "a", moves: ["b nearer", "a nearer"] },
    ],
  },
  {
    what: "one swings by 40 % each minute: it moves there at most once",
    rttMs: { a: 10, b: 10.5 },
    steps: [
      { after: 1, happens: swing("b"), home: "a", moves: [] },
      { after: 3_000, home: "b", moves: ["b nearer"] },
    ],
  },
  {
    what: "the home swings by 40 % each minute: it stays",
    rttMs: { a: 10, b: 10.5 },
    steps: [
      { after: 1, happens: swing("a"), home: "a", moves: [] },
      { after: 3_000, home: "a", moves: [] },
    ],
  },
  {
    what: "a lost probe to the home: it stays",
    rttMs: { a: 10, b: 11 },
    steps: [
      { after: 10, happens: duringRound(hush("a", 1_100)), home: "a", moves: [] },
      { after: 600, home: "a", moves: [] },
    ],
  },
  {
    what: "the home falls silent: it is left within 15 s and a moment",
    rttMs: { a: 10, b: 12, c: 40 },
    steps: [
      {
        after: 30,
        happens: (scene) => scene.server("a").machine.freeze(),
        home: "a",
        moves: [],
      },
      { after: 16, home: "b", moves: ["b home-lost"] },
      { after: 600, home: "b", moves: ["b home-lost"] },
    ],
  },
  {
    what: "the home dies: it is left at once",
    rttMs: { a: 10, b: 12, c: 40 },
    steps: [
      { after: 30, happens: (scene) => scene.world.kill(scene.server("a").machine), ...AT_HOME() },
      { after: 0.2, home: "b", moves: ["b home-lost"] },
    ],
  },
  {
    what: "the home leaves: it is left at once, and not gone back to",
    rttMs: { a: 10, b: 12, c: 40 },
    steps: [
      {
        after: 30,
        happens: (scene) => scene.server("a").machine.act((node, now) => node.leave(now)),
        ...AT_HOME(),
      },
      { after: 0.2, home: "b", moves: ["b leaving"] },
      { after: 300, home: "b", moves: ["b leaving"] },
    ],
  },
  {
    what: "a new server that is nearer: it is found and moved to",
    rttMs: { a: 10, b: 12 },
    steps: [
      {
        after: 30,
        happens: (scene) => {
          scene.rttMs["c"] = 3;
          scene.start("c");
        },
        ...AT_HOME(),
      },
      { after: 110, home: "c", moves: ["c nearer"] },
    ],
  },
  {
    what: "--pin never moves, however near another one is",
    rttMs: { a: 10, b: 30 },
    config: { pin: true },
    steps: [
      { after: 30, happens: at("b", 1), home: "a", moves: [] },
      { after: 3_600, home: "a", moves: [] },
    ],
  },
];

function AT_HOME(): { home: string; moves: readonly string[] } {
  return { home: "a", moves: [] };
}

/** Waits for the next round, and does it in the midst of that. */
function duringRound(
  happens: (scene: Scene, ada: Guest) => void,
): (scene: Scene, ada: Guest) => void {
  return (scene, ada) => {
    assert(scene.world.runUntil(() => ada.machine.ends.size > 1, 30 * SECOND), "a round begins");
    scene.world.run(60);
    assert(ada.machine.ends.size > 1, "it goes on");
    happens(scene, ada);
  };
}

for (const { what, rttMs, config, steps } of SCENARIOS) {
  Deno.test(what, () => {
    const scene = new Scene(rttMs);
    const ada = scene.client("ada", config);
    for (const [index, { after, happens, home, moves }] of steps.entries()) {
      scene.world.run(after * SECOND);
      happens?.(scene, ada);
      const last = ada.decisions.slice(-4).join("\n");
      assertEquals([ada.home, ...ada.moves], [home, ...moves], `step ${index + 1}\n${last}`);
    }
  });
}

Deno.test("a lost probe is seen as such, and the round decides all the same", () => {
  const scene = new Scene({ a: 10, b: 11 });
  const ada = scene.client("ada");
  scene.world.run(10 * SECOND);
  duringRound(hush("a", 1_100))(scene, ada);
  scene.world.run(5 * SECOND);
  const [home] = ada.client.session.rtts();
  assert(home?.kind === "rtt" && scene.nameOf(home.server) === "a");
  assertEquals(home.summary.sent - home.summary.received, 1);
  assertEquals(ada.decisions.length, 1);
});

Deno.test("no probe to the home arrives in time while the talk on its link goes on: it stays", () => {
  const scene = new Scene({ a: 10, b: 12 });
  const [ada, bob] = [scene.client("ada"), scene.client("bob", { pin: true })];
  scene.world.run(10 * SECOND);
  scene.rttMs["a"] = 3_000;
  for (let n = 0; n < 600; n++) scene.world.after(n * SECOND, () => ada.say("bob", `${n}`));
  scene.world.run(620 * SECOND);
  assertEquals([ada.home, ada.moves, bob.texts.length], ["a", [], 600]);
  assert(ada.decisions.length > 20);
  for (const line of ada.decisions) {
    assertEquals(line, "stays at 10.0.0.1:4000: no sample of it counts");
  }
});

Deno.test("a hundred clients and a new, near server: all move, never more than 25 in a second", () => {
  const scene = new Scene({ a: 20, b: 24 });
  // All start at the same moment, which is the worst.
  const crowd = Array.from({ length: 100 }, (_, n) => scene.client(`n${n}`));
  scene.world.run(60 * SECOND);
  const movedAt: number[] = [];
  scene.world.onEvent = (_client, event) => {
    if (event.kind === "moved") movedAt.push(scene.world.now);
  };
  scene.rttMs["c"] = 4;
  scene.start("c");
  scene.world.run(5 * MINUTE);
  assertEquals(new Set(crowd.map(({ home }) => home)), new Set(["c"]));
  assertEquals(movedAt.length, crowd.length, "each once");
  const most = Math.max(
    ...movedAt.map((from) => movedAt.filter((time) => time >= from && time < from + SECOND).length),
  );
  assert(most <= 25, `${most} within a second`);
});

Deno.test("across many moves every message is shown exactly once and in order, both ways", () => {
  const scene = new Scene({ a: 6, b: 20, c: 30 });
  const pace = { roundMs: 4 * SECOND, restMs: 10 * SECOND };
  const [ada, bob] = [scene.client("ada", { pace }), scene.client("bob", { pace })];
  scene.world.run(5 * SECOND);
  const turns = [["b", 1], ["a", 30], ["c", 0.5], ["b", 30], ["a", 0.2], ["c", 30]] as const;
  for (const [turn, [server, rttMs]] of turns.entries()) {
    scene.world.after(turn * 15 * SECOND, () => at(server, rttMs)(scene));
  }
  const said = Array.from({ length: 5_000 }, (_, n) => `${n}`);
  for (const [n, text] of said.entries()) {
    scene.world.after(n * 20, () => {
      ada.say("bob", text);
      bob.say("ada", text);
    });
  }
  scene.world.run(130 * SECOND);
  for (const guest of [ada, bob]) {
    assert(guest.moves.length >= 3, guest.moves.join());
    assertEquals(new Set(guest.moved.map(({ reason }) => reason)), new Set(["nearer"]));
    assertEquals(guest.texts, said);
    assertEquals(
      guest.client.receipts.map(({ seq, status }) => `${seq} ${status}`),
      said.map((_, n) => `${n + 1} delivered`),
    );
    const slowest = Math.max(...guest.client.receipts.map(({ latencyMs }) => latencyMs ?? 0));
    assert(slowest < SECOND, `none waits longer than a move takes: ${slowest} ms`);
  }
});

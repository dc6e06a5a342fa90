import { assert, assertEquals } from "@std/assert";
import {
  type Candidate,
  explained,
  Hysteresis,
  type Measured,
  nearest,
  noiseOf,
  REST_MS,
  ROUNDS_RUNNING,
  TIE_MS,
} from "../../lib/core/choice.ts";
import { seededRandom } from "../testing/random.ts";

const extended = (minMs: number | null): Candidate => ({ extended: true, minMs });
const base = (minMs: number | null): Candidate => ({ extended: false, minMs });

Deno.test("the smallest minimum is the nearest, wherever it stands", () => {
  const candidates = [extended(3), extended(1), extended(2)];
  assertEquals(nearest(candidates), candidates[1] as Candidate);
  assertEquals(nearest(candidates.toReversed()), candidates[1] as Candidate);
});

Deno.test("differences under ten microseconds are a tie, which the first wins", () => {
  const first = extended(1);
  assertEquals(nearest([first, extended(1 - TIE_MS * 0.9)]), first);
  const nearer = extended(1 - TIE_MS * 1.1);
  assertEquals(nearest([first, nearer]), nearer);
});

Deno.test("an extended server is chosen before a nearer base one", () => {
  const confirms = extended(20);
  assertEquals(nearest([base(0.1), confirms]), confirms);
  assertEquals(nearest([confirms, base(0.1)]), confirms);
});

Deno.test("a server that was not measured comes last, and is better than none", () => {
  const measured = extended(900);
  const unmeasured = extended(null);
  assertEquals(nearest([unmeasured, measured]), measured);
  assertEquals(nearest([measured, unmeasured]), measured);
  assertEquals(nearest([unmeasured]), unmeasured);
});

Deno.test("among base servers the nearest is chosen", () => {
  const near = base(1);
  assertEquals(nearest([base(2), near, base(null)]), near);
});

Deno.test("of nobody nobody is the nearest", () => {
  assertEquals(nearest([]), null);
});

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** What was measured: the minimum in microseconds, and how far it may be off. */
type Us = number | null | { readonly us: number; readonly noise?: number; readonly lost?: number };

/** One round: so many seconds after the one before, it measured this, and this was said. */
interface Step {
  readonly after: number;
  readonly home: Us;
  readonly others: Readonly<Record<string, Us>>;
  readonly expect: string;
}

function measured(id: string, value: Us): Measured {
  const { us, noise = 0, lost = 0 } = typeof value === "object" && value !== null
    ? value
    : { us: value };
  return { id, address: id, minMs: us === null ? null : us / 1e3, noiseMs: noise / 1e3, lost };
}

/** Goes through the rounds; whoever is moved to is the home from then on. */
function run(steps: readonly Step[]): void {
  const hysteresis = new Hysteresis();
  let home = "home";
  let now = 0;
  for (const [at, step] of steps.entries()) {
    now += step.after * SECOND;
    const others = Object.entries(step.others).map(([id, value]) => measured(id, value));
    const verdict = hysteresis.judge(measured(home, step.home), others, now);
    assertEquals(explained(verdict), step.expect, `step ${at + 1}`);
    if (verdict.kind !== "moves") continue;
    home = verdict.rival.id;
    hysteresis.moved(now);
  }
}

const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  "steady: it stays": [
    {
      after: 20,
      home: 412,
      others: { b: 300 },
      expect: "stays at home (412 us): b is at 300 us, needs 275 us or less",
    },
    {
      after: 20,
      home: 412,
      others: { b: 500 },
      expect: "stays at home (412 us): b is at 500 us, needs 275 us or less",
    },
  ],
  "clearly nearer in three rounds running: it moves": [
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 1) },
    { after: 20, home: 400, others: { b: 210 }, expect: stays("400 us", "b is at 210 us", 2) },
    {
      after: 20,
      home: 400,
      others: { b: 200 },
      expect: "moves from home (400 us): b is at 200 us, in 3 rounds running",
    },
    {
      after: 20,
      home: 200,
      others: { home: 400 },
      expect: "stays at b (200 us): home is at 400 us, needs 100 us or less",
    },
  ],
  "one round that is not good enough begins the count anew": [
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 1) },
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 2) },
    {
      after: 20,
      home: 400,
      others: { b: 280 },
      expect: "stays at home (400 us): b is at 280 us, needs 267 us or less",
    },
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 1) },
  ],
  "two thirds are not enough where that is less than 100 us": [
    {
      after: 20,
      home: 240,
      others: { b: 145 },
      expect: "stays at home (240 us): b is at 145 us, needs 140 us or less",
    },
    {
      after: 20,
      home: 90,
      others: { b: 10 },
      expect: "stays at home (90 us): b is at 10 us, no server could be enough nearer",
    },
  ],
  "the gain must be three times the noise of both": [
    {
      after: 20,
      home: { us: 2_000, noise: 300 },
      others: { b: { us: 600, noise: 400 } },
      expect: "stays at home (2000 us): b is at 600 us, needs 500 us or less",
    },
    {
      after: 20,
      home: { us: 2_000, noise: 300 },
      others: { b: { us: 500, noise: 400 } },
      expect: stays("2000 us", "b is at 500 us", 1),
    },
  ],
  "two new ones that take turns in being the nearest: it moves to one of them": [
    {
      after: 20,
      home: 900,
      others: { b: 200, c: 201 },
      expect: stays("900 us", "b is at 200 us", 1),
    },
    {
      after: 20,
      home: 900,
      others: { b: 202, c: 200 },
      expect: stays("900 us", "c is at 200 us", 2),
    },
    {
      after: 20,
      home: 900,
      others: { b: 200, c: 203 },
      expect: "moves from home (900 us): b is at 200 us, in 3 rounds running",
    },
  ],
  "a lost probe to the home: its other samples count": [
    {
      after: 20,
      home: { us: 400, lost: 1 },
      others: { b: 380 },
      expect: "stays at home (400 us): b is at 380 us, needs 267 us or less",
    },
  ],
  "all probes to the home lost, or late: nothing is decided, however often": [
    { after: 20, home: null, others: { b: 200 }, expect: "stays at home: no sample of it counts" },
    { after: 20, home: null, others: { b: 200 }, expect: "stays at home: no sample of it counts" },
    { after: 20, home: null, others: { b: 200 }, expect: "stays at home: no sample of it counts" },
    { after: 20, home: null, others: { b: 200 }, expect: "stays at home: no sample of it counts" },
  ],
  "a round that decides nothing neither counts nor ends a count": [
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 1) },
    { after: 20, home: null, others: { b: 200 }, expect: "stays at home: no sample of it counts" },
    { after: 20, home: 400, others: { b: 200 }, expect: stays("400 us", "b is at 200 us", 2) },
  ],
  "a server that misses probes is not moved to": [
    {
      after: 20,
      home: 400,
      others: { b: { us: 100, lost: 1 }, c: 390 },
      expect: "stays at home (400 us): c is at 390 us, needs 267 us or less",
    },
  ],
  "one whose samples were all late is not, either": [
    {
      after: 20,
      home: 400,
      others: { b: null },
      expect: "stays at home (400 us): no other server was measured",
    },
  ],
  "after a move it stays for a minute, and then needs no more rounds": [
    { after: 20, home: 900, others: { b: 500 }, expect: stays("900 us", "b is at 500 us", 1) },
    { after: 20, home: 900, others: { b: 500 }, expect: stays("900 us", "b is at 500 us", 2) },
    {
      after: 20,
      home: 900,
      others: { b: 500 },
      expect: "moves from home (900 us): b is at 500 us, in 3 rounds running",
    },
    { after: 5, home: 500, others: { c: 100 }, expect: at("b", "500 us", "c is at 100 us", 1) },
    { after: 20, home: 500, others: { c: 100 }, expect: at("b", "500 us", "c is at 100 us", 2) },
    {
      after: 20,
      home: 500,
      others: { c: 100 },
      expect: "stays at b (500 us): c is at 100 us, but it moved 45 s ago",
    },
    {
      after: 20,
      home: 500,
      others: { c: 100 },
      expect: "moves from b (500 us): c is at 100 us, in 3 rounds running",
    },
  ],
};

function stays(own: string, is: string, rounds: number): string {
  return at("home", own, is, rounds);
}

function at(home: string, own: string, is: string, rounds: number): string {
  return `stays at ${home} (${own}): ${is}, in ${rounds} of ${ROUNDS_RUNNING} rounds`;
}

for (const [what, steps] of Object.entries(SCENARIOS)) Deno.test(what, () => run(steps));

Deno.test("a move that was in vain takes three more rounds", () => {
  const hysteresis = new Hysteresis();
  const judge = (now: number): string =>
    hysteresis.judge(measured("home", 900), [measured("b", 200)], now * SECOND).kind;
  assertEquals([judge(20), judge(40), judge(60)], ["counting", "counting", "moves"]);
  hysteresis.failed();
  assertEquals([judge(80), judge(100), judge(120)], ["counting", "counting", "moves"]);
});

/** Ten samples of a server at `us`, each with noise that is mostly small. */
function window(us: number, random: () => number): number[] {
  return Array.from({ length: 10 }, () => {
    const spike = random() < 0.05 ? 50_000 * random() : 0;
    return (us + 80 * random() + spike) / 1e3;
  });
}

/** How often a client moves in `hours` between servers whose distances `usAt` tells. */
function movesIn(
  hours: number,
  usAt: (server: string, now: number) => number,
  random: () => number,
): number {
  const hysteresis = new Hysteresis();
  const servers = ["a", "b"];
  let home = "a";
  let moves = 0;
  for (let now = 0; now < hours * HOUR; now += (20 + 6 * random()) * SECOND) {
    const round = servers.map((id): Measured => {
      const samples = window(usAt(id, now), random);
      const minMs = Math.min(...samples);
      return { id, address: id, minMs, noiseMs: noiseOf(samples), lost: 0 };
    });
    const ofHome = round.find(({ id }) => id === home) as Measured;
    const verdict = hysteresis.judge(ofHome, round.filter(({ id }) => id !== home), now);
    if (verdict.kind !== "moves") continue;
    home = verdict.rival.id;
    hysteresis.moved(now);
    moves++;
  }
  return moves;
}

Deno.test("between two servers within noise it never moves in 24 hours", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    assertEquals(movesIn(24, (id) => id === "a" ? 420 : 400, random), 0, `seed ${seed}`);
  }
});

Deno.test("to one that is clearly nearer, and noisy, it moves exactly once in 24 hours", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    const usAt = (id: string, now: number): number => id === "a" ? 900 : now < HOUR ? 1_000 : 400;
    assertEquals(movesIn(24, usAt, random), 1, `seed ${seed}`);
  }
});

Deno.test("whichever server swings by 40 % each minute, it moves at most once in 24 hours", () => {
  const swing = (us: number, now: number): number =>
    Math.floor(now / 60_000) % 2 === 0 ? us : us * 0.6;
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    for (const swinger of ["a", "b"]) {
      for (const us of [600, 1_000, 1_400]) {
        const usAt = (id: string, now: number): number => id === swinger ? swing(us, now) : 1_000;
        const moves = movesIn(24, usAt, random);
        assert(moves <= 1, `seed ${seed}, ${swinger} at ${us} us: ${moves} moves`);
      }
    }
  }
});

Deno.test("two that swing against each other make it move no more often than it rests", () => {
  const usAt = (id: string, now: number): number =>
    (Math.floor(now / 60_000) % 2 === 0) === (id === "a") ? 1_000 : 600;
  const moves = movesIn(1, usAt, seededRandom(1));
  assert(moves <= HOUR / REST_MS, `${moves} moves`);
});

Deno.test("the noise is how closely the best samples lie together", () => {
  assertEquals(noiseOf([]), 0);
  assertEquals(noiseOf([3]), 0);
  assertEquals(noiseOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 2);
  // A quarter of four samples is the first one.
  assertEquals(noiseOf([4, 3, 2, 1]), 0);
  // Neither an outlier, nor what is missing or late, says anything.
  assertEquals(noiseOf([1, 1.25, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 500]), 0.5);
  assertEquals(noiseOf([null, -0.1, 1, 2, 3, 4, 5, null]), 1);
});

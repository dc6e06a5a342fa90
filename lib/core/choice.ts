/**
 * Which server a client attaches to, and when it leaves one for another that is
 * nearer. Whoever always takes the nearest moves for ever between two that are
 * equally near: so there is hysteresis.
 *
 * @module
 */

/** Differences smaller than this are a tie: they are the clock's, not the network's. */
export const TIE_MS = 0.01;

/** What the choice is made on. */
export interface Candidate {
  /** It speaks the extended protocol: only there can a message be confirmed. */
  readonly extended: boolean;
  /** The smallest sample, in ms; null when nothing was measured. */
  readonly minMs: number | null;
}

/**
 * The nearest candidate: an extended server before a base one, then the
 * smallest minimum; in a tie the first. One that was not measured comes last.
 * Null when there is no candidate.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nearest } from "./choice.ts";
 *
 * const far = { extended: true, minMs: 2 };
 * const near = { extended: true, minMs: 0.5 };
 * assertEquals(nearest([far, near]), near);
 * ```
 */
export function nearest<Server extends Candidate>(candidates: readonly Server[]): Server | null {
  let best: Server | null = null;
  for (const candidate of candidates) {
    if (best === null || isNearer(candidate, best)) best = candidate;
  }
  return best;
}

function isNearer(a: Candidate, b: Candidate): boolean {
  if (a.extended !== b.extended) return a.extended;
  if (a.minMs === null) return false;
  return b.minMs === null || a.minMs < b.minMs - TIE_MS;
}

/** No smaller gain is worth a move: nobody who talks would notice it, in ms. */
export const MIN_GAIN_MS = 0.1;

/** Nor is any other whose RTT is a larger share of the home's. */
export const MAX_SHARE = 2 / 3;

/** The gain must be so many times what the measurements may be off. */
export const NOISE_FACTOR = 3;

/** A server must be that much nearer in so many rounds, one after the other. */
export const ROUNDS_RUNNING = 3;

/** Who has moved stays for so long, in ms. */
export const REST_MS = 60_000;

/** What one round measured of one server. */
export interface Measured {
  /** Tells servers apart, the same in every round. */
  readonly id: string;
  /** For people. */
  readonly address: string;
  /** The smallest sample that is not late, in ms; null when there is none. */
  readonly minMs: number | null;
  /** How far that minimum may be off, in ms: see {@linkcode noiseOf}. */
  readonly noiseMs: number;
  /** Probes that got no reply in time. */
  readonly lost: number;
}

/** Of a server that has a minimum. */
type Near = Measured & { readonly minMs: number };

/** What was decided after a round, with what it was decided on. */
export type Verdict =
  /** There is no sample of the home that counts: nothing is decided. */
  | { readonly kind: "unmeasured"; readonly home: Measured }
  /** No other server was measured well enough. */
  | { readonly kind: "alone"; readonly home: Near }
  /** The best of the others would have to be at `neededMs` or less. */
  | {
    readonly kind: "near-enough";
    readonly home: Near;
    readonly rival: Near;
    readonly neededMs: number;
  }
  /** It is that much nearer, but not in enough rounds running yet. */
  | {
    readonly kind: "counting";
    readonly home: Near;
    readonly rival: Near;
    readonly rounds: number;
  }
  /** It is, but the last move was only `agoMs` ago. */
  | { readonly kind: "resting"; readonly home: Near; readonly rival: Near; readonly agoMs: number }
  | { readonly kind: "moves"; readonly home: Near; readonly rival: Near };

/**
 * How far the minimum of a window may be off, in ms: the lower quartile less
 * the minimum. What is compared are minima, so what counts is how closely the
 * best samples lie together: had the best two of ten been missing, the minimum
 * would have been off by this. The standard deviation says nothing about that:
 * a single sample of 50 ms among nine of 1 ms makes it 15 ms, and no server
 * could ever be that much nearer. 0 when nothing was measured.
 *
 * @param samples in ms; null for missing ones, negative for late ones, which don't count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { noiseOf } from "./choice.ts";
 *
 * assertEquals(noiseOf([5, 2, 50, 3, 4, null, -1]), 1);
 * ```
 */
export function noiseOf(samples: Iterable<number | null>): number {
  const sorted = [...samples].filter((ms) => ms !== null && ms > 0)
    .toSorted((a, b) => (a as number) - (b as number)) as number[];
  const quartile = sorted[Math.ceil(sorted.length / 4) - 1] ?? 0;
  return quartile - (sorted[0] ?? 0);
}

/**
 * Decides after each round whether to move. The first home counts as no move:
 * three rounds running take as long as the rest after one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explained, Hysteresis } from "./choice.ts";
 *
 * const hysteresis = new Hysteresis();
 * const home = { id: "a", address: "a:1", minMs: 0.4, noiseMs: 0.01, lost: 0 };
 * const other = { id: "b", address: "b:1", minMs: 0.2, noiseMs: 0.01, lost: 0 };
 * assertEquals(
 *   explained(hysteresis.judge(home, [other], 20_000)),
 *   "stays at a:1 (400 us): b:1 is at 200 us, in 1 of 3 rounds",
 * );
 * assertEquals(hysteresis.judge(home, [other], 40_000).kind, "counting");
 * assertEquals(hysteresis.judge(home, [other], 60_000).kind, "moves");
 * ```
 */
export class Hysteresis {
  readonly #restMs: number;
  /** Rounds running in which each server was so much nearer, by id. */
  #rounds = new Map<string, number>();
  #movedAt = -Infinity;

  /** Stays for `restMs` after a move. */
  constructor(restMs: number = REST_MS) {
    this.#restMs = restMs;
  }

  /** It has another home since `now` (ms). */
  moved(now: number): void {
    this.#movedAt = now;
    this.#rounds.clear();
  }

  /** The move was in vain: the rounds are counted anew. */
  failed(): void {
    this.#rounds.clear();
  }

  /**
   * What follows from a round that ended at `now` (ms). Each server counts for
   * itself, or two new ones that are equally near would take turns and none
   * would ever be the nearest three times. A round without a sample of the
   * home, because all were late or missing, neither counts nor ends a count.
   */
  judge(home: Measured, others: readonly Measured[], now: number): Verdict {
    if (!isNear(home)) return { kind: "unmeasured", home };
    // Whoever misses probes is no better home, however fast the others were.
    const rivals = others.filter(isNear).filter(({ lost }) => lost === 0);
    this.#count(home, rivals);
    const [rival] = rivals.toSorted((a, b) =>
      this.#roundsOf(b) - this.#roundsOf(a) || a.minMs - b.minMs
    );
    if (rival === undefined) return { kind: "alone", home };
    const rounds = this.#roundsOf(rival);
    const agoMs = now - this.#movedAt;
    if (rounds === 0) {
      return { kind: "near-enough", home, rival, neededMs: neededMs(home, rival) };
    }
    if (rounds < ROUNDS_RUNNING) return { kind: "counting", home, rival, rounds };
    if (agoMs < this.#restMs) return { kind: "resting", home, rival, agoMs };
    return { kind: "moves", home, rival };
  }

  #count(home: Near, rivals: readonly Near[]): void {
    const before = this.#rounds;
    this.#rounds = new Map(
      rivals.filter((rival) => rival.minMs <= neededMs(home, rival))
        .map(({ id }) => [id, Math.min(ROUNDS_RUNNING, (before.get(id) ?? 0) + 1)]),
    );
  }

  #roundsOf({ id }: Measured): number {
    return this.#rounds.get(id) ?? 0;
  }
}

/** How near another server has to be, in ms; below 0 when none could be. */
function neededMs(home: Near, rival: Measured): number {
  // Both may be off, independently.
  const noiseMs = Math.hypot(home.noiseMs, rival.noiseMs);
  const gainMs = Math.max(MIN_GAIN_MS, NOISE_FACTOR * noiseMs);
  return Math.min(home.minMs * MAX_SHARE, home.minMs - gainMs);
}

function isNear(server: Measured): server is Near {
  return server.minMs !== null;
}

/** The verdict in one line, with the numbers that it follows from. */
export function explained(verdict: Verdict): string {
  const { kind, home } = verdict;
  if (kind === "unmeasured") return `stays at ${home.address}: no sample of it counts`;
  const stays = `stays at ${home.address} (${text(verdict.home.minMs)})`;
  if (kind === "alone") return `${stays}: no other server was measured`;
  const { rival } = verdict;
  const is = `${rival.address} is at ${text(rival.minMs)}`;
  switch (kind) {
    case "near-enough":
      return `${stays}: ${is}, ${needs(verdict.neededMs)}`;
    case "counting":
      return `${stays}: ${is}, in ${verdict.rounds} of ${ROUNDS_RUNNING} rounds`;
    case "resting":
      return `${stays}: ${is}, but it moved ${Math.floor(verdict.agoMs / 1e3)} s ago`;
    case "moves":
      return `moves from ${home.address} (${text(verdict.home.minMs)}): ${is}, ` +
        `in ${ROUNDS_RUNNING} rounds running`;
  }
}

function needs(neededMs: number): string {
  return neededMs > 0 ? `needs ${text(neededMs)} or less` : "no server could be enough nearer";
}

function text(ms: number): string {
  return ms < 10 ? `${Math.round(ms * 1e3)} us` : `${ms.toFixed(1)} ms`;
}

/**
 * The echoes on one connection: which reply belongs to which, and what is lost.
 *
 * @module
 */

import type { LoopLag } from "./lag.ts";

/** A probe without a reply after this long is lost. */
export const PROBE_TIMEOUT_MS = 1_000;

/** The first probes of a connection pay for cold caches and are thrown away. */
export const WARMUP_PROBES = 5;

/** Samples that a choice is made on. */
export const CHOICE_PROBES = 10;

/** The result of one probe. */
export interface Sample {
  /** In ms, above 0. */
  readonly rttMs: number;
  /** The event loop of this program was late meanwhile. */
  readonly late: boolean;
}

/**
 * The probes of one connection. Echoes carry no number: replies match in
 * order, and a probe that timed out keeps its place, or its late reply would
 * be taken for the next one's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LoopLag } from "./lag.ts";
 * import { Probes } from "./probes.ts";
 *
 * const probes = new Probes(new LoopLag());
 * probes.sent(0);
 * assertEquals(probes.expire(1_000), 1); // no reply within a second: lost
 * probes.sent(1_000);
 * assertEquals(probes.replied(1_001), null); // the late one
 * assertEquals(probes.replied(1_002), { rttMs: 2, late: false });
 * ```
 */
export class Probes {
  readonly #lag: LoopLag;
  /** When those were sent that may still get a reply in time, the oldest first. */
  readonly #open: number[] = [];
  /** How many older ones keep their places before them. */
  #lost = 0;

  /** None is sent yet; `lag` tells which samples to doubt. */
  constructor(lag: LoopLag) {
    this.#lag = lag;
  }

  /** Probes that may still get a reply in time. */
  get waiting(): number {
    return this.#open.length;
  }

  /** A probe was written at `now` (ms). */
  sent(now: number): void {
    this.#open.push(now);
  }

  /** A reply was read at `now`: the sample, or null when it is of no use. */
  replied(now: number): Sample | null {
    if (this.#lost > 0) {
      this.#lost--;
      return null;
    }
    const sentAt = this.#open.shift();
    if (sentAt === undefined) return null;
    // A clock that stands still or jumps back measured nothing.
    const rttMs = now - sentAt;
    return rttMs > 0 ? { rttMs, late: this.#lag.isLate(sentAt, now) } : null;
  }

  /** Marks what timed out by `now` as lost; returns how many did. */
  expire(now: number): number {
    let lost = 0;
    for (const sentAt of this.#open) {
      if (now - sentAt < PROBE_TIMEOUT_MS) break;
      lost++;
    }
    this.#open.splice(0, lost);
    this.#lost += lost;
    return lost;
  }

  /** When the next probe times out; Infinity when none is waiting. */
  nextTimeout(): number {
    const [sentAt] = this.#open;
    return sentAt === undefined ? Infinity : sentAt + PROBE_TIMEOUT_MS;
  }
}

/**
 * What the echoes on the link to one peer say.
 *
 * @module
 */

import type { LoopLag } from "./lag.ts";
import { PROBE_TIMEOUT_MS, Probes } from "./probes.ts";
import { RttWindow } from "./window.ts";

/** Samples of one link that count: those of the last minute. */
export const PEER_SAMPLES = 60;

/** The echoes on one link between servers: sent each second, answered in order. */
export class Echoes {
  /** The newest samples. */
  readonly window = new RttWindow(PEER_SAMPLES);
  /** Since when an echo waits in the outbox, in ms; it counts from the moment it is written. */
  queuedAt: number | null = null;
  /** When the newest sample that is not late was taken, in ms; null when there is none. */
  newestAt: number | null = null;
  /** How many of the last probes got no reply, one after the other. */
  lostInRow = 0;
  readonly #probes: Probes;

  /** No echo is sent yet; `lag` tells which samples to doubt. */
  constructor(lag: LoopLag) {
    this.#probes = new Probes(lag);
  }

  /** Whether a reply may still come in time, or an echo is still to be written: that is not told. */
  get isWaiting(): boolean {
    return this.queuedAt !== null || this.#probes.waiting > 0;
  }

  /** Bytes were written at `now`, the echo that was queued among them. */
  written(now: number): void {
    if (this.queuedAt === null) return;
    this.queuedAt = null;
    this.#probes.sent(now);
  }

  /** A reply was read at `now`. One that nobody asked for means nothing. */
  replied(now: number): void {
    this.expire(now);
    const sample = this.#probes.replied(now);
    if (sample === null) return;
    this.window.add(sample.rttMs, sample);
    this.lostInRow = 0;
    if (!sample.late) this.newestAt = now;
  }

  /** Probes that timed out by `now` are missing, and so is one that the link does not take. */
  expire(now: number): void {
    const stuck = this.queuedAt !== null && now - this.queuedAt >= PROBE_TIMEOUT_MS;
    if (stuck) this.queuedAt = now;
    const lost = this.#probes.expire(now) + (stuck ? 1 : 0);
    this.window.miss(lost);
    this.lostInRow += lost;
  }
}

/**
 * The window of samples of one way, and what it says.
 *
 * @module
 */

import type { RttSummary } from "./events.ts";

/** What a window has room for at first; it grows to its capacity. */
const FIRST_ROOM = 16;

/**
 * The newest round-trip times of one way in order of arrival, with those that
 * are missing (no reply in time) and those that are late (taken while the
 * event loop of this program was: they count as received, and nothing is
 * computed from them).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RttWindow } from "./window.ts";
 *
 * const window = new RttWindow(10);
 * window.add(2);
 * window.add(1);
 * window.miss(1);
 * window.add(70, { late: true });
 * const { minMs, maxMs, loss, late } = window.summary();
 * assertEquals([minMs, maxMs, loss, late], [1, 2, 0.25, 1]);
 * ```
 */
export class RttWindow {
  /** A ring: ms; negative when it was late, NaN when it is missing. */
  #ring: Float64Array;
  #next = 0;
  #size = 0;
  #lost = 0;
  #late = 0;
  #minMs: number | null = null;

  /** Keeps the newest `capacity` samples, missing and late ones included. */
  constructor(readonly capacity: number) {
    this.#ring = new Float64Array(Math.min(capacity, FIRST_ROOM));
  }

  /** Probes that ended, one way or the other, as far as they are kept. */
  get size(): number {
    return this.#size;
  }

  /** Probes among them that got no reply. */
  get lost(): number {
    return this.#lost;
  }

  /** Samples among them that were taken while the event loop was late. */
  get late(): number {
    return this.#late;
  }

  /** The smallest sample in ms that is not late; null when there is none. */
  get minMs(): number | null {
    return this.#minMs;
  }

  /** A sample, in ms, above 0. */
  add(rttMs: number, { late }: { readonly late: boolean } = { late: false }): void {
    this.#push(late ? -rttMs : rttMs);
    if (late) this.#late++;
    else this.#minMs = Math.min(this.#minMs ?? rttMs, rttMs);
  }

  /** Probes that got no reply: missing, not zero. */
  miss(count: number): void {
    for (let missed = 0; missed < count; missed++) {
      this.#push(NaN);
      this.#lost++;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#next =
      this.#size =
      this.#lost =
      this.#late =
        0;
    this.#minMs = null;
  }

  /** What is kept, the oldest first, in ms: null for a missing sample, negative for a late one. */
  *samples(): IterableIterator<number | null> {
    for (let age = this.#size; age > 0; age--) {
      const value = this.#at(age);
      yield Number.isNaN(value) ? null : value;
    }
  }

  /** All statistics. Percentiles are nearest-rank, mdev is that of ping(8). */
  summary(): RttSummary {
    const sent = this.#size;
    const received = sent - this.#lost;
    const loss = sent === 0 ? 0 : this.#lost / sent;
    const counts = { sent, received, loss, late: this.#late };
    const samples = this.#cleanSamples();
    if (samples.length === 0) return { ...counts, ...NOTHING_MEASURED };
    const sorted = samples.toSorted();
    const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] as number;
    const meanMs = mean(samples, (value) => value);
    return {
      ...counts,
      minMs: sorted[0] as number,
      meanMs,
      p50Ms: rank(0.5),
      p95Ms: rank(0.95),
      p99Ms: rank(0.99),
      maxMs: rank(1),
      mdevMs: Math.sqrt(mean(samples, (value) => (value - meanMs) ** 2)),
      jitterMs: jitterOf(samples),
    };
  }

  /** The sample that is `age` samples old, from 1: the newest. */
  #at(age: number): number {
    const { length } = this.#ring;
    return this.#ring[(this.#next - age + length) % length] as number;
  }

  #push(value: number): void {
    if (this.#size === this.#ring.length && this.#size < this.capacity) this.#grow();
    if (this.#size === this.#ring.length) this.#evict();
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#ring.length;
    this.#size++;
  }

  #evict(): void {
    const oldest = this.#at(this.#size);
    this.#size--;
    if (Number.isNaN(oldest)) this.#lost--;
    else if (oldest < 0) this.#late--;
    else if (oldest === this.#minMs) this.#minMs = this.#smallest();
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(this.capacity, 2 * this.#ring.length));
    for (let age = this.#size; age > 0; age--) grown[this.#size - age] = this.#at(age);
    this.#ring = grown;
    this.#next = this.#size;
  }

  #smallest(): number | null {
    let least: number | null = null;
    for (let age = this.#size; age > 0; age--) {
      const value = this.#at(age);
      if (value > 0 && (least === null || value < least)) least = value;
    }
    return least;
  }

  #cleanSamples(): Float64Array {
    const samples = new Float64Array(this.#size - this.#lost - this.#late);
    let at = 0;
    for (let age = this.#size; age > 0; age--) {
      const value = this.#at(age);
      if (value > 0) samples[at++] = value;
    }
    return samples;
  }
}

function mean(samples: Float64Array, of: (value: number) => number): number {
  return samples.reduce((sum, value) => sum + of(value), 0) / samples.length;
}

/** Mean difference of consecutive samples, in order of arrival; null below two. */
function jitterOf(samples: Float64Array): number | null {
  if (samples.length < 2) return null;
  let sum = 0;
  for (let at = 1; at < samples.length; at++) {
    sum += Math.abs((samples[at] as number) - (samples[at - 1] as number));
  }
  return sum / (samples.length - 1);
}

const NOTHING_MEASURED = {
  minMs: null,
  meanMs: null,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  maxMs: null,
  mdevMs: null,
  jitterMs: null,
} as const;

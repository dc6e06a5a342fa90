/**
 * Measuring round-trip times: probes in order, and the window of samples.
 *
 * @module
 */

import type { RttSummary } from "./events.ts";

/** A probe without a reply after this long is lost. */
export const PROBE_TIMEOUT_MS = 1_000;

/** The first probes of a connection pay for cold caches and are thrown away. */
export const WARMUP_PROBES = 5;

/** Samples that a choice is made on. */
export const CHOICE_PROBES = 10;

interface Probe {
  readonly sentAt: number;
  lost: boolean;
}

/**
 * The probes of one connection. Echoes carry no number: replies match in
 * order, and a probe that timed out keeps its place, or its late reply would
 * be taken for the next one's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Probes } from "./rtt.ts";
 *
 * const probes = new Probes();
 * probes.sent(0);
 * assertEquals(probes.expire(1_000), 1); // no reply within a second: lost
 * probes.sent(1_000);
 * assertEquals(probes.replied(1_001), null); // the late one
 * assertEquals(probes.replied(1_002), 2);
 * ```
 */
export class Probes {
  readonly #open: Probe[] = [];

  /** Probes that may still get a reply in time. */
  get waiting(): number {
    return this.#open.reduce((count, probe) => count + (probe.lost ? 0 : 1), 0);
  }

  /** A probe was written at `now` (ms). */
  sent(now: number): void {
    this.#open.push({ sentAt: now, lost: false });
  }

  /** A reply was read at `now`: the RTT in ms, or null when it is of no use. */
  replied(now: number): number | null {
    const probe = this.#open.shift();
    if (probe === undefined || probe.lost) return null;
    // A clock that stands still or jumps back measured nothing.
    const rttMs = now - probe.sentAt;
    return rttMs > 0 ? rttMs : null;
  }

  /** Marks what timed out by `now` as lost; returns how many did. */
  expire(now: number): number {
    let lost = 0;
    for (const probe of this.#open) {
      if (probe.lost || now - probe.sentAt < PROBE_TIMEOUT_MS) continue;
      probe.lost = true;
      lost++;
    }
    return lost;
  }

  /** When the next probe times out; Infinity when none is waiting. */
  nextTimeout(): number {
    const first = this.#open.find((probe) => !probe.lost);
    return first === undefined ? Infinity : first.sentAt + PROBE_TIMEOUT_MS;
  }
}

/** Samples of one server in order of arrival, with those that are missing. */
export class RttWindow {
  readonly #samples: number[] = [];
  #minMs: number | null = null;
  #lost = 0;

  /** Probes that ended, one way or the other. */
  get size(): number {
    return this.#samples.length + this.#lost;
  }

  /** The smallest sample in ms; null when there is none. */
  get minMs(): number | null {
    return this.#minMs;
  }

  /** A sample, in ms. */
  add(rttMs: number): void {
    this.#minMs = Math.min(this.#minMs ?? rttMs, rttMs);
    this.#samples.push(rttMs);
  }

  /** Probes that got no reply: missing, not zero. */
  miss(count: number): void {
    this.#lost += count;
  }

  /** Forgets everything. */
  clear(): void {
    this.#samples.length = 0;
    this.#minMs = null;
    this.#lost = 0;
  }

  /** All statistics. Percentiles are nearest-rank, mdev is that of ping(8). */
  summary(): RttSummary {
    const samples = this.#samples;
    const received = samples.length;
    const sent = this.size;
    const loss = sent === 0 ? 0 : this.#lost / sent;
    if (received === 0) return { sent, received, loss, ...NOTHING_MEASURED };
    const sorted = samples.toSorted((a, b) => a - b);
    const rank = (share: number): number => sorted[Math.ceil(share * received) - 1] as number;
    const meanMs = samples.reduce((sum, value) => sum + value, 0) / received;
    const variance = samples.reduce((sum, value) => sum + (value - meanMs) ** 2, 0) / received;
    return {
      sent,
      received,
      loss,
      minMs: rank(1 / received),
      meanMs,
      p50Ms: rank(0.5),
      p95Ms: rank(0.95),
      p99Ms: rank(0.99),
      maxMs: rank(1),
      mdevMs: Math.sqrt(variance),
      jitterMs: jitterOf(samples),
    };
  }
}

/** Mean difference of consecutive samples, in order of arrival; null below two. */
function jitterOf(samples: readonly number[]): number | null {
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

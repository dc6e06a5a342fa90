/**
 * How late the event loop of this program is. What it reads is stamped when it
 * gets round to reading, so a sample taken while the loop was late says more
 * about this program than about the network.
 *
 * @module
 */

/**
 * A wake-up later than this is the program's fault. Timers of an idle one come
 * 1 to 5 ms late on the machines that this was tried on.
 */
export const LATE_MS = 5;

/** How often a core wants to be called while a reply is outstanding: a late call is the measurement. */
export const HEARTBEAT_MS = 5;

/** How long the worst lag is remembered, at least, in ms. */
export const MEMORY_MS = 10_000;

/**
 * Compares when a core wanted to be called with when it was. It notices every
 * stop of more than {@linkcode HEARTBEAT_MS} + {@linkcode LATE_MS}, if it is
 * asked for a wake-up each {@linkcode HEARTBEAT_MS} meanwhile; shorter ones may
 * hide between two wake-ups.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LoopLag } from "./lag.ts";
 *
 * const lag = new LoopLag();
 * lag.awaits(5);
 * assertEquals(lag.isLate(1, 4), false);
 * assertEquals(lag.isLate(1, 50), true); // it should have been called at 5
 * ```
 */
export class LoopLag {
  #dueAt = Infinity;
  /** When the last late wake-up came. */
  #lateUntil = -Infinity;
  /** The worst lag of this stretch of time, and of the one before. */
  #worstMs = 0;
  #worstBeforeMs = 0;
  #stretchSince = -Infinity;

  /** The core wants to be called at `at`, instead of what it wanted before. */
  awaits(at: number): void {
    this.#dueAt = at;
  }

  /** The core is called at `now`, early or late. */
  woke(now: number): void {
    if (now - this.#stretchSince >= MEMORY_MS) {
      const isRecent = now - this.#stretchSince < 2 * MEMORY_MS;
      this.#worstBeforeMs = isRecent ? this.#worstMs : 0;
      this.#worstMs = 0;
      this.#stretchSince = now;
    }
    const lagMs = now - this.#dueAt;
    if (lagMs < 0) return;
    this.#dueAt = Infinity;
    this.#worstMs = Math.max(this.#worstMs, lagMs);
    if (lagMs > LATE_MS) this.#lateUntil = now;
  }

  /** Whether the loop was late at any time from `since` to `now`. */
  isLate(since: number, now: number): boolean {
    return this.#lateUntil > since || now - this.#dueAt > LATE_MS;
  }

  /** The worst lag of the last ten to twenty seconds, in ms. */
  get worstMs(): number {
    return Math.max(this.#worstMs, this.#worstBeforeMs);
  }
}

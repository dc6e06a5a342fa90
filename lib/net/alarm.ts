/**
 * One timer for many wishes, and waiting for the event loop to catch up.
 *
 * @module
 */

/** The longest delay that timers know, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How many turns of the event loop {@linkcode settled} waits under a full load. */
const MAX_TURNS = 64;

/**
 * Rings at the earliest of the times that were asked for since it last rang,
 * on the clock of `performance.now()`. It may ring early, never twice.
 */
export class Alarm implements Disposable {
  readonly #ring: () => void;
  #at = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined; // a number, or an object in newer Deno

  /** Calls `ring` for each ring; none comes before {@linkcode Alarm.ask}. */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Wants a ring at `at`, in milliseconds; Infinity asks for nothing. */
  ask(at: number): void {
    // A wish that was put off stays: to ring in vain now and then is cheaper
    // than a new timer (5 us) for each input.
    if (at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    const delayMs = Math.max(0, Math.ceil(at - performance.now()));
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#ring();
    }, Math.min(delayMs, MAX_TIMER_MS));
  }

  /** Forgets every wish. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }
}

/** Resolves once a turn of the event loop has passed in which `count` stayed the same. */
export async function settled(count: () => number): Promise<void> {
  let last = NaN;
  for (let turn = 0; turn < MAX_TURNS && count() !== last; turn++) {
    last = count();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

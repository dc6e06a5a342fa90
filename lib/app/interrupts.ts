/**
 * The signals by which people and systems end a program.
 *
 * @module
 */

/** Whatever is under way ends because the user, or the system, says so. */
export class Interrupted extends Error {
  /** What errors of this class are called. */
  override readonly name = "Interrupted";
}

/** Signals so close together are one: Ctrl-C under `deno task` arrives twice. */
const ONE_SIGNAL_MS = 500;

/**
 * Aborts when the program is asked to end. Asked once more, it ends at once
 * with `exitCode`.
 */
export function interrupts(exitCode: number): AbortSignal {
  const asked = new Asked(() => Deno.exit(exitCode));
  const onSignal = (): void => asked.again(performance.now());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Windows knows only some of them.
    try {
      Deno.addSignalListener(signal, onSignal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return asked.signal;
}

/** How often a program was asked to end. */
export class Asked {
  readonly #endNow: () => void;
  readonly #first = new AbortController();
  #firstAt = 0;

  /** `endNow` is for whoever can't wait for a polite end. */
  constructor(endNow: () => void) {
    this.#endNow = endNow;
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** A signal, at `now` in milliseconds. */
  again(now: number): void {
    if (!this.signal.aborted) {
      this.#firstAt = now;
      this.#first.abort();
    } else if (now - this.#firstAt > ONE_SIGNAL_MS) this.#endNow();
  }
}

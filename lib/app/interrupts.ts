/**
 * The signals by which people and systems end a program.
 *
 * @module
 */

/** Whatever is under way ends because the user, or the system, says so. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Signals so close together are one: Ctrl-C under `deno task` arrives twice. */
const ONE_SIGNAL_MS = 500;

/**
 * Aborts when the program is asked to end. Asked once more, it ends at once
 * with `exitCode`.
 */
export function interrupts(exitCode: number): AbortSignal {
  const asked = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!asked.signal.aborted) {
      firstAt = performance.now();
      asked.abort();
    } else if (performance.now() - firstAt > ONE_SIGNAL_MS) Deno.exit(exitCode);
  };
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

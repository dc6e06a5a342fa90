/**
 * Waiting until something holds of the programs that a test runs.
 *
 * @module
 */

/** No wait is longer: whatever a test waits for takes a fraction of it. */
const DEADLINE_MS = 10_000;

/** Looks at all that is waited for whenever one of the programs may have changed. */
export class Watch {
  readonly #describe: () => unknown;
  readonly #waiters = new Set<() => void>();
  readonly #errors: unknown[] = [];

  /** `describe` says the state of everything, for waits that were in vain. */
  constructor(describe: () => unknown) {
    this.#describe = describe;
  }

  /** What the programs threw. */
  get errors(): readonly unknown[] {
    return this.#errors;
  }

  /** Looks again. */
  readonly changed = (): void => {
    for (const look of this.#waiters) look();
  };

  /** A program threw: nobody waits any longer. */
  readonly threw = (error: unknown): void => {
    this.#errors.push(error);
    this.changed();
  };

  /**
   * Resolves when `holds` does.
   *
   * @throws {Error} when it doesn't in time, with the state; what a program threw.
   */
  async until(what: string, holds: () => boolean, deadlineMs = DEADLINE_MS): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      try {
        if (this.#errors.length > 0) reject(this.#errors[0]);
        else if (holds()) resolve();
      } catch (error) {
        reject(error);
      }
    };
    const fail = (): void => {
      const state = JSON.stringify(this.#describe(), null, 2);
      reject(new Error(`Waited in vain for ${deadlineMs} ms: ${what}, in ${state}`));
    };
    const deadline = setTimeout(fail, deadlineMs);
    this.#waiters.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiters.delete(look);
    }
  }
}

/**
 * What a test sees of an emulated program: its complaints, and waiting until
 * something holds.
 *
 * @module
 */

/** Something whose state tests look at and wait for. */
export abstract class Observed {
  /** What the original, which handles no error, would have died of. */
  readonly crashes: string[] = [];
  /** Headers whose payload it went on to read as headers. */
  readonly desyncs: string[] = [];

  readonly #waiters = new Set<() => void>();
  #over = false;

  /**
   * Resolves when `holds` does. Looks at every change of this object, and of
   * no other.
   *
   * @throws {Error} when it doesn't within `timeoutMs`, with the state.
   */
  async waitFor(
    holds: (self: this) => boolean,
    timeoutMs = 5000,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string): void =>
      reject(
        new Error(`${why}: ${holds} in ${JSON.stringify(this.describe())}`),
      );
    const look = (): void => {
      try {
        if (holds(this)) resolve();
        else if (this.#over) fail("Cannot wait any longer, it was disposed");
      } catch (error) {
        reject(error);
      }
    };
    const deadline = setTimeout(
      () => fail(`Waited in vain for ${timeoutMs} ms`),
      timeoutMs,
    );
    this.#waiters.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiters.delete(look);
    }
  }

  /** The state to show when waiting was in vain. */
  protected abstract describe(): Record<string, unknown>;

  /** Looks again at everything waited for. */
  protected changed(): void {
    for (const look of [...this.#waiters]) look();
  }

  /** Nothing will change any more. */
  protected over(): void {
    this.#over = true;
    this.changed();
  }

  /** Notes what the original would have died of. */
  protected crashed(during: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.crashes.push(`${during}: ${why}`);
    this.changed();
  }
}

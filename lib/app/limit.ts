/**
 * What ends a client's verb from outside: its time, and its user.
 *
 * @module
 */

import type { ClientOptions } from "./client_args.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import { Interrupted } from "./interrupts.ts";

/** How long the verb may take, and whether the user has had enough. */
export class Limit implements Disposable {
  /** Rejects when the verb may not go on; resolves if that is an end like any other. */
  readonly passed: Promise<number>;
  /** Aborted when the verb may not go on. */
  readonly signal: AbortSignal;
  /** Whether time running out is how the verb ends. */
  isAnEnd = false;
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | null = null;

  /** Runs from now on; `interrupt` is the user's. */
  constructor({ timeoutMs, verb }: ClientOptions, interrupt: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.passed = promise;
    // Whoever races against it hears of it; nobody need.
    promise.catch(() => {});
    this.signal = AbortSignal.any([interrupt, this.#over.signal]);
    interrupt.addEventListener("abort", () => reject(new Interrupted()), { once: true });
    if (interrupt.aborted) reject(new Interrupted());
    if (timeoutMs === null) return;
    this.#timer = setTimeout(() => {
      const message = `Gave up: ${verb.kind} took longer than ${timeoutMs / 1000} s`;
      if (this.isAnEnd) resolve(ExitCode.done);
      else reject(new Failure("timed-out", message));
      this.#over.abort();
    }, timeoutMs);
  }

  /** Stops its clock. */
  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

/**
 * What ends a client's verb before it is done.
 *
 * @module
 */

import type { FailureCode } from "../core/events.ts";
import { clean } from "./clean.ts";
import { ExitCode } from "./exit_code.ts";

/** A verb can't go on; the message says why, in one line that is fit for a terminal. */
export class Failure extends Error {
  /** What errors of this class are called. */
  override readonly name = "Failure";

  /** `message` says why, in one line. */
  constructor(readonly code: FailureCode, message: string) {
    // Some of it may be a server's word.
    super(clean(message));
  }

  /** The exit code that says the same. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

const EXIT_CODES: Readonly<Record<FailureCode, number>> = {
  "unreachable": ExitCode.unreachable,
  "refused": ExitCode.refused,
  "name-taken": ExitCode.nameTaken,
  "bad-name": ExitCode.usage,
  "too-long": ExitCode.undelivered,
  "timed-out": ExitCode.undelivered,
};

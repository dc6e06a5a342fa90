import { clean } from "./clean.ts";

/**
 * The user's own mistake on the command line. The message is one line: what
 * was wrong, a colon, what is allowed. Shown without a stack trace.
 */
export class UsageError extends Error {
  /** What errors of this class are called. */
  override readonly name = "UsageError";
}

/** The user's text as it stands in an error message: quoted, on one line. */
export function quoted(text: string): string {
  return `'${clean(text)}'`;
}

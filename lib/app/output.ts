/**
 * Where a program writes: answers to standard output, the rest to standard
 * error.
 *
 * @module
 */

import { reason } from "../net/tcp.ts";

const encoder = new TextEncoder();

/** Standard output can't take anything; the message says why, in one line. */
export class OutputError extends Error {
  /** What errors of this class are called. */
  override readonly name = "OutputError";
}

/**
 * Writes one line to standard output. False when its reader went away, which
 * is no error: `client listen | head -1`.
 *
 * @throws {OutputError} when there is no room, or it was never open.
 */
export function writeOut(line: string): boolean {
  try {
    write(Deno.stdout, line);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.BrokenPipe) return false;
    throw new OutputError(`Cannot write to standard output: ${reason(cause)}`, { cause });
  }
}

/** Writes one line to standard error, if that can be: a full disk ends no server. */
export function writeError(line: string): void {
  try {
    write(Deno.stderr, line);
  } catch {
    // There is nowhere left to say so.
  }
}

/** Whether a stream is a terminal that wants colour. */
export function wantsColour(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !Deno.noColor;
}

/** Columns of the terminal; null when there is none, or it does not know. */
export function terminalWidth(): number | null {
  if (!Deno.stdout.isTerminal()) return null;
  try {
    return Deno.consoleSize().columns || null;
  } catch {
    return null;
  }
}

function write(to: typeof Deno.stdout, line: string): void {
  let left = encoder.encode(`${line}\n`);
  while (left.length > 0) left = left.subarray(to.writeSync(left));
}

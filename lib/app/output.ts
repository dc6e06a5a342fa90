/**
 * Where a program writes: answers to standard output, the rest to standard
 * error.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Writes one line to standard output. A reader that went away is not an error. */
export function writeOut(line: string): boolean {
  return write(Deno.stdout, line);
}

/** Writes one line to standard error. */
export function writeError(line: string): boolean {
  return write(Deno.stderr, line);
}

/** Whether standard output is a terminal that wants colour. */
export function wantsColour(): boolean {
  return Deno.stdout.isTerminal() && !Deno.noColor;
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

function write(to: typeof Deno.stdout, line: string): boolean {
  let left = encoder.encode(`${line}\n`);
  try {
    while (left.length > 0) left = left.subarray(to.writeSync(left));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/**
 * Standard input, which has one reader at a time: first perhaps the keys of a
 * person who is asked something, then lines.
 *
 * @module
 */

import { Keys } from "./keys.ts";
import { lines } from "./lines.ts";

let keys: Keys | null = null;

/** The keys that a person presses. Whoever reads them first leaves the rest to the next. */
export function terminalKeys(): Keys {
  if (keys === null) {
    keys = new Keys(setRaw);
    keys.follow(Deno.stdin.readable);
  }
  return keys;
}

/** The lines that nobody has read yet. */
export async function* inputLines(signal: AbortSignal): AsyncIterableIterator<string> {
  const ahead = keys?.unfollow() ?? "";
  keys = null;
  yield* lines(Deno.stdin.readable, signal, ahead.replaceAll("\r", "\n"));
}

function setRaw(on: boolean): void {
  try {
    Deno.stdin.setRaw(on);
  } catch {
    // The terminal is gone, which its end of input tells, too.
  }
}

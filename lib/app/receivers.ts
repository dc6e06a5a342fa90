/**
 * Whom a message is for, as people write it: `ada`, `@ada`, `ada,bob`, `*`.
 *
 * @module
 */

import { EVERYBODY, nameProblem } from "../codec/name.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** A name in the form that the wire carries it in. */
export function normalName(name: string): string {
  return name.normalize("NFC");
}

/**
 * What is wrong with a name for oneself, as a clause; null when it is a good
 * one. Others must be able to write to it.
 */
export function ownNameProblem(name: string): string | null {
  const problem = nameProblem(name);
  if (problem !== null) return problem;
  if (name.startsWith("@")) return "it begins with '@', which nobody need write before a name";
  return name.includes(",") ? "it has a comma in it, which stands between names" : null;
}

/**
 * The receivers in one word: names with commas between them, each once; an `@`
 * before a name is left out.
 *
 * @throws {UsageError} that says which of them can't be one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseReceivers } from "./receivers.ts";
 *
 * assertEquals(parseReceivers("@ada,bob"), ["ada", "bob"]);
 * assertEquals(parseReceivers("*"), ["*"]);
 * ```
 */
export function parseReceivers(word: string): string[] {
  const names = word.split(",").map((name) => normalName(name.replace(/^@/, "")));
  const isList = names.length > 1;
  for (const name of names) {
    if (name === EVERYBODY && !isList) continue;
    const problem = name === "" && isList
      ? "write commas between names, and no space"
      : nameProblem(name);
    if (problem !== null) {
      throw new UsageError(`Cannot send to ${quoted(name === "" ? word : name)}: ${problem}`);
    }
  }
  return [...new Set(names)];
}

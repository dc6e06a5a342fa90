/**
 * The verdict on the matrix: one line in plain words.
 *
 * @module
 */

import { findings, type VerdictKind } from "./findings.ts";
import type { Row } from "./matrix.ts";
import { wordsOf } from "./verdict_words.ts";
import { Ways } from "./ways.ts";

/** The worst that the matrix shows. */
export interface Verdict {
  /** What it is. */
  readonly kind: VerdictKind;
  /** Ids: one server, the two ends of a link, or none. */
  readonly suspects: readonly string[];
  /** What it is and how we know, and how many other problems there are. */
  readonly text: string;
}

/**
 * The worst that the matrix shows. `name` is what a server is called, by its id.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verdictOf } from "./verdict.ts";
 *
 * const rows = [{ from: "a", ageMs: 0, lagMs: 0, cells: [] }];
 * assertEquals(verdictOf(rows, (id) => id.toUpperCase()), {
 *   kind: "alone",
 *   suspects: [],
 *   text: "Only A is here: there is nothing to compare.",
 * });
 * ```
 */
export function verdictOf(rows: readonly Row[], name: (id: string) => string): Verdict {
  const ways = new Ways(rows);
  const [worst, ...others] = findings(ways);
  const more = others.length === 0
    ? ""
    : ` And ${others.length} more ${others.length === 1 ? "problem" : "problems"}.`;
  const { kind, suspects } = worst;
  return { kind, suspects, text: `${wordsOf(worst, { ways, name })}.${more}` };
}

/**
 * Long lines for people, broken between words.
 *
 * @module
 */

import { displayWidth } from "./table.ts";

/** The only sequences that our own lines have in them: those of colours. */
// deno-lint-ignore no-control-regex
const COLOURS = /\u001b\[[\d;]+m/g;

/**
 * Breaks a line where a word would not fit. A word that is wider than the
 * terminal stays whole, so that it can be copied; the terminal breaks it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wrapped } from "./wrap.ts";
 *
 * assertEquals(wrapped("one two three", { width: 8, indent: 2 }), ["one two", "  three"]);
 * ```
 */
export function wrapped(
  line: string,
  { width, indent = 0 }: { readonly width: number | null; readonly indent?: number },
): string[] {
  if (width === null || widthOf(line) <= width) return [line];
  const margin = " ".repeat(indent);
  const rows: string[] = [];
  let row: string | null = null;
  // Spaces that are not broken at stay as they are.
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    if (row === null) row = word;
    else if (widthOf(row) + 1 + widthOf(word) <= width) row += ` ${word}`;
    else {
      rows.push(row);
      row = margin + word;
    }
  }
  return [...rows, row ?? ""];
}

/** The line as it is without colours. */
export function withoutColours(line: string): string {
  return line.replaceAll(COLOURS, "");
}

/** How many columns of a terminal the line takes; colours take none. */
export function widthOf(line: string): number {
  return displayWidth(withoutColours(line));
}

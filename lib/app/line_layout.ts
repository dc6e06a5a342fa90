/**
 * How a line that is being typed stands on a terminal: its rows, and where its
 * cursor is. The rows are broken here and not by the terminal, so that nobody
 * need guess how many there are.
 *
 * @module
 */

import { displayWidth, graphemesOf } from "./table.ts";

/** What is typed, and how much room there is. */
export interface TypedLine {
  /** What stands before it. */
  readonly prompt: string;
  /** What was typed so far. */
  readonly text: string;
  /** In UTF-16 units of the text. */
  readonly cursor: number;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Rows of the terminal. */
  readonly height: number;
}

/** The rows to draw. */
export interface Layout {
  /** From top to bottom, without line ends. */
  readonly rows: readonly string[];
  /** The row that the cursor is in. */
  readonly row: number;
  /** What stands before the cursor in its row. */
  readonly before: string;
}

/** Even a wide letter needs room on a terminal that says it has none. */
const FEWEST_COLUMNS = 4;

/**
 * Breaks a line into rows. One column stays free: a cursor behind a full row is
 * in that row on some terminals, and in the next one on others. Of more rows
 * than the terminal has only those around the cursor are kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { layOut } from "./line_layout.ts";
 *
 * const line = { prompt: "> ", text: "日本語!", cursor: 2, columns: 8, height: 24 };
 * assertEquals(layOut(line), { rows: ["> 日本", "語!"], row: 1, before: "" });
 * ```
 */
export function layOut({ prompt, text, cursor, columns, height }: TypedLine): Layout {
  const limit = Math.max(columns, FEWEST_COLUMNS) - 1;
  const at = prompt.length + cursor;
  const rows = [""];
  let width = 0;
  let place: { row: number; before: string } | null = null;
  for (const { segment, index } of graphemesOf(prompt + text)) {
    // A control character that slipped in must not drive the terminal.
    const shown = /^\p{C}/u.test(segment) ? "?" : segment;
    const wide = displayWidth(shown);
    if (width + wide > limit) {
      rows.push("");
      width = 0;
    }
    const row = rows.length - 1;
    const before = rows[row] ?? "";
    if (place === null && at < index + segment.length) place = { row, before };
    rows[row] = before + shown;
    width += wide;
  }
  const end = { row: rows.length - 1, before: rows.at(-1) ?? "" };
  return inWindow({ rows, ...(place ?? end) }, Math.max(1, height - 1));
}

/** How many rows of a terminal that has become narrower show what stood in one. */
export function rowsAt(columns: number, text: string): number {
  return Math.max(1, Math.ceil(displayWidth(text) / Math.max(1, columns)));
}

function inWindow({ rows, row, before }: Layout, most: number): Layout {
  if (rows.length <= most) return { rows, row, before };
  const first = Math.min(Math.max(0, row - Math.floor(most / 2)), rows.length - most);
  return { rows: rows.slice(first, first + most), row: row - first, before };
}

/**
 * Tables for people: cells in columns that line up on a terminal.
 *
 * @module
 */

import { clean } from "./clean.ts";

/** One column, its cells from top to bottom. */
export interface Column {
  /** What stands above the cells. */
  readonly head: string;
  /** From top to bottom. */
  readonly cells: readonly string[];
  /** Numbers line up on the right. */
  readonly align: "left" | "right";
  /** Left out when the table is too wide, the highest first; never if absent. */
  readonly spare?: number;
  /** Colours a cell, padded already, of the row with this index. */
  readonly paint?: (text: string, row: number) => string;
}

/** The head line, then the rows; and the heads that were left out. */
export interface TableText {
  /** From top to bottom, without line ends. */
  readonly lines: readonly string[];
  /** From left to right. */
  readonly hidden: readonly string[];
}

const GAP = "  ";

/** Made when first needed: it takes 8 ms, which a server's start has no use for. */
let graphemes: Intl.Segmenter | null = null;

/** What terminals show two columns wide: East Asian letters and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

/**
 * Lines up the columns. Spare ones are left out until the table fits `width`
 * terminal columns; null is any width. Every cell is cleaned.
 */
export function alignTable(
  columns: readonly Column[],
  width: number | null,
): TableText {
  const clear = columns.map((column) => ({
    ...column,
    cells: column.cells.map(clean),
  }));
  const shown = fitting(clear, width ?? Infinity);
  const [first] = shown;
  const rows = first === undefined ? [] : first.cells.map((_, row) =>
    shown.map((column) => {
      const text = padded(column, column.cells[row] ?? "");
      return column.paint?.(text, row) ?? text;
    })
  );
  const head = shown.map((column) => padded(column, column.head));
  return {
    lines: [head, ...rows].map((cells) => cells.join(GAP).trimEnd()),
    hidden: clear.filter((column) => !shown.includes(column))
      .map((column) => column.head),
  };
}

/** What a reader sees as one letter each, with the place where it begins. */
export function graphemesOf(text: string): Iterable<{ segment: string; index: number }> {
  graphemes ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return graphemes.segment(text);
}

/** How many columns of a terminal the text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemesOf(text)) {
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}

/** The text, or as much of it as fits and a mark that there is more. */
export function shortened(text: string, width: number, more = "..."): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(more);
  let used = 0;
  for (const { segment, index } of graphemesOf(text)) {
    used += displayWidth(segment);
    if (used > room) return text.slice(0, index) + more;
  }
  return text;
}

function fitting(
  columns: readonly Column[],
  width: number,
): readonly Column[] {
  const total = columns.reduce((sum, column) => sum + widthOf(column), 0) +
    GAP.length * (columns.length - 1);
  const spares = columns.map((column) => column.spare ?? -1);
  const sparest = Math.max(...spares);
  if (total <= width || sparest < 0) return columns;
  return fitting(
    columns.filter((_, index) => spares[index] !== sparest),
    width,
  );
}

function widthOf({ head, cells }: Column): number {
  return cells.reduce(
    (width, cell) => Math.max(width, displayWidth(cell)),
    displayWidth(head),
  );
}

function padded(column: Column, text: string): string {
  const gap = " ".repeat(widthOf(column) - displayWidth(text));
  return column.align === "left" ? text + gap : gap + text;
}

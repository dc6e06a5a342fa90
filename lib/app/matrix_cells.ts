/**
 * The cells of a matrix as short texts, and what they mean.
 *
 * @module
 */

import type { Cell } from "../core/matrix.ts";
import { painted } from "./colour.ts";
import { levelOf, LEVELS_MS, shaded } from "./ramp.ts";

/** What a cell is shown as: numbers of three digits, of one or two, or a level from 1. */
export type Detail = "full" | "short" | "level";

/** The unit of all numbers of one matrix. */
export type Unit = "us" | "ms";

/** From this on a matrix is in ms. */
const LONGEST_IN_US_MS = 10;

/** What stands where nothing is known, and where nothing comes back. */
const NO_CELL = "\u00b7";
const FAILED: Readonly<Record<Detail, string>> = { full: "fail", short: "fail", level: "x" };

/** A cell, and whether the program that measured it was busy meanwhile. */
export interface ShownCell {
  /** What is told; undefined when nothing is. */
  readonly cell: Cell | undefined;
  /** Whether it was busy. */
  readonly isBusy: boolean;
}

/** One unit for all cells. */
export function unitOf(cells: readonly Cell[]): Unit {
  return cells.some(({ p50Ms }) => (p50Ms ?? 0) >= LONGEST_IN_US_MS) ? "ms" : "us";
}

/** The text of a cell: `~` is stale, `v` carried by a third server, `!` measured by a busy one. */
export function cellText(
  { cell, isBusy }: ShownCell,
  { unit, detail }: { readonly unit: Unit; readonly detail: Detail },
): string {
  if (cell === undefined || cell.state === "none") return NO_CELL;
  if (cell.state === "failed") return FAILED[detail];
  if (cell.p50Ms === null) return NO_CELL;
  const number = numberText(cell.p50Ms, { unit, detail });
  const marks = `${cell.via === null ? "" : "v"}${isBusy ? "!" : ""}`;
  return `${cell.state === "stale" ? "~" : ""}${number}${marks}`;
}

/** The text, padded already, in the colour of its cell. */
export function cellPainted(text: string, { cell }: ShownCell): string {
  if (cell?.state === "failed") return painted(text, "reverse");
  if (cell?.state !== "measured" || cell.p50Ms === null) return painted(text, "dim");
  return shaded(text, levelOf(cell.p50Ms));
}

/** What the cells mean, as far as it stands in them. */
export function cellNotes(
  cells: readonly ShownCell[],
  { unit, detail }: { readonly unit: Unit; readonly detail: Detail },
): string[] {
  const has = (is: (shown: ShownCell) => boolean): boolean => cells.some(is);
  const what = detail === "level"
    ? `levels of medians, from 1: they begin at 0, ${LEVELS_MS.join(", ")} ms`
    : `medians in ${detail === "short" ? "ms" : unit}`;
  return [
    what,
    "row measures column",
    ...(has((it) => cellText(it, { unit, detail }) === NO_CELL) ? [`${NO_CELL} no data`] : []),
    ...(detail === "level" && has(({ cell }) => cell?.state === "failed") ? ["x failed"] : []),
    ...(has(({ cell }) => cell?.state === "stale") ? ["~ stale"] : []),
    ...(has(({ cell }) => (cell?.via ?? null) !== null) ? ["v carried by a third server"] : []),
    ...(has(({ cell, isBusy }) => isBusy && isNumber(cell))
      ? ["! measured by a busy machine"]
      : []),
  ];
}

/** Three digits or so of a time. */
export function numberText(
  ms: number,
  { unit, detail }: { readonly unit: Unit; readonly detail: Detail },
): string {
  if (detail === "level") return String(levelOf(ms) + 1);
  if (detail === "short") return ms.toFixed(ms < 9.95 ? 1 : 0);
  if (unit === "us") return (ms * 1e3).toFixed(0);
  return ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0);
}

function isNumber(cell: Cell | undefined): boolean {
  return cell !== undefined && (cell.state === "measured" || cell.state === "stale");
}

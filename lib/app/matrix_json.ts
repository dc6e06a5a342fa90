/**
 * The matrix for programs: one line of JSON for each cell, and one for the
 * verdict.
 *
 * @module
 */

import type { MatrixRow } from "../core/events.ts";
import { ROW_STALE_MS } from "../core/matrix.ts";
import { verdictOf } from "../core/verdict.ts";
import { safeJson } from "./clean.ts";
import { namesOf } from "./matrix_names.ts";
import { microseconds } from "./print.ts";

/**
 * Lines without line ends. Servers are told by the addresses at which the
 * client reaches them, by their ids if it knows none.
 */
export function matrixJson(rows: readonly MatrixRow[]): string[] {
  const addresses = new Map(rows.map(({ from, address }) => [from, address]));
  const addressOf = (id: string): string => addresses.get(id) ?? id;
  const cells = rows.flatMap(({ from, cells }) =>
    cells.map((cell) => ({
      schema: 1,
      event: "cell",
      from: addressOf(from),
      to: addressOf(cell.to),
      state: cell.state,
      min_us: microseconds(cell.minMs),
      p50_us: microseconds(cell.p50Ms),
      jitter_us: microseconds(cell.jitterMs),
      loss: cell.loss,
      age_ms: cell.ageMs === null ? null : Math.round(cell.ageMs),
      via: cell.via === null ? null : addressOf(cell.via),
    }))
  );
  const names = namesOf(rows);
  const { kind, suspects, text } = verdictOf(rows, (id) => names.get(id) ?? id);
  const suspect = suspects.map(addressOf);
  return [...cells, { schema: 1, event: "verdict", kind, suspect, text }].map(safeJson);
}

/** Whether every server told lately what it sees, and reaches every other one. */
export function isWhole(rows: readonly MatrixRow[]): boolean {
  const cells = rows.flatMap((row) => row.cells);
  const ids = new Set([...rows.map(({ from }) => from), ...cells.map(({ to }) => to)]);
  const telling = rows.filter(({ ageMs }) => ageMs <= ROW_STALE_MS);
  return telling.length === ids.size && cells.every(({ state }) => state !== "failed");
}

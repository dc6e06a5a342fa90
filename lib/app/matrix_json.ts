/**
 * The matrix for programs: one line of JSON for each cell, and one for the
 * verdict.
 *
 * @module
 */

import type { MatrixServer, Row } from "../core/matrix.ts";
import { ROW_STALE_MS } from "../core/rows.ts";
import { verdictOf } from "../core/verdict.ts";
import { safeJson } from "./clean.ts";
import { namesOf } from "./matrix_names.ts";
import { microseconds } from "./print.ts";

/** The matrix as a client is told it. */
export interface ToldMatrix {
  /** What each server says that says anything. */
  readonly rows: readonly Row[];
  /** All servers there are. */
  readonly servers: readonly MatrixServer[];
}

/**
 * Lines without line ends. Servers are told by the addresses at which the
 * client reaches them, by their ids if it knows none.
 */
export function matrixJson({ rows, servers }: ToldMatrix): string[] {
  const addresses = new Map(servers.map(({ id, address }) => [id, address]));
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
  const { kind, suspects, text } = verdictOf(rows, namesOf(servers));
  const suspect = suspects.map(addressOf);
  return [...cells, { schema: 1, event: "verdict", kind, suspect, text }].map(safeJson);
}

/** Whether every server told lately what it sees, and reaches every other one. */
export function isWhole({ rows, servers }: ToldMatrix): boolean {
  const telling = new Set(rows.filter(({ ageMs }) => ageMs <= ROW_STALE_MS).map((row) => row.from));
  return servers.every(({ id }) => telling.has(id)) &&
    rows.every(({ cells }) => cells.every(({ state }) => state !== "failed"));
}

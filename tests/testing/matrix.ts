/**
 * Matrices for tests: a clique in which everything is well, and what is wrong
 * with it.
 *
 * @module
 */

import type { ToldMatrix } from "../../lib/app/matrix_json.ts";
import type { Cell, Row } from "../../lib/core/matrix.ts";

/** Names in the order in which a clique gets them. */
export const NAMES = ["attic", "cellar", "garden", "loft", "porch", "roof", "shed", "yard"];

/** What is told of a way, where it differs from a healthy one. */
export type Told = Partial<Omit<Cell, "to">>;

/** A clique of so many servers, each way in `ms`; ids are {@linkcode NAMES}. */
export class TestMatrix {
  #rows: Row[];

  constructor(count: number, ms = 0.3) {
    const ids = NAMES.slice(0, count);
    this.#rows = ids.map((from) => ({
      from,
      ageMs: 1_000,
      lagMs: 3,
      cells: ids.filter((to) => to !== from).map((to) => ({ ...measured(ms), to })),
    }));
  }

  /** The rows, in order of names. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** `from` says so of its way to `to`. */
  way(from: string, to: string, told: Told): this {
    return this.row(from, (row) => ({
      ...row,
      cells: row.cells.map((cell) => cell.to === to ? { ...cell, ...told } : cell),
    }));
  }

  /** Both say so of their link. */
  link(a: string, b: string, told: Told): this {
    return this.way(a, b, told).way(b, a, told);
  }

  /** All others say so of a server. */
  seen(id: string, told: Told): this {
    for (const { from } of this.#rows) this.way(from, id, told);
    return this;
  }

  /** A server says so of all others. */
  sees(id: string, told: Told): this {
    return this.row(id, (row) => ({ ...row, cells: row.cells.map((it) => ({ ...it, ...told })) }));
  }

  /** The row of a server is another. */
  row(id: string, change: (row: Row) => Row): this {
    this.#rows = this.#rows.map((row) => row.from === id ? change(row) : row);
    return this;
  }

  /** The program of a server was late. */
  late(id: string, lagMs: number): this {
    return this.row(id, (row) => ({ ...row, lagMs }));
  }

  /** A server says nothing (any more). */
  silent(...ids: readonly string[]): this {
    this.#rows = this.#rows.filter(({ from }) => !ids.includes(from));
    return this;
  }
}

/** A way with samples around `ms`. */
export function measured(ms: number): Required<Told> {
  return {
    state: "measured",
    minMs: ms * 0.9,
    p50Ms: ms,
    jitterMs: ms / 10,
    loss: 0,
    ageMs: 500,
    via: null,
  };
}

/** A way on which nothing comes back. */
export const FAILED: Required<Told> = {
  state: "failed",
  minMs: null,
  p50Ms: null,
  jitterMs: null,
  loss: null,
  ageMs: null,
  via: null,
};

/** A way of which nothing is known yet. */
export const NONE: Required<Told> = { ...FAILED, state: "none" };

/** The matrix as a client is told it, of all servers that are in it. */
export function told(matrix: TestMatrix, labels = true): ToldMatrix {
  const { rows } = matrix;
  const ids = new Set(rows.flatMap(({ from, cells }) => [from, ...cells.map(({ to }) => to)]));
  const servers = [...ids].map((id) => ({
    id,
    address: `127.0.0.1:${40_000 + NAMES.indexOf(id)}`,
    label: labels ? id : "",
  }));
  return { rows, servers };
}

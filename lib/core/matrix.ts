/**
 * The matrix: how far each server is from each other one, as each of them says.
 *
 * @module
 */

/**
 * What a server says of its way to another one. `measured`: it has samples, and
 * they are new; `stale`: it has samples, and they are old; `failed`: there is
 * no link, or nothing comes back on it; `none`: there is nothing to say yet.
 */
export type CellState = "measured" | "stale" | "failed" | "none";

/** One server's view of one other. Times are null when there is no sample. */
export interface Cell {
  /** The id of the server at the other end. */
  readonly to: string;
  /** What the numbers are worth. */
  readonly state: CellState;
  /** The smallest sample of the window. */
  readonly minMs: number | null;
  /** The median of the window. */
  readonly p50Ms: number | null;
  /** The mean difference of consecutive samples. */
  readonly jitterMs: number | null;
  /** Share of probes without a reply, 0 to 1; null when none ended. */
  readonly loss: number | null;
  /** Since the newest sample; null when there is none. */
  readonly ageMs: number | null;
  /** The id of the server that carries the link; null when it is direct, or there is none. */
  readonly via: string | null;
}

/** Everything that one server says. */
export interface Row {
  /** Its id. */
  readonly from: string;
  /** Since it said so. */
  readonly ageMs: number;
  /** The worst lag of its event loop lately. */
  readonly lagMs: number;
  /** One for each server that it knows of, in no order. */
  readonly cells: readonly Cell[];
}

/** A row as a client is told it, with what people call the server. */
export interface MatrixRow extends Row {
  /** The address by which the client reaches the server. */
  readonly address: string;
  /** Its name for people; empty when it has none. */
  readonly label: string;
}

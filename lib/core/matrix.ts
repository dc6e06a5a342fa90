/**
 * The matrix: how far each server is from each other one, as each of them says.
 *
 * @module
 */

import type { Cell, CellState, Row } from "../codec/matrix.ts";

export type { Cell, CellState, Row };

/** What people call a server, as a client is told it. */
export interface MatrixServer {
  /** Its id, as in the rows. */
  readonly id: string;
  /** The address by which the client reaches the server. */
  readonly address: string;
  /** Its name for people; empty when it has none. */
  readonly label: string;
}

/** A row as a client is told it, with what people call the server. */
export interface MatrixRow extends Row {
  /** The address by which the client reaches the server. */
  readonly address: string;
  /** Its name for people; empty when it has none. */
  readonly label: string;
}

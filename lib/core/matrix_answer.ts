/**
 * The answer of a server that was asked for the matrix, frame by frame.
 *
 * @module
 */

import { joinedRows, type MatrixNews, type Row } from "../codec/matrix.ts";
import type { MemberCard } from "../codec/members.ts";
import { Kind, ProtocolError } from "../codec/wire.ts";
import { understood } from "./address.ts";
import type { ClientEvent } from "./events.ts";
import type { MatrixServer } from "./matrix.ts";

/** More servers than this no clique has. */
const MAX_SERVERS = 1_024;

/** One answer. */
export class MatrixAnswer {
  /** Its last frame has come. */
  isWhole = false;
  readonly #cards = new Map<string, MemberCard>();
  readonly #rows = new Map<string, Row>();

  /**
   * Takes the next frame.
   *
   * @throws {ProtocolError} `malformed` when a row, or all of it, is too long.
   */
  take({ done, servers, row }: MatrixNews): void {
    for (const card of servers) this.#cards.set(card.id, card);
    if (row !== null) {
      const before = this.#rows.get(row.from);
      this.#rows.set(row.from, before ? joinedRows(Kind.MatrixReply, before, row) : row);
    }
    if (this.#cards.size > MAX_SERVERS || this.#rows.size > MAX_SERVERS) {
      throw new ProtocolError("malformed", `Cannot take a matrix: limit is ${MAX_SERVERS} servers`);
    }
    this.isWhole = done;
  }

  /**
   * What it says. A server is named by the address that `addressOf` its id is,
   * if it is another than that id; else by what it tells itself to whoever
   * reached the server that answers at `hostname`.
   */
  event(addressOf: (id: string) => string, hostname: string): ClientEvent {
    const serverOf = (id: string): MatrixServer => {
      const { label, addresses } = this.#cards.get(id) ?? { label: "", addresses: [] };
      const known = addressOf(id);
      const address = known === id ? understood(addresses, hostname)[0] ?? id : known;
      return { id, address, label };
    };
    const rows = [...this.#rows.values()].map((row) => {
      const { address, label } = serverOf(row.from);
      return { ...row, address, label };
    });
    return { kind: "matrix", rows, servers: [...this.#cards.keys()].map(serverOf) };
  }
}

/**
 * What a relay did to the echoes that went through it: for each, when it was
 * read and passed on, there and back.
 *
 * @module
 */

import { FrameReader } from "../../lib/codec/reader.ts";
import { Kind } from "../../lib/codec/wire.ts";
import type { Piece, Relay, RelayConnection, Way } from "./relay.ts";

/** One echo and its reply. Times are in ms, of `performance.now()`. */
export interface RelayedEcho {
  readonly forth: Passage;
  readonly back: Passage;
  /** How long the relay really held the two together. */
  readonly heldMs: number;
}

/** One frame on its way through the relay. */
export interface Passage {
  readonly kind: number;
  readonly readAt: number;
  readonly passedAt: number;
}

/** Writes down what goes through a relay, one connection at a time. */
export class EchoRecord {
  #connection: RelayConnection | null = null;
  #pieces: Piece[] = [];

  /** From now on `relay` tells this record. */
  constructor(relay: Relay) {
    relay.onPassing = (piece, connection) => {
      // Of one that is over, what was said last may still be under way.
      if (connection !== this.#connection) this.#pieces = [];
      this.#connection = connection;
      // Frames are cut out later: whatever is done here delays this piece.
      this.#pieces.push(piece);
    };
  }

  /** The frames of the newest connection, one way, in order. */
  passages(way: Way): Passage[] {
    const reader = new FrameReader(way === "forth" ? "server" : "client");
    const passages: Passage[] = [];
    for (const { bytes, readAt, passedAt } of this.#pieces.filter((piece) => piece.way === way)) {
      reader.feed(bytes);
      // A frame in two pieces is there with the second one.
      while (reader.next()) passages.push({ kind: reader.kind, readAt, passedAt });
    }
    return passages;
  }

  /** The echoes of the newest connection that were answered: replies have no number, but an order. */
  echoes(): RelayedEcho[] {
    const sent = this.passages("forth").filter(({ kind }) => kind === Kind.Echo);
    const replies = this.passages("back").filter(({ kind }) => kind === Kind.EchoReply);
    return replies.map((back, index) => {
      const forth = sent[index] as Passage;
      return { forth, back, heldMs: heldMs(forth) + heldMs(back) };
    });
  }
}

function heldMs({ readAt, passedAt }: Passage): number {
  return passedAt - readAt;
}

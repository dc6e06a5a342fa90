/**
 * One write of a sender: messages that are encoded once, and only numbered
 * again for the next write.
 *
 * @module
 */

import { writeU32 } from "../../lib/codec/big_endian.ts";
import type { Shape } from "./dialect.ts";

/** Bytes of one write. */
export const BATCH_BYTES = 64 * 1024;

/** Messages to each receiver in turn. */
export class Batch {
  /** The messages one after the other. */
  readonly bytes: Uint8Array;
  /** How many they are. */
  readonly messages: number;
  readonly #shapes: readonly Shape[];
  readonly #window: number;
  #number = 1;

  /** As many messages as fit, the same for each receiver; not more than may be on their way. */
  constructor(shapes: readonly Shape[], window: number) {
    const round = shapes.reduce((sum, { sent }) => sum + sent.length, 0);
    const rounds = Math.max(1, Math.floor(Math.min(BATCH_BYTES / round, window / shapes.length)));
    this.messages = rounds * shapes.length;
    this.bytes = new Uint8Array(rounds * round);
    this.#shapes = shapes;
    this.#window = window;
    let at = 0;
    for (let message = 0; message < this.messages; message++) {
      const { sent } = shapes[message % shapes.length] as Shape;
      this.bytes.set(sent, at);
      at += sent.length;
    }
  }

  /** Gives the messages the next numbers of their streams. */
  renumber(): void {
    const { bytes } = this;
    // No more than a window is on its way: all below that is settled.
    const floor = Math.max(1, this.#number - this.#window);
    for (let at = 0; at < bytes.length; this.#number++) {
      for (const { sent, numberAt, floorAt } of this.#shapes) {
        writeU32(bytes, at + numberAt, this.#number);
        if (floorAt >= 0) writeU32(bytes, at + floorAt, floor);
        at += sent.length;
      }
    }
  }
}

/**
 * Base frames, without receipts; and the same frames through a process that
 * only copies.
 *
 * @module
 */

import { baseMessage, delivery, register } from "../../lib/codec/base.ts";
import { frame, HEADER_BYTES, Kind } from "../../lib/codec/wire.ts";
import {
  awaitFrame,
  connect,
  type Dialect,
  type Member,
  type Shape,
  type ShapeOptions,
  TEXT_STREAM_AT,
  textOf,
  writeAll,
} from "./dialect.ts";

/** Our server, spoken to as an original client would. */
export const BASE: Dialect = {
  name: "base",
  async join(port, name): Promise<Member> {
    const conn = await connect(port);
    await writeAll(conn, register(name));
    await awaitFrame(conn, Kind.JoinOrRegistered);
    return { conn, name, session: 0 };
  },
  shape: (options) => Promise.resolve(shapeOf(options, delivered(options))),
  other: ownFrameBytes,
  async echo({ conn }): Promise<void> {
    await writeAll(conn, frame(Kind.Echo));
    await awaitFrame(conn, Kind.EchoReply);
  },
};

/** A process that copies what comes on one connection to the next one. */
export const COPY: Dialect = {
  ...BASE,
  name: "copy",
  join: async (port, name) => ({ conn: await connect(port), name, session: 0 }),
  shape: (options) => Promise.resolve(shapeOf(options, said(options))),
};

/** Bytes of any frame of ours; 0 when it is not all there yet. */
export function ownFrameBytes(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < HEADER_BYTES) return 0;
  const whole = HEADER_BYTES + ((bytes[at + 2] as number) << 8 | (bytes[at + 3] as number));
  return end - at < whole ? 0 : whole;
}

function shapeOf(options: ShapeOptions, arriving: Uint8Array): Shape {
  const sent = said(options);
  const arrivingNumberAt = arriving.length - options.textBytes;
  return {
    sent,
    numberAt: sent.length - options.textBytes,
    floorAt: -1,
    arriving: {
      bytes: arriving.length,
      mark: arriving[0] as number,
      numberAt: arrivingNumberAt,
      streamAt: arrivingNumberAt + TEXT_STREAM_AT,
    },
    ack: null,
  };
}

function said({ receiver, textBytes, stream }: ShapeOptions): Uint8Array {
  const message = baseMessage(receiver?.name ?? "*", "x".repeat(textBytes));
  message.set(textOf(textBytes, stream), message.length - textBytes);
  return message;
}

function delivered({ sender, receiver, textBytes }: ShapeOptions): Uint8Array {
  const text = "x".repeat(textBytes);
  return delivery({ sender: sender.name, receiver: receiver?.name ?? "*", text });
}

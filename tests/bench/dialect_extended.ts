/**
 * Extended frames: numbered messages, each confirmed by its receiver.
 *
 * @module
 */

import { enrol } from "../../lib/codec/enrolment.ts";
import { ackFrame } from "../../lib/codec/receipt.ts";
import { decodeResolved, resolve } from "../../lib/codec/resolve.ts";
import { Status } from "../../lib/codec/status.ts";
import { At, streamFrameBytes, writeStreamMessage } from "../../lib/codec/stream.ts";
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
import { ownFrameBytes } from "./dialect_base.ts";

/** The lower four of the six bytes of a number. */
const LOWER = 2;

/** Between two questions about a name that is moving. */
const ASK_AGAIN_MS = 10;

let sessions = 0;

/** Our server, spoken to as our client does. */
export const EXTENDED: Dialect = {
  name: "receipts",
  async join(port, name): Promise<Member> {
    const conn = await connect(port);
    await writeAll(conn, frame(Kind.Hello));
    await awaitFrame(conn, Kind.Welcome);
    const session = ++sessions;
    const token = crypto.randomUUID();
    await writeAll(conn, enrol({ name, session, token, moves: 0 }));
    await awaitFrame(conn, Kind.Enrolled);
    return { conn, name, session };
  },
  shape,
  other: ownFrameBytes,
  async echo({ conn }): Promise<void> {
    await writeAll(conn, frame(Kind.Echo));
    await awaitFrame(conn, Kind.EchoReply);
  },
};

async function shape({ sender, receiver, textBytes, stream }: ShapeOptions): Promise<Shape> {
  const encoder = new TextEncoder();
  const address = {
    senderSession: sender.session,
    receiverSession: receiver === null ? 0 : await sessionOf(sender, receiver.name),
    senderName: encoder.encode(sender.name),
    receiverName: encoder.encode(receiver?.name ?? "*"),
  };
  const sent = new Uint8Array(streamFrameBytes(address, textBytes));
  const text = textOf(textBytes, stream);
  writeStreamMessage(sent, 0, { kind: Kind.StreamMessage, address, number: 0, floor: 0, text });
  const numberAt = HEADER_BYTES + At.Number + LOWER;
  return {
    sent,
    numberAt,
    floorAt: HEADER_BYTES + At.Floor + LOWER,
    arriving: {
      bytes: sent.length,
      mark: sent[0] as number,
      numberAt,
      streamAt: sent.length - textBytes + TEXT_STREAM_AT,
    },
    ack: ackFrame(Kind.Ack, {
      to: sender.session,
      from: receiver?.session ?? 0,
      number: 0,
      status: Status.Delivered,
      everybody: receiver === null,
      homeStamp: 0,
      farStamp: 0,
    }),
  };
}

/** The home asks nobody: a peer's client is known there as soon as the peer has told. */
async function sessionOf({ conn }: Member, name: string): Promise<number> {
  for (;;) {
    await writeAll(conn, resolve(name));
    const { session } = decodeResolved(await awaitFrame(conn, Kind.Resolved));
    if (session !== null) return session;
    await new Promise((resume) => setTimeout(resume, ASK_AGAIN_MS));
  }
}

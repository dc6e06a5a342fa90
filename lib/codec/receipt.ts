/**
 * What becomes of a message: an acknowledgement (12/0) is its receiver's word,
 * a receipt (12/1) a server's. Both are laid out alike:
 *
 *     0   6  session of the sender of the message: where it goes
 *     6   6  session of the receiver; 0 when it is not known
 *     12  6  number; an acknowledgement covers every number up to it
 *     18  1  status
 *     19  1  1 when the stream is everybody's
 *     20  4  the home's stamp; the home puts the duration in its place
 *     24  4  the far stamp; the far server puts the duration in its place
 *
 * @module
 */

import { byteAt, readU32, readU48, writeU32, writeU48 } from "./big_endian.ts";
import { checkLength, HEADER_BYTES, writeHeader } from "./wire.ts";

/** Where the fields of an acknowledgement or receipt begin. */
export const AckAt = {
  To: 0,
  From: 6,
  Number: 12,
  Status: 18,
  Everybody: 19,
  HomeStamp: 20,
  FarStamp: 24,
} as const;

/** Bytes of an acknowledgement's or receipt's payload. */
export const ACK_BYTES = 28;

/** An acknowledgement or a receipt, decoded. */
export interface Ack {
  /** Session of the sender of the message: where this goes. */
  readonly to: number;
  /** Session of the receiver; in a receipt as the message had it, which may be 0. */
  readonly from: number;
  /** Number in the stream, below 2^48; whether it speaks of lower ones too, the status says. */
  readonly number: number;
  /** A `Status`, 0 to 255; a later version may have others. */
  readonly status: number;
  /** Whether the message went to everybody. */
  readonly everybody: boolean;
  /** The message's home stamp; from the home on, microseconds to the receiver and back. */
  readonly homeStamp: number;
  /** The message's far stamp; from the far server on, microseconds behind it; 0 without one. */
  readonly farStamp: number;
}

/** A 12/0 or 12/1. */
export function ackFrame(kind: number, ack: Ack): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + ACK_BYTES);
  writeHeader(bytes, 0, kind, { length: ACK_BYTES, sublength: ACK_BYTES });
  writeU48(bytes, HEADER_BYTES + AckAt.To, ack.to);
  writeU48(bytes, HEADER_BYTES + AckAt.From, ack.from);
  writeU48(bytes, HEADER_BYTES + AckAt.Number, ack.number);
  bytes[HEADER_BYTES + AckAt.Status] = ack.status;
  bytes[HEADER_BYTES + AckAt.Everybody] = ack.everybody ? 1 : 0;
  writeU32(bytes, HEADER_BYTES + AckAt.HomeStamp, ack.homeStamp);
  writeU32(bytes, HEADER_BYTES + AckAt.FarStamp, ack.farStamp);
  return bytes;
}

/**
 * Decodes the payload of a 12/0 or 12/1.
 *
 * @throws {ProtocolError} `malformed` when it has not exactly its length.
 */
export function decodeAck(payload: Uint8Array): Ack {
  checkLength("acknowledgement", payload.length, ACK_BYTES);
  return {
    to: readU48(payload, AckAt.To),
    from: readU48(payload, AckAt.From),
    number: readU48(payload, AckAt.Number),
    status: byteAt(payload, AckAt.Status),
    everybody: byteAt(payload, AckAt.Everybody) === 1,
    homeStamp: readU32(payload, AckAt.HomeStamp),
    farStamp: readU32(payload, AckAt.FarStamp),
  };
}

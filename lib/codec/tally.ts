/**
 * Tally (12/2): a server's word on a message to everybody.
 *
 *     0   6  session of the sender
 *     6   6  id of the server
 *     12  6  number
 *     18  2  servers it was forwarded to (the home's tally only)
 *     20  4  clients it was passed to; each acknowledges
 *     24  4  base clients it was passed to; they can't
 *     28  4  clients it was not passed to
 *
 * @module
 */

import { byteAt, readU32, readU48, writeU32, writeU48 } from "./big_endian.ts";
import { checkLength, HEADER_BYTES, Kind, writeHeader } from "./wire.ts";

/** Bytes of a tally's payload. */
export const TALLY_BYTES = 32;

/** What one server did with a message to everybody, decoded. */
export interface Tally {
  /** Session of the sender of the message: where this goes. */
  readonly to: number;
  /** Id of the server that speaks, twelve lowercase hexadecimal digits. */
  readonly server: string;
  /** Number of the message in the sender's stream to everybody, below 2^48. */
  readonly number: number;
  /** Servers that it was forwarded to, at most 65,535; 0 from all but the home. */
  readonly peers: number;
  /** Clients that it was passed to and that each acknowledge it. */
  readonly reached: number;
  /** Base clients that it was passed to; they can't confirm. */
  readonly unconfirmed: number;
  /** Clients and servers that it was not passed to, because their outbox was full. */
  readonly dropped: number;
}

/** 12/2. */
export function tallyFrame(tally: Tally): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + TALLY_BYTES);
  writeHeader(bytes, 0, Kind.Tally, {
    length: TALLY_BYTES,
    sublength: TALLY_BYTES,
  });
  writeU48(bytes, HEADER_BYTES, tally.to);
  writeU48(bytes, HEADER_BYTES + 6, Number.parseInt(tally.server, 16));
  writeU48(bytes, HEADER_BYTES + 12, tally.number);
  bytes[HEADER_BYTES + 18] = tally.peers >> 8;
  bytes[HEADER_BYTES + 19] = tally.peers & 0xff;
  writeU32(bytes, HEADER_BYTES + 20, tally.reached);
  writeU32(bytes, HEADER_BYTES + 24, tally.unconfirmed);
  writeU32(bytes, HEADER_BYTES + 28, tally.dropped);
  return bytes;
}

/**
 * Decodes the payload of a 12/2.
 *
 * @throws {ProtocolError} `malformed` when it has not exactly its length.
 */
export function decodeTally(payload: Uint8Array): Tally {
  checkLength("tally", payload.length, TALLY_BYTES);
  return {
    to: readU48(payload, 0),
    server: readU48(payload, 6).toString(16).padStart(12, "0"),
    number: readU48(payload, 12),
    peers: (byteAt(payload, 18) << 8) | byteAt(payload, 19),
    reached: readU32(payload, 20),
    unconfirmed: readU32(payload, 24),
    dropped: readU32(payload, 28),
  };
}

/**
 * The binary frames of the message path, laid out so that a server copies a
 * frame whole and writes only a subtype and a time stamp into the copy.
 *
 * Message (11/0, between client and server) and forward (11/1, between
 * servers) are laid out alike:
 *
 *     0   6  session of the sender
 *     6   6  session of the receiver; 0 when it is not known, or everybody
 *     12  6  number in the stream; 0 when it is not numbered
 *     18  6  floor: the lowest number not yet settled
 *     24  4  when the sender's home passed it on, in its own microseconds
 *     28  4  when the receiver's home passed it on, in its own microseconds
 *     32  1  bytes of the sender's name
 *     33  1  bytes of the receiver's name
 *     34     the sender's name, the receiver's name; here the addressing part ends
 *            the text
 *
 * Acknowledgement (12/0, a receiver's word) and receipt (12/1, a server's):
 *
 *     0   6  session of the sender of the message: where it goes
 *     6   6  session of the receiver; 0 when it is not known
 *     12  6  number; an acknowledgement covers every number up to it
 *     18  1  status
 *     19  1  1 when the stream is everybody's
 *     20  4  the home's stamp; the home puts the duration in its place
 *     24  4  the far stamp; the far server puts the duration in its place
 *
 * Tally (12/2, a server's word on a message to everybody):
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

import {
  HEADER_BYTES,
  Kind,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
  writeHeader,
} from "./wire.ts";
import { MAX_NAME_BYTES } from "./name.ts";

/** Where the fields of a message's addressing part begin, from its first byte. */
export const At = {
  Sender: 0,
  Receiver: 6,
  Number: 12,
  Floor: 18,
  HomeStamp: 24,
  FarStamp: 28,
  SenderLength: 32,
  ReceiverLength: 33,
  Names: 34,
} as const;

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

/** Bytes of a tally's payload. */
export const TALLY_BYTES = 32;

/** The longest text, whatever the names and the way: no hop can find it too long later. */
export const MAX_TEXT_BYTES: number = MAX_CARRIED_PAYLOAD_BYTES - At.Names - 2 * MAX_NAME_BYTES;

/** What an acknowledgement (below 16) or a receipt says. */
export const Status = {
  /** Everything up to the number was shown. */
  Delivered: 0,
  /** Shown up to the number; what came is further on. */
  Gap: 1,
  /** To everybody: this one was passed over, and never will be shown. */
  Skipped: 2,
  /** Passed to somebody who can't confirm. */
  Unconfirmed: 16,
  NoSuchName: 17,
  Moving: 18,
  Slow: 19,
  LinkLost: 20,
  ReceiverChanged: 21,
  TooLong: 22,
  NotRegistered: 23,
  SenderTaken: 24,
} as const;

/** The drop reasons as words, by status. */
export const DROP_REASONS: Readonly<Record<number, string>> = {
  [Status.NoSuchName]: "no-such-name",
  [Status.Moving]: "moving",
  [Status.Slow]: "slow",
  [Status.LinkLost]: "link-lost",
  [Status.ReceiverChanged]: "receiver-changed",
  [Status.TooLong]: "too-long",
  [Status.NotRegistered]: "not-registered",
  [Status.SenderTaken]: "sender-taken",
};

/** A numbered message, decoded. */
export interface StreamMessage {
  /** Session of the sender, below 2^48. */
  readonly senderSession: number;
  /** Session of the receiver; 0 when it is not known, or everybody. */
  readonly receiverSession: number;
  /** Place in the stream, below 2^48; 0 when it is not numbered. */
  readonly number: number;
  /** The lowest number of the stream not yet settled; 0 when it is not numbered. */
  readonly floor: number;
  /** The home's clock when it passed this on, in microseconds modulo 2^32; 0 before. */
  readonly homeStamp: number;
  /** The clock of the receiver's server, likewise; 0 where the home is that server. */
  readonly farStamp: number;
  /** Name of the sender. */
  readonly sender: string;
  /** Name of the receiver, or `*` for everybody. */
  readonly receiver: string;
  /** The text; what is not UTF-8 is replaced by U+FFFD. */
  readonly text: string;
}

/** An acknowledgement or a receipt, decoded. */
export interface Ack {
  /** Session of the sender of the message: where this goes. */
  readonly to: number;
  /** Session of the receiver; in a receipt as the message had it, which may be 0. */
  readonly from: number;
  /** Number in the stream, below 2^48; whether it speaks of lower ones too, the status says. */
  readonly number: number;
  /** A {@linkcode Status}, 0 to 255; a later version may have others. */
  readonly status: number;
  /** Whether the message went to everybody. */
  readonly everybody: boolean;
  /** The message's home stamp; from the home on, microseconds to the receiver and back. */
  readonly homeStamp: number;
  /** The message's far stamp; from the far server on, microseconds behind it; 0 without one. */
  readonly farStamp: number;
}

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

/** What stays the same in all messages of one stream, encoded once. */
export interface StreamAddress {
  /** Session of the sender, below 2^48. */
  readonly senderSession: number;
  /** Session of the receiver; 0 when it is not known, or everybody. */
  readonly receiverSession: number;
  /** The sender's name in UTF-8, at most 64 bytes. */
  readonly senderName: Uint8Array;
  /** The receiver's name in UTF-8, at most 64 bytes; `*` for everybody. */
  readonly receiverName: Uint8Array;
}

/** One end of a message: a registered client, or somebody only known by name. */
export interface Party {
  /** The name in UTF-8, as it stands in frames. */
  readonly nameBytes: Uint8Array;
  /** Its session, below 2^48; 0 when it is only known by name. */
  readonly claim: { readonly session: number };
}

/** Bytes of a message frame with these names and so much text. */
export function streamFrameBytes(
  address: StreamAddress,
  textBytes: number,
): number {
  return HEADER_BYTES + At.Names + address.senderName.length +
    address.receiverName.length +
    textBytes;
}

/** Writes an 11/0 or 11/1 into `bytes` at `at`, where there must be room for it. */
export function writeStreamMessage(
  bytes: Uint8Array,
  at: number,
  { kind, address, number, floor, text }: {
    readonly kind: number;
    readonly address: StreamAddress;
    readonly number: number;
    readonly floor: number;
    readonly text: Uint8Array;
  },
): void {
  const { senderName, receiverName } = address;
  const sublength = At.Names + senderName.length + receiverName.length;
  writeHeader(bytes, at, kind, { length: sublength + text.length, sublength });
  const payload = at + HEADER_BYTES;
  writeU48(bytes, payload + At.Sender, address.senderSession);
  writeU48(bytes, payload + At.Receiver, address.receiverSession);
  writeU48(bytes, payload + At.Number, number);
  writeU48(bytes, payload + At.Floor, floor);
  writeU32(bytes, payload + At.HomeStamp, 0);
  writeU32(bytes, payload + At.FarStamp, 0);
  bytes[payload + At.SenderLength] = senderName.length;
  bytes[payload + At.ReceiverLength] = receiverName.length;
  bytes.set(senderName, payload + At.Names);
  bytes.set(receiverName, payload + At.Names + senderName.length);
  bytes.set(text, payload + sublength);
}

/**
 * Writes the header and the addressing part of an 11/0 or 11/1 that has neither
 * a number nor stamps; its text follows behind. For servers that pass on what an
 * original client sent, and so without an object for each message:
 * `writeStreamMessage` takes three times as long.
 */
export function writeUnnumbered(
  view: DataView,
  at: number,
  kind: number,
  sender: Party,
  receiver: Party,
  textBytes: number,
): void {
  const senderBytes = sender.nameBytes.length;
  const receiverBytes = receiver.nameBytes.length;
  const sublength = At.Names + senderBytes + receiverBytes;
  const payload = at + HEADER_BYTES;
  setHeader(view, at, kind, sublength + textBytes, sublength);
  setU48(view, payload + At.Sender, sender.claim.session);
  setU48(view, payload + At.Receiver, receiver.claim.session);
  for (let zeros = At.Number; zeros < At.SenderLength; zeros += 4) {
    view.setUint32(payload + zeros, 0);
  }
  view.setUint8(payload + At.SenderLength, senderBytes);
  view.setUint8(payload + At.ReceiverLength, receiverBytes);
  setBytes(view, payload + At.Names, sender.nameBytes);
  setBytes(view, payload + At.Names + senderBytes, receiver.nameBytes);
}

/** As `writeHeader`, with plain arguments. */
export function setHeader(
  view: DataView,
  at: number,
  kind: number,
  length: number,
  sublength: number,
): void {
  view.setUint16(at, kind);
  view.setUint16(at + 2, length);
  view.setUint16(at + 4, sublength);
}

/**
 * Checks the addressing part of an 11/0 or 11/1 whose payload begins at `at`.
 *
 * @throws {ProtocolError} `malformed` when its parts do not add up.
 */
export function checkAddressing(
  bytes: Uint8Array,
  at: number,
  sublength: number,
): void {
  if (
    sublength < At.Names ||
    sublength !== At.Names + byteAt(bytes, at + At.SenderLength) +
        byteAt(bytes, at + At.ReceiverLength)
  ) {
    throw new ProtocolError(
      "malformed",
      `Cannot decode message: its addressing part of ${sublength} bytes does not add up`,
    );
  }
}

/**
 * Decodes the payload of an 11/0 or 11/1.
 *
 * @throws {ProtocolError} `malformed` when its addressing part does not add up.
 */
export function decodeStreamMessage(
  payload: Uint8Array,
  sublength: number,
): StreamMessage {
  checkAddressing(payload, 0, sublength);
  const senderEnd = At.Names + byteAt(payload, At.SenderLength);
  return {
    senderSession: readU48(payload, At.Sender),
    receiverSession: readU48(payload, At.Receiver),
    number: readU48(payload, At.Number),
    floor: readU48(payload, At.Floor),
    homeStamp: readU32(payload, At.HomeStamp),
    farStamp: readU32(payload, At.FarStamp),
    sender: decoder.decode(payload.subarray(At.Names, senderEnd)),
    receiver: decoder.decode(payload.subarray(senderEnd, sublength)),
    text: decoder.decode(payload.subarray(sublength)),
  };
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

/**
 * Checks the length of a payload that always has the same; `what` names it for people.
 *
 * @throws {ProtocolError} `malformed` when it has another one.
 */
export function checkLength(
  what: string,
  length: number,
  expected: number,
): void {
  if (length === expected) return;
  throw new ProtocolError(
    "malformed",
    `Cannot decode ${what}: it has ${length} bytes in place of ${expected}`,
  );
}

/** Six bytes as a number; ids and stream numbers stay below 2^48. */
export function readU48(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)) * 2 ** 32 +
    readU32(bytes, at + 2);
}

/** Writes a number below 2^48 as six bytes. */
export function writeU48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes[at] = high >> 8;
  bytes[at + 1] = high & 0xff;
  writeU32(bytes, at + 2, value >>> 0);
}

/** Four bytes as an unsigned number. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>> 0;
}

/** Writes the lower 32 bits of a number as four bytes. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}

function setU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, value / 2 ** 32);
  view.setUint32(at + 2, value);
}

function setBytes(view: DataView, at: number, bytes: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) {
    view.setUint8(at + index, byteAt(bytes, index));
  }
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Numbered messages, laid out so that a server copies a frame whole and writes
 * only a subtype and a time stamp into the copy. What becomes of them is told in
 * `receipt.ts` and `tally.ts`.
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
 * @module
 */

import { byteAt, readU32, readU48, writeU32, writeU48 } from "./big_endian.ts";
import { MAX_NAME_BYTES } from "./name.ts";
import {
  HEADER_BYTES,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
  setHeader,
  writeHeader,
} from "./wire.ts";

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

/** The longest text, whatever the names and the way: no hop can find it too long later. */
export const MAX_TEXT_BYTES: number = MAX_CARRIED_PAYLOAD_BYTES - At.Names - 2 * MAX_NAME_BYTES;

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

function setU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, value / 2 ** 32);
  view.setUint32(at + 2, value);
}

function setBytes(view: DataView, at: number, bytes: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) {
    view.setUint8(at + index, byteAt(bytes, index));
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

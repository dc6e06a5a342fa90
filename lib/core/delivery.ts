/**
 * The ways to put a message that was just read into another link's outbox:
 * whole, at once, or not at all. Every function returns whether there was room.
 *
 * @module
 */

import { At, writeStreamMessage, writeU32 } from "../codec/stream.ts";
import { HEADER_BYTES, Kind, MAX_PAYLOAD_BYTES, writeHeader } from "../codec/wire.ts";
import type { Context } from "./context.ts";
import type { Link } from "./link.ts";

const NUL = 0;
const SPACE = 0x20;

/** Copying a short run byte by byte beats making a view of it. */
const SHORT_COPY_BYTES = 64;

/** One end of a message: a seat, or somebody only known by name. */
export interface Party {
  /** The name in UTF-8, as it stands in frames. */
  readonly nameBytes: Uint8Array;
  /** Its session, below 2^48; 0 when it is only known by name. */
  readonly claim: { readonly session: number };
}

/** Copies the 11/0 or 11/1 in `from`'s reader, but for the subtype and the time stamp. */
export function copyStream(context: Context, from: Link, to: Link): boolean {
  const { bytes, start, end } = from.reader;
  const at = to.closing === null ? to.outbox.reserve(end - start) : -1;
  if (at < 0) return false;
  const { room } = to.outbox;
  copyBytes(bytes, start, end, room, at);
  room[at + 1] = (to.role === "peer" ? Kind.StreamForward : Kind.StreamMessage) & 0xff;
  const stamp = from.role === "peer" ? At.FarStamp : At.HomeStamp;
  writeU32(room, at + HEADER_BYTES + stamp, micros(context.now));
  context.wake(to);
  return true;
}

/** The 11/0 or 11/1 in `from`'s reader as a 3/0 or 4/0 (`kind`). */
export function streamAsBase(context: Context, from: Link, to: Link, kind: number): boolean {
  const { bytes, payloadStart, end, sublength } = from.reader;
  const sender = payloadStart + At.Names;
  const senderBytes = bytes[payloadStart + At.SenderLength] as number;
  const nameBytes = sublength - At.Names;
  const text = payloadStart + sublength;
  const length = nameBytes + 2 + end - text;
  if (length > MAX_PAYLOAD_BYTES || to.closing !== null) return false;
  const at = to.outbox.reserve(HEADER_BYTES + length);
  if (at < 0) return false;
  const { room } = to.outbox;
  writeHeader(room, at, kind, { length, sublength: nameBytes + 1 });
  const separator = at + HEADER_BYTES + senderBytes;
  copyBytes(bytes, sender, sender + senderBytes, room, at + HEADER_BYTES);
  room[separator] = NUL;
  copyBytes(bytes, sender + senderBytes, text, room, separator + 1);
  room[at + HEADER_BYTES + nameBytes + 1] = SPACE;
  copyBytes(bytes, text, end, room, at + HEADER_BYTES + nameBytes + 2);
  context.wake(to);
  return true;
}

/** The base client's 3/0 in `from`'s reader as a delivery or forward of `sender`'s. */
export function baseAsBase(
  context: Context,
  from: Link,
  to: Link,
  { kind, sender }: { readonly kind: number; readonly sender: Party },
): boolean {
  const { bytes, payloadStart, end, sublength } = from.reader;
  const prefix = sender.nameBytes.length + 1;
  const length = end - payloadStart + prefix;
  const at = to.closing === null ? to.outbox.reserve(HEADER_BYTES + length) : -1;
  if (at < 0) return false;
  const { room } = to.outbox;
  writeHeader(room, at, kind, { length, sublength: sublength + prefix });
  copyBytes(sender.nameBytes, 0, prefix - 1, room, at + HEADER_BYTES);
  room[at + HEADER_BYTES + prefix - 1] = NUL;
  copyBytes(bytes, payloadStart, end, room, at + HEADER_BYTES + prefix);
  context.wake(to);
  return true;
}

/** The 4/0 in `from`'s reader as the delivery that it is laid out as. */
export function forwardAsDelivery(context: Context, from: Link, to: Link): boolean {
  const { bytes, start, end } = from.reader;
  const at = to.closing === null ? to.outbox.reserve(end - start) : -1;
  if (at < 0) return false;
  copyBytes(bytes, start, end, to.outbox.room, at);
  to.outbox.room[at] = Kind.Message >> 8;
  context.wake(to);
  return true;
}

/** The text of the base message in `from`'s reader as an unnumbered 11/0 or 11/1. */
export function baseAsStream(
  context: Context,
  from: Link,
  to: Link,
  { sender, receiver }: { readonly sender: Party; readonly receiver: Party },
): boolean {
  const { bytes, payloadStart, end, sublength } = from.reader;
  const text = bytes.subarray(payloadStart + sublength + 1, end);
  const address = {
    senderSession: sender.claim.session,
    receiverSession: receiver.claim.session,
    senderName: sender.nameBytes,
    receiverName: receiver.nameBytes,
  };
  const length = At.Names + sender.nameBytes.length + receiver.nameBytes.length + text.length;
  if (length > MAX_PAYLOAD_BYTES || to.closing !== null) return false;
  const at = to.outbox.reserve(HEADER_BYTES + length);
  if (at < 0) return false;
  const kind = to.role === "peer" ? Kind.StreamForward : Kind.StreamMessage;
  writeStreamMessage(to.outbox.room, at, { kind, address, number: 0, floor: 0, text });
  context.wake(to);
  return true;
}

/** The lower 32 bits of microseconds; only differences within an hour matter. */
export function micros(nowMs: number): number {
  return Math.floor(nowMs * 1000) % 2 ** 32;
}

// Five plain arguments: this is the innermost loop of the message path.
function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  if (end - start > SHORT_COPY_BYTES) {
    into.set(from.subarray(start, end), at);
    return;
  }
  const shift = at - start;
  for (let index = start; index < end; index++) into[index + shift] = from[index] as number;
}

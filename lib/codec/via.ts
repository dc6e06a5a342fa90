/**
 * A frame for a server that can't be reached, inside the link to a third one
 * that can reach it. The third one passes it on as it is, once.
 *
 * @module
 */

import { decodeFields, jsonFrame } from "./json.ts";
import {
  frame,
  HEADER_BYTES,
  Kind,
  kindText,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
  VIA_ADDRESS_BYTES,
  writeHeader,
} from "./wire.ts";

const ID_BYTES = VIA_ADDRESS_BYTES / 2;

/** The two ends of a carried link, by their ids of twelve hexadecimal digits. */
export interface Ends {
  /** Who is to get the frame. */
  readonly to: string;
  /** Who wrote it. */
  readonly from: string;
}

/** One carried frame. */
export interface Carried extends Ends {
  /** The whole frame, header and all; borrowed. */
  readonly inner: Uint8Array;
}

/** Whether an id is twelve hexadecimal digits, as in every server of this kind. */
export function isServerId(id: string): boolean {
  return /^[0-9a-f]{12}$/.test(id);
}

/** How long 16/0 is around a frame of `innerBytes` bytes. */
export function viaBytes(innerBytes: number): number {
  return HEADER_BYTES + VIA_ADDRESS_BYTES + innerBytes;
}

/** Writes 16/0 around the whole frame `inner` at `at`, where there is room for {@linkcode viaBytes}. */
export function writeVia(bytes: Uint8Array, at: number, { to, from, inner }: Carried): void {
  const length = VIA_ADDRESS_BYTES + inner.length;
  writeHeader(bytes, at, Kind.Via, { length, sublength: VIA_ADDRESS_BYTES });
  writeId(bytes, at + HEADER_BYTES, to);
  writeId(bytes, at + HEADER_BYTES + ID_BYTES, from);
  bytes.set(inner, at + HEADER_BYTES + VIA_ADDRESS_BYTES);
}

/**
 * What a 16/0 carries: exactly one whole frame, and none that is carried itself.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeVia(payload: Uint8Array, sublength: number): Carried {
  if (sublength !== VIA_ADDRESS_BYTES || payload.length < VIA_ADDRESS_BYTES + HEADER_BYTES) {
    throw malformed(`it needs ${VIA_ADDRESS_BYTES} bytes of ids, and a frame`);
  }
  const inner = payload.subarray(VIA_ADDRESS_BYTES);
  const size = HEADER_BYTES + (byteAt(inner, 2) << 8 | byteAt(inner, 3));
  if (size !== inner.length || size - HEADER_BYTES > MAX_CARRIED_PAYLOAD_BYTES) {
    throw malformed(`the frame in it is ${inner.length} bytes, its header says ${size}`);
  }
  if (kindOf(inner) === Kind.Via) throw malformed("a frame is carried once only");
  return { to: readId(payload, 0), from: readId(payload, ID_BYTES), inner };
}

/** The kind of a whole frame. */
export function kindOf(whole: Uint8Array): number {
  return byteAt(whole, 0) << 8 | byteAt(whole, 1);
}

/** 16/1: the server that was asked to carry a frame has no link to this one. */
export function noWay(to: string): Uint8Array {
  return jsonFrame(Kind.NoWay, { to });
}

/**
 * 16/1: who can't be reached that way.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeNoWay(payload: Uint8Array): string {
  return decodeFields(Kind.NoWay, payload).text("to");
}

/** 16/0 as a frame of its own. */
export function via(carried: Carried): Uint8Array {
  const whole = frame(Kind.Via, new Uint8Array(VIA_ADDRESS_BYTES + carried.inner.length));
  writeVia(whole, 0, carried);
  return whole;
}

function writeId(bytes: Uint8Array, at: number, id: string): void {
  for (let index = 0; index < ID_BYTES; index++) {
    bytes[at + index] = parseInt(id.slice(2 * index, 2 * index + 2), 16);
  }
}

function readId(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + ID_BYTES).toHex();
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function malformed(why: string): ProtocolError {
  return new ProtocolError("malformed", `Cannot decode ${kindText(Kind.Via)}: ${why}`);
}

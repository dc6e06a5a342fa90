/**
 * A second codec, as simple as can be: whole arrays in, whole arrays out, one
 * `DataView` access a field. It is written from the description of the original
 * protocol and the layouts in `PROTOCOL.md`, and shares nothing with the codec
 * under test, so that it can contradict it.
 *
 * @module
 */

/** One frame. The payload includes the four digits that some frames don't count. */
export interface NaiveFrame {
  readonly type: number;
  readonly subtype: number;
  readonly sublength: number;
  readonly payload: Uint8Array;
}

/** All that a stream of bytes holds. */
export interface NaiveStream {
  readonly frames: readonly NaiveFrame[];
  /** Bytes of a frame at the end that is not complete. */
  readonly unfinished: number;
  /** Why the stream ends before its last byte; null when it doesn't. */
  readonly broken: "frame-too-long" | "malformed" | null;
}

/** A message of the extended protocol, with everything but the text's length. */
export interface NaiveMessage {
  readonly senderSession: number;
  readonly receiverSession: number;
  readonly number: number;
  readonly floor: number;
  readonly homeStamp: number;
  readonly farStamp: number;
  readonly sender: string;
  readonly receiver: string;
  readonly text: string;
}

/** An acknowledgement or a receipt of the extended protocol. */
export interface NaiveAck {
  readonly to: number;
  readonly from: number;
  readonly number: number;
  readonly status: number;
  readonly everybody: boolean;
  readonly homeStamp: number;
  readonly farStamp: number;
}

/** A tally of the extended protocol. */
export interface NaiveTally {
  readonly to: number;
  readonly server: string;
  readonly number: number;
  readonly peers: number;
  readonly reached: number;
  readonly unconfirmed: number;
  readonly dropped: number;
}

/** The bytes that a text of hexadecimal digits stands for; white space is free. */
export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, "");
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`Cannot read hex: ${hex}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Bytes as hexadecimal digits: `06 01`. */
export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** All parts one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A header that says what it is told to say, true or not. */
export function naiveHeader(
  [type, subtype]: readonly [type: number, subtype: number],
  length: number,
  sublength: number,
): Uint8Array {
  const bytes = new Uint8Array(6);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, subtype);
  view.setUint16(2, length);
  view.setUint16(4, sublength);
  return bytes;
}

/** A frame around a payload. */
export function naiveFrame(
  kind: readonly [type: number, subtype: number],
  payload: Uint8Array = new Uint8Array(0),
  sublength = 0,
): Uint8Array {
  return joined([naiveHeader(kind, payload.length, sublength), payload]);
}

/** Cuts a whole stream into frames, as a server or a client reads it. */
export function naiveFrames(bytes: Uint8Array, reading: "server" | "client"): NaiveStream {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: NaiveFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 6) {
    const type = view.getUint8(at);
    const subtype = view.getUint8(at + 1);
    const length = view.getUint16(at + 2);
    const sublength = view.getUint16(at + 4);
    if (length >= 32_768) return { frames, unfinished: 0, broken: "frame-too-long" };
    if (sublength > length) return { frames, unfinished: 0, broken: "malformed" };
    const hasDigits = subtype === 0 && (type === 0 || type === 2 || type === 33);
    const end = at + 6 + length + (hasDigits && reading === "server" ? 4 : 0);
    if (end > bytes.length) break;
    frames.push({ type, subtype, sublength, payload: bytes.slice(at + 6, end) });
    at = end;
  }
  return { frames, unfinished: bytes.length - at, broken: null };
}

/** A 3/0 or 4/0: who, a space, the text; `sublength` is the bytes of who. */
export function naiveAddressed(type: 3 | 4, who: string, text: string): Uint8Array {
  return naiveFrame([type, 0], utf8(`${who} ${text}`), utf8(who).length);
}

/** An 11/0 or 11/1. */
export function naiveMessage(subtype: 0 | 1, message: NaiveMessage): Uint8Array {
  const sender = utf8(message.sender);
  const receiver = utf8(message.receiver);
  const fixed = new Uint8Array(34);
  const view = new DataView(fixed.buffer);
  setU48(view, 0, message.senderSession);
  setU48(view, 6, message.receiverSession);
  setU48(view, 12, message.number);
  setU48(view, 18, message.floor);
  view.setUint32(24, message.homeStamp);
  view.setUint32(28, message.farStamp);
  view.setUint8(32, sender.length);
  view.setUint8(33, receiver.length);
  const payload = joined([fixed, sender, receiver, utf8(message.text)]);
  return naiveFrame([11, subtype], payload, 34 + sender.length + receiver.length);
}

/** The message in the payload of an 11/0 or 11/1 that is not damaged. */
export function readNaiveMessage(payload: Uint8Array): NaiveMessage {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const senderEnd = 34 + view.getUint8(32);
  const receiverEnd = senderEnd + view.getUint8(33);
  const text = (start: number, end?: number): string =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload.slice(start, end));
  return {
    senderSession: getU48(view, 0),
    receiverSession: getU48(view, 6),
    number: getU48(view, 12),
    floor: getU48(view, 18),
    homeStamp: view.getUint32(24),
    farStamp: view.getUint32(28),
    sender: text(34, senderEnd),
    receiver: text(senderEnd, receiverEnd),
    text: text(receiverEnd),
  };
}

/** A 12/0 or 12/1. */
export function naiveAck(subtype: 0 | 1, ack: NaiveAck): Uint8Array {
  const payload = new Uint8Array(28);
  const view = new DataView(payload.buffer);
  setU48(view, 0, ack.to);
  setU48(view, 6, ack.from);
  setU48(view, 12, ack.number);
  view.setUint8(18, ack.status);
  view.setUint8(19, ack.everybody ? 1 : 0);
  view.setUint32(20, ack.homeStamp);
  view.setUint32(24, ack.farStamp);
  return naiveFrame([12, subtype], payload, 28);
}

/** A 12/2. */
export function naiveTally(tally: NaiveTally): Uint8Array {
  const payload = new Uint8Array(32);
  const view = new DataView(payload.buffer);
  setU48(view, 0, tally.to);
  payload.set(fromHex(tally.server), 6);
  setU48(view, 12, tally.number);
  view.setUint16(18, tally.peers);
  view.setUint32(20, tally.reached);
  view.setUint32(24, tally.unconfirmed);
  view.setUint32(28, tally.dropped);
  return naiveFrame([12, 2], payload, 32);
}

/** Six bytes, by way of eight. */
export function setU48(view: DataView, at: number, value: number): void {
  const wide = new DataView(new ArrayBuffer(8));
  wide.setBigUint64(0, BigInt(value));
  for (let index = 0; index < 6; index++) view.setUint8(at + index, wide.getUint8(index + 2));
}

/** Six bytes, by way of a text. */
export function getU48(view: DataView, at: number): number {
  let digits = "";
  for (let index = 0; index < 6; index++) {
    digits += view.getUint8(at + index).toString(16).padStart(2, "0");
  }
  return parseInt(digits, 16);
}

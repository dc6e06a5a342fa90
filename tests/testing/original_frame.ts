/**
 * Frames as the original programs pack, count and cut them. Shares nothing
 * with the codec under test, so that it can contradict it.
 *
 * @module
 */

/** Bytes of header before every payload. */
export const HEADER_BYTES = 6;

/** A header as the original unpacks it: four signed numbers. */
export interface OriginalHeader {
  readonly type: number;
  readonly subtype: number;
  readonly length: number;
  readonly sublength: number;
}

/** A frame as it came. `payload` includes the four digits that 0/0, 2/0 and 33/0 don't count. */
export interface ReceivedFrame {
  readonly type: number;
  readonly subtype: number;
  readonly payload: string;
  /** Every byte of the frame: `060000000000`. */
  readonly hex: string;
}

/** `3/0` */
export function kindOf(
  header: Pick<OriginalHeader, "type" | "subtype">,
): string {
  return `${header.type}/${header.subtype}`;
}

/** The bytes as text. @throws {TypeError} when they aren't UTF-8. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    .decode(bytes);
}

/** How long the original takes a text to be: it counts characters, not bytes. */
export function countedLength(text: string): number {
  return [...text].length;
}

/**
 * The addressing part and the text of a 3/0 or 4/0, cut where the original
 * cuts: `sublength` counts characters of the decoded text.
 */
export function cut(
  payload: string,
  sublength: number,
): { address: string; text: string } {
  const characters = [...payload];
  if (sublength < 0 || characters[sublength] !== " ") {
    throw new Error(
      `malformed: no space after ${sublength} characters of addressing`,
    );
  }
  return {
    address: characters.slice(0, sublength).join(""),
    text: characters.slice(sublength + 1).join(""),
  };
}

/** A frame for a log. */
export function received(
  header: OriginalHeader,
  payload: Uint8Array = new Uint8Array(),
): ReceivedFrame {
  return {
    type: header.type,
    subtype: header.subtype,
    payload: new TextDecoder().decode(payload),
    hex: pack(header).toHex() + payload.toHex(),
  };
}

/** The six bytes of a header. @throws {RangeError} when a length doesn't fit. */
export function pack(header: OriginalHeader): Uint8Array {
  for (const length of [header.length, header.sublength]) {
    if (length < -0x8000 || length > 0x7fff) {
      throw new RangeError(`Cannot pack header: length is ${length}`);
    }
  }
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setInt8(0, header.type);
  view.setInt8(1, header.subtype);
  view.setInt16(2, header.length);
  view.setInt16(4, header.sublength);
  return new Uint8Array(view.buffer);
}

/** What six bytes say as a header. */
export function unpack(bytes: Uint8Array<ArrayBuffer>): OriginalHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return {
    type: view.getInt8(0),
    subtype: view.getInt8(1),
    length: view.getInt16(2),
    sublength: view.getInt16(4),
  };
}

/** The two names in the addressing part of a delivery or a forward. */
export function twoNames(
  address: string,
): { sender: string; receiver: string } {
  const [sender, receiver, ...more] = address.split("\0");
  if (sender === undefined || receiver === undefined || more.length > 0) {
    throw new Error(`malformed: addressing is ${JSON.stringify(address)}`);
  }
  return { sender, receiver };
}

/**
 * The ports that a 1/0 lists, if the original can reach them all.
 *
 * @throws {Error} for an empty list, another machine, or a port that hasn't
 * four digits.
 */
export function listedPorts(payload: string): number[] {
  return payload.split("\0").map((address) => {
    const port = /^127\.0\.0\.1:([1-9]\d{3})$/.exec(address)?.[1];
    if (port !== undefined) return Number(port);
    throw new Error(`1/0 lists ${JSON.stringify(address)}`);
  });
}

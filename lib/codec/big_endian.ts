/**
 * Whole numbers of six and of four bytes, as they lie in binary frames.
 *
 * @module
 */

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

/** The byte at `at`, where there is one for certain. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

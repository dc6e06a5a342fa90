/**
 * What a name may be: 1 to 64 bytes of UTF-8, without control, format and
 * separator characters, not `*` (everybody), not beginning with `/` (a
 * command). Servers compare names as bytes; our client normalises to NFC.
 *
 * @module
 */

/** The longest name, in bytes of UTF-8: a line of chat stays readable. */
export const MAX_NAME_BYTES = 64;

/** The receiver that means everybody. */
export const EVERYBODY = "*";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * What is wrong with a name, as a clause for an error message; null when it
 * is a good one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameProblem } from "./name.ts";
 *
 * assertEquals(nameProblem("ada"), null);
 * assertEquals(nameProblem("*"), "'*' means everybody");
 * ```
 */
export function nameProblem(name: string): string | null {
  if (name === "") return "it is empty";
  if (!name.isWellFormed()) return "it is not valid Unicode";
  const bytes = encoder.encode(name).length;
  if (bytes > MAX_NAME_BYTES) {
    return `it has ${bytes} bytes, the limit is ${MAX_NAME_BYTES}`;
  }
  if (name === EVERYBODY) return "'*' means everybody";
  if (name.startsWith("/")) return "it begins with '/', as commands do";
  if (/\p{Z}/u.test(name)) return "it has a space or another separator in it";
  if (/\p{C}/u.test(name)) return "it has a control or format character in it";
  return null;
}

/**
 * A name from bytes of the wire.
 *
 * @throws {RangeError} with a clause that says what is wrong.
 */
export function decodeName(bytes: Uint8Array): string {
  let name: string;
  try {
    name = strictDecoder.decode(bytes);
  } catch (cause) {
    throw new RangeError("Cannot take name: it is not UTF-8", { cause });
  }
  const problem = nameProblem(name);
  if (problem !== null) throw new RangeError(`Cannot take name: ${problem}`);
  return name;
}

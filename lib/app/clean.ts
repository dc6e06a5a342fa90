/**
 * Text that others wrote, made safe for a terminal: nothing in it moves the
 * cursor, changes colours, sets a title, begins a line or turns the direction
 * of writing.
 *
 * @module
 */

const ESC = "\u001b";
const BEL = "\u0007";

/** Colours and cursor movements: `ESC [ 31 m`, or its 8-bit form. */
const CONTROL_SEQUENCE = `(?:${ESC}\\[|\u009b)[0-?]*[ -/]*[@-~]`;

/** Titles, links, device strings: up to their end mark, or not at all. */
const STRING_SEQUENCE =
  `(?:${ESC}[\\]PX^_]|[\u0090\u0098\u009d-\u009f])[^${BEL}${ESC}\u0080-\u009f]*(?:${BEL}|${ESC}\\\\|\u009c)`;

/** The short ones: `ESC c` resets a terminal. */
const SHORT_SEQUENCE = `${ESC}[ -/]*[0-~]`;

const SEQUENCES = new RegExp(
  `${CONTROL_SEQUENCE}|${STRING_SEQUENCE}|${SHORT_SEQUENCE}`,
  "g",
);

const SPACE_LIKE = /\r\n|[\t\n\v\f\r\u0085\u2028\u2029]/g;

// The two joiners are spared: Persian and Indic words and composed emoji need
// them, and no terminal obeys them.
const UNSEEN = /(?![\u200c\u200d])\p{C}/gu;

const UNSEEN_IN_JSON = /[\p{C}\u2028\u2029]/gu;

/**
 * The text without whatever could drive a terminal. Whole escape sequences
 * go, then every other control, format (bidi), private and unassigned
 * character and half surrogate; tabs and line ends become spaces, so the
 * result is one line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clean } from "./clean.ts";
 *
 * assertEquals(clean("\u001b[31mred\u001b[0m"), "red");
 * assertEquals(clean("hi\nbob: fake"), "hi bob: fake");
 * ```
 */
export function clean(text: string): string {
  return text.replace(SEQUENCES, "").replace(SPACE_LIKE, " ")
    .replace(UNSEEN, "");
}

/**
 * The value as one line of JSON. The text in it stays verbatim for whoever
 * parses it, yet a terminal that shows the line is not driven by it: what
 * `clean` would take away is written as `\uXXXX`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { safeJson } from "./clean.ts";
 *
 * assertEquals(safeJson("\u009b2J"), '"\\u009b2J"');
 * ```
 */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN_IN_JSON, escaped);
}

function escaped(character: string): string {
  // By UTF-16 units: JSON writes what is above U+FFFF as a pair.
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

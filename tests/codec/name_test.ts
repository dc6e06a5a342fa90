import { assertEquals, assertThrows } from "@std/assert";
import { decodeName, EVERYBODY, MAX_NAME_BYTES, nameProblem } from "../../lib/codec/name.ts";
import { fromHex, utf8 } from "./naive_codec.ts";

const SEPARATOR = "it has a space or another separator in it";
const CONTROL = "it has a control or format character in it";

Deno.test("good names", () => {
  const good = [
    "a",
    "ada",
    "Ada-Lovelace_1815",
    "屋根裏",
    "émile",
    "e\u0301mile",
    "🦊",
    "**",
    "*ada",
    "a/b",
    "a*",
    "0",
    "\u00df".repeat(32),
    "x".repeat(64),
    "🦊".repeat(16),
  ];
  for (const name of good) {
    assertEquals(nameProblem(name), null, name);
    assertEquals(decodeName(utf8(name)), name);
  }
});

Deno.test("every rule refuses what breaks it, and says so", () => {
  const bad: readonly [string, string][] = [
    ["", "it is empty"],
    ["\ud800", "it is not valid Unicode"],
    ["a\udc00b", "it is not valid Unicode"],
    ["x".repeat(65), "it has 65 bytes, the limit is 64"],
    ["\u00df".repeat(33), "it has 66 bytes, the limit is 64"],
    ["🦊".repeat(16) + "a", "it has 65 bytes, the limit is 64"],
    ["*", "'*' means everybody"],
    ["/", "it begins with '/', as commands do"],
    ["/quit", "it begins with '/', as commands do"],
    [" ada", SEPARATOR],
    ["a b", SEPARATOR],
    ["ada ", SEPARATOR],
    ["a\u00a0b", SEPARATOR],
    ["a\u3000b", SEPARATOR],
    ["a\u2028b", SEPARATOR],
    ["a\u2029b", SEPARATOR],
    ["a\0b", CONTROL],
    ["a\nb", CONTROL],
    ["a\tb", CONTROL],
    ["\u001b[2J", CONTROL],
    ["a\u007f", CONTROL],
    ["a\u0085", CONTROL],
    ["a\u200db", CONTROL],
    ["a\u202eb", CONTROL],
    ["\ufeffada", CONTROL],
    ["a\ue000", CONTROL],
    ["a\u{e0041}", CONTROL],
    ["a\u{10ffff}", CONTROL],
    ["a\u0378", CONTROL],
  ];
  for (const [name, problem] of bad) {
    assertEquals(nameProblem(name), problem, JSON.stringify(name));
    // The encoder would replace a lone surrogate by a character that is allowed.
    if (!name.isWellFormed()) continue;
    assertThrows(() => decodeName(utf8(name)), RangeError, `Cannot take name: ${problem}`);
  }
});

Deno.test("every character of a forbidden category is refused, every other is not", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const name = `a${String.fromCodePoint(code)}b`;
    const forbidden = /[\p{C}\p{Z}]/u.test(name);
    if ((nameProblem(name) !== null) !== forbidden) {
      throw new Error(`U+${code.toString(16)}: ${nameProblem(name)}`);
    }
  }
});

Deno.test("bytes that are not UTF-8 are no name", () => {
  const bad = ["ff", "61 80", "c3", "c0 af", "ed a0 80", "f4 90 80 80", "e2 82"];
  for (const hex of bad) {
    assertThrows(
      () => decodeName(fromHex(hex)),
      RangeError,
      "Cannot take name: it is not UTF-8",
      hex,
    );
  }
});

Deno.test("a byte order mark is not taken away in silence", () => {
  assertThrows(() => decodeName(fromHex("ef bb bf 61 64 61")), RangeError, CONTROL);
});

Deno.test("the constants of names", () => {
  assertEquals(MAX_NAME_BYTES, 64);
  assertEquals(EVERYBODY, "*");
});

import { assert, assertEquals } from "@std/assert";
import { clean, safeJson } from "../../lib/app/clean.ts";

const CASES: readonly [what: string, text: string, cleaned: string][] = [
  ["plain text", "hello, world", "hello, world"],
  ["letters of the world", "žluťoučký 屋根裏 שלום", "žluťoučký 屋根裏 שלום"],
  ["colours", "\u001b[1;31mred\u001b[0m", "red"],
  ["clear screen and go home", "a\u001b[2J\u001b[Hb", "ab"],
  ["a private mode", "\u001b[?1049hx", "x"],
  ["8-bit colours", "\u009b31mred\u009b0m", "red"],
  ["a title ended by BEL", "\u001b]0;owned\u0007hi", "hi"],
  ["a title ended by ST", "\u001b]0;owned\u001b\\hi", "hi"],
  ["an 8-bit title", "\u009d0;owned\u009chi", "hi"],
  [
    "a link",
    "\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\",
    "text",
  ],
  ["the clipboard", "\u001b]52;c;ZXZpbA==\u0007hi", "hi"],
  ["a device string", "\u001bP1$qm\u001b\\hi", "hi"],
  ["a title without an end", "\u001b]0;rest", "0;rest"],
  ["reset", "a\u001bcb", "ab"],
  ["a character set", "a\u001b(0b", "ab"],
  ["a lone ESC at the end", "a\u001b", "a"],
  ["a cut sequence", "a\u001b[31", "a31"],
  ["a sequence in a sequence", "\u001b\u001b[31m[31mx", "[31mx"],
  ["bell and backspace", "a\u0007\b\b\bb", "ab"],
  ["NUL and DEL", "a\u0000b\u007fc", "abc"],
  ["C1", "a\u0084\u008db", "ab"],
  ["tab", "a\tb", "a b"],
  ["a faked line", "hi\nbob: I owe you", "hi bob: I owe you"],
  ["a line drawn over", "hi\rbob: no", "hi bob: no"],
  ["CRLF is one space", "a\r\nb", "a b"],
  ["rare line ends", "a\u000bb\u000cc\u0085d\u2028e\u2029f", "a b c d e f"],
  ["bidi override", "abc\u202etxt.exe\u202c", "abctxt.exe"],
  ["bidi isolate", "\u2066a\u2069\u200e\u200f", "a"],
  ["zero width space and BOM", "a\u200bb\ufeffc", "abc"],
  ["soft hyphen", "a\u00adb", "ab"],
  ["tag characters", "a\u{e0041}b", "ab"],
  ["private use", "a\ue000b\u{f0000}c", "abc"],
  ["half a surrogate pair", "a\ud800b", "ab"],
  ["joined emoji stay", "👩\u200d🚀", "👩\u200d🚀"],
  ["Persian joiners stay", "می\u200cخواهم", "می\u200cخواهم"],
  ["combining marks stay", "e\u0301", "e\u0301"],
];

Deno.test("clean takes away what could drive a terminal", () => {
  for (const [what, text, cleaned] of CASES) {
    assertEquals(clean(text), cleaned, what);
    assertEquals(clean(clean(text)), cleaned, `${what}, twice`);
  }
});

Deno.test("clean leaves no control character, whatever comes", () => {
  for (let unit = 0; unit < 0x10000; unit++) {
    const character = String.fromCharCode(unit);
    for (const text of [character, `\u001b${character}x`, `a${character}[1m`]) {
      assert(!/(?![\u200c\u200d])\p{C}/u.test(clean(text)), `${unit}`);
    }
  }
});

Deno.test("clean is quick on text made to be slow", () => {
  for (const part of ["\u001b", "\u001b[", "\u001b]", "\u009d", "\u001b[0 "]) {
    const started = performance.now();
    clean(part.repeat(32_767));
    assert(performance.now() - started < 1000, safeJson(part));
  }
});

Deno.test("JSON keeps text verbatim and shows nothing raw", () => {
  for (const [what, text] of CASES) {
    const json = safeJson({ text });
    assertEquals(JSON.parse(json), { text }, what);
    assert(!/[\p{C}\u2028\u2029]/u.test(json), what);
  }
});

Deno.test("JSON escapes by UTF-16 units", () => {
  assertEquals(safeJson("\u001b[2J"), '"\\u001b[2J"');
  assertEquals(safeJson("\u007f\u009b\u202e"), '"\\u007f\\u009b\\u202e"');
  assertEquals(safeJson("\u{e0041}"), '"\\udb40\\udc41"');
  assertEquals(safeJson("a\nb"), '"a\\nb"');
});

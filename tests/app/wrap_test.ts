import { assertEquals } from "@std/assert";
import { wrapped } from "../../lib/app/wrap.ts";

Deno.test("a line is broken where a word would not fit", () => {
  const cases: readonly [string, width: number | null, indent: number, rows: string[]][] = [
    ["one two three", null, 0, ["one two three"]],
    ["one two three", 13, 0, ["one two three"]],
    ["one two three", 12, 0, ["one two", "three"]],
    ["one two three", 7, 2, ["one two", "  three"]],
    ["one two three", 1, 0, ["one", "two", "three"]],
    ["日本語 日本語", 12, 1, ["日本語", " 日本語"]],
    ["a-word-that-is-too-long x", 8, 2, ["a-word-that-is-too-long", "  x"]],
    ["", 8, 0, [""]],
    ["a    b c", 6, 0, ["a    b", "c"]],
    ["\u001b[31mone two\u001b[0m", 7, 0, ["\u001b[31mone two\u001b[0m"]],
    ["\u001b[31mone two\u001b[0m", 6, 0, ["\u001b[31mone", "two\u001b[0m"]],
  ];
  for (const [line, width, indent, rows] of cases) {
    assertEquals(wrapped(line, { width, indent }), rows, line);
  }
});

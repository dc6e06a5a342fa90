import { assertEquals } from "@std/assert";
import { type Layout, layOut, rowsAt, type TypedLine } from "../../lib/app/line_layout.ts";

/** `|` is where the cursor is. */
function laid(text: string, options: Partial<TypedLine> = {}): Layout {
  const cursor = text.indexOf("|");
  const line = { prompt: "> ", text: text.replace("|", ""), cursor, columns: 8, height: 24 };
  return layOut({ ...line, ...options });
}

Deno.test("a line is broken one column before the margin, and its cursor is found", () => {
  const cases: readonly [string, rows: string[], row: number, before: string][] = [
    ["|", ["> "], 0, "> "],
    ["abc|", ["> abc"], 0, "> abc"],
    ["a|bc", ["> abc"], 0, "> a"],
    ["abcd|", ["> abcd"], 0, "> abcd"],
    ["abcde|", ["> abcde"], 0, "> abcde"],
    ["abcdef|", ["> abcde", "f"], 1, "f"],
    ["abcde|f", ["> abcde", "f"], 1, ""],
    ["|abcdef", ["> abcde", "f"], 0, "> "],
    ["abcdefghijkl|m", ["> abcde", "fghijkl", "m"], 2, ""],
  ];
  for (const [text, rows, row, before] of cases) {
    assertEquals(laid(text), { rows, row, before }, text);
  }
});

Deno.test("wide letters stay whole, and count double", () => {
  assertEquals(laid("日本|語"), { rows: ["> 日本", "語"], row: 1, before: "" });
  assertEquals(laid("a日本語|"), { rows: ["> a日本", "語"], row: 1, before: "語" });
  assertEquals(laid("👩‍👧👩‍👧|👩‍👧"), { rows: ["> 👩‍👧👩‍👧", "👩‍👧"], row: 1, before: "" });
  assertEquals(laid("x|", { prompt: "日本語> " }), {
    rows: ["日本語>", " x"],
    row: 1,
    before: " x",
  });
});

Deno.test("letters of several code points are one place, a cursor inside stands before them", () => {
  assertEquals(laid("e\u0301|x").before, "> e\u0301");
  assertEquals(laid("e|\u0301x").before, "> ");
});

Deno.test("a control character is shown, not obeyed", () => {
  assertEquals(laid("a\u001bb\u009b|").rows, ["> a?b?"]);
});

Deno.test("of more rows than the screen has those around the cursor are kept", () => {
  const text = "0123456789abcdefghijklmnopqrstuvwxyz";
  const all = laid(`${text}|`);
  assertEquals(all.rows.length, 6);
  const small = { height: 4 };
  assertEquals(laid(`${text}|`, small).rows, all.rows.slice(3));
  assertEquals(laid(`|${text}`, small), { rows: all.rows.slice(0, 3), row: 0, before: "> " });
  const middle = laid("0123456789abcdefg|hijklmnopqrstuvwxyz", small);
  assertEquals(middle, { rows: all.rows.slice(1, 4), row: 1, before: "cdefg" });
  assertEquals(laid("ab|", { height: 0, columns: 0 }).rows.length, 1);
});

Deno.test("a narrower terminal shows what stood in one row in several", () => {
  assertEquals([rowsAt(10, ""), rowsAt(10, "x".repeat(10)), rowsAt(10, "x".repeat(11))], [1, 1, 2]);
  assertEquals([rowsAt(4, "日本語"), rowsAt(0, "ab")], [2, 2]);
});

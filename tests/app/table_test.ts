import { assertEquals } from "@std/assert";
import { alignTable, type Column, displayWidth } from "../../lib/app/table.ts";

const NAMES: Column = {
  head: "name",
  cells: ["ada", "屋根裏", "a\u001b[2Jb"],
  align: "left",
};
const COUNTS: Column = {
  head: "n",
  cells: ["1", "22", "333"],
  align: "right",
  spare: 1,
};
const NOTES: Column = {
  head: "note",
  cells: ["x", "", "yyyy"],
  align: "left",
  spare: 2,
};

Deno.test("columns line up, cells are cleaned, lines end without spaces", () => {
  assertEquals(alignTable([NAMES, COUNTS, NOTES], null), {
    lines: [
      "name      n  note",
      "ada       1  x",
      "屋根裏   22",
      "ab      333  yyyy",
    ],
    hidden: [],
  });
});

Deno.test("spare columns go until it fits, the most spare first", () => {
  const columns = [NOTES, NAMES, COUNTS];
  const hiddenAt = (width: number): readonly string[] => alignTable(columns, width).hidden;
  assertEquals(hiddenAt(17), []);
  assertEquals(hiddenAt(16), ["note"]);
  assertEquals(hiddenAt(11), ["note"]);
  assertEquals(hiddenAt(10), ["note", "n"]);
  assertEquals(hiddenAt(1), ["note", "n"]);
  assertEquals(alignTable(columns, 1).lines, ["name", "ada", "屋根裏", "ab"]);
});

Deno.test("a table without rows has its head", () => {
  assertEquals(alignTable([{ ...NAMES, cells: [] }], 80).lines, ["name"]);
  assertEquals(alignTable([], 80).lines, [""]);
});

Deno.test("widths on a terminal", () => {
  const widths: readonly [string, number][] = [
    ["", 0],
    ["abc", 3],
    ["e\u0301", 1],
    ["屋根裏", 6],
    ["한글", 4],
    ["ｗ", 2],
    ["👩\u200d🚀", 2],
    ["…", 1],
  ];
  for (const [text, width] of widths) {
    assertEquals(displayWidth(text), width, text);
  }
});

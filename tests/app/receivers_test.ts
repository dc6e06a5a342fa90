import { assertEquals, assertThrows } from "@std/assert";
import { ownNameProblem, parseReceivers } from "../../lib/app/receivers.ts";
import { UsageError } from "../../lib/app/usage_error.ts";

Deno.test("receivers", () => {
  const cases: readonly [string, string[]][] = [
    ["ada", ["ada"]],
    ["@ada", ["ada"]],
    ["@@ada", ["@ada"]],
    ["ada,bob,cyd", ["ada", "bob", "cyd"]],
    ["@ada,@bob", ["ada", "bob"]],
    ["ada,@ada,ada", ["ada"]],
    ["e\u0301,\u00e9", ["\u00e9"]],
    ["*", ["*"]],
    ["42", ["42"]],
    ["-", ["-"]],
  ];
  for (const [word, names] of cases) assertEquals(parseReceivers(word), names);
});

Deno.test("receivers that are none", () => {
  const space = "write commas between names, and no space";
  const cases: readonly [string, string][] = [
    ["", "'': it is empty"],
    ["@", "'@': it is empty"],
    ["ada,", `'ada,': ${space}`],
    [",ada", `',ada': ${space}`],
    ["ada,,bob", `'ada,,bob': ${space}`],
    ["*,ada", "'*': '*' means everybody"],
    ["ada,/x", "'/x': it begins with '/', as commands do"],
    ["a b", "'a b': it has a space or another separator in it"],
  ];
  for (const [word, problem] of cases) {
    const error = assertThrows(() => parseReceivers(word), UsageError);
    assertEquals(error.message, `Cannot send to ${problem}`);
  }
});

Deno.test("a name of one's own is one that others can write to", () => {
  assertEquals(ownNameProblem("ada"), null);
  assertEquals(ownNameProblem("a@b"), null);
  assertEquals(ownNameProblem(""), "it is empty");
  assertEquals(
    ownNameProblem("@ada"),
    "it begins with '@', which nobody need write before a name",
  );
  assertEquals(ownNameProblem("a,b"), "it has a comma in it, which stands between names");
});

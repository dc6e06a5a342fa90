import { assertEquals } from "@std/assert";
import { editDistance, suggest } from "../../lib/app/suggest.ts";

Deno.test("edit distance counts letters put in, taken out, replaced, swapped", () => {
  const cases: readonly [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["server", "server", 0],
    ["servr", "server", 1],
    ["serverr", "server", 1],
    ["sarver", "server", 1],
    ["sevrer", "server", 1],
    ["sned", "send", 1],
    ["kitten", "sitting", 3],
    ["ab", "ba", 1],
    ["a", "b", 1],
  ];
  for (const [a, b, distance] of cases) {
    assertEquals(editDistance(a, b), distance, `${a} ${b}`);
    assertEquals(editDistance(b, a), distance, `${b} ${a}`);
  }
});

Deno.test("a suggestion is close, or the only one that begins so", () => {
  const options = ["--log-format", "--log-level", "--listen", "--join"];
  const cases: readonly [string, string | null][] = [
    ["--jion", "--join"],
    ["-join", "--join"],
    ["join", "--join"],
    ["--lisen", "--listen"],
    ["--li", "--listen"],
    ["-j", "--join"],
    ["--log", null],
    ["--log-levle", "--log-level"],
    ["--verbose", null],
    ["--", null],
    ["", null],
  ];
  for (const [word, meant] of cases) {
    assertEquals(suggest(word, options), meant, word);
  }
});

Deno.test("nothing is suggested from nothing", () => {
  assertEquals(suggest("send", []), null);
});

import { assert, assertEquals } from "@std/assert";
import { CHAT_HELP, commandProblem, completionOf } from "../../lib/app/chat_commands.ts";
import { displayWidth } from "../../lib/app/table.ts";

Deno.test("names are completed where one is expected, commands at the beginning", () => {
  const who = { names: new Set(["bob", "ada", "adam", "日本"]), own: "bob" };
  const cases: readonly [before: string, words: string[], part: string][] = [
    ["", ["ada ", "adam ", "日本 "], ""],
    ["a", ["ada ", "adam "], "a"],
    ["@ad", ["ada ", "adam "], "ad"],
    ["ada", ["ada ", "adam "], "ada"],
    ["ada,", ["adam ", "日本 "], ""],
    ["@ada,@a", ["adam "], "a"],
    ["日", ["日本 "], "日"],
    ["b", [], "b"],
    ["ada he", [], "ada he"],
    ["/", ["/who", "/servers", "/rtt", "/matrix", "/name ", "/help", "/quit"], "/"],
    ["/s", ["/servers"], "/s"],
    ["/m", ["/matrix"], "/m"],
    ["/name a", [], "/name a"],
  ];
  for (const [before, words, part] of cases) {
    assertEquals(completionOf(before, who), [words, part], before);
  }
});

Deno.test("a mistaken command has its one line", () => {
  assertEquals(commandProblem("/whoo"), "Unknown command '/whoo': did you mean /who?");
  assertEquals(commandProblem("/matirx"), "Unknown command '/matirx': did you mean /matrix?");
  assertEquals(commandProblem("/dance"), "Unknown command '/dance': see /help");
  assertEquals(commandProblem("/who"), "Unexpected words behind /who: it takes none");
});

Deno.test("the help of a chat fits 40 columns", () => {
  for (const line of CHAT_HELP) assert(displayWidth(line) < 40, line);
});

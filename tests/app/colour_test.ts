import { assertEquals } from "@std/assert";
import { clean } from "../../lib/app/clean.ts";
import { painted } from "../../lib/app/colour.ts";

Deno.test("a colour begins before the text and ends after it", () => {
  assertEquals(painted("no", "red"), "\u001b[31mno\u001b[0m");
  assertEquals(clean(painted("no", "bold")), "no");
});

import { assertEquals } from "@std/assert";
import { medianOf, ratiosOf, spreadOf } from "./stats.ts";

Deno.test("a spread is the median, the extremes, and how many there were", () => {
  assertEquals(spreadOf([5, 1, 3]), { median: 3, least: 1, most: 5, runs: 3 });
  assertEquals(spreadOf([4, 1, 2, 9]).median, 3);
  assertEquals(medianOf([7]), 7);
});

Deno.test("ratios are those of runs side by side, not of medians", () => {
  const ratios = ratiosOf([2, 40, 6], [1, 10, 2]);
  assertEquals(ratios, { median: 3, least: 2, most: 4, runs: 3 });
});

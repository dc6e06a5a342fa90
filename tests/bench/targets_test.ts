import { assert, assertEquals } from "@std/assert";
import { spreadOf } from "./stats.ts";
import { ROWS } from "./suite.ts";
import { type Target, targetOf, TARGETS, verdictOf } from "./targets.ts";

const FASTER: Target = { of: "ratio", better: "more", must: 1, aim: 2 };
const SMALLER: Target = { of: "amount", better: "less", must: 16, aim: null };

Deno.test("every target belongs to a row", () => {
  const names = ROWS.map(({ name }) => name);
  for (const name of Object.keys(TARGETS)) assert(names.includes(name.split(": ")[0] ?? ""), name);
});

Deno.test("a ratio is judged by its median", () => {
  const verdict = (ratios: readonly number[]): string | null =>
    verdictOf({ ours: spreadOf([0]), ratio: spreadOf(ratios) }, FASTER);
  assertEquals(verdict([0.5, 2, 3]), "aim");
  assertEquals(verdict([0.5, 1.9, 3]), "holds");
  assertEquals(verdict([0.5, 0.9, 3]), "misses");
});

Deno.test("an amount is judged without any peer, and without an aim it holds or misses", () => {
  const verdict = (amount: number): string | null =>
    verdictOf({ ours: spreadOf([amount]), ratio: null }, SMALLER);
  assertEquals(verdict(16), "holds");
  assertEquals(verdict(17), "misses");
});

Deno.test("nothing is judged without a target, or without the peer that it needs", () => {
  const alone = { ours: spreadOf([1]), ratio: null };
  assertEquals(verdictOf(alone, FASTER), null);
  assertEquals(verdictOf(alone, null), null);
  assertEquals(targetOf({ row: "one-to-one", what: "of no such size" }), null);
});

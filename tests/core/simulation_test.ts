import { assertEquals } from "@std/assert";
import { play } from "../testing/scenario.ts";

const SEEDS = 200;

/** With `deno test tests/core/simulation_test.ts -- SEED` only that one is played. */
const [only] = Deno.args.filter((arg) => /^\d+$/.test(arg)).map(Number);

Deno.test("whatever order things happen in, the clique forms and every message is accounted for", () => {
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [only];
  const violations = seeds.flatMap((seed) => {
    const problems = play(seed);
    if (problems.length === 0) return [];
    const replay = `deno test tests/core/simulation_test.ts -- ${seed}`;
    return [`seed ${seed}: ${problems.slice(0, 5).join("; ")}\n  replay: ${replay}`];
  });
  assertEquals(violations, [], violations.slice(0, 10).join("\n"));
});

import { assertEquals } from "@std/assert";
import { play } from "../testing/scenario.ts";
import { troubled } from "../testing/trouble.ts";

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

Deno.test("whatever a LAN does to it, the clique heals, and every promise is kept", () => {
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [only];
  const violations = seeds.flatMap((seed) => {
    const finding = troubled(seed);
    if (finding === null) return [];
    const replay = `deno task simulate --from ${seed} --seeds 1 --transcript`;
    return [`seed ${seed}: ${finding.what}\n  replay: ${replay}`];
  });
  assertEquals(violations, [], violations.slice(0, 10).join("\n"));
});

Deno.test("the same seed is the same run, transcript and all", () => {
  const told = [0, 1].map(() => {
    const lines: string[] = [];
    troubled(5, { trace: (line) => lines.push(line) });
    return lines;
  });
  assertEquals(told[0], told[1]);
});

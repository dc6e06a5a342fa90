/**
 * `deno task soak [--seconds N] [--servers N] [--clients N] [--seed N]`: two
 * minutes with real processes and real faults, unless told otherwise.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { soak, type Soaked } from "./soak.ts";

/** More offending messages than this help nobody. */
const MAX_PROBLEMS = 50;

const { seconds = 120, servers = 5, clients = 20, seed = 1 } = parseArgs(Deno.args, {
  string: ["seconds", "servers", "clients", "seed"],
});
const soaked = await soak({
  seconds: Number(seconds),
  servers: Number(servers),
  clients: Number(clients),
  seed: Number(seed),
  report: print,
});
tell(soaked);
Deno.exitCode = soaked.problems.length > 0 ? 1 : 0;

function tell({ counts, problems, latenciesMs, drainsMs, moves, healedMs }: Soaked): void {
  const { otherwise, ...rest } = counts;
  for (const [what, count] of Object.entries({ ...rest, ...otherwise, ...prefixed(moves) })) {
    print(`${String(count).padStart(9)}  ${what}`);
  }
  print(`delivered within ${spread(latenciesMs)}`);
  print(`servers that left had ended within ${spread(drainsMs)}`);
  print(`settled ${(healedMs / 1_000).toFixed(1)} s after the last fault`);
  for (const problem of problems.slice(0, MAX_PROBLEMS)) print(`WRONG: ${problem}`);
  if (problems.length > MAX_PROBLEMS) print(`... and ${problems.length - MAX_PROBLEMS} more`);
  print(problems.length === 0 ? "Every promise was kept." : `${problems.length} promises broken.`);
}

function prefixed(moves: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(moves).map(([reason, count]) => [`moved: ${reason}`, count]),
  );
}

function spread(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(1)} ms`;
  return `${at(0.5)} (median), ${at(0.99)} (99 of 100), ${at(1)} (worst)`;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/**
 * Plays seeds of the simulated world one after the other, and says how fast,
 * and what was wrong: `deno task simulate --seeds N --from N --servers N
 * --clients N --transcript`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { troubled } from "./trouble.ts";

/** Lines of a transcript that are shown when it is not asked for. */
const LAST_LINES = 40;

/** It says how far it is each time that so many are played. */
const PROGRESS_SEEDS = 1_000;

/** More findings than this help nobody. */
const MAX_FINDINGS = 20;

const { from, seeds, servers: wanted, clients: guests, transcript } = parseArgs(Deno.args, {
  string: ["seeds", "from", "servers", "clients"],
  boolean: ["transcript"],
});
const first = Number(from ?? 0);
const count = Number(seeds ?? 1_000);
const servers = wanted === undefined ? undefined : Number(wanted);
const clients = guests === undefined ? undefined : Number(guests);
const begun = performance.now();
let findings = 0;
let played = 0;

for (let seed = first; seed < first + count && findings < MAX_FINDINGS; seed++) {
  played++;
  if (played % PROGRESS_SEEDS === 0) summarize();
  if (transcript) troubled(seed, { servers, clients, trace: print });
  const finding = troubled(seed, { servers, clients });
  if (finding === null) continue;
  findings++;
  const lines: string[] = [];
  if (!transcript) troubled(seed, { servers, clients, trace: (line) => lines.push(line) });
  for (const line of lines.slice(-LAST_LINES)) print(line);
  const { step, atMs, what } = finding;
  const size = [servers && ` --servers ${servers}`, clients && ` --clients ${clients}`];
  print(`seed ${seed}, step ${step}, after ${atMs.toFixed(2)} ms: ${what}`);
  print(`  replay: deno task simulate --from ${seed} --seeds 1 --transcript${size.join("")}\n`);
}
if (played % PROGRESS_SEEDS !== 0) summarize();
Deno.exitCode = findings > 0 ? 1 : 0;

function summarize(): void {
  const minutes = (performance.now() - begun) / 60_000;
  print(`${played} seeds, ${findings} wrong, ${Math.round(played / minutes)} seeds a minute`);
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

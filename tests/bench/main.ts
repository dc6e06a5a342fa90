/**
 * `deno task bench`: the speed of the real programs, beside peers that are
 * measured in the same interleaved run. Only ratios travel between machines.
 *
 * @module
 */

import { ExitCode } from "../../lib/app/exit_code.ts";
import { writeError, writeOut } from "../../lib/app/output.ts";
import { UsageError } from "../../lib/app/usage_error.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { jsonOf, tableOf } from "./report.ts";
import type { Result } from "./result.ts";
import { type Row, settingOf } from "./setting.ts";
import { ROWS, TABLES } from "./suite.ts";

/** Others leave so little of the machine idle that figures suffer: its load average. */
const BUSY = 0.5;

async function main(): Promise<void> {
  const all = [...ROWS, ...TABLES];
  const options = parseOptions(Deno.args, all.map(({ name }) => name));
  if (options.help) return print(HELP);
  if (options.list) return all.forEach(({ name, title }) => print(`${name.padEnd(13)} ${title}`));
  const { quick, only, json } = options;
  const [load = 0] = Deno.loadavg();
  if (load > BUSY) {
    writeError(`This machine is busy (load ${load.toFixed(1)}): times will be longer`);
  }
  await using setting = await settingOf({ quick, note: writeError });
  for (const row of ROWS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    try {
      await tell(row, row.measure(setting), options);
    } catch (error) {
      // What the other rows tell is worth having all the same.
      writeError(`${row.name} has failed: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = ExitCode.undelivered;
    }
  }
  const isWanted = (name: string): boolean => only.length === 0 ? !quick : only.includes(name);
  for (const table of TABLES.filter(({ name }) => !json && isWanted(name))) {
    await table.print(print, setting);
  }
}

/** Lines of JSON come as they are measured; a table when all its lines are known. */
async function tell(
  { title, name }: Row,
  measured: AsyncIterable<Result>,
  { json }: Options,
): Promise<void> {
  const results: Result[] = [];
  for await (const result of measured) {
    if (json) print(jsonOf(result));
    results.push(result);
  }
  if (json || results.length === 0) return;
  print(`${title} (--only ${name})`);
  for (const line of tableOf(results)) print(`  ${line}`);
  print("");
}

function print(line: string): void {
  writeOut(line);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  writeError(`${error.message}\nTry --help.`);
  Deno.exitCode = ExitCode.usage;
}

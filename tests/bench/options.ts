/**
 * The command line of the benchmark.
 *
 * @module
 */

import { parseCommandLine } from "../../lib/app/args.ts";
import { suggest } from "../../lib/app/suggest.ts";
import { quoted, UsageError } from "../../lib/app/usage_error.ts";

/** What shall be measured, and how it is told. */
export interface Options {
  /** Names of rows; empty: all. */
  readonly only: readonly string[];
  /** Fewer, shorter runs: the whole suite in a minute. */
  readonly quick: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
  /** Only name the rows. */
  readonly list: boolean;
  /** Only say how it is used. */
  readonly help: boolean;
}

const SHAPES = {
  only: { takes: "ROW", repeats: true },
  quick: {},
  json: {},
  list: {},
  help: { short: "h" },
} as const;

/** How the benchmark is used. */
export const HELP = `usage: deno task bench [options]

  --only ROW  measure this row only (repeatable; default: all)
  --list      name the rows and end
  --quick     fewer and shorter runs, a minute in all: figures to work with, not to quote
  --json      print one JSON object a line (default: a table)
  -h, --help  show this and end`;

/**
 * Reads the arguments; `rows` are the names that `--only` takes.
 *
 * @throws {UsageError} for the first mistake in them.
 */
export function parseOptions(args: readonly string[], rows: readonly string[]): Options {
  const { options, words } = parseCommandLine(args, SHAPES);
  const [word] = words;
  if (word !== undefined) {
    throw new UsageError(`Unexpected word ${quoted(word)}: a row is named by --only`);
  }
  for (const name of options.only) {
    if (rows.includes(name)) continue;
    const meant = suggest(name, rows);
    throw new UsageError(
      `Unknown row ${quoted(name)}: ${
        meant === null ? `allowed are ${rows.join(", ")}` : `did you mean ${meant}?`
      }`,
    );
  }
  return options;
}

/**
 * One message at a time: each sender sends its next one when the last is
 * settled, by its arrival, or by its receipt where there are receipts.
 *
 * @module
 */

import { interleaved, lanesOf, linesOf, rateOf } from "./compare.ts";
import { bareCopy, type Contender, contenders } from "./contender.ts";
import { BASE } from "./dialect_base.ts";
import { EXTENDED } from "./dialect_extended.ts";
import { load, type Loaded } from "./load.ts";
import type { Result } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { medianOf } from "./stats.ts";
import { installed, onFirstCore } from "./system.ts";

const TEXT_BYTES = 128;

/** A run is so much longer: one message at a time it takes seconds until all is compiled that is used. */
const TIMES_AS_LONG = 4;

const DIALECTS = [BASE, EXTENDED];

const PAIRS = 100;

/** A hundred senders, each with a receiver of its own. */
export const CLOSED: readonly Row[] = ([1, 2] as const).map((servers) => {
  const name = servers === 1 ? "pairs" : "pairs-2";
  const where = servers === 1 ? "one server" : "two servers";
  return {
    name,
    title: `Messages/s of ${PAIRS} pairs with one message on its way each, ${where}`,
    measure: (setting: Setting) => pairs(setting, { row: name, servers }),
  };
});

/** One sender, one receiver, everything on one core: how long a message takes. */
export const SINGLE: readonly Row[] = ([1, 2] as const).map((servers) => {
  const name = servers === 1 ? "single" : "single-2";
  const where = servers === 1 ? "one server" : "two servers";
  return {
    name,
    title: `Time of one message at a time, everything on one core, ${where}`,
    measure: (setting: Setting) => single(setting, { row: name, servers }),
  };
});

interface Which {
  readonly row: string;
  readonly servers: 1 | 2;
}

async function* pairs(setting: Setting, { row, servers }: Which): AsyncIterable<Result> {
  const { repetitions } = setting;
  await using stack = new AsyncDisposableStack();
  const { ours, peer } = await contenders(setting, { dialects: DIALECTS, servers });
  for (const contender of ours) stack.use(contender);
  stack.use(peer);
  const entry = { ours, peer, bare: stack.use(await bareCopy()) };
  const attempt = (contender: Contender): Promise<Loaded> => closed(setting, contender, PAIRS);
  const runs = await interleaved(entry, { repetitions, attempt });
  const what = `${PAIRS} pairs`;
  yield* linesOf(entry, runs, { row, what, unit: "messages/s", of: rateOf });
}

async function* single(setting: Setting, { row, servers }: Which): AsyncIterable<Result> {
  const { repetitions } = setting;
  if (installed("taskset") === null) {
    return setting.note(
      `${row} is left out: it needs taskset (Debian: apt-get install util-linux)`,
    );
  }
  await using stack = new AsyncDisposableStack();
  const by = ["taskset", "-c", "0"];
  const { ours, peer } = await contenders(setting, { dialects: DIALECTS, servers, by });
  for (const contender of ours) stack.use(contender);
  stack.use(peer);
  const entry = { ours, peer, bare: stack.use(await bareCopy({ by, servers })) };
  const runSeconds = setting.runSeconds * (setting.quick ? 1 : TIMES_AS_LONG);
  const longer = { ...setting, runSeconds };
  const attempt = (contender: Contender): Promise<Loaded> => closed(longer, contender, 1);
  const runs = await onFirstCore(() => interleaved(entry, { repetitions, attempt }));
  yield* linesOf(entry, runs, {
    row,
    what: "until it arrives",
    unit: "us",
    of: ({ arrivalsUs }) => medianOf(arrivalsUs),
  });
  yield* linesOf({ ours, peer: null }, runs, {
    row,
    what: "until its receipt",
    unit: "us",
    of: ({ receiptsUs }) => receiptsUs.length === 0 ? null : medianOf(receiptsUs),
  });
}

async function closed(setting: Setting, contender: Contender, count: number): Promise<Loaded> {
  const { dialect } = contender;
  const lanes = await lanesOf(contender, count);
  const seconds = setting.runSeconds;
  return await load({ dialect, lanes, textBytes: TEXT_BYTES, seconds, window: 1 });
}

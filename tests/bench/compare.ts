/**
 * Runs one load through every contender in turn, again and again: what slows
 * the machine down for a while slows all of them.
 *
 * @module
 */

import type { Contender } from "./contender.ts";
import type { Member } from "./dialect.ts";
import type { LaneOptions, Loaded } from "./load.ts";
import { type Result, resultOf, type Sample } from "./result.ts";
import { usageBetween, usageOf } from "./system.ts";

/** Who is measured. */
export interface Entry {
  readonly ours: readonly Contender[];
  readonly peer: Contender | null;
  /** A process that only copies: what the generator and the runtime can do. */
  readonly bare?: Contender | null;
}

/** One load on one contender. */
export type Attempt = (contender: Contender) => Promise<Loaded>;

/** What of a run is compared. */
export interface Compared {
  readonly row: string;
  /** What the case is called, with the dialect behind it. */
  readonly what: string;
  readonly unit: Result["unit"];
  /** Null where a dialect has no such thing. */
  readonly of: (loaded: Loaded) => number | null;
}

/** Everything that happened in the runs of one contender. */
type Runs = ReadonlyMap<Contender, { readonly loaded: Loaded; readonly usage: Sample["usage"] }[]>;

/**
 * Runs `attempt` in turn, each round beginning with another one: whoever comes
 * after the same one each time may inherit its warm or cold caches. The first
 * round warms up and does not count.
 */
export async function interleaved(
  { ours, peer, bare = null }: Entry,
  { repetitions, attempt }: { readonly repetitions: number; readonly attempt: Attempt },
): Promise<Runs> {
  const all = [...ours, peer, bare].filter((contender) => contender !== null);
  const runs = new Map(
    all.map((
      contender,
    ) => [contender, [] as { loaded: Loaded; usage: Sample["usage"] }[]]),
  );
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const first = repetition % all.length;
    for (const contender of [...all.slice(first), ...all.slice(0, first)]) {
      const before = usageOf(contender.pids);
      const loaded = await attempt(contender);
      const usage = usageBetween(before, usageOf(contender.pids));
      if (repetition > 0) runs.get(contender)?.push({ loaded, usage });
    }
  }
  return runs;
}

/** A line for each of our contenders, beside the peer. */
export function* linesOf(
  { ours, peer, bare = null }: Entry,
  runs: Runs,
  { row, what, unit, of }: Compared,
): IterableIterator<Result> {
  const samplesOf = (contender: Contender | null): Sample[] =>
    (contender === null ? undefined : runs.get(contender))?.flatMap(({ loaded, usage }) => {
      const amount = of(loaded);
      return amount === null ? [] : [{ amount, usage }];
    }) ?? [];
  const theirs = samplesOf(peer);
  const copied = samplesOf(bare);
  for (const contender of ours) {
    const samples = samplesOf(contender);
    if (samples.length === 0) continue;
    yield resultOf({ row, what: `${what}, ${contender.dialect.name}`, unit }, {
      ours: samples,
      peer: peer === null || theirs.length === 0 ? undefined : { name: peer.name, samples: theirs },
      bare: bare === null || copied.length === 0 ? undefined : { name: bare.name, samples: copied },
    });
  }
}

/** Messages a second. */
export function rateOf({ messages, seconds }: Loaded): number {
  return messages / seconds;
}

let clients = 0;

/** A client with a name that was never used before; all names have one length. */
export function joined({ dialect }: Contender, port: number): Promise<Member> {
  return dialect.join(port, `c${String(clients++).padStart(8, "0")}`);
}

/** So many lanes, each from one sender to a receiver of its own. */
export async function lanesOf(contender: Contender, count: number): Promise<LaneOptions[]> {
  const lanes: LaneOptions[] = [];
  for (let lane = 0; lane < count; lane++) {
    const sender = await joined(contender, contender.senderPort);
    lanes.push({ sender, receivers: [await joined(contender, contender.receiverPort)] });
  }
  return lanes;
}

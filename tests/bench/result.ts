/**
 * What the suite finds out: one line for each thing that was measured.
 *
 * @module
 */

import { medianOf, ratiosOf, type Spread, spreadOf } from "./stats.ts";

/** What an amount is counted in; rates, times, sizes and shares are shown each in their way. */
export type Unit = "messages/s" | "us" | "ms" | "KiB" | "MiB" | "B/s" | "%";

/** What the processes of one server, or of all in its clique, used during one run. */
export interface Usage {
  /** Resident memory at the end of the run. */
  readonly residentBytes: number;
  /** Of all threads, in user and system mode. */
  readonly cpuSeconds: number;
}

/** One run. */
export interface Sample {
  /** What was measured, in the unit of the line. */
  readonly amount: number;
  /** Null where the system does not tell, or it has no meaning. */
  readonly usage: Usage | null;
}

/** One line of the report. */
export interface Result {
  /** The row that it belongs to. */
  readonly row: string;
  /** Which of the row's cases it is. */
  readonly what: string;
  readonly unit: Unit;
  readonly ours: Spread;
  /** Medians over the runs. */
  readonly usage: Usage | null;
  readonly peer: {
    readonly name: string;
    readonly amount: Spread;
    readonly usage: Usage | null;
  } | null;
  /** Ours to the peer's, run by run; null where the peer's was nothing. */
  readonly ratio: Spread | null;
  /** What the runtime does without us at the same task: nothing of ours can do better. */
  readonly bare: { readonly name: string; readonly amount: Spread } | null;
}

/** What a line is made of: samples of each side, in the order of the runs. */
export interface Samples {
  readonly ours: readonly Sample[];
  readonly peer?: { readonly name: string; readonly samples: readonly Sample[] } | undefined;
  readonly bare?: { readonly name: string; readonly samples: readonly Sample[] } | undefined;
}

/** A line of the report from its samples, of which there is at least one. */
export function resultOf(
  line: Pick<Result, "row" | "what" | "unit">,
  { ours, peer, bare }: Samples,
): Result {
  return {
    ...line,
    ours: spreadOf(amounts(ours)),
    usage: medianUsage(ours),
    peer: peer === undefined ? null : {
      name: peer.name,
      amount: spreadOf(amounts(peer.samples)),
      usage: medianUsage(peer.samples),
    },
    ratio: peer === undefined || amounts(peer.samples).includes(0)
      ? null
      : ratiosOf(amounts(ours), amounts(peer.samples)),
    bare: bare === undefined ? null : { name: bare.name, amount: spreadOf(amounts(bare.samples)) },
  };
}

/** A line without anything to compare with. */
export function amountOf(
  line: Pick<Result, "row" | "what" | "unit">,
  amounts: readonly number[],
): Result {
  return resultOf(line, { ours: amounts.map((amount) => ({ amount, usage: null })) });
}

function amounts(samples: readonly Sample[]): number[] {
  return samples.map(({ amount }) => amount);
}

function medianUsage(samples: readonly Sample[]): Usage | null {
  const usages = samples.flatMap(({ usage }) => usage === null ? [] : [usage]);
  if (usages.length === 0) return null;
  return {
    residentBytes: medianOf(usages.map(({ residentBytes }) => residentBytes)),
    cpuSeconds: medianOf(usages.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

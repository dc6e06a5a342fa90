/**
 * What the measurements should be: the one table of all targets. They are
 * ratios to a peer in the same run, or, where no peer does the same, amounts.
 *
 * @module
 */

import type { Result } from "./result.ts";

/** What one line of the report should come to. */
export interface Target {
  /** What is judged: the ratio to the peer, or our own amount in the line's unit. */
  readonly of: "ratio" | "amount";
  readonly better: "more" | "less";
  /** Worse than this is a defect. */
  readonly must: number;
  /** What is within reach; null when `must` is all there is to say. */
  readonly aim: number | null;
}

/** How a line compares with its target; null when either is missing. */
export type Verdict = "aim" | "holds" | "misses" | null;

/** By {@linkcode caseName}. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "one-to-one: 16 B, base": faster(2, 6),
  "one-to-one: 128 B, base": faster(1.5, 3),
  "one-to-one: 1024 B, base": faster(1.2, 1.8),
  "one-to-one: 128 B, receipts": faster(0.5, 1.0),
  "one-to-one-2: 16 B, base": faster(3, 9),
  "one-to-one-2: 128 B, base": faster(2, 4),
  "one-to-one-2: 1024 B, base": faster(1.3, 2),
  "four-to-four: 16 B, base": faster(1.3, 3),
  "four-to-four: 128 B, base": faster(1.2, 2),
  "four-to-four: 1024 B, base": faster(1.1, 1.7),
  "pairs: 100 pairs, base": faster(0.9, 1.1),
  "pairs-2: 100 pairs, base": faster(1.1, 1.5),
  "single: until it arrives, base": sooner(1.1, 0.92),
  "single-2: until it arrives, base": sooner(0.95, 0.75),
  "echo: 6 B, our client": sooner(2.2, 1.9),
  "clients: memory of each, 10000 clients": atMost(16, 9),
  "clients: time, 10000 clients": sooner(1.0, 0.75),
  "clients: time, 10000 base clients": sooner(1.0, 0.75),
  "start: compiled": atMost(90, 60),
  "mesh: time, 8 servers": atMost(300, 200),
  "mesh: time, 16 servers": atMost(600, 420),
  "frozen: the other 99": { of: "ratio", better: "more", must: 0.9, aim: null },
  // The outbox of a client, and its room for control frames.
  "frozen: memory taken by each": atMost(5, null),
};

/** A ratio of rates. */
function faster(must: number, aim: number): Target {
  return { of: "ratio", better: "more", must, aim };
}

/** A ratio of times. */
function sooner(must: number, aim: number): Target {
  return { of: "ratio", better: "less", must, aim };
}

function atMost(must: number, aim: number | null): Target {
  return { of: "amount", better: "less", must, aim };
}

/** What a line is called, in every run. */
export function caseName({ row, what }: Pick<Result, "row" | "what">): string {
  return `${row}: ${what}`;
}

/** The target of a line, if it has one. */
export function targetOf(result: Pick<Result, "row" | "what">): Target | null {
  return TARGETS[caseName(result)] ?? null;
}

/** Judges a line by its target. */
export function verdictOf(result: Pick<Result, "ours" | "ratio">, target: Target | null): Verdict {
  const judged = target?.of === "ratio" ? result.ratio : result.ours;
  if (target === null || judged === null) return null;
  const reaches = (bound: number): boolean =>
    target.better === "more" ? judged.median >= bound : judged.median <= bound;
  if (target.aim !== null && reaches(target.aim)) return "aim";
  return reaches(target.must) ? "holds" : "misses";
}

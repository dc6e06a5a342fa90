/**
 * How results are told: as tables for people, as lines of JSON for programs.
 *
 * @module
 */

import { alignTable, type Column } from "../../lib/app/table.ts";
import type { Result, Unit, Usage } from "./result.ts";
import type { Spread } from "./stats.ts";
import { type Target, targetOf, verdictOf } from "./targets.ts";

/** The lines of one row as a table, without line ends; columns that stay empty are left out. */
export function tableOf(results: readonly Result[]): readonly string[] {
  const column = (head: string, cell: (result: Result) => string): Column => ({
    head,
    cells: results.map(cell),
    align: head === "" || head === "verdict" ? "left" : "right",
  });
  const peer = results.find((result) => result.peer !== null)?.peer?.name ?? "";
  const bare = results.find((result) => result.bare !== null)?.bare?.name ?? "";
  const columns = [
    column("", ({ what }) => what),
    column("ours", ({ ours, unit }) => spreadText(ours, unit)),
    column(peer, ({ peer, unit }) => peer === null ? "" : spreadText(peer.amount, unit)),
    column("ratio", ({ ratio }) => ratio === null ? "" : spreadText(ratio, null)),
    column("target", (result) => targetText(targetOf(result))),
    column("verdict", (result) => verdictOf(result, targetOf(result)) ?? ""),
    column("CPU, memory", ({ usage }) => usageText(usage)),
    column("peer's", ({ peer }) => usageText(peer?.usage ?? null)),
    column(bare, ({ bare, unit }) => bare === null ? "" : amountText(bare.amount.median, unit)),
  ];
  const filled = columns.filter(({ cells }) => cells.some((cell) => cell !== ""));
  return alignTable(filled, null).lines;
}

/** One line as a JSON object: keys in snake case, amounts in `unit`, `null` for what is not known. */
export function jsonOf(result: Result): string {
  const { row, what, unit, ours, usage, peer, ratio, bare } = result;
  const target = targetOf(result);
  return JSON.stringify({
    schema: 1,
    row,
    case: what,
    unit,
    ...spreadKeys("", ours),
    runs: ours.runs,
    ...usageKeys("", usage),
    peer: peer?.name ?? null,
    ...spreadKeys("peer_", peer?.amount ?? null),
    ...usageKeys("peer_", peer?.usage ?? null),
    ...spreadKeys("ratio_", ratio),
    bare: bare?.name ?? null,
    ...spreadKeys("bare_", bare?.amount ?? null),
    judged: target?.of ?? null,
    better: target?.better ?? null,
    must: target?.must ?? null,
    aim: target?.aim ?? null,
    verdict: verdictOf(result, target),
  });
}

/** An amount for people, in three digits: `1.23 M/s`, `48.1 us`. */
export function amountText(amount: number, unit: Unit | null): string {
  if (unit === null) return threeDigits(amount);
  if (unit !== "messages/s" && unit !== "B/s") return `${threeDigits(amount)} ${unit}`;
  const per = unit === "B/s" ? "B/s" : "/s";
  const step = amount >= 999.5e3 ? { by: 1e6, sign: "M" } : { by: 1e3, sign: "k" };
  if (amount < 999.5) return `${threeDigits(amount)} ${per}`;
  return `${threeDigits(amount / step.by)} ${step.sign}${per}`;
}

function threeDigits(amount: number): string {
  const size = Math.abs(amount);
  return amount.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function spreadText(spread: Spread, unit: Unit | null): string {
  const { median, least, most, runs } = spread;
  if (runs === 1) return amountText(median, unit);
  return `${amountText(median, unit)} (${amountText(least, unit)} - ${amountText(most, unit)})`;
}

function targetText(target: Target | null): string {
  if (target === null) return "";
  const sign = target.better === "more" ? ">=" : "<=";
  return target.aim === null
    ? `${sign} ${target.must}`
    : `${sign} ${target.must}, aim ${target.aim}`;
}

function usageText(usage: Usage | null): string {
  if (usage === null) return "";
  return `${usage.cpuSeconds.toFixed(2)} s, ${(usage.residentBytes / 2 ** 20).toFixed(0)} MiB`;
}

function spreadKeys(prefix: string, spread: Spread | null): Record<string, number | null> {
  return {
    [`${prefix}median`]: spread?.median ?? null,
    [`${prefix}least`]: spread?.least ?? null,
    [`${prefix}most`]: spread?.most ?? null,
  };
}

function usageKeys(prefix: string, usage: Usage | null): Record<string, number | null> {
  return {
    [`${prefix}cpu_s`]: usage?.cpuSeconds ?? null,
    [`${prefix}resident_bytes`]: usage?.residentBytes ?? null,
  };
}

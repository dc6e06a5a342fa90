/**
 * The verdict in plain words: what stands out, and how we know.
 *
 * @module
 */

import type { Finding } from "./findings.ts";
import { LOSSY, type Pair, type Ways } from "./ways.ts";

/** What the words are about. */
export interface Matter {
  /** What is known of each way. */
  readonly ways: Ways;
  /** What a server is called, by its id. */
  readonly name: (id: string) => string;
}

/** Why what only one end sees is not the path. */
const THERE_AND_BACK = "an echo goes there and back";

/** A finding as one sentence, without its full stop. */
export function wordsOf(finding: Finding, it: Matter): string {
  const [first = "", second] = finding.suspects;
  switch (finding.kind) {
    case "well":
      return well(it);
    case "alone":
      return it.ways.ids.length === 0
        ? "No server says anything"
        : `Only ${list(it.ways.ids.map(it.name))} is here: there is nothing to compare`;
    case "unknown":
      return unknown(it);
    case "down":
      return first === ""
        ? "No server reaches any other: suspect the network that they share"
        : down(it, first);
    case "cut":
      return cut(it, finding);
    case "carried":
      return carried(it, finding);
    case "slow-server":
      return `${seen(it, first, finding)}: suspect ${it.name(first)}'s own link` +
        atBest(it, finding.shownBy);
    case "slow-link":
      return `${names(it, finding)} see each other ${badly(it, finding.shownBy)}` +
        `${wellOtherwise(it, finding)}: suspect the path between them` +
        atBest(it, finding.shownBy);
    case "one-way":
      return second === undefined ? oneWayServer(it, first, finding) : oneWayLink(it, finding);
    case "busy":
      return busy(it, first, finding);
  }
}

function well({ ways, name }: Matter): string {
  const { ids, known, all } = ways;
  const times = known.flatMap((way) => ways.cell(...way)?.p50Ms ?? []).toSorted((a, b) => a - b);
  const range = [...new Set([times[0], times.at(-1)].map((ms) => time(ms ?? null)))].join(" to ");
  if (ids.length === 2) {
    return `All well, as far as two can tell: ${list(ids.map(name))} are ${range} apart`;
  }
  const scope = known.length === all.length
    ? ""
    : `, as far as ${known.length} of ${all.length} ways tell`;
  return `All well${scope}: each server reaches each other one directly, in ${range}`;
}

function unknown({ ways, name }: Matter): string {
  const [only, another] = ways.telling;
  if (only === undefined || another !== undefined) {
    return `Too little is known: ${ways.known.length} of ${ways.all.length} ways have new numbers`;
  }
  const failed = ways.bad.filter(([from, to]) => ways.state(from, to) === "failed");
  const missed = failed.map(([, to]) => name(to));
  return `Too little is known: only ${name(only)} says what it sees` +
    (missed.length === 0 ? "" : `, and it does not reach ${list(missed)}`);
}

function down({ ways, name }: Matter, id: string): string {
  const others = ways.ids.filter((other) => other !== id);
  const reaches = others.some((other) => ways.state(id, other) !== "failed");
  const isReached = others.some((other) => ways.state(other, id) === "well");
  if (reaches) return `No other server reaches ${name(id)}: it is down, or its own link is`;
  return `${name(id)} reaches no other server${isReached ? "" : ", and none reaches it"}: ` +
    "suspect its own link";
}

function cut(it: Matter, finding: Finding): string {
  const why = it.ways.ids.length === 2
    ? "one of them is down, or the path between them"
    : `nobody carries their link${wellOtherwise(it, finding)}: suspect the path between them`;
  return `${names(it, finding)} do not reach each other: ${why}`;
}

function carried(it: Matter, finding: Finding): string {
  const { ways, name } = it;
  const [a = "", b = ""] = finding.suspects;
  const via = ways.cell(a, b)?.via ?? ways.cell(b, a)?.via ?? "";
  return `${names(it, finding)} have no direct link, ${name(via)} carries theirs` +
    `${wellOtherwise(it, finding)}: suspect the path between them, one way or both`;
}

function oneWayServer(it: Matter, id: string, finding: Finding): string {
  const fault = finding.shownBy.some(([, to]) => to === id) ? "answers late" : "measures badly";
  return `${seen(it, id, finding)}: ${THERE_AND_BACK}, so suspect not its link but its program, ` +
    `which ${fault}`;
}

function oneWayLink(it: Matter, { shownBy }: Finding): string {
  const { ways, name } = it;
  const [[from, to] = ["", ""]] = shownBy;
  const other = `${name(to)} sees ${name(from)} well (${time(ways.cell(to, from)?.p50Ms ?? null)})`;
  return ways.state(from, to) === "failed"
    ? `${name(from)} gets no answer from ${name(to)}, but ${other}: ${THERE_AND_BACK}, so the ` +
      "path works; suspect one of the two programs, or that the fault is seconds old"
    : `${name(from)} sees ${name(to)} ${badly(it, shownBy)}, but ${other}: ${THERE_AND_BACK}, ` +
      "so suspect not the path but one of the two programs";
}

function busy(it: Matter, id: string, finding: Finding): string {
  const lag = time(it.ways.lagMs(id));
  return finding.shownBy.length === 0
    ? `${it.name(id)}'s program was ${lag} late: its machine is busy, its numbers say little`
    : `${seen(it, id, finding)}; but its program was ${lag} late: its machine is busy, that is ` +
      "not the network's fault";
}

/** Who sees a server badly, and whom it sees so. */
function seen(it: Matter, id: string, { shownBy }: Finding): string {
  const name = it.name(id);
  const how = badly(it, shownBy);
  const compared = it.ways.ids.filter((other) =>
    other !== id && ["well", "slow", "uneven"].includes(it.ways.pair(id, other))
  );
  const others = compared.length;
  const seeing = shownBy.filter(([, to]) => to === id).length;
  const seen = shownBy.length - seeing;
  const some = (count: number): string => `${count} of ${others}`;
  if (seeing === 0) return `${name} sees all others ${how}, but they see it well`;
  const who = seeing === others ? "All others see" : `${some(seeing)} others see`;
  const whom = seen === others ? "and it sees them so" : `and it sees ${some(seen)} so`;
  if (seen > 0) return `${who} ${name} ${how}, ${whom}`;
  const isFine = compared.every((other) => it.ways.state(id, other) === "well");
  return `${who} ${name} ${how}${isFine ? ", but it sees them well" : ""}`;
}

/** How bad some ways are: `slowly (31.2 ms, typical is 312 us)`. */
function badly({ ways }: Matter, shownBy: readonly Pair[]): string {
  const cells = shownBy.flatMap(([from, to]) => ways.cell(from, to) ?? []);
  const slow = cells.flatMap(({ p50Ms }) => p50Ms !== null && ways.isSlow(p50Ms) ? [p50Ms] : []);
  if (slow.length > 0) {
    return `slowly (${time(median(slow))}, typical is ${time(ways.typicalMs)})`;
  }
  const lost = cells.flatMap(({ loss }) => loss !== null && loss >= LOSSY ? [loss] : []);
  if (lost.length === 0) return "not at all";
  return `badly (${Math.round(100 * (median(lost) ?? 0))} % of probes get no reply)`;
}

/** Load comes and goes, distance does not. */
function atBest({ ways }: Matter, shownBy: readonly Pair[]): string {
  const cells = shownBy.flatMap(([from, to]) => ways.cell(from, to) ?? []);
  const best = Math.max(...cells.map(({ minMs }) => minMs ?? Infinity));
  const isSlow = cells.some(({ p50Ms }) => ways.isSlow(p50Ms));
  if (!isSlow || !Number.isFinite(best) || ways.isSlow(best)) return "";
  return `, and load rather than distance: at best it takes ${time(best)}`;
}

/** Whether both ends have other links, and all of those are well: then it is the one between them. */
function wellOtherwise({ ways }: Matter, { suspects }: Finding): string {
  const others = ways.ids.filter((id) => !suspects.includes(id));
  const areWell = suspects.every((end) =>
    others.every((other) => ways.pair(end, other) === "well")
  );
  return others.length > 0 && areWell ? ", while both are well with all others" : "";
}

function names({ name }: Matter, { suspects }: Finding): string {
  return list(suspects.map(name).sort());
}

/** The median, by nearest rank; null for none. */
function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Three digits and a unit. */
function time(ms: number | null): string {
  if (ms === null) return "an unknown time";
  if (ms < 0.9995) return `${(ms * 1e3).toFixed(0)} us`;
  return `${ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
}

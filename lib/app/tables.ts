/**
 * The answers of `who`, `servers` and `rtt` as tables for people.
 *
 * @module
 */

import type { ClientEvent, RttSummary } from "../core/events.ts";
import { clean } from "./clean.ts";
import { painted } from "./colour.ts";
import { levelOf, shaded } from "./ramp.ts";
import { percentText, type TextOptions } from "./print.ts";
import { alignTable, type Column } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** One client of the clique. */
export type Client = Extract<ClientEvent, { kind: "client" }>;
/** One server of the clique. */
export type Server = Extract<ClientEvent, { kind: "server" }>;
/** What was measured of one server. */
export type Rtt = Extract<ClientEvent, { kind: "rtt" }>;

/** A statistic that is a time. */
type Time = Exclude<keyof RttSummary, "sent" | "received" | "late" | "loss">;

/** Round-trip times; the others are differences between such. */
const LEVELLED: readonly Time[] = ["minMs", "meanMs", "p50Ms", "p95Ms", "p99Ms", "maxMs"];

/** From this median on a table is in ms. */
const LONGEST_IN_US_MS = 10;

/** Samples older than this are not what anybody expects. */
const AGED_MS = 2_000;

/** What stands where nothing is known or was measured. */
const NOTHING = "-";

/** The marks in front of the nearest server and of the others. */
const NEAREST = "*";
const OTHERS = " ";

/**
 * The times of a summary from left to right. On a narrow terminal those with
 * the highest number go first; what homes are chosen on stays.
 */
const TIMES: readonly {
  readonly head: string;
  readonly key: Time;
  readonly spare?: number;
}[] = [
  { head: "min", key: "minMs" },
  { head: "mean", key: "meanMs", spare: 6 },
  { head: "p50", key: "p50Ms", spare: 1 },
  { head: "p95", key: "p95Ms", spare: 3 },
  { head: "p99", key: "p99Ms", spare: 7 },
  { head: "max", key: "maxMs", spare: 4 },
  { head: "mdev", key: "mdevMs", spare: 5 },
  { head: "jitter", key: "jitterMs", spare: 2 },
];

/** Clients by name, each with the server it is at. */
export function whoTable(
  clients: readonly Client[],
  options: TextOptions,
): string[] {
  if (clients.length === 0) return ["nobody is here"];
  const sorted = clients.toSorted((a, b) => byText(a.name, b.name));
  return drawn([
    left("name", sorted.map((client) => client.name)),
    left("server", sorted.map((client) => client.server)),
  ], options);
}

/** Servers in the order given, `-` for what a base server doesn't tell; below it ways around. */
export function serverTable(
  servers: readonly Server[],
  options: TextOptions,
): string[] {
  if (servers.length === 0) return ["no servers"];
  const table = drawn([
    left("server", servers.map((server) => server.address)),
    left("label", servers.map((server) => server.label || NOTHING)),
    right("clients", servers.map(({ clients }) => textOr(clients))),
    { ...left("id", servers.map((server) => textOr(server.id))), spare: 1 },
  ], options);
  const around = waysAround(servers).flatMap((line) => wrapped(line, options));
  return [...table, ...(options.colour ? around.map((line) => painted(line, "dim")) : around)];
}

/** Links that lead through third servers; both ends tell of them, mostly the same. */
function waysAround(servers: readonly Server[]): string[] {
  const ways = servers.flatMap(({ address, carried = [] }) =>
    carried.map(({ to, via }) => ({ ends: [address, to].sort(byText), via }))
  );
  const lines = ways.map(({ ends, via }) => `${ends.join(" and ")} are linked through ${via}`);
  return [...new Set(lines)].map(clean);
}

/**
 * Statistics of each server, the nearest first and marked, then by minimum,
 * those that could not be measured last. The last line tells the unit, what was
 * left out, and which columns did not fit.
 */
export function rttTable(
  rtts: readonly Rtt[],
  options: TextOptions,
): string[] {
  if (rtts.length === 0) return ["no servers"];
  const sorted = rtts.toSorted(byDistance);
  return drawn(rttColumns(sorted, options), options, rttNotes(sorted));
}

/** The columns of servers in this order; the times are in one unit. */
export function rttColumns(rtts: readonly Rtt[], { colour }: TextOptions): Column[] {
  const unit = unitOf(rtts);
  const times = TIMES.map(({ head, key, ...spare }) => ({
    ...right(head, rtts.map((rtt) => timeText(rtt, key, unit))),
    ...spare,
    ...(colour ? { paint: paintedTimes(rtts, key) } : {}),
  }));
  return [
    left(`${OTHERS} server`, rtts.map((it) => `${it.nearest ? NEAREST : OTHERS} ${it.server}`)),
    right("loss", rtts.map(({ summary }) => lossText(summary))),
    ...times,
  ];
}

/** What is to be known of the numbers. */
export function rttNotes(rtts: readonly Rtt[]): string[] {
  const late = rtts.reduce((sum, { summary }) => sum + summary.late, 0);
  const all = rtts.reduce((sum, { summary }) => sum + summary.received, 0);
  const oldest = Math.max(0, ...rtts.map(({ ageMs }) => ageMs ?? 0));
  return [
    `times in ${unitOf(rtts)}, ${NEAREST} nearest`,
    ...(rtts.some(({ state }) => state === "stale") ? ["~ stale"] : []),
    ...(oldest < AGED_MS ? [] : [`measured up to ${Math.round(oldest / 1e3)} s ago`]),
    ...(late === 0 ? [] : [`${late} of ${all} samples left out: this machine was busy`]),
  ];
}

/** The nearest first, then by minimum, then those without one. */
export function byDistance(a: Rtt, b: Rtt): number {
  return Number(b.nearest) - Number(a.nearest) ||
    (a.summary.minMs ?? Infinity) - (b.summary.minMs ?? Infinity) ||
    byText(a.server, b.server);
}

function unitOf(rtts: readonly Rtt[]): "us" | "ms" {
  return rtts.some(({ summary }) => (summary.p50Ms ?? 0) >= LONGEST_IN_US_MS) ? "ms" : "us";
}

/** Numbers that say something about now have a colour; it is that of the matrix. */
function paintedTimes(rtts: readonly Rtt[], key: Time): (text: string, row: number) => string {
  return (text, row) => {
    const { state, summary } = rtts[row] as Rtt;
    const ms = summary[key];
    if (state === "failed") return key === "minMs" ? painted(text, "reverse") : text;
    if (state !== "measured" || ms === null) return painted(text, "dim");
    return LEVELLED.includes(key) ? shaded(text, levelOf(ms)) : text;
  };
}

/** Head, rows and a last line of notes. */
function drawn(
  columns: readonly Column[],
  { colour, width }: TextOptions,
  notes: readonly string[] = [],
): string[] {
  const { lines: [head = "", ...rows], hidden } = alignTable(columns, width);
  const all = [
    ...notes,
    ...(hidden.length === 0 ? [] : [`too narrow for ${hidden.join(", ")}`]),
  ];
  const foot = all.length === 0 ? [] : wrapped(all.join("; "), { width });
  if (!colour) return [head, ...rows, ...foot];
  return [painted(head, "bold"), ...rows, ...foot.map((line) => painted(line, "dim"))];
}

function left(head: string, cells: readonly string[]): Column {
  return { head, cells, align: "left" };
}

function right(head: string, cells: readonly string[]): Column {
  return { head, cells, align: "right" };
}

function textOr(value: string | number | null): string {
  return value === null ? NOTHING : String(value);
}

/** Why there is no number stands where the one would be that homes are chosen on. */
function timeText({ state, summary }: Rtt, key: Time, unit: "us" | "ms"): string {
  const ms = summary[key];
  if (ms !== null) {
    const number = unit === "us" ? (ms * 1e3).toFixed(1) : ms.toFixed(3);
    return state === "stale" && key === "minMs" ? `~${number}` : number;
  }
  if (key !== "minMs") return NOTHING;
  return state === "failed" ? "failed" : "no data";
}

function lossText({ sent, loss }: RttSummary): string {
  return sent === 0 ? NOTHING : percentText(loss);
}

/** By code units: the same on every machine. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

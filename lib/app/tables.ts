/**
 * The answers of `who`, `servers` and `rtt` as tables for people.
 *
 * @module
 */

import type { ClientEvent, RttSummary } from "../core/events.ts";
import { painted } from "./colour.ts";
import { percentText, type TextOptions } from "./print.ts";
import { alignTable, type Column } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** One client of the clique. */
export type Client = Extract<ClientEvent, { kind: "client" }>;
/** One server of the clique. */
export type Server = Extract<ClientEvent, { kind: "server" }>;
/** What was measured of one server. */
export type Rtt = Extract<ClientEvent, { kind: "rtt" }>;

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
  readonly key: Exclude<keyof RttSummary, "sent" | "received" | "loss">;
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

/** Servers in the order given, `-` for what a base server doesn't tell. */
export function serverTable(
  servers: readonly Server[],
  options: TextOptions,
): string[] {
  if (servers.length === 0) return ["no servers"];
  return drawn([
    left("server", servers.map((server) => server.address)),
    left("label", servers.map((server) => server.label || NOTHING)),
    right("clients", servers.map(({ clients }) => textOr(clients))),
    { ...left("id", servers.map((server) => textOr(server.id))), spare: 1 },
  ], options);
}

/**
 * Statistics of each server in microseconds, the nearest first and marked,
 * then by minimum, those without a reply last. The last line tells the unit,
 * and which columns did not fit.
 */
export function rttTable(
  rtts: readonly Rtt[],
  options: TextOptions,
): string[] {
  if (rtts.length === 0) return ["no servers"];
  const sorted = rtts.toSorted(byDistance);
  const marked = sorted.map(({ server, nearest }) => `${nearest ? NEAREST : OTHERS} ${server}`);
  return drawn(
    [
      left(`${OTHERS} server`, marked),
      right("loss", sorted.map(({ summary }) => lossText(summary))),
      ...TIMES.map(({ head, key, ...spare }) => ({
        ...right(head, sorted.map(({ summary }) => timeText(summary[key]))),
        ...spare,
      })),
    ],
    options,
    {
      note: `times in us, ${NEAREST} nearest`,
      marked: sorted.filter(({ nearest }) => nearest).length,
    },
  );
}

/** Head, rows and a last line of notes; the first `marked` rows stand out. */
function drawn(
  columns: readonly Column[],
  { colour, width }: TextOptions,
  { note, marked = 0 }: { note?: string; marked?: number } = {},
): string[] {
  const { lines: [head = "", ...rows], hidden } = alignTable(columns, width);
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(hidden.length === 0 ? [] : [`too narrow for ${hidden.join(", ")}`]),
  ];
  const foot = notes.length === 0 ? [] : wrapped(notes.join("; "), { width });
  if (!colour) return [head, ...rows, ...foot];
  return [
    painted(head, "bold"),
    ...rows.map((row, index) => index < marked ? painted(row, "green") : row),
    ...foot.map((line) => painted(line, "dim")),
  ];
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

function timeText(ms: number | null): string {
  return ms === null ? NOTHING : (ms * 1e3).toFixed(1);
}

function lossText({ sent, loss }: RttSummary): string {
  return sent === 0 ? NOTHING : percentText(loss);
}

function byDistance(a: Rtt, b: Rtt): number {
  return Number(b.nearest) - Number(a.nearest) ||
    (a.summary.minMs ?? Infinity) - (b.summary.minMs ?? Infinity) ||
    byText(a.server, b.server);
}

/** By code units: the same on every machine. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

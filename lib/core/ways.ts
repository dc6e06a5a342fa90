/**
 * The matrix as the verdict reads it: each way from one server to another, and
 * whether it is well, compared with the others.
 *
 * @module
 */

import type { Cell, Row } from "./matrix.ts";
import { ROW_STALE_MS } from "./rows.ts";

/** A way is slow only if it takes so many times what is typical ... */
export const SLOW_FACTOR = 3;

/** ... and so much more, in ms: 80 and 200 us on one LAN are no difference to anybody. */
export const SLOW_FLOOR_MS = 1;

/** The share of probes lost from which a way is as bad as a slow one. */
export const LOSSY = 0.1;

/** A program that was so late at times, in ms, is busy; an idle one is late by tens at most. */
export const BUSY_MS = 100;

/** `bad`: slow, or losing probes; `carried`: through a third server; `unknown`: nobody says. */
export type WayState = "well" | "bad" | "failed" | "carried" | "unknown";

/** Two servers, by both their ways; `uneven`: bad or failed for one of them only. */
export type PairState = "well" | "slow" | "cut" | "carried" | "uneven" | "unknown";

/** Two servers; as a way, from the one that measures to the other. */
export type Pair = readonly [from: string, to: string];

/** All ways between some servers. */
export class Ways {
  /** Every server that has a row, or is in one, in order. */
  readonly ids: readonly string[];
  /** The servers that have a row which is new enough. */
  readonly telling: readonly string[];
  /** Every link that there could be, by its two ends. */
  readonly pairs: readonly Pair[];
  /** Every way that there could be. */
  readonly all: readonly Pair[];
  /** Those of which something is known. */
  readonly known: readonly Pair[];
  /** Those that are slow, lose probes, or failed. */
  readonly bad: readonly Pair[];
  /**
   * What is typical here, in ms: a quarter of all ways is at least that good.
   * The median would not do, as one slow server of three makes most ways slow.
   */
  readonly typicalMs: number | null;
  readonly #rows: ReadonlyMap<string, Row>;
  readonly #cells: ReadonlyMap<string, Cell>;

  /** Takes what each server says; rows that are too old count as none. */
  constructor(rows: readonly Row[]) {
    const fresh = rows.filter(({ ageMs }) => ageMs <= ROW_STALE_MS);
    this.#rows = new Map(fresh.map((row) => [row.from, row]));
    this.#cells = new Map(
      fresh.flatMap(({ from, cells }) => cells.map((cell) => [keyOf(from, cell.to), cell])),
    );
    const ids = new Set(rows.flatMap(({ from, cells }) => [from, ...cells.map(({ to }) => to)]));
    this.ids = [...ids].sort();
    this.telling = this.ids.filter((id) => this.#rows.has(id));
    this.pairs = this.ids.flatMap((a, at) => this.ids.slice(at + 1).map((b) => [a, b] as const));
    this.all = this.pairs.flatMap(([a, b]) => [[a, b], [b, a]] as const);
    this.typicalMs = quarter(this.all.flatMap((way) => this.#directMs(way)));
    this.known = this.all.filter((way) => this.state(...way) !== "unknown");
    this.bad = this.known.filter((way) => ["bad", "failed"].includes(this.state(...way)));
  }

  /** The new numbers of one way; null when there are none. */
  cell(from: string, to: string): Cell | null {
    const cell = this.#cells.get(keyOf(from, to));
    return cell?.state === "measured" ? cell : null;
  }

  /** What one way is like. */
  state(from: string, to: string): WayState {
    const cell = this.#cells.get(keyOf(from, to));
    if (cell === undefined || cell.state === "none" || cell.state === "stale") return "unknown";
    if (cell.state === "failed") return "failed";
    if (cell.via !== null) return "carried";
    return (cell.loss ?? 0) >= LOSSY || this.isSlow(cell.p50Ms) ? "bad" : "well";
  }

  /** What both ways between two servers are like together. */
  pair(a: string, b: string): PairState {
    const states = [this.state(a, b), this.state(b, a)];
    const has = (state: WayState): boolean => states.includes(state);
    if (has("carried")) return "carried";
    if (has("well")) return has("bad") || has("failed") ? "uneven" : "well";
    if (has("bad")) return "slow";
    return has("failed") ? "cut" : "unknown";
  }

  /** Whether a time in ms stands out from what is typical. */
  isSlow(ms: number | null): boolean {
    if (ms === null || this.typicalMs === null) return false;
    return ms >= SLOW_FACTOR * this.typicalMs && ms - this.typicalMs >= SLOW_FLOOR_MS;
  }

  /** How late the program of a server was at worst, in ms; 0 when it does not say. */
  lagMs(id: string): number {
    return this.#rows.get(id)?.lagMs ?? 0;
  }

  #directMs(way: Pair): number[] {
    const cell = this.cell(...way);
    return cell === null || cell.via !== null || cell.p50Ms === null ? [] : [cell.p50Ms];
  }
}

function keyOf(from: string, to: string): string {
  return `${from} ${to}`;
}

/** The value that a quarter of all does not exceed, by nearest rank; null for none. */
function quarter(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 4) - 1] ?? null;
}

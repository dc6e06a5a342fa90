/**
 * The rows of the matrix as one server knows them: its own, and those that it
 * was told.
 *
 * @module
 */

import { type Cell, type CellState, joinedRows, type Row, type RowBody } from "../codec/matrix.ts";
import { Kind } from "../codec/wire.ts";
import type { Echoes } from "./echoes.ts";
import type { LoopLag } from "./lag.ts";

/** A newest sample older than this is no measurement of how it is now: five did not come. */
export const FRESH_MS = 5_000;

/** So many probes in a row without a reply: nothing comes back. One or two may just be lost. */
export const FAILED_PROBES = 3;

/** A server that was just heard of is being dialled: that there is no link yet is no fault. */
export const NEWCOMER_MS = 5_000;

/** A row older than this says how it was: three in a row did not come. */
export const ROW_STALE_MS = 15_000;

/** This server's way to another one. */
interface Way {
  /** When it was first heard of, in ms. */
  readonly since: number;
  /** There was a link once. */
  wasLinked: boolean;
  /** Null when there is no link. */
  echoes: Echoes | null;
  via: string | null;
}

/** What another server said, and when. */
interface Told {
  readonly at: number;
  readonly body: RowBody;
}

/** The matrix as one server knows it. */
export class Rows {
  readonly #selfId: string;
  readonly #lag: LoopLag;
  readonly #ways = new Map<string, Way>();
  readonly #told = new Map<string, Told>();

  /** Knows of nobody; `lag` is that of this server's event loop. */
  constructor(selfId: string, lag: LoopLag) {
    this.#selfId = selfId;
    this.#lag = lag;
  }

  /** These are the other servers there are; what was known of any other one is dropped. */
  keep(ids: readonly string[], now: number): void {
    for (const id of ids) {
      if (this.#ways.has(id)) continue;
      this.#ways.set(id, { since: now, wasLinked: false, echoes: null, via: null });
    }
    if (this.#ways.size === ids.length) return;
    const kept = new Set(ids);
    for (const id of [...this.#ways.keys()]) {
      if (kept.has(id)) continue;
      this.#ways.delete(id);
      this.#told.delete(id);
    }
  }

  /** There is a link to a server that is kept, carried by `via` or direct. */
  linked(id: string, { echoes, via }: {
    readonly echoes: Echoes;
    readonly via: string | null;
  }): void {
    const way = this.#ways.get(id);
    if (way !== undefined) Object.assign(way, { wasLinked: true, echoes, via });
  }

  /** There is no link to that server any more. */
  lost(id: string): void {
    const way = this.#ways.get(id);
    if (way !== undefined) Object.assign(way, { echoes: null, via: null });
  }

  /**
   * A server says this of itself, at `now`; without `reset` it is the rest of
   * what it said before.
   *
   * @throws {ProtocolError} `malformed` when that is too much.
   */
  told(id: string, { reset, row }: {
    readonly reset: boolean;
    readonly row: RowBody;
  }, now: number): void {
    if (!this.#ways.has(id)) return;
    const before = this.#told.get(id);
    if (reset) this.#told.set(id, { at: now, body: row });
    else if (before !== undefined) {
      this.#told.set(id, { at: before.at, body: joinedRows(Kind.Row, before.body, row) });
    }
  }

  /** What this server says of itself. */
  own(now: number): Row {
    const cells = [...this.#ways].map(([to, way]) => cellOf(to, way, now));
    return { from: this.#selfId, ageMs: 0, lagMs: this.#lag.worstMs, cells };
  }

  /**
   * Everything that is known, this server's own row first. What others say of a
   * server that is not kept is left out: it left since, or never was.
   */
  all(now: number): Row[] {
    const isKept = ({ to }: Cell): boolean => to === this.#selfId || this.#ways.has(to);
    const others = [...this.#told].map(([from, { at, body }]) => ({
      ...aged({ ...body, cells: body.cells.filter(isKept) }, now - at),
      from,
    }));
    return [this.own(now), ...others];
  }

  /**
   * The id of the server through which `to` is nearest, over two direct links
   * that are measured; of two as near the smaller id, null when there is none.
   */
  bestCarrier({ to, exclude = [], now }: {
    readonly to: string;
    readonly exclude?: readonly string[];
    readonly now: number;
  }): string | null {
    const [own, ...others] = this.all(now);
    const [best] = others.filter(({ from }) => from !== to && !exclude.includes(from))
      .map((row) => ({ id: row.from, rttMs: directMs(own, row.from) + directMs(row, to) }))
      .filter(({ rttMs }) => rttMs < Infinity)
      .sort((a, b) => a.rttMs - b.rttMs || (a.id < b.id ? -1 : 1));
    return best?.id ?? null;
  }
}

function cellOf(to: string, way: Way, now: number): Cell {
  const { echoes, via } = way;
  if (echoes === null) return { ...UNMEASURED, to, state: unlinkedState(way, now) };
  const { sent, loss, minMs, p50Ms, jitterMs } = echoes.window.summary();
  return {
    to,
    state: linkedState(echoes, now),
    minMs,
    p50Ms,
    jitterMs,
    loss: sent === 0 ? null : loss,
    ageMs: echoes.newestAt === null ? null : now - echoes.newestAt,
    via,
  };
}

function unlinkedState({ wasLinked, since }: Way, now: number): CellState {
  return wasLinked || now - since >= NEWCOMER_MS ? "failed" : "none";
}

function linkedState({ lostInRow, newestAt }: Echoes, now: number): CellState {
  if (lostInRow >= FAILED_PROBES) return "failed";
  if (newestAt === null) return "none";
  return now - newestAt < FRESH_MS ? "measured" : "stale";
}

/** What was said `ageMs` ago: every age in it has grown, and at some age it is old news. */
function aged({ lagMs, cells }: RowBody, ageMs: number): Omit<Row, "from"> {
  const isOld = ageMs > ROW_STALE_MS;
  return {
    ageMs,
    lagMs,
    cells: cells.map((cell) => ({
      ...cell,
      state: isOld && cell.state !== "none" ? "stale" : cell.state,
      ageMs: cell.ageMs === null ? null : cell.ageMs + ageMs,
    })),
  };
}

/** The distance over a direct link in ms; Infinity when it is not measured. */
function directMs(row: Row | undefined, to: string): number {
  const cell = row?.cells.find((it) => it.to === to);
  if (cell?.state !== "measured" || cell.via !== null) return Infinity;
  return cell.minMs ?? Infinity;
}

const UNMEASURED = {
  minMs: null,
  p50Ms: null,
  jitterMs: null,
  loss: null,
  ageMs: null,
  via: null,
} as const;

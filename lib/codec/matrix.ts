/**
 * The frames that tell how far servers are from each other: rows of the matrix
 * between servers, and all of them to whoever asks. On the wire times are whole
 * microseconds and ages whole milliseconds, both lengths of time: no two clocks
 * are ever compared.
 *
 * @module
 */

import { chunkedFrames, decodeFields, type Fields, jsonFrame } from "./json.ts";
import { cardOf, type MemberCard } from "./members.ts";
import { frame, Kind, kindText, ProtocolError } from "./wire.ts";

/** More cells than this no row has: no clique has more members. */
export const MAX_CELLS = 1_024;

/**
 * What a server says of its way to another one. `measured`: it has samples, and
 * they are new; `stale`: it knew something, and that is old; `failed`: there is
 * no link, or nothing comes back on it; `none`: there is nothing to say yet.
 */
export type CellState = "measured" | "stale" | "failed" | "none";

/** One server's view of one other. Times are null when there is no sample. */
export interface Cell {
  /** The id of the server at the other end. */
  readonly to: string;
  /** What the numbers are worth. */
  readonly state: CellState;
  /** The smallest sample of the window. */
  readonly minMs: number | null;
  /** The median of the window. */
  readonly p50Ms: number | null;
  /** The mean difference of consecutive samples. */
  readonly jitterMs: number | null;
  /** Share of probes without a reply, 0 to 1; null when none ended. */
  readonly loss: number | null;
  /** Since the newest sample; null when there is none. */
  readonly ageMs: number | null;
  /** The id of the server that carries the link; null when it is direct, or there is none. */
  readonly via: string | null;
}

/** What one server says of itself: the body of a row. */
export interface RowBody {
  /** The worst lag of its event loop lately. */
  readonly lagMs: number;
  /** One for each server that it knows of, in no order. */
  readonly cells: readonly Cell[];
}

/** Everything that one server says. */
export interface Row extends RowBody {
  /** Its id. */
  readonly from: string;
  /** Since it said so. */
  readonly ageMs: number;
}

/** The whole matrix as a server knows it, and who the ids in it are. */
export interface MatrixTold {
  /** Every server that it knows of, itself included. */
  readonly servers: readonly MemberCard[];
  /** What those of them say from which it has heard. */
  readonly rows: readonly Row[];
}

/** One 17/2, decoded. */
export interface MatrixNews {
  /** Whether it is the first frame of an answer. */
  readonly reset: boolean;
  /** Whether it ends the answer. */
  readonly done: boolean;
  /** The part of the servers that is in this frame. */
  readonly servers: readonly MemberCard[];
  /** A row, or a part of one; null when there is none in this frame. */
  readonly row: Row | null;
}

/** 17/0: what the sender says now, in as many frames as it needs. */
export function row({ lagMs, cells }: RowBody): Uint8Array[] {
  const head = { lag: microseconds(lagMs) };
  return chunkedFrames(Kind.Row, { key: "cells", values: cells.map(toldCell), head }, true);
}

/**
 * 17/0: a row, or with no `reset` more cells of it.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeRow(payload: Uint8Array): { reset: boolean; row: RowBody } {
  const fields = decodeFields(Kind.Row, payload);
  return { reset: fields.flag("reset"), row: bodyOf(Kind.Row, fields) };
}

/** 17/1: what does everybody say? */
export function matrixRequest(): Uint8Array {
  return frame(Kind.MatrixRequest);
}

/** 17/2, in as many frames as it needs; the last carries `done`. */
export function matrixReply({ servers, rows }: MatrixTold): Uint8Array[] {
  return [
    ...chunkedFrames(Kind.MatrixReply, { key: "servers", values: servers }, true),
    ...rows.flatMap(rowOfReply),
    jsonFrame(Kind.MatrixReply, { done: true }),
  ];
}

/**
 * 17/2: a part of the answer.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeMatrixReply(payload: Uint8Array): MatrixNews {
  const fields = decodeFields(Kind.MatrixReply, payload);
  return {
    reset: fields.flag("reset"),
    done: fields.flag("done"),
    servers: fields.objects("servers").map(cardOf),
    row: !fields.has("from") ? null : {
      from: fields.text("from"),
      ageMs: fields.whole("age"),
      ...bodyOf(Kind.MatrixReply, fields),
    },
  };
}

/**
 * A row and what follows it in other frames, as one row.
 *
 * @throws {ProtocolError} `malformed` when that has too many cells.
 */
export function joinedRows<Some extends RowBody>(kind: number, first: Some, more: RowBody): Some {
  return { ...first, cells: bounded(kind, [...first.cells, ...more.cells]) };
}

/** A row without cells takes a frame as well: that nothing is said is something to say. */
function rowOfReply({ from, ageMs, lagMs, cells }: Row): Uint8Array[] {
  const head = { from, age: milliseconds(ageMs), lag: microseconds(lagMs) };
  const values = cells.map(toldCell);
  if (values.length === 0) return [jsonFrame(Kind.MatrixReply, { ...head, cells: [] })];
  return chunkedFrames(Kind.MatrixReply, { key: "cells", values, head }, false);
}

/** What is null is left out: most cells of a large clique are told often. */
function toldCell({ to, state, minMs, p50Ms, jitterMs, loss, ageMs, via }: Cell): object {
  return {
    to,
    state,
    min: optional(minMs, microseconds),
    p50: optional(p50Ms, microseconds),
    jitter: optional(jitterMs, microseconds),
    loss: optional(loss, (share) => Math.round(share * MILLION)),
    age: optional(ageMs, milliseconds),
    via: via ?? undefined,
  };
}

function bodyOf(kind: number, fields: Fields): RowBody {
  const cells = bounded(kind, fields.objects("cells"));
  return { lagMs: fields.whole("lag") / US_PER_MS, cells: cells.map(cellOf) };
}

function cellOf(fields: Fields): Cell {
  const number = (key: string, per: number, most?: number): number | null =>
    fields.has(key) ? fields.whole(key, most) / per : null;
  return {
    to: fields.text("to"),
    state: stateOf(fields.text("state")),
    minMs: number("min", US_PER_MS),
    p50Ms: number("p50", US_PER_MS),
    jitterMs: number("jitter", US_PER_MS),
    loss: number("loss", MILLION, MILLION),
    ageMs: number("age", 1),
    via: fields.has("via") ? fields.text("via") : null,
  };
}

/** What a newer version may say besides says nothing to this one. */
function stateOf(text: string): CellState {
  return text === "measured" || text === "stale" || text === "failed" ? text : "none";
}

function bounded<Item>(kind: number, cells: readonly Item[]): readonly Item[] {
  if (cells.length <= MAX_CELLS) return cells;
  throw new ProtocolError(
    "malformed",
    `Cannot decode frame ${kindText(kind)}: a row has ${cells.length} cells, limit is ${MAX_CELLS}`,
  );
}

function optional(value: number | null, told: (value: number) => number): number | undefined {
  return value === null ? undefined : told(value);
}

function microseconds(ms: number): number {
  return readable(ms * US_PER_MS);
}

function milliseconds(ms: number): number {
  return readable(ms);
}

/** An age grows from server to server: what one made as large as can be, must still be read. */
function readable(value: number): number {
  return Math.min(Math.round(value), Number.MAX_SAFE_INTEGER);
}

const US_PER_MS = 1_000;

/** A share is told in millionths. */
const MILLION = 1_000_000;

/**
 * The matrix for people: numbers and colours, and the verdict below them.
 *
 * @module
 */

import type { Cell, Row } from "../core/matrix.ts";
import { ROW_STALE_MS } from "../core/rows.ts";
import { verdictOf } from "../core/verdict.ts";
import { BUSY_MS } from "../core/ways.ts";
import { painted } from "./colour.ts";
import {
  cellNotes,
  cellPainted,
  cellText,
  type Detail,
  numberText,
  type ShownCell,
  type Unit,
  unitOf,
} from "./matrix_cells.ts";
import type { ToldMatrix } from "./matrix_json.ts";
import { lettersOf, namesOf } from "./matrix_names.ts";
import type { TextOptions } from "./print.ts";
import { displayWidth, shortened } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** A name of at most so many columns may stand above its column. */
const SHORT_NAME = 8;

/** A row needs no more of a name than this. */
const LONGEST_NAME = 24;

/** Where there is no room for a matrix, so many of its ways are told. */
const WORST_WAYS = 10;

/** One server, as a row and as a column. */
interface Place {
  readonly id: string;
  readonly name: string;
  readonly letter: string;
}

/** Everything that is drawn. */
interface Drawing {
  readonly places: readonly Place[];
  /** From top to bottom, from left to right; null is a server's way to itself. */
  readonly cells: readonly (readonly (ShownCell | null)[])[];
  readonly unit: Unit;
}

/** How names and numbers stand, from what needs most room to what needs least. */
interface Style {
  readonly names: "both" | "rows" | "none";
  readonly detail: Detail;
}

const STYLES: readonly Style[] = [
  { names: "both", detail: "full" },
  { names: "rows", detail: "full" },
  { names: "none", detail: "full" },
  { names: "none", detail: "short" },
  { names: "none", detail: "level" },
];

/**
 * The matrix as lines, each row what one server measures of the others, as
 * much of it as fits the terminal; below it what it means.
 */
export function matrixView(told: ToldMatrix, options: TextOptions): string[] {
  const { rows } = told;
  const nameOf = namesOf(told.servers);
  const drawing = drawingOf(told, nameOf);
  const width = options.width ?? Infinity;
  const fitting = STYLES.find((style) => widthOf(drawing, style) <= width);
  const { kind, text } = verdictOf(rows, nameOf);
  const inRows = (line: string): string[] => wrapped(line, options);
  const shade = (line: string, isShaded: boolean, colour: "dim" | "bold"): string =>
    options.colour && isShaded ? painted(line, colour) : line;
  return [
    ...(drawing.places.length < 2
      ? []
      : fitting === undefined
      ? worstWays(drawing).flatMap((line) => wrapped(line, { ...options, indent: 2 }))
      : grid(drawing, fitting, options)),
    ...notes(drawing, fitting, rows).flatMap(inRows).map((line) => shade(line, true, "dim")),
    ...inRows(text).map((line) => shade(line, kind !== "well", "bold")),
  ];
}

function drawingOf({ rows, servers }: ToldMatrix, nameOf: (id: string) => string): Drawing {
  const ids = new Set([
    ...servers.map(({ id }) => id),
    ...rows.flatMap(({ from, cells }) => [from, ...cells.map(({ to }) => to)]),
  ]);
  const places = [...ids].map((id) => ({ id, name: nameOf(id) }))
    .toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    .map((place, index) => ({ ...place, letter: lettersOf(index) }));
  const byId = new Map(rows.map((row) => [row.from, row]));
  const shown = (from: string, to: string): ShownCell | null => {
    if (from === to) return null;
    const row = byId.get(from);
    const cell = row?.cells.find((it) => it.to === to);
    return { cell, isBusy: (row?.lagMs ?? 0) >= BUSY_MS };
  };
  return {
    places,
    cells: places.map(({ id: from }) => places.map(({ id: to }) => shown(from, to))),
    unit: unitOf(rows.flatMap(({ cells }) => cells)),
  };
}

/** The head and a line for each server; all columns are equally wide. */
function grid(drawing: Drawing, style: Style, { colour }: TextOptions): string[] {
  const { places, cells } = drawing;
  const heads = places.map((place) => headOf(place, style));
  const left = widest(heads);
  const width = columnWidth(drawing, style);
  const head = [
    " ".repeat(left),
    ...places.map((place) => startPadded(columnHead(place, style), width)),
  ].join(" ");
  const texts = textsOf(drawing, style);
  const lines = heads.map((name, row) =>
    [
      endPadded(name, left),
      ...places.map((_, column) => {
        const text = startPadded(texts[row]?.[column] ?? "", width);
        const shown = cells[row]?.[column] ?? null;
        return colour && shown !== null ? cellPainted(text, shown) : text;
      }),
    ].join(" ").trimEnd()
  );
  return [colour ? painted(head, "bold") : head, ...lines];
}

/** What stands in the cells. Where some numbers have a mark behind them others leave room for it. */
function textsOf({ cells, unit }: Drawing, { detail }: Style): string[][] {
  const texts = cells.map((row) =>
    row.map((shown) => shown === null ? "" : cellText(shown, { unit, detail }))
  );
  const marksOf = (text: string): number => /[v!]*$/.exec(text)?.[0].length ?? 0;
  // As arguments of one call 120,000 cells are too many.
  const most = texts.flat().reduce((marks, text) => Math.max(marks, marksOf(text)), 0);
  return texts.map((row) =>
    row.map((text) => /\d/.test(text) ? text + " ".repeat(most - marksOf(text)) : text)
  );
}

function widthOf(drawing: Drawing, style: Style): number {
  const { places } = drawing;
  const isShort = places.every(({ name }) => displayWidth(name) <= SHORT_NAME);
  if (style.names === "both" && !isShort) return Infinity;
  const left = widest(places.map((place) => headOf(place, style)));
  return left + places.length * (1 + columnWidth(drawing, style));
}

function columnWidth(drawing: Drawing, style: Style): number {
  const heads = drawing.places.map((place) => columnHead(place, style));
  return widest([...heads, ...textsOf(drawing, style).flat()]);
}

function headOf({ name, letter }: Place, { names }: Style): string {
  if (names === "none") return letter;
  return names === "both" ? name : `${letter} ${shortened(name, LONGEST_NAME)}`;
}

function columnHead({ name, letter }: Place, { names }: Style): string {
  return names === "both" ? name : letter;
}

/** What stands below: who is who, what the numbers and marks mean, how old they are. */
function notes(
  { places, cells, unit }: Drawing,
  style: Style | undefined,
  rows: readonly Row[],
): string[] {
  if (places.length < 2) return [];
  const who = style?.names === "none"
    ? [places.map(({ letter, name }) => `${letter}=${name}`).join(" ")]
    : [];
  // What older rows say is stale, and marked as such.
  const ages = rows.map(({ ageMs }) => ageMs).filter((ageMs) => ageMs <= ROW_STALE_MS);
  const oldest = Math.max(0, ...ages);
  const shown = cells.flat().filter((cell) => cell !== null);
  const told = style === undefined
    ? ["the worst ways, by their medians"]
    : cellNotes(shown, { unit, detail: style.detail });
  return [...who, [...told, `rows up to ${Math.ceil(oldest / 1e3)} s old`].join("; ")];
}

/** What is left of a matrix that fits no terminal. */
function worstWays({ places, cells, unit }: Drawing): string[] {
  const ways = cells.flatMap((row, from) =>
    row.flatMap((shown, to) =>
      shown?.cell === undefined || badnessOf(shown.cell) === 0
        ? []
        : [{ cell: shown.cell, from: places[from]?.name ?? "", to: places[to]?.name ?? "" }]
    )
  ).toSorted((a, b) => badnessOf(b.cell) - badnessOf(a.cell));
  const lines = ways.slice(0, WORST_WAYS).map(({ cell, from, to }) => {
    const number = cell.state === "failed"
      ? "fail"
      : `${numberText(cell.p50Ms ?? 0, { unit, detail: "full" })} ${unit}`;
    return `${from} to ${to}: ${number}`;
  });
  const more = ways.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Larger is worse; 0 is nothing to tell. */
function badnessOf({ state, p50Ms }: Cell): number {
  if (state === "failed") return Infinity;
  return state === "measured" ? p50Ms ?? 0 : 0;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, displayWidth(text)), 0);
}

function startPadded(text: string, width: number): string {
  return " ".repeat(width - displayWidth(text)) + text;
}

function endPadded(text: string, width: number): string {
  return text + " ".repeat(width - displayWidth(text));
}

/**
 * What stands on the screen of a chat: lines with their time and few marks.
 * Without colour there are words instead of marks, of letters that every
 * terminal has.
 *
 * @module
 */

import { EVERYBODY } from "../codec/name.ts";
import type { ClientEvent } from "../core/events.ts";
import { clean } from "./clean.ts";
import { type Colour, painted } from "./colour.ts";
import { durationText, type LineEvent, textLines } from "./print.ts";
import { reasonWords } from "./reasons.ts";
import { isSettled, type Receipt, type SentLine } from "./sent.ts";
import { suggest } from "./suggest.ts";
import { shortened } from "./table.ts";

/** Longer than this a receipt took long enough to say so. */
const LATE_MS = 1_000;

/** Columns of a name before the line being typed. */
const PROMPT_NAME_WIDTH = 16;

/** What a chat's lines look like. */
export interface ChatStyle {
  /** Whether there are colours, and marks instead of words. */
  readonly colour: boolean;
  /** Names that somebody has, for whoever mistyped one. */
  readonly names: readonly string[];
  /** Whether there is a server at the moment. */
  readonly isAttached: boolean;
}

/** Hours and minutes, where this machine is. */
export function clockText(time: Date): string {
  const [hours, minutes] = [time.getHours(), time.getMinutes()];
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}

/** What stands before the line being typed: who one is. */
export function promptText(name: string | null): string {
  return `${name === null ? "(no name)" : shortened(clean(name), PROMPT_NAME_WIDTH)}> `;
}

/** A message from somebody. */
export function messageLine(
  { from, to, text }: Extract<ClientEvent, { kind: "message" }>,
  at: Date,
  { colour }: ChatStyle,
): string {
  const all = to === EVERYBODY ? " (to all)" : "";
  const paint = painter(colour);
  return `${paint(clockText(at), "dim")} ${paint(clean(from), "cyan")}${all}: ${clean(text)}`;
}

/** What happened, other than messages: quietly. */
export function noteLine(event: LineEvent, at: Date, { colour }: ChatStyle): string {
  const [words = ""] = textLines(event, { colour: false, width: null });
  return painter(colour)(`${clockText(at)} ${words}`, "dim");
}

/** One's own line, and what became of it. */
export function sentLine(line: SentLine, style: ChatStyle): string {
  const { colour } = style;
  const paint = painter(colour);
  const to = line.receivers.map((name) => name === EVERYBODY ? "all" : clean(name)).join(", ");
  const arrow = colour ? "\u2192" : "->";
  const marks = marksOf(line, style);
  const text = `${paint(clockText(line.at), "dim")} ${arrow} ${to}: ${clean(line.text)}`;
  return `${text} ${marks.map(({ words, shade }) => paint(words, shade)).join(" ")}`;
}

/** Who is there to talk to, in one line. */
export function presenceLine(names: readonly string[], { colour }: ChatStyle): string {
  const few = 8;
  const more = names.length > few ? ` and ${names.length - few} more, see /who` : "";
  const line = names.length === 0
    ? "Nobody else is here yet."
    : `Here: ${names.slice(0, few).map(clean).join(", ")}${more}`;
  return painter(colour)(line, "dim");
}

interface Mark {
  readonly words: string;
  readonly shade: Colour;
}

function marksOf(line: SentLine, style: ChatStyle): Mark[] {
  const { receivers, receipts } = line;
  const { colour } = style;
  const all = receivers.flatMap((name) => receipts.get(name) ?? []);
  const isOne = receivers.length === 1;
  const good = all.filter(({ status }) => status === "delivered");
  const marks: Mark[] = [];
  if (good.length > 0) {
    const who = good.length === receivers.length ? "" : `to ${namesIn(good)}`;
    marks.push(deliveredMark(good, { who, colour }));
  }
  for (const receipt of all) {
    if (receipt.status === "delivered") continue;
    const { words, shade } = problemMark(receipt, { style, isOne });
    marks.push({ words: colour ? words : `[${words}]`, shade });
  }
  if (!isSettled(line)) marks.push(waitingMark(style));
  return marks;
}

function waitingMark({ colour, isAttached }: ChatStyle): Mark {
  const words = isAttached ? "on its way" : "waits for a server";
  return { words: colour ? `\u2026${isAttached ? "" : ` ${words}`}` : `[${words}]`, shade: "dim" };
}

function deliveredMark(
  receipts: readonly Receipt[],
  { who, colour }: { who: string; colour: boolean },
): Mark {
  const [first] = receipts;
  const { counts } = first ?? {};
  const shade = "dim";
  if (counts !== undefined && counts.delivered === 0) {
    const words = "nobody else is here";
    return { words: colour ? words : `[${words}]`, shade };
  }
  const latencyMs = Math.max(...receipts.map((receipt) => receipt.latencyMs ?? 0));
  const after = latencyMs < LATE_MS ? "" : `after ${durationText(latencyMs)}`;
  const to = counts === undefined ? who : `to ${counts.delivered}`;
  const mark = colour ? "\u2713" : "delivered";
  const words = [mark, to, after].filter((word) => word !== "").join(" ");
  return { words: colour ? words : `[${words}]`, shade };
}

function problemMark(
  receipt: Receipt,
  { style, isOne }: { style: ChatStyle; isOne: boolean },
): Mark {
  const { status, counts, to } = receipt;
  const why = receipt.reason === null ? "" : `: ${reasonIn(receipt, style)}`;
  const whom = isOne ? "" : ` to ${clean(to)}`;
  if (status === "unconfirmed") {
    return { words: `sent${whom}, but cannot be confirmed${why}`, shade: "dim" };
  }
  const cross = style.colour ? "\u2717 " : "";
  const words = counts === undefined || counts.delivered === 0
    ? `${cross}not delivered${whom}${why}`
    : `${cross}delivered to ${counts.delivered}, not to ${counts.failed}${why}`;
  return { words, shade: "red" };
}

function reasonIn({ reason, to }: Receipt, { names }: ChatStyle): string {
  const words = clean(reasonWords(reason ?? ""));
  const meant = reason === "no-such-name" ? suggest(to, names) : null;
  return meant === null ? words : `${words}, did you mean ${clean(meant)}?`;
}

function namesIn(receipts: readonly Receipt[]): string {
  return receipts.map(({ to }) => clean(to)).join(", ");
}

function painter(colour: boolean): (text: string, shade: Colour) => string {
  return colour ? painted : (text) => text;
}

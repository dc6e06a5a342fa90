/**
 * What a client says: each event as a line of JSON for programs, or as a line
 * for people. Tables for people are in `tables.ts`.
 *
 * @module
 */

import { EVERYBODY } from "../codec/name.ts";
import type { ClientEvent, RttSummary } from "../core/events.ts";
import { clean, safeJson } from "./clean.ts";
import { type Colour, painted } from "./colour.ts";
import { reasonWords } from "./reasons.ts";

/** How lines for people are written. */
export interface TextOptions {
  /** Whether there are colours. */
  readonly colour: boolean;
  /** Columns of the terminal; null when there is none. */
  readonly width: number | null;
}

/** An event that is one line; the matrix is many. */
export type LineEvent = Exclude<ClientEvent, { kind: "matrix" }>;

type Receipt = Extract<ClientEvent, { kind: "receipt" }>;

/**
 * The event as one JSON object, without a line end. Text from others stays
 * verbatim, escaped so that it can't drive a terminal. RTTs are microseconds,
 * rounded to 0.001 against the noise of the conversion.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonLine } from "./print.ts";
 *
 * assertEquals(
 *   jsonLine({ kind: "client", name: "ada", server: "127.0.0.1:4000" }),
 *   '{"schema":1,"event":"client","name":"ada","server":"127.0.0.1:4000"}',
 * );
 * ```
 */
export function jsonLine(event: LineEvent): string {
  return safeJson({ schema: 1, event: event.kind, ...jsonKeys(event) });
}

/**
 * The event in words, as lines without line ends, for standard output. Text
 * from others is cleaned.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textLines } from "./print.ts";
 *
 * assertEquals(
 *   textLines(
 *     { kind: "message", from: "bob", to: "ada", text: "hi\u001b[2J" },
 *     { colour: false, width: null },
 *   ),
 *   ["bob: hi"],
 * );
 * ```
 */
export function textLines(
  event: LineEvent,
  { colour }: TextOptions,
): string[] {
  const line = words(cleaned(event));
  const shade = shadeOf(event);
  return [colour && shade !== null ? painted(line, shade) : line];
}

/** A length of time with three to four digits and its unit; `-` for null. */
export function durationText(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 1) return `${(ms * 1e3).toFixed(1)} us`;
  if (ms < 1e3) return `${ms.toFixed(2)} ms`;
  return `${(ms / 1e3).toFixed(1)} s`;
}

/** A share as a percentage; a small loss is not shown as none. */
export function percentText(ratio: number): string {
  const text = (ratio * 100).toFixed(1);
  return text === "0.0" && ratio > 0 ? "<0.1%" : `${text}%`;
}

function jsonKeys(event: LineEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case "attached": {
      const { server, name, rttMs } = event;
      return { server, name, rtt_us: microseconds(rttMs) };
    }
    case "moved": {
      const { from, server, rttMs, reason } = event;
      return { from, server, rtt_us: microseconds(rttMs), reason };
    }
    case "searching":
      return { from: event.from, reason: event.reason };
    case "message":
      return { from: event.from, to: event.to, text: event.text };
    case "receipt": {
      const { to, seq, status, reason, latencyMs, counts, legsMs } = event;
      const latency_us = microseconds(latencyMs);
      return { to, seq, status, reason, latency_us, ...legs(legsMs), ...tally(counts) };
    }
    case "client":
      return { name: event.name, server: event.server };
    case "joined":
    case "left":
      return { name: event.name };
    case "server": {
      const { address, id, label, clients } = event;
      return { address, id, label, clients };
    }
    case "rtt": {
      const { server, summary, nearest, state } = event;
      return { server, ...summaryKeys(summary), nearest, late: summary.late, state };
    }
    case "error":
      return { code: event.code, message: event.message };
  }
}

function tally(counts: Receipt["counts"]): Receipt["counts"] {
  if (counts === undefined) return undefined;
  return { delivered: counts.delivered, failed: counts.failed };
}

/** Where the time went; nothing when it is not known of this very message. */
function legs(legsMs: Receipt["legsMs"]): Readonly<Record<string, number | null>> {
  if (legsMs === undefined) return {};
  return {
    home_us: microseconds(legsMs.homeMs),
    far_us: microseconds(legsMs.farMs),
    receiver_us: microseconds(legsMs.receiverMs),
  };
}

function summaryKeys(
  summary: RttSummary,
): Readonly<Record<string, number | null>> {
  return {
    sent: summary.sent,
    received: summary.received,
    loss: summary.loss,
    min_us: microseconds(summary.minMs),
    mean_us: microseconds(summary.meanMs),
    p50_us: microseconds(summary.p50Ms),
    p95_us: microseconds(summary.p95Ms),
    p99_us: microseconds(summary.p99Ms),
    max_us: microseconds(summary.maxMs),
    mdev_us: microseconds(summary.mdevMs),
    jitter_us: microseconds(summary.jitterMs),
  };
}

function microseconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1e6) / 1e3;
}

/** Each text by itself, so that none can swallow what is written behind it. */
function cleaned<Event extends LineEvent>(event: Event): Event {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      typeof value === "string" ? clean(value) : value,
    ]),
  ) as Event;
}

function words(event: LineEvent): string {
  switch (event.kind) {
    case "attached":
      return `attached to ${event.server} as ${event.name}` +
        inBrackets(event.rttMs);
    case "moved":
      return `moved from ${event.from} to ${event.server}` +
        `${inBrackets(event.rttMs)}: ${reasonWords(event.reason)}`;
    case "searching":
      return `${event.reason === "leaving" ? "left" : "lost"} ${event.from}: looking for a server`;
    case "message":
      return event.to === EVERYBODY
        ? `${event.from} (to all): ${event.text}`
        : `${event.from}: ${event.text}`;
    case "receipt":
      return receiptWords(event);
    case "client":
      return `${event.name} is at ${event.server}`;
    case "joined":
    case "left":
      return `${event.name} ${event.kind}`;
    case "server":
      return serverWords(event);
    case "rtt":
      return rttWords(event);
    case "error":
      return event.message;
  }
}

function receiptWords(receipt: Receipt): string {
  const { seq, status, reason, latencyMs, counts } = receipt;
  const to = receipt.to === EVERYBODY ? "all" : receipt.to;
  // What could not even be tried has no number.
  const message = seq === 0 ? `message to ${to}` : `message ${seq} to ${to}`;
  const why = reason === null ? "" : `: ${reasonWords(reason)}`;
  const after = latencyMs === null ? "" : ` in ${durationText(latencyMs)}`;
  if (counts !== undefined && seq > 0) {
    const { delivered, failed } = counts;
    return `${message}: delivered to ${delivered}, not to ${failed}${after}${
      reason === null ? "" : ` (${reasonWords(reason)})`
    }`;
  }
  switch (status) {
    case "delivered":
      return `${message}: delivered${after}${why}`;
    case "unconfirmed":
      return `${message}: sent${after}, but cannot be confirmed${why}`;
    case "failed":
      return `${message}: not delivered${why}`;
  }
}

function serverWords(
  { address, label, clients }: Extract<ClientEvent, { kind: "server" }>,
): string {
  const name = label === null || label === "" ? "" : ` (${label})`;
  if (clients === null) return address + name;
  return `${address}${name}, ${clients} ${clients === 1 ? "client" : "clients"}`;
}

function rttWords(
  { server, summary, nearest }: Extract<ClientEvent, { kind: "rtt" }>,
): string {
  const { minMs, p50Ms, maxMs, loss } = summary;
  const [min, p50, max] = [minMs, p50Ms, maxMs].map(durationText);
  return `${server}: min ${min}, p50 ${p50}, max ${max}, loss ${percentText(loss)}${
    nearest ? ", nearest" : ""
  }`;
}

function inBrackets(rttMs: number | null): string {
  return rttMs === null ? "" : ` (${durationText(rttMs)})`;
}

function shadeOf(event: LineEvent): Colour | null {
  switch (event.kind) {
    case "error":
      return "red";
    case "receipt":
      return event.status === "failed" || (event.counts?.failed ?? 0) > 0 ? "red" : "dim";
    case "attached":
    case "moved":
    case "searching":
    case "joined":
    case "left":
      return "dim";
    case "rtt":
      return event.nearest ? "green" : null;
    case "message":
    case "client":
    case "server":
      return null;
  }
}

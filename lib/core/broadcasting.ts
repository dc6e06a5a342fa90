/**
 * The sending end of the stream to everybody: one receipt for each message,
 * which counts those who were shown it. Each receiver gets one try; only when
 * the sender itself moves is a message sent again, and receivers tell copies
 * by their numbers.
 *
 * @module
 */

import { EVERYBODY } from "../codec/name.ts";
import type { Ack } from "../codec/receipt.ts";
import { DROP_REASONS, Status } from "../codec/status.ts";
import type { Tally } from "../codec/tally.ts";
import { Backlog } from "./backlog.ts";
import type { ReceiptStatus } from "./events.ts";
import { RECEIPT_TIMEOUT_MS, type Settled, type Transmit } from "./sending.ts";

/** Messages to everybody on their way at once: each draws an answer from everyone. */
const WINDOW_MESSAGES = 64;

const EVERYBODY_BYTES = new TextEncoder().encode(EVERYBODY);

/** What became of one message to everybody. */
export interface SettledBroadcast extends Settled {
  /** How many were shown it, and how many were not; who can't confirm it is in neither. */
  readonly counts: { readonly delivered: number; readonly failed: number };
}

interface Outgoing {
  readonly number: number;
  readonly text: Uint8Array;
  readonly since: number;
  sent: boolean;
  /** Who was shown it. */
  readonly shown: Set<number>;
  /** Who had passed it over. */
  readonly skipped: Set<number>;
  /** What the servers said, by their ids. */
  readonly tallies: Map<string, Tally>;
}

/** The messages of this session to everybody. */
export class Broadcasting {
  readonly #settled: (settled: SettledBroadcast) => void;
  readonly #open = new Backlog<Outgoing>();
  #nextNumber = 1;

  /** Calls `settled` exactly once for each message, when it is known what became of it. */
  constructor(settled: (settled: SettledBroadcast) => void) {
    this.#settled = settled;
  }

  /** Messages without a receipt. */
  get openCount(): number {
    return this.#open.length;
  }

  /** Takes a message; returns its number. */
  push(text: Uint8Array, now: number): number {
    const number = this.#nextNumber++;
    this.#open.push({
      number,
      text,
      since: now,
      sent: false,
      shown: new Set(),
      skipped: new Set(),
      tallies: new Map(),
    });
    return number;
  }

  /** Sends what the window and the network have room for. */
  pump(transmit: Transmit): void {
    const floor = this.#open.at(0)?.number ?? 0;
    for (let index = 0; index < WINDOW_MESSAGES; index++) {
      const message = this.#open.at(index);
      if (message === undefined) return;
      if (message.sent) continue;
      const { number, text } = message;
      const everybody = { receiver: EVERYBODY, receiverName: EVERYBODY_BYTES, receiverSession: 0 };
      const sent = transmit({ ...everybody, number, floor, text });
      if (!sent) return;
      message.sent = true;
    }
  }

  /** One receiver's word. */
  ack({ from, number, status }: Ack, now: number): void {
    const message = this.#find(number);
    if (message === undefined) return;
    (status === Status.Delivered ? message.shown : message.skipped).add(from);
    this.#finishIfComplete(message, now);
  }

  /** One server's word. */
  tally(tally: Tally, now: number): void {
    const message = this.#find(tally.number);
    if (message === undefined) return;
    message.tallies.set(tally.server, tally);
    this.#finishIfComplete(message, now);
  }

  /** The home's refusal. */
  receipt({ number, status }: Ack, now: number): void {
    const message = this.#find(number);
    if (message === undefined || status === Status.NotRegistered) return;
    this.#finish(message, DROP_REASONS[status] ?? "refused", now);
  }

  /** A base home tells nothing: what it was sent can't be confirmed. */
  unconfirmed(number: number, now: number): void {
    const message = this.#find(number);
    if (message !== undefined) this.#finish(message, null, now, "unconfirmed");
  }

  /** Everything is sent again at the next home, and counted anew. */
  linkLost(): void {
    for (let index = 0; index < WINDOW_MESSAGES; index++) {
      const message = this.#open.at(index);
      if (message === undefined) return;
      message.sent = false;
      message.tallies.clear();
    }
  }

  /** Fails what is too old. */
  tick(now: number): void {
    for (;;) {
      const first = this.#open.at(0);
      if (first === undefined || now - first.since < RECEIPT_TIMEOUT_MS) return;
      this.#finish(first, "timed-out", now);
    }
  }

  /** Fails everything: nobody will hear of it any more. */
  end(now: number): void {
    for (;;) {
      const first = this.#open.at(0);
      if (first === undefined) return;
      this.#finish(first, "timed-out", now);
    }
  }

  /** When the next message times out; Infinity when none is open. */
  nextDeadline(): number {
    const first = this.#open.at(0);
    return first === undefined ? Infinity : first.since + RECEIPT_TIMEOUT_MS;
  }

  #find(number: number): Outgoing | undefined {
    return this.#open.at(this.#open.indexOf(number));
  }

  #finishIfComplete(message: Outgoing, now: number): void {
    const tallies = [...message.tallies.values()];
    const home = tallies.find((tally) => tally.peers > 0) ?? tallies[0];
    if (home === undefined || tallies.length < home.peers + 1) return;
    const reached = tallies.reduce((sum, tally) => sum + tally.reached, 0);
    if (message.shown.size + message.skipped.size < reached) return;
    this.#finish(message, null, now);
  }

  #finish(
    message: Outgoing,
    reason: string | null,
    now: number,
    known?: ReceiptStatus,
  ): void {
    this.#open.remove(this.#open.indexOf(message.number));
    const { number, since, shown, skipped } = message;
    const tallies = [...message.tallies.values()];
    const sum = (key: "reached" | "unconfirmed" | "dropped"): number =>
      tallies.reduce((total, tally) => total + tally[key], 0);
    const delivered = shown.size;
    const silent = Math.max(0, sum("reached") - delivered - skipped.size);
    const failed = skipped.size + sum("dropped") + silent;
    const status = known ??
      (reason !== null || failed > 0
        ? "failed"
        : sum("unconfirmed") > 0
        ? "unconfirmed"
        : "delivered");
    const why = reason ?? (sum("dropped") > 0 ? "slow" : failed > 0 ? "timed-out" : null);
    const latencyMs = now - since;
    const counts = { delivered, failed };
    this.#settled({ to: EVERYBODY, number, status, reason: why, latencyMs, counts });
  }
}

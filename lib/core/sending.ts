/**
 * The sending end of streams to one receiver each: numbers, the floor,
 * resending in order, and a receipt for every message. The sender keeps each
 * message until it knows what became of it; servers hold nothing.
 *
 * @module
 */

import type { Ack } from "../codec/receipt.ts";
import type { Resolved } from "../codec/resolve.ts";
import { DROP_REASONS, Status } from "../codec/status.ts";
import { Backlog } from "./backlog.ts";
import type { Legs, ReceiptStatus } from "./events.ts";

/** A message without a receipt after this long has timed out. */
export const RECEIPT_TIMEOUT_MS = 30_000;

/** Bytes of one stream on their way: enough to fill a LAN, not a slow reader's outbox. */
const WINDOW_BYTES = 256 * 1024;

/** What a message counts in the window besides its text, so that empty ones have a limit too. */
const ADDRESSING_BYTES = 64;

/** Without any progress so long, the first message is tried again; doubled each time. */
const RESEND_MIN_MS = 1_000;
const RESEND_MAX_MS = 2_000;

/** After a soft refusal the first message is tried again; doubled each time. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;

/** What became of one message. */
export interface Settled {
  /** The name that it was sent to, or `*`. */
  readonly to: string;
  /** Its number in its stream, below 2^48. */
  readonly number: number;
  /** Whether its receiver was shown it, as far as that can be known. */
  readonly status: ReceiptStatus;
  /** Why it failed, as a word such as `timed-out`; null when there is no more to say. */
  readonly reason: string | null;
  /** Milliseconds from when it was taken to send until it was settled. */
  readonly latencyMs: number;
  /** Only when it was sent once, and this very message was acknowledged. */
  readonly legsMs?: Legs;
}

/** How a stream reaches the network: false when there is no room now. */
export type Transmit = (message: {
  readonly receiver: string;
  readonly receiverName: Uint8Array;
  /** 0 when only a base server may know the name. */
  readonly receiverSession: number;
  readonly number: number;
  readonly floor: number;
  readonly text: Uint8Array;
}) => boolean;

interface Outgoing {
  readonly number: number;
  readonly text: Uint8Array;
  readonly since: number;
  sent: boolean;
  /** When the last copy was sent. */
  sentAt: number;
  /** A copy of it was sent that nobody answered: it may have been shown. */
  unanswered: boolean;
}

/** The messages of this session to one receiver. */
export class SendingStream {
  /** The name that all messages of the stream are sent to. */
  readonly receiver: string;
  readonly #receiverName: Uint8Array;
  /** Whom the name means: null until the home has said. */
  session: number | null = null;
  /** The session that it was bound to last. */
  lastSession = 0;
  /** The home was asked whom the name means. */
  resolving = false;
  readonly #settled: (settled: Settled) => void;
  readonly #open = new Backlog<Outgoing>();
  #nextNumber: number;
  /** How many of the open ones are on their way. */
  #cursor = 0;
  #flyingBytes = 0;
  /** One message at a time, until one gets through. */
  #careful = false;
  #retries = 0;
  #retryAt = 0;
  #progressAt = 0;
  #trouble: string | null = null;

  /** Calls `settled` exactly once for each message; they are numbered from `firstNumber`. */
  constructor(
    receiver: string,
    settled: (settled: Settled) => void,
    { firstNumber = 1 }: { readonly firstNumber?: number } = {},
  ) {
    this.receiver = receiver;
    this.#receiverName = encoder.encode(receiver);
    this.#settled = settled;
    this.#nextNumber = firstNumber;
  }

  /** Messages without a receipt. */
  get openCount(): number {
    return this.#open.length;
  }

  /** The lowest number not yet settled. */
  get floor(): number {
    return this.#open.at(0)?.number ?? this.#nextNumber;
  }

  /** The number of the next message. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** Takes a message; returns its number. */
  push(text: Uint8Array, now: number): number {
    const number = this.#nextNumber++;
    this.#open.push({ number, text, since: now, sent: false, sentAt: now, unanswered: false });
    return number;
  }

  /** Whether the home must be asked whom the name means. */
  wantsResolving(now: number): boolean {
    return this.session === null && !this.resolving && this.#open.length > 0 &&
      now >= this.#retryAt;
  }

  /** The home's answer. */
  resolved({ session, reason }: Resolved, now: number): void {
    this.resolving = false;
    if (session !== null) {
      this.session = session;
      if (session !== 0) this.lastSession = session;
      this.#retryAt = now;
    } else if (reason === "moving") this.#retryLater("moving", 0, now);
    else this.#failFrom(0, "no-such-name", now);
  }

  /** Sends what the window and the network have room for. */
  pump(transmit: Transmit, now: number): void {
    if (this.session === null || now < this.#retryAt) return;
    while (this.#cursor < this.#open.length) {
      const message = this.#open.at(this.#cursor) as Outgoing;
      if (this.#careful ? this.#cursor > 0 : this.#flyingBytes >= WINDOW_BYTES) return;
      const { receiver, session: receiverSession, floor } = this;
      const receiverName = this.#receiverName;
      const { number, text } = message;
      if (!transmit({ receiver, receiverName, receiverSession, number, floor, text })) return;
      if (this.#cursor === 0) this.#progressAt = now;
      message.sent = true;
      message.sentAt = now;
      this.#cursor++;
      this.#flyingBytes += text.length + ADDRESSING_BYTES;
    }
  }

  /** The receiver's word. */
  ack(ack: Ack, now: number): void {
    const { status } = ack;
    if (this.#settleUpTo(ack, now)) this.#gotThrough(now);
    // Everything behind a gap is refused too: only the first refusal counts.
    if (status === Status.Gap && this.#cursor > 0 && !this.#careful) this.#rewind(0, now);
  }

  /** A server's word on one message. */
  receipt({ number, status }: Ack, now: number): void {
    const index = this.#open.indexOf(number);
    if (index < 0) return;
    if (status === Status.Unconfirmed) {
      this.unconfirmed(number, now);
      return;
    }
    const reason = DROP_REASONS[status] ?? "refused";
    const unbound = this.session === 0;
    if (status === Status.TooLong) this.#finish(index, { status: "failed", reason }, now);
    else if (status === Status.ReceiverChanged && unbound) {
      // Somebody took a name that nobody here had: ask again who it is.
      this.session = null;
      this.#retryLater(null, index, now);
    } else if (HARD.has(status)) this.#failFrom(index, reason, now);
    else if (!this.#careful || index === 0) this.#retryLater(reason, index, now);
  }

  /** It was passed to somebody who can't confirm it. */
  unconfirmed(number: number, now: number): void {
    const index = this.#open.indexOf(number);
    if (index < 0) return;
    this.#finish(index, { status: "unconfirmed", reason: null }, now);
    this.#gotThrough(now);
  }

  /** Nothing sent on the old link can be relied on. */
  linkLost(now: number): void {
    this.resolving = false;
    if (this.session === 0) this.session = null;
    this.#rewind(this.#cursor, now);
    this.#retryAt = now;
    this.#trouble ??= "link-lost";
  }

  /** Fails what is too old and resends what is overdue. */
  tick(now: number): void {
    while (now - (this.#open.at(0)?.since ?? Infinity) >= RECEIPT_TIMEOUT_MS) this.#timeOut(now);
    if (this.#cursor > 0 && now >= this.#resendAt()) {
      this.#retries++;
      this.#rewind(this.#cursor, now);
    }
  }

  /** Fails everything: nobody will hear of it any more. */
  end(now: number): void {
    while (this.#open.length > 0) this.#timeOut(now);
  }

  /** When `tick` or `pump` has something to do; Infinity when nothing is open. */
  nextDeadline(now: number): number {
    const first = this.#open.at(0);
    if (first === undefined) return Infinity;
    const timeout = first.since + RECEIPT_TIMEOUT_MS;
    const next = this.#cursor > 0 ? this.#resendAt() : this.#retryAt;
    return Math.min(timeout, next > now ? next : timeout);
  }

  #timeOut(now: number): void {
    const reason = this.#open.at(0)?.sent ? "timed-out" : this.#trouble ?? "timed-out";
    this.#finish(0, { status: "failed", reason }, now);
  }

  #resendAt(): number {
    return this.#progressAt + Math.min(RESEND_MIN_MS * 2 ** this.#retries, RESEND_MAX_MS);
  }

  /** The message at `index` was refused, and so is what follows it; what precedes may be shown. */
  #retryLater(reason: string | null, index: number, now: number): void {
    this.#trouble = reason;
    this.#rewind(index, now);
    this.#retryAt = now + Math.min(RETRY_MIN_MS * 2 ** this.#retries++, RETRY_MAX_MS);
    if (this.session === 0) this.session = null;
  }

  /** Sends everything again from the start; the first `unanswered` may have been shown. */
  #rewind(unanswered: number, now: number): void {
    for (let index = 0; index < Math.min(unanswered, this.#cursor); index++) {
      const message = this.#open.at(index);
      if (message !== undefined) message.unanswered = true;
    }
    this.#careful = this.#cursor > 0 || this.#careful;
    this.#cursor = 0;
    this.#flyingBytes = 0;
    this.#progressAt = now;
  }

  #gotThrough(now: number): void {
    this.#careful = false;
    this.#retries = 0;
    this.#progressAt = now;
  }

  #settleUpTo(ack: Ack, now: number): boolean {
    let progress = false;
    while ((this.#open.at(0)?.number ?? Infinity) <= ack.number) {
      const legsMs = legsOf(this.#open.at(0) as Outgoing, ack, now);
      this.#finish(0, { status: "delivered", reason: null, ...(legsMs && { legsMs }) }, now);
      progress = true;
    }
    return progress;
  }

  /**
   * Nothing from `index` on can reach whom it was meant for. What precedes it
   * may have been shown, so it is tried until that is known, or time is up.
   */
  #failFrom(index: number, reason: string, now: number): void {
    if (index === 0) this.session = null;
    while (this.#open.length > index) {
      const why = this.#open.at(index)?.unanswered ? "timed-out" : reason;
      this.#finish(index, { status: "failed", reason: why }, now);
    }
    if (index > 0) return;
    this.#rewind(0, now);
    this.#careful = false;
    this.#retries = 0;
  }

  #finish(
    index: number,
    outcome: Pick<Settled, "status" | "reason" | "legsMs">,
    now: number,
  ): void {
    const message = this.#open.remove(index);
    if (message === undefined) return;
    if (index < this.#cursor) {
      this.#cursor--;
      this.#flyingBytes -= message.text.length + ADDRESSING_BYTES;
    }
    if (outcome.status !== "failed") this.#trouble = null;
    const { number, since } = message;
    this.#settled({ to: this.receiver, number, ...outcome, latencyMs: now - since });
  }
}

/** How long each leg took; null when it can't be told which copy was acknowledged. */
function legsOf(message: Outgoing, ack: Ack, now: number): Legs | null {
  // The stamps with a gap are those of another message, or of none.
  if (message.number !== ack.number || ack.status === Status.Gap) return null;
  if (message.unanswered || ack.homeStamp === 0) return null;
  const behindHomeMs = ack.homeStamp / 1000;
  const receiverMs = ack.farStamp === 0 ? behindHomeMs : ack.farStamp / 1000;
  const homeMs = now - message.sentAt - behindHomeMs;
  // Stamps are another program's word.
  if (homeMs < 0 || receiverMs > behindHomeMs) return null;
  return { homeMs, farMs: behindHomeMs - receiverMs, receiverMs };
}

/** Trying again would not help, or would reach somebody else. */
const HARD: ReadonlySet<number> = new Set([
  Status.NoSuchName,
  Status.ReceiverChanged,
  Status.SenderTaken,
]);

const encoder = new TextEncoder();

/**
 * All messages of one client session, both ways, whichever server it is
 * attached to: streams outlive the links that carry them.
 *
 * @module
 */

import { baseMessage, decodeDelivery } from "../codec/base.ts";
import { EVERYBODY } from "../codec/name.ts";
import { type Ack, ackFrame, decodeAck } from "../codec/receipt.ts";
import { decodeResolved, resolve } from "../codec/resolve.ts";
import { Status } from "../codec/status.ts";
import {
  decodeStreamMessage,
  MAX_TEXT_BYTES,
  type StreamAddress,
  streamFrameBytes,
  writeStreamMessage,
} from "../codec/stream.ts";
import { decodeTally } from "../codec/tally.ts";
import { Kind } from "../codec/wire.ts";
import { Broadcasting } from "./broadcasting.ts";
import type { ClientEvent } from "./events.ts";
import type { Outbox } from "./outbox.ts";
import { Receiving } from "./receiving.ts";
import { SendingStream, type Transmit } from "./sending.ts";

/** Where messages go: the home that the session is registered at. */
export interface Carrier {
  /** Where frames to the home wait to be written. */
  readonly outbox: Outbox;
  /** Whether the home speaks the extended protocol: numbers, acknowledgements and receipts. */
  readonly extended: boolean;
}

/** Receivers remembered, so that numbers go on; more only while they owe a receipt. */
const MAX_STREAMS = 1_024;

/**
 * Each stream has so many numbers of its own. One session may answer under two
 * names in turn; so no answer to one stream can be taken for one to another.
 */
const NUMBERS_OF_A_STREAM = 2 ** 28;

/** Numbers are below 2^48. Who wrote to more names than this shares the last numbers. */
const LAST_STREAM = 2 ** 20 - 1;

/** The messages of one session. */
export class Conversation {
  readonly #session: number;
  readonly #tell: (event: ClientEvent) => void;
  /** By receiver; the one used last is the last. */
  readonly #streams = new Map<string, SendingStream>();
  /** Those with messages that have no receipt yet. */
  readonly #busy = new Set<SendingStream>();
  /** By the place of their numbers among all. */
  readonly #numbered = new Map<number, SendingStream>();
  #lastStream = -1;
  readonly #broadcasting: Broadcasting;
  readonly #receiving = new Receiving();
  readonly #acks = new Map<number, Ack>();
  /** What was written to a base server. */
  readonly #unconfirmed: { readonly receiver: string; readonly number: number }[] = [];
  #name = "";
  #nameBytes = new Uint8Array(0);
  #carrier: Carrier & { readonly transmit: Transmit } | null = null;

  /** The conversation of `session`; messages shown and receipts go to `tell`, as events. */
  constructor(session: number, tell: (event: ClientEvent) => void) {
    this.#session = session;
    this.#tell = tell;
    this.#broadcasting = new Broadcasting(({ number, ...settled }) =>
      tell({ kind: "receipt", seq: number, ...settled })
    );
  }

  /** Messages that have no receipt yet. */
  get openCount(): number {
    let count = this.#broadcasting.openCount;
    for (const stream of this.#busy) count += stream.openCount;
    return count;
  }

  /** The session is registered under `name` at a home. */
  attach(carrier: Carrier, name: string): void {
    const transmit = carrier.extended ? this.#transmit(carrier) : this.#transmitBase(carrier);
    this.#carrier = { ...carrier, transmit };
    // A sender numbers by name, so what came under another says nothing here.
    if (name !== this.#name) this.#receiving.renamed();
    this.#name = name;
    this.#nameBytes = encoder.encode(name);
  }

  /** The home is gone; what has no receipt is sent again at the next one. */
  detach(now: number): void {
    if (this.#carrier === null) return;
    this.#carrier = null;
    this.#unconfirmed.length = 0;
    for (const stream of this.#streams.values()) stream.linkLost(now);
    this.#broadcasting.linkLost();
  }

  /**
   * It is attached again, and what was on its way to it when its home died is
   * lost: its senders need not wait until they miss an answer.
   */
  remind(): void {
    const from = this.#session;
    for (const { senderSession, number } of this.#receiving.shownLast()) {
      const stamps = { homeStamp: 0, farStamp: 0 };
      const ack = { to: senderSession, from, everybody: false, number, status: Status.Gap };
      this.#carrier?.outbox.control(ackFrame(Kind.Ack, { ...ack, ...stamps }));
    }
  }

  /** Takes a text to send. It ends in a receipt, whatever happens. */
  send(receiver: string, text: string, now: number): void {
    const bytes = encoder.encode(text);
    if (bytes.length > MAX_TEXT_BYTES) {
      const tooLong = { status: "failed", reason: "too-long", latencyMs: null } as const;
      const counts = receiver === EVERYBODY ? { counts: { delivered: 0, failed: 0 } } : {};
      this.#tell({ kind: "receipt", to: receiver, seq: 0, ...tooLong, ...counts });
      return;
    }
    if (receiver === EVERYBODY) this.#broadcasting.push(bytes, now);
    else {
      const stream = this.#streamTo(receiver);
      stream.push(bytes, now);
      this.#busy.add(stream);
      if (this.#carrier?.extended) {
        // Many others may be busy: this one alone has something new.
        this.#pumpStream(stream, this.#carrier, now);
        return;
      }
    }
    this.pump(now);
  }

  /** Sends what there is room for. */
  pump(now: number): void {
    const carrier = this.#carrier;
    if (carrier === null) return;
    for (const stream of this.#busy) {
      if (stream.openCount === 0) this.#busy.delete(stream);
      else this.#pumpStream(stream, carrier, now);
    }
    this.#broadcasting.pump(carrier.transmit);
    if (!carrier.extended) this.#settleBase(now);
  }

  /** 11/0: shown if it is the next one; acknowledged when `flushAcks` is called. */
  message(payload: Uint8Array, sublength: number): void {
    // Sent while it had a name that it lost since: its sender is told that it was not shown.
    if (this.#carrier === null) return;
    const message = decodeStreamMessage(payload, sublength);
    const { senderSession, number, sender, receiver, text, homeStamp, farStamp } = message;
    const event = { kind: "message", from: sender, to: receiver, text } as const;
    if (number === 0) {
      this.#tell(event);
      return;
    }
    const everybody = receiver === EVERYBODY;
    const verdict = everybody
      ? this.#receiving.everybody(message)
      : this.#receiving.direct(message);
    if (verdict.show) this.#tell(event);
    const from = this.#session;
    const stamps = { homeStamp, farStamp };
    const ack = { to: senderSession, from, everybody, ...verdict, ...stamps };
    // One acknowledgement covers all that came before it in the same read.
    if (everybody) this.#carrier?.outbox.control(ackFrame(Kind.Ack, ack));
    else this.#acks.set(senderSession, ack);
  }

  /** 3/0 from a base home. */
  delivery(payload: Uint8Array, sublength: number): void {
    const { sender, receiver, text } = decodeDelivery(payload, sublength);
    this.#tell({ kind: "message", from: sender, to: receiver, text });
  }

  /** Writes the acknowledgements of what was just read. */
  flushAcks(): void {
    if (this.#acks.size === 0) return;
    for (const ack of this.#acks.values()) this.#carrier?.outbox.control(ackFrame(Kind.Ack, ack));
    this.#acks.clear();
  }

  /** What the home has to say to what was sent: 12/0, 12/1, 12/2, 14/1. */
  answer(kind: number, payload: Uint8Array, now: number): void {
    switch (kind) {
      case Kind.Ack: {
        const ack = decodeAck(payload);
        if (ack.everybody) return this.#broadcasting.ack(ack, now);
        return this.#answered(ack)?.ack(ack, now);
      }
      case Kind.Receipt: {
        const ack = decodeAck(payload);
        if (ack.everybody) return this.#broadcasting.receipt(ack, now);
        return this.#answered(ack)?.receipt(ack, now);
      }
      case Kind.Tally:
        return this.#broadcasting.tally(decodeTally(payload), now);
      case Kind.Resolved: {
        const resolved = decodeResolved(payload);
        const stream = this.#streams.get(resolved.name);
        if (stream?.resolving) stream.resolved(resolved, now);
      }
    }
  }

  /** Fails what is too old, resends what is overdue. */
  tick(now: number): void {
    for (const stream of this.#busy) stream.tick(now);
    this.#broadcasting.tick(now);
    this.pump(now);
  }

  /** The session is over: what has no receipt will get none from anybody. */
  end(now: number): void {
    for (const stream of this.#busy) stream.end(now);
    this.#broadcasting.end(now);
  }

  /** When `tick` has something to do; Infinity when nothing is open. */
  nextDeadline(now: number): number {
    let next = this.#broadcasting.nextDeadline();
    for (const stream of this.#busy) next = Math.min(next, stream.nextDeadline(now));
    return next;
  }

  #pumpStream(
    stream: SendingStream,
    { outbox, extended, transmit }: Carrier & { readonly transmit: Transmit },
    now: number,
  ): void {
    if (!extended) stream.session ??= 0;
    else if (stream.wantsResolving(now)) {
      stream.resolving = outbox.control(resolve(stream.receiver));
    }
    stream.pump(transmit, now);
  }

  #streamTo(receiver: string): SendingStream {
    const known = this.#streams.get(receiver);
    if (known !== undefined && known.openCount > 0) return known;
    const stream = known ?? this.#newStream(receiver);
    this.#streams.delete(receiver);
    this.#streams.set(receiver, stream);
    this.#forgetOldest();
    return stream;
  }

  #newStream(receiver: string): SendingStream {
    this.#lastStream = Math.min(this.#lastStream + 1, LAST_STREAM);
    const before = this.#lastStream * NUMBERS_OF_A_STREAM;
    const stream = new SendingStream(
      receiver,
      ({ number, ...settled }) => this.#tell({ kind: "receipt", seq: number - before, ...settled }),
      { firstNumber: before + 1 },
    );
    this.#numbered.set(this.#lastStream, stream);
    return stream;
  }

  /** The stream that an acknowledgement or receipt is about, if it still goes to whom it says. */
  #answered({ number, from }: Ack): SendingStream | null {
    const stream = this.#numbered.get(Math.floor(number / NUMBERS_OF_A_STREAM));
    return stream !== undefined && (from === 0 || from === stream.lastSession) ? stream : null;
  }

  #forgetOldest(): void {
    for (const oldest of this.#streams.values()) {
      if (this.#streams.size <= MAX_STREAMS || oldest.openCount > 0) return;
      this.#streams.delete(oldest.receiver);
      this.#numbered.delete(Math.floor(oldest.nextNumber / NUMBERS_OF_A_STREAM));
    }
  }

  #transmit({ outbox }: Carrier): Transmit {
    return ({ receiverName, receiverSession, number, floor, text }) => {
      const address: StreamAddress = {
        senderSession: this.#session,
        receiverSession,
        senderName: this.#nameBytes,
        receiverName,
      };
      const at = outbox.reserve(streamFrameBytes(address, text.length));
      if (at < 0) return false;
      const kind = Kind.StreamMessage;
      writeStreamMessage(outbox.room, at, { kind, address, number, floor, text });
      return true;
    };
  }

  #transmitBase({ outbox }: Carrier): Transmit {
    return ({ receiver, number, text }) => {
      const fits = outbox.message(baseMessage(receiver, decoder.decode(text)));
      if (fits) this.#unconfirmed.push({ receiver, number });
      return fits;
    };
  }

  /** What a base server was sent can't be confirmed: that is all there is to say. */
  #settleBase(now: number): void {
    for (const { receiver, number } of this.#unconfirmed.splice(0)) {
      if (receiver === EVERYBODY) this.#broadcasting.unconfirmed(number, now);
      else this.#streams.get(receiver)?.unconfirmed(number, now);
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

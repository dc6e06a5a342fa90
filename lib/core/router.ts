/**
 * The message path of a server for extended frames. Frames are copied whole
 * into the outbox of each destination, or dropped whole with a reason; no text
 * is decoded, and no object is made for a frame that is passed on.
 *
 * What came from a peer never goes to a peer.
 *
 * @module
 */

import { readU32, readU48, writeU32 } from "../codec/big_endian.ts";
import { EVERYBODY } from "../codec/name.ts";
import { ACK_BYTES, AckAt, ackFrame } from "../codec/receipt.ts";
import { DROP_REASONS, Status } from "../codec/status.ts";
import { At, checkAddressing } from "../codec/stream.ts";
import { TALLY_BYTES, tallyFrame } from "../codec/tally.ts";
import { checkLength, HEADER_BYTES, Kind, unexpected } from "../codec/wire.ts";
import type { Seat } from "./claim.ts";
import type { Context } from "./context.ts";
import { copyStream, micros, streamAsBase } from "./delivery.ts";
import type { Link } from "./link.ts";
import { sameBytes } from "./lookup.ts";
import type { Roster } from "./roster.ts";

/** `*`, as it stands in frames. */
export const EVERYBODY_BYTES: Uint8Array = new TextEncoder().encode(EVERYBODY);

/** The links to other servers. */
export interface Routes {
  /** The links in use to extended servers, one for each. */
  readonly peers: () => ReadonlySet<Link>;
  /** The links on which base servers are sent forwards. */
  readonly baseServers: () => ReadonlySet<Link>;
  /** Whether a name that is not known may be known in a moment. */
  readonly ignorant: () => boolean;
}

/** Passes extended messages, acknowledgements and receipts on. */
export class Router {
  readonly #context: Context;
  readonly #roster: Roster<Link>;
  readonly #routes: Routes;

  /** Finds receivers in `roster`, and the links to other servers by `routes`. */
  constructor(context: Context, roster: Roster<Link>, routes: Routes) {
    this.#context = context;
    this.#roster = roster;
    this.#routes = routes;
  }

  /** 11/0 from a client of this server. */
  message(link: Link): void {
    const { bytes, payloadStart: at, sublength } = link.reader;
    if (!link.extended) throw unexpected("message", "it comes after hello");
    checkAddressing(bytes, at, sublength);
    const { seat } = link;
    if (seat === null || !isSender(seat, bytes, at)) {
      this.#tellSender(link, Status.NotRegistered);
      return;
    }
    const receiver = readU48(bytes, at + At.Receiver);
    if (receiver === 0) this.#byName(link, seat);
    else this.#toSession(link, receiver, this.#roster.bySession(receiver));
  }

  /** 11/1 from a peer: for a client of this server, or for all of them. */
  forward(link: Link): void {
    const { bytes, payloadStart: at, sublength } = link.reader;
    if (link.role !== "peer") throw unexpected("forward", "it comes from a peer");
    checkAddressing(bytes, at, sublength);
    if (this.#isOthersName(bytes, at)) {
      this.#tellSender(link, Status.SenderTaken);
      return;
    }
    const receiver = readU48(bytes, at + At.Receiver);
    if (receiver === 0) {
      this.#toOwnClients(link, null);
      return;
    }
    const seat = this.#roster.bySession(receiver);
    // It has moved on to a third server: its sender tries again from the start.
    const elsewhere = seat !== undefined && seat.home !== this.#context.id;
    if (elsewhere) this.#tellSender(link, Status.Moving);
    else this.#toSession(link, receiver, seat);
  }

  /** 12/0: a receiver's word, on its way to the sender. */
  ack(link: Link): void {
    const { bytes, payloadStart: at, end } = link.reader;
    checkLength("acknowledgement", end - at, ACK_BYTES);
    if (link.role !== "peer" && link.session !== readU48(bytes, at + AckAt.From)) {
      this.#context.drop("not-registered");
      return;
    }
    this.#passBack(link, readU48(bytes, at + AckAt.To));
  }

  /** 12/1 or 12/2 from a peer: a server's word, on its way to the sender. */
  receipt(link: Link): void {
    const { bytes, payloadStart: at, end, kind } = link.reader;
    if (link.role !== "peer") throw unexpected("receipt", "it comes from a peer");
    checkLength("receipt", end - at, kind === Kind.Tally ? TALLY_BYTES : ACK_BYTES);
    this.#passBack(link, readU48(bytes, at));
  }

  /** To the client with this session, here or at a peer. */
  #toSession(link: Link, session: number, seat: Seat<Link> | undefined): void {
    const { bytes, payloadStart: at, sublength } = link.reader;
    const start = at + At.Names + byteAt(bytes, at + At.SenderLength);
    const end = at + sublength;
    if (seat === undefined || !sameBytes(seat.nameBytes, bytes, start, end)) {
      const absence = this.#roster.absence(session, { bytes, start, end });
      const isSure = absence !== "no-such-name" || !this.#routes.ignorant();
      this.#tellSender(link, isSure ? ABSENCE[absence] : Status.Moving);
    } else if (!seat.route.takesMessages) {
      this.#tellSender(link, Status.Moving);
    } else if (seat.claim.base && seat.home === this.#context.id) {
      // What other originals say has no number: all of its addressing is alike.
      const alike = HEADER_BYTES + sublength;
      do {
        const passed = streamAsBase(this.#context, link, seat.route, Kind.Message);
        this.#tellSender(link, passed ? Status.Unconfirmed : Status.Slow);
      } while (link.reader.again(alike));
    } else if (!copyStream(this.#context, link, seat.route)) {
      this.#tellSender(link, Status.Slow);
    }
  }

  /** A message without a session: to everybody, or to a name only base servers may know. */
  #byName(link: Link, sender: Seat<Link>): void {
    const { bytes, payloadStart: at, sublength } = link.reader;
    const start = at + At.Names + byteAt(bytes, at + At.SenderLength);
    const end = at + sublength;
    const servers = this.#routes.baseServers();
    if (sameBytes(EVERYBODY_BYTES, bytes, start, end)) this.#toOwnClients(link, sender);
    else if (this.#roster.byNameBytes(bytes, start, end) !== null) {
      this.#tellSender(link, Status.ReceiverChanged);
    } else if (servers.size === 0) this.#tellSender(link, Status.NoSuchName);
    else {
      for (const server of servers) streamAsBase(this.#context, link, server, Kind.Forward);
      this.#tellSender(link, Status.Unconfirmed);
    }
  }

  /** To all clients here; from a client of this server also to all peers. */
  #toOwnClients(link: Link, sender: Seat<Link> | null): void {
    const { bytes, payloadStart: at } = link.reader;
    const counts = { peers: 0, reached: 0, unconfirmed: 0, dropped: 0 };
    for (const seat of this.#roster.at(this.#context.id)) {
      const { route, claim } = seat;
      if (seat === sender || !route.takesMessages) continue;
      const passed = claim.base
        ? streamAsBase(this.#context, link, route, Kind.Message)
        : copyStream(this.#context, link, route);
      counts[passed ? claim.base ? "unconfirmed" : "reached" : "dropped"]++;
    }
    for (const peer of sender === null ? [] : this.#routes.peers()) {
      counts[copyStream(this.#context, link, peer) ? "peers" : "dropped"]++;
    }
    const number = readU48(bytes, at + At.Number);
    if (number === 0) return;
    const to = readU48(bytes, at + At.Sender);
    this.#context.send(link, tallyFrame({ to, server: this.#context.id, number, ...counts }));
  }

  /** An acknowledgement, receipt or tally goes to the sender it is about. */
  #passBack(from: Link, session: number): void {
    const seat = this.#roster.bySession(session);
    const isHere = seat?.home === this.#context.id;
    if (seat === undefined || seat.claim.base || (from.role === "peer" && !isHere)) {
      this.#context.drop("sender-gone");
      return;
    }
    const { bytes, start, end, kind } = from.reader;
    const copy = bytes.slice(start, end);
    if (kind === Kind.Ack) {
      // Each server's own clock only: what it says is how long it took from here.
      const stamp = HEADER_BYTES + (isHere ? AckAt.HomeStamp : AckAt.FarStamp);
      writeU32(copy, stamp, micros(this.#context.now) - readU32(copy, stamp));
    }
    this.#context.send(seat.route, copy);
  }

  /** Tells the sender of the message in `link`'s reader what became of it. */
  #tellSender(link: Link, status: number): void {
    const { bytes, payloadStart: at } = link.reader;
    const reason = DROP_REASONS[status];
    if (reason !== undefined) this.#context.drop(reason);
    const number = readU48(bytes, at + At.Number);
    if (number === 0) return;
    const end = at + link.reader.sublength;
    this.#context.send(
      link,
      ackFrame(Kind.Receipt, {
        to: readU48(bytes, at + At.Sender),
        from: readU48(bytes, at + At.Receiver),
        number,
        status,
        everybody: bytes[at + At.ReceiverLength] === 1 && bytes[end - 1] === EVERYBODY_BYTES[0],
        homeStamp: 0,
        farStamp: 0,
      }),
    );
  }

  /** Whether a peer sends under a name that somebody else holds. */
  #isOthersName(bytes: Uint8Array, at: number): boolean {
    const start = at + At.Names;
    const end = start + byteAt(bytes, at + At.SenderLength);
    const seat = this.#roster.bySession(readU48(bytes, at + At.Sender));
    if (seat !== undefined) return !sameBytes(seat.nameBytes, bytes, start, end);
    return this.#roster.byNameBytes(bytes, start, end) !== null;
  }
}

const ABSENCE = {
  "moving": Status.Moving,
  "no-such-name": Status.NoSuchName,
  "receiver-changed": Status.ReceiverChanged,
} as const;

/** Whether the message whose payload begins at `at` speaks for its sender. */
function isSender(seat: Seat<Link>, bytes: Uint8Array, at: number): boolean {
  const start = at + At.Names;
  return readU48(bytes, at + At.Sender) === seat.claim.session &&
    sameBytes(seat.nameBytes, bytes, start, start + byteAt(bytes, at + At.SenderLength));
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/**
 * The message path of a server for base frames: from original clients, and
 * from original servers. What can't be passed on is counted, since the base
 * protocol has no way to tell its sender.
 *
 * @module
 */

import { MAX_NAME_BYTES } from "../codec/name.ts";
import type { Party } from "../codec/stream.ts";
import { HEADER_BYTES, Kind, MAX_PAYLOAD_BYTES, ProtocolError, unexpected } from "../codec/wire.ts";
import type { Seat } from "./claim.ts";
import type { Context } from "./context.ts";
import { baseAsBase, baseAsStream, forwardAsDelivery } from "./delivery.ts";
import type { Link } from "./link.ts";
import { sameBytes } from "./lookup.ts";
import type { Roster } from "./roster.ts";
import { EVERYBODY_BYTES, type Routes } from "./router.ts";

const NUL = 0;
const SPACE = 0x20;

const EVERYBODY_PARTY: Party = { nameBytes: EVERYBODY_BYTES, claim: { session: 0 } };

/** Passes base messages on. */
export class BaseRouter {
  readonly #context: Context;
  readonly #roster: Roster<Link>;
  readonly #routes: Routes;

  /** Finds receivers in `roster`, and the links to other servers by `routes`. */
  constructor(context: Context, roster: Roster<Link>, routes: Routes) {
    this.#context = context;
    this.#roster = roster;
    this.#routes = routes;
  }

  /** 3/0 from a base client of this server. */
  message(link: Link): void {
    const { bytes, payloadStart: at, end, sublength } = link.reader;
    const { seat } = link;
    if (link.extended) throw unexpected("base message", "an extended client numbers its messages");
    if (seat === null) {
      this.#context.drop("not-registered");
      return;
    }
    const receiverEnd = at + sublength;
    if (receiverEnd >= end || bytes[receiverEnd] !== SPACE) {
      throw new ProtocolError("malformed", "Cannot decode message: no space after the receiver");
    }
    if (end - at + seat.nameBytes.length + 1 > MAX_PAYLOAD_BYTES) {
      this.#context.drop("too-long");
    } else if (sameBytes(EVERYBODY_BYTES, bytes, at, receiverEnd)) {
      this.#toEverybody(link, seat);
    } else {
      const target = this.#roster.byNameBytes(bytes, at, receiverEnd);
      if (target === null) this.#toBaseServers(link, seat);
      else if (!target.route.takesMessages) this.#context.drop("moving");
      else {
        // The same sender, length, receiver and space: nothing else decides what happens.
        const alike = HEADER_BYTES + sublength + 1;
        do this.#deliver(link, seat, target, target); while (link.reader.again(alike));
      }
    }
  }

  /** 4/0 from a base server: for a client of this server, or nobody. */
  forward(link: Link): void {
    const { bytes, payloadStart: at, end, sublength } = link.reader;
    if (link.role === "new" && link.loopback && !link.extended) link.role = "base-server";
    if (link.role !== "base-server") {
      throw unexpected("base forward", "it comes from a base server on this machine");
    }
    const separator = bytes.indexOf(NUL, at);
    const receiverEnd = at + sublength;
    if (
      separator < 0 || separator >= receiverEnd || receiverEnd >= end ||
      bytes[receiverEnd] !== SPACE
    ) {
      throw new ProtocolError("malformed", "Cannot decode forward: no 'sender NUL receiver'");
    }
    if (separator - at > MAX_NAME_BYTES) {
      // No frame of ours has room for such a name.
      this.#context.drop("bad-name");
      return;
    }
    if (this.#roster.byNameBytes(bytes, at, separator) !== null) {
      this.#context.drop("sender-taken");
      return;
    }
    const sender = { nameBytes: bytes.slice(at, separator), claim: { session: 0 } };
    if (sameBytes(EVERYBODY_BYTES, bytes, separator + 1, receiverEnd)) {
      for (const seat of this.#roster.at(this.#context.id)) {
        if (seat.route.takesMessages) {
          this.#deliverForward(link, sender, seat, EVERYBODY_PARTY);
        }
      }
      return;
    }
    const target = this.#roster.byNameBytes(bytes, separator + 1, receiverEnd);
    // Its home sends to every server; only the one with the receiver delivers.
    if (target?.home !== this.#context.id) this.#context.drop("no-such-name");
    else if (!target.route.takesMessages) this.#context.drop("moving");
    else this.#deliverForward(link, sender, target, target);
  }

  #toEverybody(link: Link, sender: Seat<Link>): void {
    const receiver = EVERYBODY_PARTY;
    for (const seat of this.#roster.at(this.#context.id)) {
      const takes = seat !== sender && seat.route.takesMessages;
      if (takes) this.#deliver(link, sender, seat, receiver);
    }
    for (const peer of this.#routes.peers()) {
      this.#count(baseAsStream(this.#context, link, peer, sender, receiver));
    }
  }

  /** To the client in `seat`, who reads that it went to `receiver`. */
  #deliver(link: Link, sender: Party, seat: Seat<Link>, receiver: Party): void {
    const isBaseHere = seat.claim.base && seat.home === this.#context.id;
    this.#count(
      isBaseHere
        ? baseAsBase(this.#context, link, seat.route, Kind.Message, sender)
        : baseAsStream(this.#context, link, seat.route, sender, receiver),
    );
  }

  #toBaseServers(link: Link, sender: Seat<Link>): void {
    const servers = this.#routes.baseServers();
    if (servers.size === 0) this.#context.drop("no-such-name");
    for (const server of servers) {
      this.#count(baseAsBase(this.#context, link, server, Kind.Forward, sender));
    }
  }

  #deliverForward(link: Link, sender: Party, seat: Seat<Link>, receiver: Party): void {
    this.#count(
      seat.claim.base
        ? forwardAsDelivery(this.#context, link, seat.route)
        : baseAsStream(this.#context, link, seat.route, sender, receiver),
    );
  }

  #count(passed: boolean): void {
    if (!passed) this.#context.drop("slow");
  }
}

/**
 * Links between servers that can't reach each other, carried frame by frame
 * inside their links to a third one. To the rest of the server such a link is a
 * link like any other; only its bytes take another way. A frame is passed on
 * exactly once: a carried link carries none.
 *
 * @module
 */

import { bye } from "../codec/bye.ts";
import { HEADER_BYTES, Kind, unexpected } from "../codec/wire.ts";
import {
  type Carried,
  decodeNoWay,
  decodeVia,
  isServerId,
  kindOf,
  noWay,
  via,
  viaBytes,
  writeVia,
} from "../codec/via.ts";
import type { Context } from "./context.ts";
import { type Dialled, Link } from "./link.ts";
import { target } from "./target.ts";

/** More carried links than this no clique needs; a peer could open one for each id there could be. */
const MAX_CARRIED = 1_024;

/** What a link that is carried needs of the server that it belongs to. */
export interface CarriageEvents {
  /** A link to another server was begun at this end: say hello on it. */
  opened(link: Link): void;
  /** One whole frame came on a carried link. */
  received(link: Link, frame: Uint8Array): void;
  /** A carried link is gone; `why` is a short clause for people. */
  closed(link: Link, why: string): void;
}

/** The links that this server has by way of others, and what it passes on for others. */
export class Carriage {
  readonly #context: Context;
  readonly #peers: ReadonlySet<Link>;
  readonly #events: CarriageEvents;
  readonly #carried = new Set<Link>();
  /** What a carrier had no room for yet. */
  readonly #held = new Map<Link, Uint8Array>();
  #lastLink = 0;

  /** Carries nothing yet; `peers` are the links in use, carried ones among them. */
  constructor(context: Context, peers: ReadonlySet<Link>, events: CarriageEvents) {
    this.#context = context;
    this.#peers = peers;
    this.#events = events;
  }

  /** Begins a link to the server `to` by way of the peer `through`. */
  dial(to: string, through: string): void {
    const carrier = this.#linkTo(through);
    if (!isServerId(to) || carrier === null || this.#find(carrier, to) !== null) return;
    // The way around is tried when it seems to be there, whatever became of the last time.
    const dialled = { target: target("member", [], to), address: `server ${to}`, asks: true };
    this.#events.opened(this.#open(to, carrier, dialled));
  }

  /** 16/0 on the link of a peer: for this server, or to be passed on. */
  take(link: Link): void {
    if (link.role !== "peer" || link.carrier !== null) {
      throw unexpected(
        "a carried frame",
        "it comes from a peer, on a link that is not carried itself",
      );
    }
    const { reader } = link;
    const carried = decodeVia(reader.payload(), reader.sublength);
    if (carried.to === this.#context.id) this.#arrived(link, carried);
    else if (carried.from === link.peer) this.#passOn(link, carried);
    else throw unexpected("a carried frame", "it is passed on once only");
  }

  /** 16/1: the peer on `link` has no link to the server that a frame was for. */
  noWay(link: Link, payload: Uint8Array): void {
    const rider = this.#find(link, decodeNoWay(payload));
    if (rider !== null) this.#gone(rider, "there is no way by its carrier any more");
  }

  /** Hands what waits on carried links to their carriers, and ends those that are over. */
  settle(): void {
    for (const rider of this.#carried) {
      const { carrier } = rider;
      if (carrier === null) continue;
      this.#pump(rider, carrier);
      if (rider.closing !== null) this.#gone(rider, rider.closing);
      else if (!this.#peers.has(carrier)) this.#gone(rider, "the link that carried it is gone");
    }
  }

  #arrived(carrier: Link, { from, inner }: Carried): void {
    const rider = this.#find(carrier, from);
    const isHello = kindOf(inner) === Kind.Hello;
    if (isHello && rider?.dialled === null) {
      // It has begun anew, so it does not know of the old one any more.
      this.#gone(rider, "the other end has begun a new one");
    } else if (rider !== null) {
      this.#events.received(rider, inner);
      return;
    }
    if (isHello && this.#carried.size < MAX_CARRIED) {
      this.#events.received(this.#open(from, carrier, null), inner);
    } else if (kindOf(inner) !== Kind.Bye) this.#disown(carrier, from);
  }

  /** The other end writes on a link that this one does not know any more. */
  #disown(carrier: Link, to: string): void {
    const inner = bye("carrier-lost", "this link is not carried any more");
    this.#context.send(carrier, via({ to, from: this.#context.id, inner }));
  }

  #passOn(from: Link, { to, inner }: Carried): void {
    const link = this.#linkTo(to);
    if (link === null) {
      this.#context.send(from, noWay(to));
      return;
    }
    const { bytes, start, end } = from.reader;
    if (!isMessage(inner)) this.#context.send(link, bytes.slice(start, end));
    else if (link.outbox.message(bytes.subarray(start, end))) this.#context.wake(link);
    // Its sender sends it again, as it does whenever no receipt comes.
    else this.#context.drop("slow");
  }

  /** As much of a carried link's outbox as its carrier has room for. */
  #pump(rider: Link, carrier: Link): void {
    for (let bytes = this.#next(rider); bytes !== null; bytes = this.#next(rider)) {
      const rest = this.#wrap(rider, carrier, bytes);
      if (rest === null) continue;
      this.#held.set(rider, rest);
      return;
    }
  }

  #next(rider: Link): Uint8Array | null {
    const held = this.#held.get(rider);
    if (held === undefined) return rider.pull(this.#context.now);
    this.#held.delete(rider);
    return held;
  }

  /** Returns what did not fit, from the first frame on that didn't; null when all did. */
  #wrap(rider: Link, carrier: Link, bytes: Uint8Array): Uint8Array | null {
    const ends = { to: rider.peer ?? "", from: this.#context.id };
    for (let at = 0; at < bytes.length;) {
      const end = at + HEADER_BYTES + ((bytes[at + 2] as number) << 8 | (bytes[at + 3] as number));
      const inner = bytes.subarray(at, end);
      if (!isMessage(inner)) this.#context.send(carrier, via({ ...ends, inner }));
      else {
        const room = carrier.closing === null ? carrier.outbox.reserve(viaBytes(inner.length)) : -1;
        if (room < 0) return bytes.subarray(at);
        writeVia(carrier.outbox.room, room, { ...ends, inner });
        this.#context.wake(carrier);
      }
      at = end;
    }
    return null;
  }

  #open(to: string, carrier: Link, dialled: Dialled | null): Link {
    const { now, limits, links } = this.#context;
    const { local } = carrier.how;
    // Nobody is at that address: what it tells is not taken for an address of this machine.
    const how = { dial: null, connectMs: 0, local, remote: { hostname: "", port: 0 } };
    const id = --this.#lastLink;
    const link = new Link(id, how, dialled, { now, outboxBytes: limits.peerOutboxBytes, carrier });
    link.peer = to;
    links.set(id, link);
    this.#carried.add(link);
    return link;
  }

  #gone(rider: Link, why: string): void {
    this.#carried.delete(rider);
    this.#held.delete(rider);
    this.#events.closed(rider, why);
  }

  #find(carrier: Link, to: string): Link | null {
    for (const rider of this.#carried) {
      if (rider.carrier === carrier && rider.peer === to) return rider;
    }
    return null;
  }

  /** The link in use to a peer that is not carried itself. */
  #linkTo(peer: string): Link | null {
    for (const link of this.#peers) {
      if (link.peer === peer && link.carrier === null && link.closing === null) return link;
    }
    return null;
  }
}

/** Whether a frame may wait behind others, or be dropped: its sender sends it again. */
function isMessage(whole: Uint8Array): boolean {
  const kind = kindOf(whole);
  return kind === Kind.StreamForward || kind === Kind.StreamMessage;
}

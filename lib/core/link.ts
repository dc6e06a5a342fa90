/**
 * One framed connection as a server's core sees it.
 *
 * @module
 */

import { FrameReader } from "../codec/reader.ts";
import { type Address, isLoopback } from "./address.ts";
import type { Echoes } from "./echoes.ts";
import type { Target } from "./target.ts";
import { Outbox } from "./outbox.ts";
import type { Seat } from "./claim.ts";

/** How a link came to be, as the driver tells it. */
export interface Opened {
  /** The number of the dial action that led to it; null when it was accepted. */
  readonly dial: number | null;
  /** What connecting took, in milliseconds. */
  readonly connectMs: number;
  /** The address at this end. */
  readonly local: Address;
  /** The address at the other end. */
  readonly remote: Address;
}

/** What this server dialled, and why. */
export interface Dialled {
  /** What is told how the dial went. */
  readonly target: Target;
  /** Which of the target's addresses it was, as `host:port`. */
  readonly address: string;
  /** It said hello and expects a reply; a dial-back says nothing. */
  readonly asks: boolean;
}

/**
 * Who is at the other end. `new`: not known yet; `candidate`: another server
 * before one of the two accepted the link; `peer`: the link of that pair;
 * `base-server`: an original that asked, answered or was dialled back.
 */
export type Role = "new" | "candidate" | "peer" | "client" | "base-server";

/** State of one connection, or of a link that is carried inside another. What it means is decided by those who use it. */
export class Link {
  /** Cuts what is read into frames. */
  readonly reader = new FrameReader("server");
  /** The other end is on this machine, by its address. */
  readonly loopback: boolean;
  /** Who is at the other end, as far as it is known. */
  role: Role = "new";
  /** Hello was said and answered: extended frames may be sent. */
  extended = false;
  /** The id of the server at the other end. */
  peer: string | null = null;
  /** Where that server accepts connections, by its own word: for people. */
  reachedAt: string | null = null;
  /** The name that its client holds, or asks for. */
  seat: Seat<Link> | null = null;
  /** The session that its client enrolled last: even after 7/0 it acknowledges what it reads. */
  session = 0;
  /** What is measured on the link of a pair; null before it is one. */
  echoes: Echoes | null = null;
  /** Messages may be passed to it: a peer, or a client that was told that it has its name. */
  takesMessages = false;
  /** The client wants to hear who comes and goes. */
  watching = false;
  /** When the last bytes came, in ms. */
  heardAt: number;
  /** When the first byte of an unfinished frame came, in ms; null when no frame is. */
  unfinishedSince: number | null = null;
  /** Why it is being closed; nothing more is read. */
  closing: string | null = null;
  /** It is in the list of links with something to write. */
  ready = false;

  /** `id` is the driver's number, or below 0 when it is carried; `dialled` is null when the link was accepted. `now` is in ms. */
  constructor(
    readonly id: number,
    readonly how: Opened,
    readonly dialled: Dialled | null,
    { now, outboxBytes, carrier = null }: {
      readonly now: number;
      readonly outboxBytes: number;
      readonly carrier?: Link | null;
    },
  ) {
    this.carrier = carrier;
    this.outbox = new Outbox(outboxBytes);
    this.loopback = isLoopback(how.remote.hostname);
    this.openedAt = now;
    this.heardAt = now;
  }

  /** The link to a third server, inside which this one is carried; null when it is a connection. */
  readonly carrier: Link | null;
  /** The next bytes to write, at most 64 KiB, which are written at `now`; null when there are none. */
  pull(now: number): Uint8Array | null {
    const bytes = this.outbox.pull();
    if (bytes !== null) this.echoes?.written(now);
    return bytes;
  }

  /** What is still to be written. */
  outbox: Outbox;
  /** When the connection was there, in ms. */
  readonly openedAt: number;
}

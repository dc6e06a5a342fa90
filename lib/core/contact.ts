/**
 * One server as a client sees it: how it was reached, what it speaks, how far
 * away it is.
 *
 * @module
 */

import type { Welcome } from "../codec/extended.ts";
import { FrameReader } from "../codec/reader.ts";
import type { Candidate } from "./choice.ts";
import { CLIENT_OUTBOX_BYTES, Outbox } from "./outbox.ts";
import type { LoopLag } from "./lag.ts";
import { Probes } from "./probes.ts";
import { RttWindow } from "./window.ts";

/** One connection of a client. */
export class ClientLink {
  /** Cuts what is read into frames. */
  readonly reader = new FrameReader("client");
  /** What is still to be written. */
  readonly outbox = new Outbox(CLIENT_OUTBOX_BYTES);
  /** The echoes sent on it that wait for a reply. */
  readonly probes: Probes;
  /** An echo waits in the outbox; it counts from the moment it is written. */
  echoQueued = false;
  /** When the last bytes came, in ms. */
  heardAt: number;
  /** 7/0 was said; it is closed when that is answered. */
  leaving = false;
  /** It is being closed; nothing more is read. */
  closing = false;
  /** It is in the list of links with something to write. */
  ready = false;

  /** `id` is the driver's number; `now` is in ms. */
  constructor(
    readonly id: number,
    readonly contact: Contact,
    { now, remote, lag }: {
      readonly now: number;
      readonly remote: string;
      readonly lag: LoopLag;
    },
  ) {
    this.probes = new Probes(lag);
    this.remote = remote;
    this.openedAt = now;
    this.heardAt = now;
  }

  /** The address at the other end, whatever name it was dialled by. */
  readonly remote: string;
  /** When the connection was there, in ms. */
  readonly openedAt: number;
}

/** `mute`: a base server that knows neither the list of servers nor echoes. */
export type Protocol = "unknown" | "extended" | "base" | "mute";

/** What is known of a server before it was reached. */
export interface Known {
  /** Null when only its address is known. */
  readonly id: string | null;
  /** `host:port`, the best first. */
  readonly addresses: readonly string[];
}

/** One server, its connection, and its samples. */
export class Contact implements Candidate {
  /** How far it got: `greeting` is connected and asked what it is, `ready` is known. */
  state: "waiting" | "dialling" | "greeting" | "ready" | "failed" = "waiting";
  /** What it speaks; `unknown` until it answered, or was silent for too long. */
  protocol: Protocol = "unknown";
  /** The connection to learn and measure; null when there is none. */
  link: ClientLink | null = null;
  /** What it said of itself; null for a base server. */
  card: Pick<Welcome, "id" | "label" | "clients"> | null = null;
  /** The samples, warm-up left out; of a mute server what TCP needed to connect. */
  readonly window: RttWindow;
  /** What TCP needed to connect, in ms. */
  connectMs = 0;
  /** Probes that ended, those included that are thrown away. */
  probesEnded = 0;
  /** When the next probe is due, in ms. */
  nextProbeAt = 0;
  /** It said that it leaves. */
  leaving = false;
  /** Why it can't be used, for people. */
  failure: string | null = null;
  readonly #addresses: readonly string[];
  #at = 0;

  /** Waits to be dialled, at the first of the addresses; keeps so many samples. */
  constructor(readonly known: Known, samples: number) {
    this.window = new RttWindow(samples);
    this.#addresses = known.addresses;
  }

  /** The address by which it is reached. */
  get address(): string {
    return this.#addresses[this.#at] ?? "";
  }

  /** The server's id, as far as it is known. */
  get id(): string | null {
    return this.card?.id ?? this.known.id;
  }

  /** It speaks the extended protocol. */
  get extended(): boolean {
    return this.protocol === "extended";
  }

  /** The smallest sample, in ms; null when nothing was measured. */
  get minMs(): number | null {
    return this.window.minMs;
  }

  /** It can't be reached at this address: there may be another one. */
  fail(why: string): void {
    this.failure = why;
    this.link = null;
    const more = this.state !== "ready" && this.#at + 1 < this.#addresses.length;
    if (more) this.#at++;
    this.state = more ? "waiting" : "failed";
  }
}

/**
 * One server as a client sees it: how it was reached, what it speaks, how far
 * away it is.
 *
 * @module
 */

import type { Welcome } from "../codec/handshake.ts";
import { FrameReader } from "../codec/reader.ts";
import type { Candidate } from "./choice.ts";
import { CLIENT_OUTBOX_BYTES, Outbox } from "./outbox.ts";
import type { LoopLag } from "./lag.ts";
import { Probes, type Sample } from "./probes.ts";
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

/** Somewhere that a server is, or is said to be. */
export interface Place extends Known {
  id: string | null;
  addresses: readonly string[];
  /** A base server told of it, as of another one. */
  readonly isBase: boolean;
  /** What came of the last contact that was finished; null when there was none. */
  last: Contact | null;
}

/** One server, its connection, and its samples. */
export class Contact implements Candidate {
  /**
   * How far it got: `greeting` is connected and asked what it is, `ready` is
   * known, `double` turned out to be a server that is reached somewhere else.
   */
  state: "waiting" | "dialling" | "greeting" | "ready" | "failed" | "double" = "waiting";
  /** What it speaks; `unknown` until it answered, or was silent for too long. */
  protocol: Protocol = "unknown";
  /** The connection to learn and measure; null when there is none. */
  link: ClientLink | null = null;
  /** What it said of itself; null for a base server. */
  card: Pick<Welcome, "id" | "label" | "clients" | "carried"> | null = null;
  /** The samples, warm-up left out; of a mute server what TCP needed to connect. */
  readonly window: RttWindow;
  /** When the last sample was taken, in ms; null when none was. */
  measuredAt: number | null = null;
  /** What TCP needed to connect, in ms. */
  connectMs = 0;
  /** Probes on this connection that ended, those included that are thrown away. */
  probesEnded = 0;
  /** When the next probe is due, in ms. */
  nextProbeAt = 0;
  /** From when on a probe is a sample, in ms: one before only keeps the connection. */
  nextSampleAt = 0;
  /** The newest probe is a sample. */
  isSampling = false;
  /** It said that it leaves. */
  leaving = false;
  /** Why it can't be used, for people. */
  failure: string | null = null;
  readonly #addresses: readonly string[];
  /** The address that is tried, and how many were not tried yet. */
  #at: number;
  #left: number;

  /** Waits to be dialled, at the address that was of use last; keeps so many samples. */
  constructor(readonly place: Place, samples: number) {
    this.window = new RttWindow(samples);
    this.#addresses = place.addresses;
    this.#at = Math.max(0, place.addresses.indexOf(place.last?.address ?? ""));
    this.#left = place.addresses.length - 1;
  }

  /** The address by which it is reached. */
  get address(): string {
    return this.#addresses[this.#at] ?? "";
  }

  /** The server's id, as far as it is known. */
  get id(): string | null {
    return this.card?.id ?? this.place.id;
  }

  /** It speaks the extended protocol. */
  get extended(): boolean {
    return this.protocol === "extended";
  }

  /** The smallest sample, in ms; null when nothing was measured. */
  get minMs(): number | null {
    return this.window.minMs;
  }

  /** Whether it is the server that `other` is about. */
  isSame(other: Contact): boolean {
    return this === other || (this.id !== null && this.id === other.id);
  }

  /** A sample of this connection, in ms. */
  sampled({ rttMs, late }: Sample, now: number): void {
    this.window.add(rttMs, { late });
    this.measuredAt = now;
  }

  /** It can't be reached at this address: there may be another one. */
  fail(why: string): void {
    this.failure = why;
    this.link = null;
    const more = this.state !== "ready" && this.#left > 0;
    if (more) {
      this.#left--;
      this.#at = (this.#at + 1) % this.#addresses.length;
    }
    this.state = more ? "waiting" : "failed";
  }

  /** It is to be dialled again, and keeps its samples. */
  retry(): void {
    this.state = "waiting";
    this.probesEnded = 0;
    this.nextSampleAt = 0;
    this.#left = this.#addresses.length - 1;
  }
}

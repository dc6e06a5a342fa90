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
import { Probes, RttWindow } from "./rtt.ts";

/** One connection of a client. */
export class ClientLink {
  readonly reader = new FrameReader("client");
  readonly outbox = new Outbox(CLIENT_OUTBOX_BYTES);
  readonly probes = new Probes();
  /** An echo waits in the outbox; it counts from the moment it is written. */
  echoQueued = false;
  heardAt: number;
  /** 7/0 was said; it is closed when that is answered. */
  leaving = false;
  closing = false;
  ready = false;

  constructor(
    readonly id: number,
    readonly contact: Contact,
    { now, remote }: { readonly now: number; readonly remote: string },
  ) {
    this.remote = remote;
    this.openedAt = now;
    this.heardAt = now;
  }

  /** The address at the other end, whatever name it was dialled by. */
  readonly remote: string;
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
  state: "waiting" | "dialling" | "greeting" | "ready" | "failed" = "waiting";
  protocol: Protocol = "unknown";
  link: ClientLink | null = null;
  /** What it said of itself; null for a base server. */
  card: Pick<Welcome, "id" | "label" | "clients"> | null = null;
  readonly window = new RttWindow();
  /** What TCP needed to connect, in ms. */
  connectMs = 0;
  /** Probes that ended, those included that are thrown away. */
  probesEnded = 0;
  nextProbeAt = 0;
  /** It said that it leaves. */
  leaving = false;
  /** Why it can't be used, for people. */
  failure: string | null = null;
  readonly #addresses: readonly string[];
  #at = 0;

  constructor(readonly known: Known) {
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

  get extended(): boolean {
    return this.protocol === "extended";
  }

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

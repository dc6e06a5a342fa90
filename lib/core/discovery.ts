/**
 * Finding the others of a clique on a LAN: when to say what, and what to make
 * of what others say. Everybody who is in or looks for a clique hears every
 * datagram, so a server tells all of them at once, and never often.
 *
 * @module
 */

import {
  type AnnouncedServer,
  decodeAnnouncement,
  encodeAnnouncement,
} from "../codec/announcement.ts";
import { addressText, isLinkLocal, isLoopback, parseAddress, understood } from "./address.ts";

/** The pause after the first datagram: the first ones may be lost while a link comes up. */
export const SAY_MIN_MS = 250;

/** The longest pause. Whoever missed everything is found within about this. */
export const SAY_MAX_MS = 30_000;

/** Who starts asks so often; after that, the others have said that they are there. */
export const QUESTIONS = 5;

/** Answers to one question are spread over so long, so that they don't collide. */
export const ANSWER_SPREAD_MS = 50;

/** No server says anything sooner after its last datagram, whoever asks. */
export const ANSWER_GAP_MS = 250;

/** A server heard for the first time may be heard at once by a better address. */
export const GRACE_MS = 100;

/** No server is offered again sooner: whoever got it decides whether there is news in it. */
export const OFFER_GAP_MS = 5_000;

/** An address that was not announced for so long is forgotten. */
const ADDRESS_MS = 3 * SAY_MAX_MS;

/** More servers than this no clique has: beyond it, the one unheard longest is forgotten. */
const MAX_HEARD = 1_024;

/** More addresses than this help nobody. */
const MAX_ADDRESSES = 8;

/** A server that was heard, and where it can be reached. */
export interface Found {
  /** The server's id, twelve hexadecimal digits, as it announces it. */
  readonly id: string;
  /** `host:port`, the best first. */
  readonly addresses: readonly string[];
}

/** How to take part. */
export interface DiscoveryConfig {
  /** Only servers of this name are found, and only they find this one. */
  readonly clique: string;
  /** What to announce; null for a client, which only asks. */
  readonly server: AnnouncedServer | null;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

interface Heard {
  /** When each address was announced last. */
  readonly addresses: Map<string, number>;
  offerAt: number;
  offeredAt: number;
}

/** Pure bookkeeping, told what arrived and when. All times are in milliseconds of one clock. */
export class Discovery {
  readonly #config: DiscoveryConfig;
  /** By id, the one unheard longest first. */
  readonly #heard = new Map<string, Heard>();
  #datagrams: Uint8Array[] = [];
  /** Datagrams said unasked. */
  #rounds = 0;
  #saidAt = -Infinity;
  #sayAt = -Infinity;
  #answerAt = Infinity;
  #ignored = 0;

  /** Has heard nobody yet, and says something for the first time at the first `tick`. */
  constructor(config: DiscoveryConfig) {
    this.#config = config;
  }

  /** Datagrams that were no announcements. */
  get ignored(): number {
    return this.#ignored;
  }

  /** A datagram came from `hostname`, a link-local one with its zone. */
  receive(datagram: Uint8Array, hostname: string, now: number): void {
    const said = decodeAnnouncement(datagram);
    if (said === null) {
      this.#ignored++;
      return;
    }
    const { clique, server: self } = this.#config;
    const { server, asks } = said;
    const isOwn = server !== null && server.id === self?.id;
    if (said.clique !== clique || isOwn) return;
    if (asks && self !== null) this.#answer(now);
    if (server === null) return;
    const named = understood(server.addresses, hostname)
      .filter((text) => parseAddress(text) !== null);
    const source = addressText({ hostname, port: server.port });
    this.#hear(server.id, named.length > 0 ? named : [source], now);
  }

  /** Does what is due, and returns when it wants to be called again. */
  tick(now: number): number {
    if (now >= this.#sayAt) this.#sayUnasked(now);
    else if (now >= this.#answerAt) this.#say(false, now);
    return Math.min(this.#sayAt, this.#answerAt, this.#nextOffer());
  }

  /** What to send on every link, since the last call. */
  takeDatagrams(): readonly Uint8Array[] {
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  /** The servers to offer now to whoever can link to them. */
  takeFound(now: number): readonly Found[] {
    const found: Found[] = [];
    for (const [id, heard] of this.#heard) {
      if (heard.offerAt > now) continue;
      heard.offerAt = Infinity;
      heard.offeredAt = now;
      found.push({ id, addresses: bestFirst(heard, now) });
    }
    return found;
  }

  #answer(now: number): void {
    const at = Math.max(
      now + this.#config.random() * ANSWER_SPREAD_MS,
      this.#saidAt + ANSWER_GAP_MS,
    );
    this.#answerAt = Math.min(this.#answerAt, at);
  }

  #sayUnasked(now: number): void {
    const isClient = this.#config.server === null;
    this.#say(this.#rounds < QUESTIONS, now);
    const pauseMs = Math.min(SAY_MAX_MS, SAY_MIN_MS * 2 ** Math.min(this.#rounds, 20));
    this.#rounds++;
    // Jitter, so that those who started together don't speak together for ever.
    const jittered = now + pauseMs * (0.75 + 0.5 * this.#config.random());
    this.#sayAt = isClient && this.#rounds === QUESTIONS ? Infinity : jittered;
  }

  #say(asks: boolean, now: number): void {
    const { clique, server } = this.#config;
    this.#datagrams.push(encodeAnnouncement({ clique, server, asks }));
    this.#saidAt = now;
    this.#answerAt = Infinity;
  }

  #hear(id: string, addresses: readonly string[], now: number): void {
    const heard = this.#heard.get(id) ??
      { addresses: new Map(), offerAt: Infinity, offeredAt: -Infinity };
    this.#heard.delete(id);
    this.#heard.set(id, heard);
    for (const address of addresses) {
      heard.addresses.delete(address);
      heard.addresses.set(address, now);
    }
    trim(heard.addresses, MAX_ADDRESSES);
    trim(this.#heard, MAX_HEARD);
    const offerAt = Math.max(now + GRACE_MS, heard.offeredAt + OFFER_GAP_MS);
    heard.offerAt = Math.min(heard.offerAt, offerAt);
  }

  #nextOffer(): number {
    let next = Infinity;
    for (const { offerAt } of this.#heard.values()) next = Math.min(next, offerAt);
    return next;
  }
}

/** The addresses announced lately: those of use to most first, then the newest. */
function bestFirst({ addresses }: Heard, now: number): string[] {
  for (const [address, announcedAt] of addresses) {
    if (now - announcedAt > ADDRESS_MS) addresses.delete(address);
  }
  return [...addresses.keys()].toReversed().toSorted((a, b) => rank(a) - rank(b));
}

/** IPv4 reads best, loopback serves one machine, a link-local address one link. */
function rank(address: string): number {
  const hostname = parseAddress(address)?.hostname ?? "";
  if (isLinkLocal(hostname)) return 3;
  if (isLoopback(hostname)) return 2;
  return hostname.includes(":") ? 1 : 0;
}

/** Forgets the oldest. */
function trim(entries: Map<string, unknown>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}

/**
 * Finding the servers and measuring them: all at once, the probes of different
 * servers interleaved, so that it takes one round however many there are.
 *
 * @module
 */

import { decodeServersReply } from "../codec/base.ts";
import type { Welcome } from "../codec/extended.ts";
import { frame, Kind } from "../codec/wire.ts";
import { addressText, parseAddress, understood } from "./address.ts";
import { nearest } from "./choice.ts";
import { type ClientContext, DEADLINE_MS } from "./client_context.ts";
import { type ClientLink, Contact, type Known } from "./contact.ts";
import type { ClientEvent } from "./events.ts";
import { CHOICE_PROBES, type Sample, WARMUP_PROBES } from "./probes.ts";

/** A server that says nothing for so long is an original without 5, 6 and 7. */
const MUTE_MS = 500;

/** Choosing takes no longer, whoever has not answered yet. */
const ROUND_MS = 3_000;

/** The pause between two probes of one server is random up to this. */
const PROBE_GAP_MS = 8;

/** Samples taken for each one that a choice wants, if those before were late. */
const MOST_TRIES = 3;

/** More servers than this no clique has. */
const MAX_CONTACTS = 1_024;

/** All servers that a client knows of, and what it measured of them. */
export class Survey {
  readonly #context: ClientContext;
  /** The address that each server was reached at, or is said to be, by id: it outlives the contact. */
  readonly #addresses = new Map<string, string>();
  /** Addresses where an extended server was: one that says nothing is not mute but stopped. */
  readonly #extended = new Set<string>();
  /** Ids of servers that said that they leave. */
  readonly #leaving = new Set<string>();
  readonly #known: Known[];
  #contacts: Contact[] = [];
  #active = false;
  #roundEnds = Infinity;

  /** Knows the configured servers and those found on the LAN so far; dials none before `begin`. */
  constructor(context: ClientContext) {
    this.#context = context;
    const { servers, found = [] } = context.config;
    this.#known = [...servers.map((address) => ({ id: null, addresses: [address] })), ...found];
  }

  /** The servers that answered, nearest first. */
  get usable(): Contact[] {
    return this.#contacts.filter(({ state, leaving }) => state === "ready" && !leaving)
      .toSorted((a, b) => (a.minMs ?? Number.MAX_VALUE) - (b.minMs ?? Number.MAX_VALUE));
  }

  /** The servers that can't be used, and why. */
  get failures(): { readonly address: string; readonly why: string }[] {
    return this.#contacts.filter(({ state }) => state === "failed")
      .map(({ address, failure }) => ({ address, why: failure ?? "" }));
  }

  /** The nearest extended server by the last samples, but `home`; null when none is left. */
  nextBest(home: Contact | null): Contact | null {
    return nearest(
      this.usable.filter((contact) =>
        contact.extended && contact !== home &&
        (home === null || contact.id !== home.id)
      ),
    );
  }

  /** A server said that it leaves: it is not chosen any more. */
  leaves(contact: Contact): void {
    contact.leaving = true;
    if (contact.id !== null) this.#leaving.add(contact.id);
  }

  /** The address by which the client reached a server; its id if it did not. */
  addressOf(id: string): string {
    return this.#addresses.get(id) ??
      this.#known.find((known) => known.id === id)?.addresses[0] ?? id;
  }

  /** The servers as events, nearest first. */
  servers(): ClientEvent[] {
    return this.usable.map(({ address, card }) => ({
      kind: "server",
      address,
      id: card?.id ?? null,
      label: card?.label ?? null,
      clients: card?.clients ?? null,
    }));
  }

  /** What was measured, as events, nearest first. */
  rtts(): ClientEvent[] {
    const usable = this.usable;
    const best = nearest(usable.filter(({ minMs }) => minMs !== null));
    return usable.map((contact) => ({
      kind: "rtt",
      server: contact.address,
      summary: contact.window.summary(),
      nearest: contact === best,
    }));
  }

  /** Starts over with every server known. */
  begin(now: number): void {
    // Another one may be under way.
    this.end(null, now);
    this.#active = true;
    this.#roundEnds = Infinity;
    this.#contacts = this.#known.map((known) => this.#contact(known));
  }

  /** Ends it; the connections of all but `chosen` are closed politely. */
  end(chosen: Contact | null, now: number): void {
    this.#active = false;
    for (const contact of this.#contacts) {
      if (contact !== chosen) this.#context.sayGoodbye(contact.link, now);
    }
  }

  /** Ends it, whatever becomes of the connections. */
  stop(): void {
    this.#active = false;
  }

  /** A server announces itself on the LAN. Whether that is news. */
  found(server: Known): boolean {
    const at = this.#known.findIndex(({ id }) => id === server.id);
    const known = this.#known[at];
    if (known === undefined) return this.#learn(server);
    this.#known[at] = server;
    return known.addresses.join() !== server.addresses.join();
  }

  /** Dials who waits; true once nobody is missing, or the round is over. */
  proceed(now: number): boolean {
    if (!this.#active) return false;
    for (const contact of this.#contacts) {
      if (contact.state !== "waiting") continue;
      contact.state = "dialling";
      if (!this.#context.dial(contact, "contact")) contact.fail("that is not an address");
    }
    if (now < this.#roundEnds && this.#contacts.some((contact) => !this.#isDone(contact))) {
      return false;
    }
    for (const contact of this.#contacts) {
      if (contact.state !== "ready" && contact.state !== "failed") this.#giveUp(contact);
    }
    this.#active = false;
    return true;
  }

  /** A dial of a contact is connected: ask what it is. Whether anybody still wants to know. */
  greet(link: ClientLink): boolean {
    const { contact } = link;
    if (!this.#active || contact.state !== "dialling" || !this.#contacts.includes(contact)) {
      return false;
    }
    contact.link = link;
    contact.state = "greeting";
    // Whichever answers first says which protocol it is.
    this.#context.send(link, frame(Kind.Hello));
    this.#context.send(link, frame(Kind.ServersRequest));
    return true;
  }

  /** 8/1. */
  welcome(link: ClientLink, welcome: Welcome, now: number): void {
    const { contact } = link;
    if (contact.state !== "greeting" && contact.protocol !== "mute") return;
    contact.protocol = "extended";
    this.#extended.add(contact.address);
    if (this.#contacts.some(({ card, state }) => card?.id === welcome.id && state !== "failed")) {
      // The same server by another address: one of them is enough.
      this.#contacts = this.#contacts.filter((other) => other !== contact);
      this.#context.sayGoodbye(link, now);
      return;
    }
    contact.card = welcome;
    contact.leaving = this.#leaving.has(welcome.id);
    contact.window.clear();
    this.#addresses.set(welcome.id, contact.address);
    this.#isReady(contact, now);
    const hostname = hostOf(link);
    for (const { id, addresses: told } of welcome.members) {
      const addresses = understood(told, hostname);
      const [address] = addresses;
      // Until this client reaches it itself, which a pinned one never does.
      if (address !== undefined && !this.#addresses.has(id)) this.#addresses.set(id, address);
      this.#learn({ id, addresses });
    }
    for (const address of welcome.base) this.#learn({ id: null, addresses: [address] });
  }

  /** 5/1: a base server and the ports of others on its machine. */
  serversReply(link: ClientLink, payload: Uint8Array, now: number): void {
    const { contact } = link;
    if (contact.protocol === "extended") return;
    contact.protocol = "base";
    contact.window.clear();
    this.#isReady(contact, now);
    const hostname = hostOf(link);
    for (const port of decodeServersReply(payload)) {
      this.#learn({ id: null, addresses: [addressText({ hostname, port })] });
    }
  }

  /** 6/1, and what its probe says; null when that had timed out. */
  echoed({ contact }: ClientLink, sample: Sample | null, now: number): void {
    if (!this.#active || sample === null) return;
    if (contact.probesEnded++ >= WARMUP_PROBES) contact.window.add(sample.rttMs, sample);
    contact.nextProbeAt = now + this.#gapMs(contact);
  }

  /** A contact's link is gone. */
  lost({ contact }: ClientLink, why: string): void {
    contact.fail(contact.state === "greeting" ? `it closed the connection at once: ${why}` : why);
  }

  /** Sends the probes that are due, and takes silence for an answer. */
  tick(now: number): void {
    if (!this.#active) return;
    for (const contact of [...this.#contacts]) this.#tend(contact, now);
  }

  /** When `tick` has something to do; Infinity when not before something happens. */
  nextDeadline(): number {
    if (!this.#active) return Infinity;
    let next = this.#roundEnds;
    for (const contact of this.#contacts) {
      const { link, state, nextProbeAt } = contact;
      if (link === null || this.#isDone(contact)) continue;
      if (state === "greeting") {
        if (this.#mayBeMute(contact)) next = Math.min(next, link.openedAt + MUTE_MS);
        else next = Math.min(next, link.openedAt + DEADLINE_MS);
      } else if (link.probes.waiting > 0) next = Math.min(next, link.probes.nextTimeout());
      else if (!link.echoQueued) next = Math.min(next, nextProbeAt);
    }
    return next;
  }

  #tend(contact: Contact, now: number): void {
    const { link } = contact;
    if (link === null) return;
    const silentMs = now - link.openedAt;
    if (contact.state === "greeting" && !this.#mayBeMute(contact)) {
      if (silentMs >= DEADLINE_MS) this.#giveUp(contact);
    } else if (contact.state === "greeting" && silentMs >= MUTE_MS) {
      // What TCP needed to connect is the only RTT that such a server gives.
      contact.protocol = "mute";
      contact.window.add(contact.connectMs);
      this.#isReady(contact, now);
    }
    if (this.#isDone(contact) || contact.state !== "ready") return;
    const lost = link.probes.expire(now);
    if (lost > 0) {
      contact.window.miss(lost);
      contact.probesEnded += lost;
      contact.nextProbeAt = now;
    }
    const mayProbe = link.probes.waiting === 0 && !link.echoQueued && !this.#isDone(contact);
    if (mayProbe && now >= contact.nextProbeAt) this.#context.echo(link);
  }

  #mayBeMute({ address }: Contact): boolean {
    return !this.#extended.has(address);
  }

  #isReady(contact: Contact, now: number): void {
    contact.state = "ready";
    contact.nextProbeAt = now;
    const { pin, intervalMs } = this.#context.config;
    if (intervalMs === undefined) this.#roundEnds = Math.min(this.#roundEnds, now + ROUND_MS);
    if (!pin) return;
    for (const other of this.#contacts) {
      if (other !== contact) this.#context.sayGoodbye(other.link, now);
    }
    this.#contacts = [contact];
  }

  #learn(member: Known): boolean {
    const isKnown = this.#known.some((known) =>
      (known.id !== null && known.id === member.id) ||
      known.addresses.some((address) => member.addresses.includes(address))
    );
    const isContacted = this.#contacts.some(({ id }) => id !== null && id === member.id);
    if (this.#context.config.pin || isKnown || isContacted) return false;
    if (member.addresses.length === 0 || this.#known.length >= MAX_CONTACTS) return false;
    this.#known.push(member);
    if (this.#active) this.#contacts.push(this.#contact(member));
    return true;
  }

  #giveUp(contact: Contact): void {
    const { link } = contact;
    contact.state = "failed";
    contact.failure ??= "no answer in time";
    if (link !== null) this.#context.close(link);
  }

  #isDone({ state, protocol, window }: Contact): boolean {
    if (state === "failed") return true;
    if (state !== "ready") return false;
    if (protocol === "mute" || window.size >= window.capacity) return true;
    // Somebody who chooses does without the late ones, and goes on.
    const { intervalMs } = this.#context.config;
    return window.size - (intervalMs === undefined ? window.late : 0) >= this.#wanted;
  }

  get #wanted(): number {
    return this.#context.config.probes ?? CHOICE_PROBES;
  }

  /** Who chooses takes more samples in place of the late ones; who asked for a number gets that. */
  #contact(known: Known): Contact {
    const { intervalMs } = this.#context.config;
    const most = intervalMs === undefined ? MOST_TRIES * this.#wanted : this.#wanted;
    return new Contact(known, Math.max(1, most));
  }

  #gapMs({ probesEnded }: Contact): number {
    if (probesEnded < WARMUP_PROBES) return 0;
    const { intervalMs, random } = this.#context.config;
    return intervalMs ?? random() * PROBE_GAP_MS;
  }
}

/**
 * The host at the other end, as what it tells is to be judged by: a name may
 * mean this very machine. Only what was typed has the zone of a link-local
 * address.
 */
export function hostOf({ contact, remote }: ClientLink): string {
  const typed = parseAddress(contact.address)?.hostname ?? "";
  return typed.includes("%") ? typed : remote;
}

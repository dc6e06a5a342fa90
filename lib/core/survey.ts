/**
 * Contacting servers and measuring them: all at once, the probes of different
 * servers interleaved, so that it takes one round however many there are.
 *
 * @module
 */

import { decodeServersReply } from "../codec/base.ts";
import type { Welcome } from "../codec/extended.ts";
import { frame, Kind } from "../codec/wire.ts";
import { addressText, parseAddress, understood } from "./address.ts";
import { type ClientContext, DEADLINE_MS } from "./client_context.ts";
import { type ClientLink, Contact, type Known, type Place } from "./contact.ts";
import type { Directory } from "./directory.ts";
import type { Sample } from "./probes.ts";
import { Sampling } from "./sampling.ts";
import { Watching } from "./watching.ts";

/** A server that says nothing for so long is an original without 5, 6 and 7. */
const MUTE_MS = 500;

/** Choosing takes no longer, whoever has not answered yet. */
const ROUND_MS = 3_000;

/** One round after the other, each with fresh connections. */
export class Survey {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #sampling: Sampling;
  /** Null unless it goes on for ever. */
  readonly #watching: Watching | null;
  #contacts: Contact[] = [];
  #active = false;
  /** Base servers that others tell of are contacted, too. */
  #withBase = true;
  /** Everybody has answered, or will not: that was said, and if it watches it goes on. */
  #isComplete = false;
  #roundEnds = Infinity;

  /** Tells `directory` what comes of it; dials nobody before `begin`. */
  constructor(context: ClientContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
    this.#sampling = new Sampling(context);
    this.#watching = context.config.watch ? new Watching(context) : null;
  }

  /** A round is under way. */
  get isActive(): boolean {
    return this.#active;
  }

  /** The contacts of this round, or of the last one. */
  get contacts(): readonly Contact[] {
    return this.#contacts;
  }

  /** Begins a round with these servers, and those that they tell of: base ones `withBase` only. */
  begin(places: readonly Place[], { withBase, now }: { withBase: boolean; now: number }): void {
    // Another one may be under way.
    this.end(null, now);
    this.#active = true;
    this.#withBase = withBase;
    this.#isComplete = false;
    this.#roundEnds = Infinity;
    this.#contacts = [];
    for (const place of places) this.#add(place);
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
    const place = this.#directory.found(server);
    if (place !== null) this.#add(place);
    return place !== null;
  }

  /** Dials who waits; true once nobody is missing, or the round is over. */
  proceed(now: number): boolean {
    if (!this.#active) return false;
    for (const contact of this.#contacts) {
      if (contact.state !== "waiting") continue;
      contact.state = "dialling";
      if (!this.#context.dial(contact, "contact")) contact.fail("that is not an address");
    }
    if (this.#isComplete) return false;
    if (now < this.#roundEnds && this.#contacts.some((contact) => !this.#isDone(contact))) {
      return false;
    }
    this.#isComplete = true;
    if (this.#watching === null) this.#finish();
    else this.#watching.plan(now);
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
    this.#isReady(contact, "extended", now);
    contact.card = welcome;
    this.#directory.isExtended(contact);
    if (this.#isMet(contact)) {
      // The same server by another address: one of them is enough.
      this.#context.sayGoodbye(link, now);
      contact.state = "double";
    } else this.#isFound(contact, welcome.id, now);
    const hostname = hostOf(link);
    for (const { id, addresses } of welcome.members) {
      this.#learn({ id, addresses: understood(addresses, hostname) });
    }
    for (const address of welcome.base) this.#learn({ id: null, addresses: [address] });
  }

  /** 5/1: a base server and the ports of others on its machine. */
  serversReply(link: ClientLink, payload: Uint8Array, now: number): void {
    const { contact } = link;
    if (contact.protocol === "extended") return;
    this.#isReady(contact, "base", now);
    this.#prefer(contact, now);
    const hostname = hostOf(link);
    for (const port of decodeServersReply(payload)) {
      this.#learn({ id: null, addresses: [addressText({ hostname, port })] });
    }
  }

  /** 6/1, and what its probe says; null when that had timed out. */
  echoed(link: ClientLink, sample: Sample | null, now: number): void {
    // A home is asked for signs of life on a link of its own.
    if (this.#active && link.contact.link === link) this.#sampling.echoed(link, sample, now);
  }

  /** A contact's link is gone. */
  lost({ contact }: ClientLink, why: string): void {
    contact.fail(contact.state === "greeting" ? `it closed the connection at once: ${why}` : why);
  }

  /** Sends the probes that are due, and takes silence for an answer. */
  tick(now: number): void {
    if (!this.#active) return;
    if (now >= (this.#watching?.inquireAt ?? Infinity)) this.#inquire(now);
    for (const contact of [...this.#contacts]) {
      this.#tend(contact, now);
      this.#watching?.tend(contact, now);
    }
  }

  /** When `tick` has something to do; Infinity when not before something happens. */
  nextDeadline(): number {
    if (!this.#active) return Infinity;
    let next = this.#watching?.inquireAt ?? this.#roundEnds;
    for (const contact of this.#contacts) {
      next = Math.min(next, this.#dueAt(contact));
      if (this.#watching !== null) next = Math.min(next, this.#watching.nextDeadline(contact));
    }
    return next;
  }

  /** Asks who has joined the others since. */
  #inquire(now: number): void {
    const before = this.#watching?.inquiry ?? null;
    if (before !== null) this.#context.sayGoodbye(before.link, now);
    const inquiry = this.#watching?.inquire(this.#contacts, now) ?? null;
    this.#contacts = this.#contacts.filter((contact) => contact !== before);
    if (inquiry !== null) this.#contacts.push(inquiry);
  }

  #dueAt(contact: Contact): number {
    const { link, state } = contact;
    if (link === null || state !== "greeting") return this.#sampling.nextDeadline(contact);
    return link.openedAt + (this.#mayBeMute(contact) ? MUTE_MS : DEADLINE_MS);
  }

  #tend(contact: Contact, now: number): void {
    const { link, state } = contact;
    if (link !== null && state === "greeting") this.#judge(contact, now - link.openedAt, now);
    this.#sampling.tend(contact, now);
  }

  /** It has said nothing since it was asked what it is. */
  #judge(contact: Contact, silentMs: number, now: number): void {
    if (!this.#mayBeMute(contact)) {
      if (silentMs >= DEADLINE_MS) this.#giveUp(contact);
    } else if (silentMs >= MUTE_MS) {
      this.#isReady(contact, "mute", now);
      // What TCP needed to connect is the only RTT that such a server gives.
      contact.sampled({ rttMs: contact.connectMs, late: false }, now);
      this.#prefer(contact, now);
    }
  }

  #mayBeMute({ address }: Contact): boolean {
    return this.#directory.mayBeMute(address);
  }

  #isReady(contact: Contact, protocol: Contact["protocol"], now: number): void {
    // What it needed to connect is not to be compared with what echoes say.
    if (contact.protocol === "mute") contact.window.clear();
    contact.protocol = protocol;
    contact.state = "ready";
    contact.failure = null;
    contact.nextProbeAt = now;
    const { intervalMs } = this.#context.config;
    if (intervalMs === undefined) this.#roundEnds = Math.min(this.#roundEnds, now + ROUND_MS);
  }

  /** Who stays at the first server that answers needs no other. */
  #prefer(contact: Contact, now: number): void {
    if (!this.#context.config.pin) return;
    for (const other of this.#contacts) {
      if (other !== contact) this.#context.sayGoodbye(other.link, now);
    }
    this.#contacts = [contact];
  }

  /** Whether the server has answered at another address. */
  #isMet(contact: Contact): boolean {
    return this.#contacts.some((other) =>
      other !== contact && other.state === "ready" && other.isSame(contact)
    );
  }

  #isFound(contact: Contact, id: string, now: number): void {
    this.#directory.identified(contact, id);
    if (!contact.leaving) return this.#prefer(contact, now);
    const { link } = contact;
    contact.fail("it stops");
    this.#context.sayGoodbye(link, now);
  }

  #learn(told: Known): void {
    const isBase = told.id === null;
    const place = this.#directory.learn(told, { isBase });
    if (place !== null && (this.#withBase || !isBase)) this.#add(place);
  }

  #add(place: Place): void {
    if (!this.#active) return;
    const contact = new Contact(place, this.#sampling.capacity);
    if (this.#watching === null) this.#contacts.push(contact);
    else this.#addWatched(contact);
  }

  /** Who watches sees what there is so far, and of each place the samples go on. */
  #addWatched(contact: Contact): void {
    const before = this.#contacts.find(({ place }) => place === contact.place);
    if (before === undefined) this.#contacts.push(contact);
    else if (before.state === "failed") before.retry();
    this.#directory.finished(before ?? contact);
  }

  #finish(): void {
    this.#active = false;
    for (const contact of this.#contacts) {
      if (!isSettled(contact)) this.#giveUp(contact);
      this.#directory.finished(contact);
    }
  }

  #giveUp(contact: Contact): void {
    const { link } = contact;
    contact.state = "failed";
    contact.failure ??= "no answer in time";
    if (link !== null) this.#context.close(link);
  }

  /** It has told all that this round wants to know. */
  #isDone(contact: Contact): boolean {
    return isSettled(contact) &&
      (this.#watching !== null || !this.#sampling.wantsMore(contact));
  }
}

/** What it is has been found out, or never will be. */
function isSettled({ state }: Contact): boolean {
  return state === "ready" || state === "failed" || state === "double";
}

/**
 * The host at the other end, as what it tells is to be judged by: a name may
 * mean this very machine. Only what was typed has the zone of a link-local
 * address.
 */
function hostOf({ contact, remote }: ClientLink): string {
  const typed = parseAddress(contact.address)?.hostname ?? "";
  return typed.includes("%") ? typed : remote;
}

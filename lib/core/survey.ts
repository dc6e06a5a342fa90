/**
 * Contacting servers and measuring them: all at once, the probes of different
 * servers interleaved, so that it takes one round however many there are.
 *
 * @module
 */

import type { Welcome } from "../codec/handshake.ts";
import type { ClientContext } from "./client_context.ts";
import { type ClientLink, Contact, type Known, type Place } from "./contact.ts";
import type { Directory } from "./directory.ts";
import { Greeting } from "./greeting.ts";
import type { Sample } from "./probes.ts";
import { Sampling } from "./sampling.ts";
import { Watching } from "./watching.ts";

/** Choosing takes no longer, whoever has not answered yet. */
const ROUND_MS = 3_000;

/** One round after the other, each with fresh connections. */
export class Survey {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #greeting: Greeting;
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
    this.#greeting = new Greeting(context, directory, this);
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
    this.#sayGoodbye(chosen, now);
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

  /** A dial of a contact is connected. Whether anybody still wants to know what it is. */
  greet(link: ClientLink): boolean {
    const { contact } = link;
    if (!this.#active || contact.state !== "dialling" || !this.#contacts.includes(contact)) {
      return false;
    }
    this.#greeting.begin(link);
    return true;
  }

  /** 8/1. */
  welcome(link: ClientLink, welcome: Welcome, now: number): void {
    this.#greeting.welcome(link, welcome, now);
  }

  /** 5/1. */
  serversReply(link: ClientLink, payload: Uint8Array, now: number): void {
    this.#greeting.serversReply(link, payload, now);
  }

  /** A contact can be measured. */
  isReady(contact: Contact, now: number): void {
    const { intervalMs, pin } = this.#context.config;
    if (intervalMs === undefined) this.#roundEnds = Math.min(this.#roundEnds, now + ROUND_MS);
    if (!pin) return;
    // Who stays at the first server that answers needs no other.
    this.#sayGoodbye(contact, now);
    this.#contacts = [contact];
  }

  /** Somebody told of another server. */
  learnt(place: Place): void {
    if (this.#withBase || !place.isBase) this.#add(place);
  }

  /** Does without a contact. */
  giveUp(contact: Contact): void {
    const { link } = contact;
    contact.state = "failed";
    contact.failure ??= "no answer in time";
    if (link !== null) this.#context.close(link);
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
      this.#greeting.tend(contact, now);
      this.#sampling.tend(contact, now);
      this.#watching?.tend(contact, now);
    }
  }

  /** When `tick` has something to do; Infinity when not before something happens. */
  nextDeadline(): number {
    if (!this.#active) return Infinity;
    let next = this.#watching?.inquireAt ?? this.#roundEnds;
    for (const contact of this.#contacts) {
      next = Math.min(
        next,
        this.#greeting.nextDeadline(contact),
        this.#sampling.nextDeadline(contact),
        this.#watching?.nextDeadline(contact) ?? Infinity,
      );
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

  #sayGoodbye(chosen: Contact | null, now: number): void {
    for (const contact of this.#contacts) {
      if (contact !== chosen) this.#context.sayGoodbye(contact.link, now);
    }
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
      if (!isSettled(contact)) this.giveUp(contact);
      this.#directory.finished(contact);
    }
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

/**
 * Where a client is at home, and how it gets there: choosing a server, going to
 * the next best one when that dies, and moving on before it leaves.
 *
 * @module
 */

import * as extended from "../codec/extended.ts";
import { Kind } from "../codec/wire.ts";
import { Attachment, type Wish } from "./attachment.ts";
import { nearest } from "./choice.ts";
import type { ClientContext } from "./client_context.ts";
import type { ClientLink, Contact } from "./contact.ts";
import type { Conversation } from "./conversation.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "./target.ts";
import type { Survey } from "./survey.ts";

/** Servers tried by the last samples, at once, before all are asked again. */
const DIRECT_ATTEMPTS = 2;

/**
 * After a home was lost, all servers are measured anew within this, at random:
 * not all clients of a dead server at the same moment.
 */
const PROBE_AGAIN_MS = 5_000;

/** Surveying the servers, done with that, at home or on the way there, or waiting to try again. */
type Phase = "surveying" | "surveyed" | "homed" | "waiting";

/** What one client knows of its home. */
export class Homes {
  readonly #context: ClientContext;
  readonly #survey: Survey;
  readonly #conversation: Conversation;
  readonly #onAttached: (link: ClientLink) => void;
  #phase: Phase = "waiting";
  #over = false;
  #deadline = Infinity;
  #home: Attachment | null = null;
  /** Where it is going to while it still has a home. */
  #next: Attachment | null = null;
  #name: string | null = null;
  #moves = 0;
  #wasAttached = false;
  /** The home that it was attached to under this name, until it is attached again, and why not. */
  #left: { readonly from: string; readonly reason: string } | null = null;
  /** Attempts to attach that failed since it was attached last. */
  #failures = 0;
  /** How often it had to wait before it tried again. */
  #waits = 0;
  /** When the servers are measured again although it has a home. */
  #probeAt = Infinity;

  /** Has no home yet; calls `onAttached` with the link each time that it is attached. */
  constructor(
    context: ClientContext,
    { survey, conversation, onAttached }: {
      readonly survey: Survey;
      readonly conversation: Conversation;
      readonly onAttached: (link: ClientLink) => void;
    },
  ) {
    this.#context = context;
    this.#survey = survey;
    this.#conversation = conversation;
    this.#onAttached = onAttached;
  }

  /** The server that it is attached to; null when it is not. */
  get contact(): Contact | null {
    return this.#home?.state === "attached" && !this.#over ? this.#home.contact : null;
  }

  /** The link to the home, attached or not yet. */
  get link(): ClientLink | null {
    return this.#home?.link ?? null;
  }

  /** Attaches under this name as soon as the servers are known. */
  attach(name: string, now: number): void {
    this.#name = name;
    if (this.#phase === "surveyed") this.#choose(now);
    else if (this.#home !== null) this.#home.enrol(this.#wish(name), now);
  }

  /** A server announced itself: there is no reason to wait any longer. */
  found(now: number): void {
    if (this.#phase === "waiting" && !this.#over) this.#deadline = now;
  }

  /** Something is to be sent: look whether the home is alive. */
  hurry(now: number): void {
    this.#home?.hurry(now);
  }

  /** From now on nothing is begun. */
  stop(): void {
    this.#over = true;
  }

  /** A dial of `contact` for a home is connected. Whether anybody still wants it. */
  opened(link: ClientLink, now: number): boolean {
    const attachment = this.#reaching(link.contact);
    attachment?.opened(link, now);
    return attachment !== null;
  }

  /** A dial of `contact` for a home did not connect. */
  failed(contact: Contact, why: string, now: number): void {
    const attachment = this.#reaching(contact);
    if (attachment !== null) this.#lost(attachment, why, now);
  }

  /** 8/1 on any link. */
  welcomed(link: ClientLink, welcome: extended.Welcome, now: number): void {
    this.#attachmentOn(link)?.welcomed(welcome, now);
  }

  /** Does what is due. */
  tick(now: number): void {
    if (this.#over) return;
    if (now >= this.#deadline) this.#deadlinePassed(now);
    if (now >= this.#probeAt) this.#probeAgain(now);
    this.#tend(now);
  }

  /** When `tick` has something to do. */
  nextDeadline(): number {
    if (this.#over) return Infinity;
    const home = this.#home?.nextDeadline() ?? Infinity;
    const next = this.#next?.nextDeadline() ?? Infinity;
    return Math.min(this.#deadline, this.#probeAt, home, next);
  }

  /** Asks all servers. */
  start(now: number): void {
    this.#phase = "surveying";
    this.#deadline = Infinity;
    this.#survey.begin(now);
    this.proceed(now);
  }

  /** Goes on when the survey is over. */
  proceed(now: number): void {
    if (!this.#survey.proceed(now)) return;
    if (this.#phase === "homed") {
      this.#survey.end(null, now);
      this.#moveIfItLeaves(now);
    }
    if (this.#phase !== "surveying") return;
    if (this.#survey.usable.length === 0) {
      this.#unreachable(now);
      return;
    }
    this.#phase = "surveyed";
    this.#context.actions.push({ kind: "complete", what: "gathered" });
    if (this.#name !== null) this.#choose(now);
  }

  #unreachable(now: number): void {
    if (!this.#wasAttached) {
      const reasons = this.#survey.failures.map(({ address, why }) => `${address}: ${why}`);
      this.#context.fail("unreachable", `Cannot reach any server: ${reasons.join("; ")}`);
    }
    this.#phase = "waiting";
    const most = Math.min(REDIAL_MIN_MS * 2 ** Math.min(this.#waits++, 20), REDIAL_MAX_MS);
    this.#deadline = now + most * this.#context.config.random();
  }

  #choose(now: number): void {
    const best = nearest(this.#survey.usable.filter(({ link }) => link !== null));
    if (best === null) {
      // While the user thought about a name, they all went.
      this.start(now);
      return;
    }
    this.#survey.end(best, now);
    this.#attachTo(best, now);
  }

  #attachTo(contact: Contact, now: number): void {
    if (this.#name === null) return;
    this.#phase = "homed";
    this.#deadline = Infinity;
    const attachment = new Attachment(this.#context, contact, this.#wish(this.#name));
    if (this.#home === null) this.#home = attachment;
    else this.#next = attachment;
    attachment.begin(now);
  }

  #wish(name: string): Wish {
    return { name, moves: this.#moves++ };
  }

  #attached(attachment: Attachment, name: string, now: number): void {
    const { contact, link } = attachment;
    if (link === null || attachment.state !== "enrolling") return;
    if (contact.link !== link) this.#context.sayGoodbye(contact.link, now);
    attachment.attached();
    if (attachment === this.#next) this.#leaveHome(now);
    this.#home = attachment;
    this.#failures = 0;
    this.#waits = 0;
    this.#wasAttached = true;
    this.#conversation.attach({ outbox: link.outbox, extended: contact.extended }, name);
    if (this.#left?.reason === "home-lost" && contact.extended) this.#conversation.remind();
    const { address: server, minMs: rttMs } = contact;
    const left = this.#left;
    this.#left = null;
    // Who had to take another name has not moved, and must hear what it is called.
    if (left === null) this.#context.tell({ kind: "attached", server, name, rttMs });
    else {
      this.#context.tell({ kind: "moved", server, rttMs, ...left });
      this.#probeAt = now + PROBE_AGAIN_MS * this.#context.config.random();
    }
    this.#onAttached(link);
    // It may have said so while it still answered.
    this.#moveIfItLeaves(now);
  }

  #leaveHome(now: number): void {
    const home = this.#home;
    this.#next = null;
    if (home === null) return;
    this.#left = { from: home.contact.address, reason: "leaving" };
    this.#conversation.detach(now);
    this.#context.sayGoodbye(home.link, now);
  }

  #refused(
    attachment: Attachment,
    { reason, message }: { readonly reason: string; readonly message: string },
    now: number,
  ): void {
    if (reason === "leaving") this.#survey.leaves(attachment.contact);
    if (reason === "leaving" || attachment === this.#next) {
      this.#lost(attachment, message, now);
      return;
    }
    this.#nameLost(now);
    attachment.refused();
    const code = reason === "name-taken" || reason === "bad-name" ? reason : "refused";
    this.#context.fail(code, message);
  }

  #refusedByBase({ name, link }: Attachment, now: number): void {
    this.#nameLost(now);
    if (link !== null) this.#context.close(link);
    this.#home = null;
    this.#phase = "surveyed";
    this.#context.fail("name-taken", `Cannot register ${name}: the name is taken`);
  }

  #nameLost(now: number): void {
    this.#conversation.detach(now);
    this.#name = null;
    this.#left = null;
    if (this.#next?.link) this.#context.close(this.#next.link);
    this.#next = null;
  }

  /** The server's answer to a registration, base or extended; any other `kind` is ignored. */
  answered(link: ClientLink, kind: number, now: number): void {
    const attachment = this.#attachmentOn(link);
    if (attachment === null) return;
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.JoinOrRegistered:
        return this.#attached(attachment, attachment.name, now);
      case Kind.NameTaken:
        return this.#refusedByBase(attachment, now);
      case Kind.Enrolled: {
        const name = extended.decodeEnrolled(payload);
        // An answer about another name than was asked for last says nothing any more.
        if (name === attachment.name) this.#attached(attachment, name, now);
        return;
      }
      case Kind.Refused: {
        const refusal = extended.decodeRefused(payload);
        if (refusal.name === attachment.name) this.#refused(attachment, refusal, now);
        return;
      }
    }
  }

  /** The server at the other end of `link` said that it leaves: if it is the home, move on. */
  leaves(link: ClientLink, now: number): void {
    this.#survey.leaves(link.contact);
    const attachment = this.#attachmentOn(link);
    if (attachment === null || this.#over) return;
    attachment.leaving = true;
    this.#moveIfItLeaves(now);
  }

  #moveIfItLeaves(now: number): void {
    const home = this.#home;
    if (home === null || !home.leaving || home.state !== "attached" || this.#next !== null) return;
    const best = this.#survey.nextBest(home.contact);
    if (best !== null) this.#attachTo(best, now);
    else if (!this.#context.config.pin && this.#probeAt === Infinity) {
      this.#probeAt = now + REDIAL_MIN_MS * this.#context.config.random();
    }
  }

  #probeAgain(now: number): void {
    this.#probeAt = Infinity;
    if (this.#phase !== "homed") return;
    this.#survey.begin(now);
    this.proceed(now);
  }

  /** Closes a link that broke, or is of no use any more, and does without its server for now. */
  abandon(link: ClientLink, why: string, now: number): void {
    const attachment = this.#attachmentOn(link);
    const isContact = link.contact.link === link;
    this.#context.close(link);
    if (attachment !== null) this.#lost(attachment, why, now);
    else if (isContact && !this.#over) this.#survey.lost(link, why);
  }

  #lost(attachment: Attachment, why: string, now: number): void {
    const { contact, link, state } = attachment;
    if (link !== null) this.#context.close(link);
    if (contact.link !== null) this.#context.close(contact.link);
    contact.fail(why);
    if (attachment === this.#next) {
      this.#next = null;
      this.#moveIfItLeaves(now);
      return;
    }
    if (state === "attached") this.#left = { from: contact.address, reason: "home-lost" };
    this.#conversation.detach(now);
    // Perhaps it is almost at another one already.
    this.#home = this.#next;
    this.#next = null;
    if (this.#home === null && !this.#over) this.#recover(now);
  }

  #recover(now: number): void {
    this.#phase = "waiting";
    const attempt = this.#failures++;
    const best = this.#survey.nextBest(null);
    if (attempt < DIRECT_ATTEMPTS && best !== null && this.#name !== null) {
      this.#survey.end(best, now);
      this.#attachTo(best, now);
    } else if (attempt <= DIRECT_ATTEMPTS) {
      this.#failures = DIRECT_ATTEMPTS + 1;
      this.start(now);
      // If no registration succeeds, it must not try in a loop.
    } else this.#unreachable(now);
  }

  #tend(now: number): void {
    for (const attachment of [this.#home, this.#next]) {
      const why = attachment?.tend(now, this.#conversation.openCount > 0) ?? null;
      if (attachment !== null && why !== null) this.#lost(attachment, why, now);
    }
  }

  #attachmentOn(link: ClientLink): Attachment | null {
    if (this.#home?.link === link) return this.#home;
    return this.#next?.link === link ? this.#next : null;
  }

  #reaching(contact: Contact): Attachment | null {
    for (const attachment of [this.#home, this.#next]) {
      if (attachment?.contact === contact && attachment.link === null && !this.#over) {
        return attachment;
      }
    }
    return null;
  }

  #deadlinePassed(now: number): void {
    this.#deadline = Infinity;
    if (this.#phase === "waiting") this.start(now);
  }
}

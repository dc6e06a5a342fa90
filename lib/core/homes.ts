/**
 * Where a client is at home, and how it gets there: choosing a server, going to
 * the next best one when that dies, and moving on, before it leaves or because
 * another one is nearer.
 *
 * @module
 */

import type { Welcome } from "../codec/handshake.ts";
import { Attachment, type Wish } from "./attachment.ts";
import { nearest } from "./choice.ts";
import type { ClientContext } from "./client_context.ts";
import type { ClientLink, Contact } from "./contact.ts";
import type { Conversation } from "./conversation.ts";
import type { Directory } from "./directory.ts";
import { Rounds } from "./rounds.ts";
import { type Left, Search } from "./search.ts";
import type { Survey } from "./survey.ts";

/** What one client knows of its home. */
export class Homes {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #survey: Survey;
  readonly #conversation: Conversation;
  readonly #search: Search;
  readonly #rounds: Rounds;
  readonly #onAttached: (link: ClientLink) => void;
  #over = false;
  #home: Attachment | null = null;
  /** Where it is going to while it still has a home. */
  #next: Attachment | null = null;
  #name: string | null = null;
  #moves = 0;

  /** Has no home yet; calls `onAttached` with the link each time that it is attached. */
  constructor(
    context: ClientContext,
    { directory, survey, conversation, onAttached }: {
      readonly directory: Directory;
      readonly survey: Survey;
      readonly conversation: Conversation;
      readonly onAttached: (link: ClientLink) => void;
    },
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#survey = survey;
    this.#conversation = conversation;
    this.#search = new Search(context, { directory, survey });
    this.#rounds = new Rounds(context, { directory, survey });
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
    // Under the old name it need not go anywhere.
    this.#stay();
    if (this.#search.isReady) this.#choose(now);
    else this.#home?.enrol(this.#wish(name), now);
  }

  /** A server announced itself: there is no reason to wait any longer. */
  found(now: number): void {
    if (!this.#over) this.#search.found(now);
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
  welcomed(link: ClientLink, welcome: Welcome, now: number): void {
    this.#attachmentOn(link)?.welcomed(welcome, now);
  }

  /** Does what is due. */
  tick(now: number): void {
    if (this.#over) return;
    this.#search.tick(now);
    if (now >= this.#rounds.nextAt) this.#beginRound(now);
    for (const attachment of [this.#home, this.#next]) {
      const why = attachment?.tend(now, this.#conversation.openCount > 0) ?? null;
      if (attachment !== null && why !== null) this.#lost(attachment, why, now);
    }
  }

  /** When `tick` has something to do. */
  nextDeadline(): number {
    if (this.#over) return Infinity;
    const home = this.#home?.nextDeadline() ?? Infinity;
    const next = this.#next?.nextDeadline() ?? Infinity;
    return Math.min(this.#search.nextDeadline(), this.#rounds.nextAt, home, next);
  }

  /** Asks all servers. */
  start(now: number): void {
    this.#search.start(now);
    this.proceed(now);
  }

  /** Goes on when everybody has answered. */
  proceed(now: number): void {
    if (!this.#survey.proceed(now)) return;
    if (this.#home !== null) this.#endRound(this.#home, now);
    else if (this.#search.finished(now) && this.#name !== null) this.#choose(now);
  }

  #beginRound(now: number): void {
    const isFree = this.#home?.state === "attached" && this.#next === null;
    this.#rounds.begin(isFree ? this.#home?.contact ?? null : null, now);
    this.proceed(now);
  }

  #endRound(home: Attachment, now: number): void {
    this.#rounds.ended(now);
    const isFree = home.state === "attached" && this.#next === null;
    const nearer = isFree && !home.leaving ? this.#rounds.decide(home.contact, now) : null;
    this.#survey.end(nearer, now);
    if (nearer !== null) this.#attachTo(nearer, now);
    this.#moveIfItLeaves(now);
  }

  #choose(now: number): void {
    const best = nearest(this.#directory.usable.filter(({ link }) => link !== null));
    // While the user thought about a name, they all went.
    if (best === null) this.start(now);
    else this.#attachTo(best, now);
  }

  #attachTo(contact: Contact, now: number): void {
    if (this.#name === null) return;
    this.#survey.end(contact, now);
    this.#search.chosen();
    const attachment = new Attachment(this.#context, contact, this.#wish(this.#name));
    if (this.#home === null) this.#home = attachment;
    else this.#next = attachment;
    attachment.begin(now);
  }

  #wish(name: string): Wish {
    return { name, moves: this.#moves++ };
  }

  #attached(attachment: Attachment, now: number): void {
    const { contact, link, name } = attachment;
    if (link === null || attachment.state !== "enrolling") return;
    if (contact.link !== link) this.#context.sayGoodbye(contact.link, now);
    const isKnown = attachment.held === name;
    attachment.attached();
    const left = attachment === this.#next ? this.#leaveHome(now) : this.#search.left;
    this.#home = attachment;
    this.#search.attached();
    this.#rounds.attached(contact, left?.reason ?? null, now);
    this.#conversation.attach({ outbox: link.outbox, extended: contact.extended }, name);
    if (left?.reason === "home-lost" && contact.extended) this.#conversation.remind();
    if (!isKnown) this.#tell(attachment, left);
    this.#onAttached(link);
    // It may have said so while it still answered.
    this.#moveIfItLeaves(now);
  }

  #tell({ contact, name }: Attachment, left: Left | null): void {
    const { address: server, minMs: rttMs } = contact;
    // Who had to take another name has not moved, and must hear what it is called.
    if (left === null) this.#context.tell({ kind: "attached", server, name, rttMs });
    else this.#context.tell({ kind: "moved", server, rttMs, ...left });
  }

  /** The next home has the name now: farewell to this one. */
  #leaveHome(now: number): Left | null {
    const home = this.#home;
    this.#next = null;
    if (home === null) return null;
    this.#conversation.detach(now);
    this.#context.sayGoodbye(home.link, now);
    return { from: home.contact.address, reason: home.leaving ? "leaving" : "nearer" };
  }

  #refused(
    attachment: Attachment,
    { reason, message }: { readonly reason: string; readonly message: string },
    now: number,
  ): void {
    if (reason === "leaving") this.#directory.leaves(attachment.contact);
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
    this.#search.reopen();
    this.#context.fail("name-taken", `Cannot register ${name}: the name is taken`);
  }

  #nameLost(now: number): void {
    this.#conversation.detach(now);
    this.#name = null;
    this.#search.left = null;
    this.#stay();
  }

  /** Gives up going elsewhere. */
  #stay(): void {
    if (this.#next?.link) this.#context.close(this.#next.link);
    this.#next = null;
  }

  /** The server's answer to a registration, base or extended; any other `kind` is ignored. */
  answered(link: ClientLink, kind: number, now: number): void {
    const attachment = this.#attachmentOn(link);
    if (attachment === null) return;
    const answer = attachment.answered(kind, link.reader.payload());
    if (answer?.kind === "registered") this.#attached(attachment, now);
    else if (answer?.kind === "taken") this.#refusedByBase(attachment, now);
    else if (answer?.kind === "refused") this.#refused(attachment, answer, now);
  }

  /** The server at the other end of `link` said that it leaves: if it is the home, move on. */
  leaves(link: ClientLink, now: number): void {
    this.#directory.leaves(link.contact);
    const attachment = this.#attachmentOn(link);
    if (attachment === null || this.#over) return;
    attachment.leaving = true;
    this.#moveIfItLeaves(now);
  }

  #moveIfItLeaves(now: number): void {
    const home = this.#home;
    if (home === null || !home.leaving || home.state !== "attached" || this.#next !== null) return;
    if (this.#context.config.pin) return this.#depart(home, now);
    const best = this.#directory.nextBest(home.contact);
    if (best !== null) this.#attachTo(best, now);
    else this.#rounds.hurry(now);
  }

  /** Whoever stays at one server does not know another: that one need not wait for it. */
  #depart(home: Attachment, now: number): void {
    this.#search.left = { from: home.contact.address, reason: "leaving" };
    this.#conversation.detach(now);
    this.#context.sayGoodbye(home.link, now);
    this.#home = null;
    this.#recover(now);
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
    const { contact, link, held } = attachment;
    if (link !== null) this.#context.close(link);
    if (contact.link !== null) this.#context.close(contact.link);
    this.#directory.lost(contact, why);
    if (attachment === this.#next) return this.#moveFailed(attachment, now);
    if (held !== null && held === this.#name) {
      this.#search.left = { from: contact.address, reason: "home-lost" };
    }
    this.#conversation.detach(now);
    // Perhaps it is almost at another one already.
    this.#home = this.#next;
    this.#next = null;
    if (this.#home === null && !this.#over) this.#recover(now);
  }

  #moveFailed({ state }: Attachment, now: number): void {
    const home = this.#home;
    this.#next = null;
    this.#rounds.moveFailed();
    const wasAsked = state === "enrolling";
    if (wasAsked && home?.state === "attached" && !home.leaving && this.#name !== null) {
      // The other one may have taken the name along before it failed.
      this.#conversation.detach(now);
      home.enrol(this.#wish(this.#name), now);
    }
    this.#moveIfItLeaves(now);
  }

  #recover(now: number): void {
    this.#rounds.stop();
    const best = this.#search.next(now, { hasName: this.#name !== null });
    if (best !== null) this.#attachTo(best, now);
    else this.proceed(now);
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
}

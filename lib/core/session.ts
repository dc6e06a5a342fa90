/**
 * A client: what it does with every byte, without any I/O. It surveys the
 * servers, attaches to the nearest, and carries the conversation; when its home
 * dies it starts over and takes everything along.
 *
 * @module
 */

import * as extended from "../codec/extended.ts";
import { Kind, ProtocolError } from "../codec/wire.ts";
import { nearest } from "./choice.ts";
import { Attachment, type Wish } from "./attachment.ts";
import { ClientContext, type SessionAction, type SessionConfig } from "./client_context.ts";
import { ClientLink, type Contact, type Known } from "./contact.ts";
import { Conversation } from "./conversation.ts";
import type { ClientEvent } from "./events.ts";
import type { Opened } from "./link.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "./members.ts";
import { Survey } from "./survey.ts";

/** Servers tried by the last samples, at once, before all are asked again. */
const DIRECT_ATTEMPTS = 2;

/**
 * After a home was lost, all servers are measured anew within this, at random:
 * not all clients of a dead server at the same moment.
 */
const PROBE_AGAIN_MS = 5_000;

/**
 * What a client does: surveying the servers, done with that, at home (or on the
 * way there), waiting to survey again, on its way out, or gone.
 */
type Phase = "surveying" | "surveyed" | "homed" | "waiting" | "ending" | "ended";

/** One client. All times are milliseconds of one monotonic clock. */
export class Session {
  readonly #context: ClientContext;
  readonly #survey: Survey;
  readonly #conversation: Conversation;
  #phase: Phase = "waiting";
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
  #watching = false;
  /** The link on which it asked to hear who comes and goes. */
  #watched: ClientLink | null = null;

  constructor(config: SessionConfig) {
    this.#context = new ClientContext(config);
    this.#survey = new Survey(this.#context);
    this.#conversation = new Conversation(config.session, (event) => this.#context.tell(event));
  }

  /** Messages that have no receipt yet. */
  get openCount(): number {
    return this.#conversation.openCount;
  }

  /** Bytes that wait in all outboxes. */
  get queuedBytes(): number {
    return [...this.#context.links.values()].reduce((sum, { outbox }) => sum + outbox.bytes, 0);
  }

  /** The address and the id of the server that it is attached to; null when it is not. */
  get home(): { readonly address: string; readonly id: string | null } | null {
    if (this.#home?.state !== "attached" || this.#isOver()) return null;
    const { address, id } = this.#home.contact;
    return { address, id };
  }

  /** Contacts the servers. */
  start(now: number): void {
    this.#beginSurvey(now);
  }

  /** Attaches to the nearest server under this name, as soon as the servers are known. */
  attach(name: string, now: number): void {
    if (this.#isOver()) return;
    this.#name = name;
    if (this.#phase === "surveyed") this.#choose(now);
    else if (this.#home !== null) this.#home.enrol(this.#wish(name), now);
  }

  /** Takes a text to send. It ends in a receipt, whatever happens. */
  send(receiver: string, text: string, now: number): void {
    this.#conversation.send(receiver, text, now);
    this.#home?.hurry(now);
    this.#wakeHome();
  }

  /**
   * Asks who is there; with `watch`, also who comes and goes from now on.
   * False when no server that was reached can say.
   */
  who(watch: boolean): boolean {
    this.#watching ||= watch;
    const link = this.#home?.link ?? this.#survey.usable.find(({ extended }) => extended)?.link ??
      null;
    if (link === null || !link.contact.extended) return false;
    if (watch) this.#watched = link;
    this.#context.send(link, extended.who(watch));
    return true;
  }

  /** A server announces itself on the LAN: whoever looks for one need not wait. */
  found(server: Known, now: number): void {
    if (this.#survey.found(server) && this.#phase === "waiting") this.#deadline = now;
  }

  /** The servers that answered, nearest first. */
  servers(): ClientEvent[] {
    return this.#survey.servers();
  }

  /** What was measured of every server that answered, nearest first. */
  rtts(): ClientEvent[] {
    return this.#survey.rtts();
  }

  /** The servers that could not be reached, and why. */
  failures(): { readonly address: string; readonly why: string }[] {
    return this.#survey.failures;
  }

  /** Says goodbye everywhere, then acts `ended`. */
  quit(now: number): void {
    if (this.#isOver()) return;
    this.#phase = "ending";
    this.#deadline = Infinity;
    this.#probeAt = Infinity;
    this.#survey.stop();
    for (const link of this.#context.links.values()) this.#context.sayGoodbye(link, now);
    this.#endIfAlone(now);
  }

  /** A dial is connected. */
  opened(id: number, how: Opened, now: number): void {
    const dialled = this.#context.dials.get(how.dial ?? -1);
    if (dialled === undefined) return;
    this.#context.dials.delete(how.dial ?? -1);
    const { contact, purpose } = dialled;
    const link = new ClientLink(id, contact, now);
    this.#context.links.set(id, link);
    if (purpose === "contact") {
      contact.connectMs = how.connectMs;
      if (this.#survey.greet(link)) return;
    } else {
      const attachment = this.#reaching(contact);
      attachment?.opened(link, now);
      if (attachment !== null) return;
    }
    this.#context.close(link);
  }

  /** A dial did not connect; `why` is a short clause for people. */
  failed(dial: number, why: string, now: number): void {
    const dialled = this.#context.dials.get(dial);
    this.#context.dials.delete(dial);
    if (dialled === undefined) return;
    if (dialled.purpose === "contact") dialled.contact.fail(why);
    else {
      const attachment = this.#reaching(dialled.contact);
      if (attachment !== null) this.#lost(attachment, why, now);
    }
    this.#proceed(now);
  }

  /** Bytes came on a link. They are borrowed for the call. */
  receive(id: number, bytes: Uint8Array, now: number): void {
    const link = this.#context.links.get(id);
    if (link === undefined || link.closing) return;
    link.heardAt = now;
    try {
      link.reader.feed(bytes);
      while (!link.closing && link.reader.next()) this.#take(link, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#abandon(link, error.message, now);
    }
    this.#conversation.flushAcks();
    this.#conversation.pump(now);
    this.#wakeHome();
    this.#proceed(now);
  }

  /** A link is gone, whoever closed it; `why` is a short clause for people. */
  closed(id: number, why: string, now: number): void {
    const link = this.#context.links.get(id);
    if (link === undefined) return;
    this.#context.forget(link);
    if (!link.closing) this.#abandon(link, why, now);
    this.#proceed(now);
    this.#endIfAlone(now);
  }

  /** Does what is due, and returns when it wants to be called again. */
  tick(now: number): number {
    if (now >= this.#deadline) this.#deadlinePassed(now);
    this.#context.closeOverdue(now);
    if (now >= this.#probeAt) this.#probeAgain(now);
    this.#survey.tick(now);
    this.#tend(now);
    this.#conversation.tick(now);
    this.#wakeHome();
    this.#proceed(now);
    return Math.min(
      this.#deadline,
      this.#probeAt,
      this.#context.nextOverdue(),
      this.#survey.nextDeadline(),
      this.#conversation.nextDeadline(now),
      this.#isOver() ? Infinity : this.#home?.nextDeadline() ?? Infinity,
      this.#isOver() ? Infinity : this.#next?.nextDeadline() ?? Infinity,
    );
  }

  /** The next bytes to write on a link, at most 64 KiB; null when there are none. */
  pull(id: number, now: number): Uint8Array | null {
    const link = this.#context.links.get(id);
    if (link === undefined) return null;
    let bytes = link.outbox.pull();
    if (bytes === null && link === this.#home?.link) {
      // There is room again for what had to wait.
      this.#conversation.pump(now);
      bytes = link.outbox.pull();
    }
    if (bytes !== null && link.echoQueued) {
      link.echoQueued = false;
      link.probes.sent(now);
    }
    return bytes;
  }

  /** The links that got something to write since the last call. */
  takeReady(): readonly number[] {
    const { ready, links } = this.#context;
    if (ready.length === 0) return ready;
    for (const id of ready) {
      const link = links.get(id);
      if (link !== undefined) link.ready = false;
    }
    this.#context.ready = [];
    return ready;
  }

  /** What it decided since the last call, in order. */
  takeActions(): readonly SessionAction[] {
    const { actions } = this.#context;
    if (actions.length > 0) this.#context.actions = [];
    return actions;
  }

  #beginSurvey(now: number): void {
    this.#phase = "surveying";
    this.#deadline = Infinity;
    this.#survey.begin(now);
    this.#proceed(now);
  }

  #proceed(now: number): void {
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
      this.#beginSurvey(now);
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
    if (this.#watching && this.#watched !== link) this.who(true);
  }

  /** It has the next home: the old one is read until it has said everything. */
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

  #take(link: ClientLink, now: number): void {
    const { kind, sublength } = link.reader;
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.Welcome:
        this.#attachmentOn(link)?.welcomed(now);
        return this.#survey.welcome(link, extended.decodeWelcome(payload), now);
      case Kind.ServersReply:
        return this.#survey.serversReply(link, payload, now);
      case Kind.EchoReply:
        return this.#survey.echoed(link, link.probes.replied(now), now);
      case Kind.CloseReply:
        return this.#context.close(link);
      case Kind.Bye:
        return this.#abandon(link, extended.decodeBye(payload).message, now);
      case Kind.Names:
        return this.#names(extended.decodeNames(payload));
      case Kind.Message:
        return this.#conversation.delivery(payload, sublength);
      case Kind.StreamMessage:
        return this.#conversation.message(payload, sublength);
      case Kind.Leaving:
        return this.#leaves(link, now);
      default:
        if (link === this.#home?.link) this.#conversation.answer(kind, payload, now);
        // A newer server may say more than this client knows.
        if (!this.#isOver()) this.#takeAnswer(link, kind, now);
    }
  }

  /** What a server says to a registration, or to take it back. */
  #takeAnswer(link: ClientLink, kind: number, now: number): void {
    const attachment = this.#attachmentOn(link);
    if (attachment === null) return;
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.JoinOrRegistered:
        return this.#attached(attachment, attachment.name, now);
      case Kind.NameTaken:
        return this.#refusedByBase(attachment, now);
      case Kind.Enrolled:
        return this.#attached(attachment, extended.decodeEnrolled(payload), now);
      case Kind.Refused:
        return this.#refused(attachment, extended.decodeRefused(payload), now);
    }
  }

  /** 9/3: the server stops soon. Whoever is at home there goes elsewhere first. */
  #leaves(link: ClientLink, now: number): void {
    this.#survey.leaves(link.contact);
    const attachment = this.#attachmentOn(link);
    if (attachment === null || this.#isOver()) return;
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

  /** Measures all servers although it has a home. */
  #probeAgain(now: number): void {
    this.#probeAt = Infinity;
    if (this.#phase !== "homed") return;
    this.#survey.begin(now);
    this.#proceed(now);
  }

  #names(news: extended.NamesNews): void {
    for (const { name, server } of news.clients) {
      this.#context.tell({ kind: "client", name, server: this.#survey.addressOf(server) });
    }
    for (const { name } of news.joined) this.#context.tell({ kind: "joined", name });
    for (const { name } of news.left) this.#context.tell({ kind: "left", name });
    if (news.done) this.#context.actions.push({ kind: "complete", what: "who" });
  }

  /** A link is of no use any more. */
  #abandon(link: ClientLink, why: string, now: number): void {
    const attachment = this.#attachmentOn(link);
    const isContact = link.contact.link === link;
    this.#context.close(link);
    if (attachment !== null) this.#lost(attachment, why, now);
    else if (isContact && !this.#isOver()) this.#survey.lost(link, why);
  }

  /** A server that it is at home at, or is going to, is of no use any more. */
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
    if (this.#home === null && !this.#isOver()) this.#recover(now);
  }

  /** Goes to the next best server that it knows, or asks them all; in the end it waits. */
  #recover(now: number): void {
    this.#phase = "waiting";
    const attempt = this.#failures++;
    const best = this.#survey.nextBest(null);
    if (attempt < DIRECT_ATTEMPTS && best !== null && this.#name !== null) {
      this.#survey.end(best, now);
      this.#attachTo(best, now);
    } else if (attempt <= DIRECT_ATTEMPTS) {
      this.#failures = DIRECT_ATTEMPTS + 1;
      this.#beginSurvey(now);
      // If no registration succeeds, it must not try in a loop.
    } else this.#unreachable(now);
  }

  #tend(now: number): void {
    if (this.#isOver()) return;
    for (const attachment of [this.#home, this.#next]) {
      const why = attachment?.tend(now, this.openCount > 0) ?? null;
      if (attachment !== null && why !== null) this.#lost(attachment, why, now);
    }
  }

  #attachmentOn(link: ClientLink): Attachment | null {
    if (this.#home?.link === link) return this.#home;
    return this.#next?.link === link ? this.#next : null;
  }

  /** What waits for a dial of `contact`. */
  #reaching(contact: Contact): Attachment | null {
    for (const attachment of [this.#home, this.#next]) {
      if (attachment?.contact === contact && attachment.link === null && !this.#isOver()) {
        return attachment;
      }
    }
    return null;
  }

  #deadlinePassed(now: number): void {
    this.#deadline = Infinity;
    if (this.#phase === "waiting") this.#beginSurvey(now);
  }

  #isOver(): boolean {
    return this.#phase === "ending" || this.#phase === "ended";
  }

  #endIfAlone(now: number): void {
    if (this.#phase !== "ending" || this.#context.links.size > 0) return;
    this.#phase = "ended";
    this.#conversation.end(now);
    this.#context.actions.push({ kind: "complete", what: "ended" });
  }

  #wakeHome(): void {
    const link = this.#home?.link ?? null;
    if (link !== null && link.outbox.bytes > 0) this.#context.wake(link);
  }
}

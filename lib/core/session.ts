/**
 * A client: what it does with every byte, without any I/O. It surveys the
 * servers, attaches to the nearest, and carries the conversation; when its home
 * dies it starts over and takes everything along.
 *
 * @module
 */

import { register } from "../codec/base.ts";
import * as extended from "../codec/extended.ts";
import { Kind, ProtocolError } from "../codec/wire.ts";
import { nearest } from "./choice.ts";
import {
  ClientContext,
  DEADLINE_MS,
  type SessionAction,
  type SessionConfig,
} from "./client_context.ts";
import { ClientLink, type Contact, type Known } from "./contact.ts";
import { Conversation } from "./conversation.ts";
import type { ClientEvent } from "./events.ts";
import type { Opened } from "./link.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "./members.ts";
import { Survey } from "./survey.ts";

/** Signs of life at home: more often while somebody waits for a receipt. */
const BUSY_ECHO_MS = 1_000;
const IDLE_ECHO_MS = 5_000;

/** A home that is silent for so long is gone. */
const HOME_SILENCE_MS = 15_000;

/**
 * Where a client is: surveying the servers, done with that, registering,
 * attached, waiting to survey again, on its way out, or gone.
 */
type Phase =
  | "surveying"
  | "surveyed"
  | "enrolling"
  | "attached"
  | "waiting"
  | "ending"
  | "ended";

/** One client. All times are milliseconds of one monotonic clock. */
export class Session {
  readonly #context: ClientContext;
  readonly #survey: Survey;
  readonly #conversation: Conversation;
  #phase: Phase = "waiting";
  #deadline = Infinity;
  #home: ClientLink | null = null;
  #nextEcho = Infinity;
  #name: string | null = null;
  #moves = 0;
  #wasAttached = false;
  /** The home that it was attached to under this name, until it is attached again. */
  #lostHome: string | null = null;
  /** Attempts to attach that failed since it was attached last. */
  #failures = 0;
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
    if (this.#phase !== "attached" || this.#home === null) return null;
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
    else if (this.#home !== null) this.#enrol(this.#home, now);
  }

  /** Takes a text to send. It ends in a receipt, whatever happens. */
  send(receiver: string, text: string, now: number): void {
    this.#conversation.send(receiver, text, now);
    this.#nextEcho = Math.min(this.#nextEcho, now + BUSY_ECHO_MS);
    this.#wakeHome();
  }

  /**
   * Asks who is there; with `watch`, also who comes and goes from now on.
   * False when no server that was reached can say.
   */
  who(watch: boolean): boolean {
    this.#watching ||= watch;
    const link = this.#home ?? this.#survey.usable.find(({ extended }) => extended)?.link ?? null;
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
    } else if (this.#phase === "enrolling" && this.#home === null) {
      this.#home = link;
      this.#enrol(link, now);
      return;
    }
    this.#context.close(link);
  }

  /** A dial did not connect; `why` is a short clause for people. */
  failed(dial: number, why: string, now: number): void {
    const dialled = this.#context.dials.get(dial);
    this.#context.dials.delete(dial);
    if (dialled === undefined) return;
    if (dialled.purpose === "contact") dialled.contact.fail(why);
    else if (this.#phase === "enrolling") {
      this.#forsake(dialled.contact, why);
      this.#homeLost(why, now);
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
    this.#survey.tick(now);
    this.#tendHome(now);
    this.#conversation.tick(now);
    this.#wakeHome();
    this.#proceed(now);
    return Math.min(
      this.#deadline,
      this.#context.nextOverdue(),
      this.#survey.nextDeadline(),
      this.#conversation.nextDeadline(now),
      this.#homeDeadline(),
    );
  }

  /** The next bytes to write on a link, at most 64 KiB; null when there are none. */
  pull(id: number, now: number): Uint8Array | null {
    const link = this.#context.links.get(id);
    if (link === undefined) return null;
    let bytes = link.outbox.pull();
    if (bytes === null && link === this.#home) {
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
    this.#survey.begin();
    this.#proceed(now);
  }

  #proceed(now: number): void {
    if (this.#phase !== "surveying" || !this.#survey.proceed(now)) return;
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
    const most = Math.min(REDIAL_MIN_MS * 2 ** Math.min(this.#failures++, 20), REDIAL_MAX_MS);
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
    this.#phase = "enrolling";
    this.#deadline = now + DEADLINE_MS;
    if (best.extended && best.link !== null) {
      this.#home = best.link;
      this.#enrol(best.link, now);
      // A base server is registered at on a connection of its own, as the original does.
    } else this.#context.dial(best, "base-home");
  }

  #enrol(home: ClientLink, now: number): void {
    if (this.#name === null) return;
    this.#phase = "enrolling";
    this.#deadline = now + DEADLINE_MS;
    this.#nextEcho = now + BUSY_ECHO_MS;
    const { session, token } = this.#context.config;
    const name = this.#name;
    this.#context.send(
      home,
      home.contact.extended
        ? extended.enrol({ name, session, token, moves: this.#moves++ })
        : register(name),
    );
  }

  #attached(name: string, now: number): void {
    if (this.#home === null || this.#phase !== "enrolling") return;
    const { contact, outbox } = this.#home;
    if (contact.link !== this.#home) this.#context.sayGoodbye(contact.link, now);
    this.#phase = "attached";
    this.#deadline = Infinity;
    this.#failures = 0;
    this.#wasAttached = true;
    this.#conversation.attach({ outbox, extended: contact.extended }, name);
    const { address: server, minMs: rttMs } = contact;
    const from = this.#lostHome;
    this.#lostHome = null;
    // Who had to take another name has not moved, and must hear what it is called.
    if (from === null) this.#context.tell({ kind: "attached", server, name, rttMs });
    else this.#context.tell({ kind: "moved", from, server, rttMs, reason: "home-lost" });
    if (this.#watching && this.#watched !== this.#home) this.who(true);
  }

  #refused(refusal: { name: string; reason: string; message: string }, now: number): void {
    const { reason, message } = refusal;
    this.#conversation.detach(now);
    this.#name = null;
    this.#lostHome = null;
    this.#phase = "enrolling";
    this.#deadline = Infinity;
    const code = reason === "name-taken" || reason === "bad-name" ? reason : "refused";
    this.#context.fail(code, message);
  }

  #refusedByBase(home: ClientLink): void {
    const message = `Cannot register ${this.#name}: the name is taken`;
    this.#context.close(home);
    this.#home = null;
    this.#name = null;
    this.#lostHome = null;
    this.#phase = "surveyed";
    this.#deadline = Infinity;
    this.#context.fail("name-taken", message);
  }

  #take(link: ClientLink, now: number): void {
    const { kind, sublength } = link.reader;
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.Welcome:
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
      case Kind.Ack:
        return this.#conversation.ack(payload, now);
      case Kind.Receipt:
        return this.#conversation.receipt(payload, now);
      case Kind.Tally:
        return this.#conversation.tally(payload, now);
      case Kind.Resolved:
        return this.#conversation.resolved(payload, now);
      default:
        // A newer server may say more than this client knows.
        if (link === this.#home && !this.#isOver()) this.#takeAnswer(link, kind, now);
    }
  }

  /** What a home says to a registration, or to take it back. */
  #takeAnswer(home: ClientLink, kind: number, now: number): void {
    switch (kind) {
      case Kind.JoinOrRegistered:
        return this.#attached(this.#name ?? "", now);
      case Kind.NameTaken:
        return this.#refusedByBase(home);
      case Kind.Enrolled:
        return this.#attached(extended.decodeEnrolled(home.reader.payload()), now);
      case Kind.Refused:
        return this.#refused(extended.decodeRefused(home.reader.payload()), now);
    }
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
    const { contact } = link;
    const isContact = contact.link === link;
    this.#context.close(link);
    if (link === this.#home) this.#homeLost(why, now);
    else if (isContact && !this.#isOver()) this.#survey.lost(link, why);
  }

  #homeLost(why: string, now: number): void {
    const home = this.#home;
    if (this.#phase === "attached" && home !== null) this.#lostHome = home.contact.address;
    this.#home = null;
    this.#nextEcho = Infinity;
    this.#deadline = Infinity;
    this.#conversation.detach(now);
    if (home !== null) {
      this.#context.close(home);
      this.#forsake(home.contact, why);
    }
    if (this.#isOver()) return;
    // Others may be alive; but if no registration succeeds, it must not try in a loop.
    if (this.#failures++ === 0) this.#beginSurvey(now);
    else this.#unreachable(now);
  }

  #forsake(contact: Contact, why: string): void {
    if (contact.link !== null) this.#context.close(contact.link);
    contact.fail(why);
  }

  /** The home, if it must give signs of life: a base one may be silent for hours. */
  #watchedHome(): ClientLink | null {
    return this.#home !== null && this.#home.contact.extended && !this.#isOver()
      ? this.#home
      : null;
  }

  #homeDeadline(): number {
    const home = this.#watchedHome();
    return home === null ? Infinity : Math.min(this.#nextEcho, home.heardAt + HOME_SILENCE_MS);
  }

  #tendHome(now: number): void {
    const home = this.#watchedHome();
    if (home === null) return;
    if (now - home.heardAt >= HOME_SILENCE_MS) {
      this.#homeLost("silent", now);
      return;
    }
    home.probes.expire(now);
    if (now < this.#nextEcho) return;
    this.#nextEcho = now + (this.openCount > 0 ? BUSY_ECHO_MS : IDLE_ECHO_MS);
    this.#context.echo(home);
  }

  #deadlinePassed(now: number): void {
    this.#deadline = Infinity;
    switch (this.#phase) {
      case "waiting":
        return this.#beginSurvey(now);
      case "enrolling":
        return this.#homeLost("it did not answer the registration", now);
    }
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
    if (this.#home !== null && this.#home.outbox.bytes > 0) this.#context.wake(this.#home);
  }
}

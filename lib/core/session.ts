/**
 * A client: what it does with every byte, without any I/O. It surveys the
 * servers, attaches to the nearest, and carries the conversation; when its home
 * dies it starts over and takes everything along.
 *
 * @module
 */

import { decodeBye } from "../codec/bye.ts";
import { decodeWelcome, type Welcome } from "../codec/handshake.ts";
import { decodeMatrixReply, matrixRequest } from "../codec/matrix.ts";
import { decodeNames, type NamesNews, who } from "../codec/who.ts";
import { Kind, ProtocolError } from "../codec/wire.ts";
import { ClientContext, type SessionAction, type SessionConfig } from "./client_context.ts";
import { ClientLink, type Known } from "./contact.ts";
import { Conversation } from "./conversation.ts";
import { Directory } from "./directory.ts";
import type { ClientEvent } from "./events.ts";
import { Homes } from "./homes.ts";
import { hostOf } from "./greeting.ts";
import { HEARTBEAT_MS } from "./lag.ts";
import type { Opened } from "./link.ts";
import { MatrixAnswer } from "./matrix_answer.ts";
import { rttEvents, serverEvents } from "./report.ts";
import { Survey } from "./survey.ts";

/** One client. All times are milliseconds of one monotonic clock. */
export class Session {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #survey: Survey;
  readonly #conversation: Conversation;
  readonly #homes: Homes;
  /** It says goodbye, or has said it everywhere. */
  #ending: "not" | "ending" | "ended" = "not";
  #watching = false;
  /** The link on which it asked to hear who comes and goes. */
  #watched: ClientLink | null = null;
  /** The link on which it asked for the matrix, and what has come of the answer. */
  #asked: { readonly link: ClientLink; readonly answer: MatrixAnswer } | null = null;

  /** Surveys nobody and dials nothing until it is told to start. */
  constructor(config: SessionConfig) {
    this.#context = new ClientContext(config);
    this.#directory = new Directory(config);
    this.#survey = new Survey(this.#context, this.#directory);
    this.#conversation = new Conversation(config.session, (event) => this.#context.tell(event));
    this.#homes = new Homes(this.#context, {
      directory: this.#directory,
      survey: this.#survey,
      conversation: this.#conversation,
      onAttached: (link) => {
        if (this.#watching && this.#watched !== link) this.who(true);
      },
    });
  }

  /** Messages that have no receipt yet. */
  get openCount(): number {
    return this.#conversation.openCount;
  }

  /** Bytes that wait in all outboxes. */
  get queuedBytes(): number {
    return [...this.#context.links.values()].reduce((sum, { outbox }) => sum + outbox.bytes, 0);
  }

  /** The server that it is attached to, and by which link; null when it is not. */
  get home():
    | { readonly address: string; readonly id: string | null; readonly link: number }
    | null {
    const { contact, link } = this.#homes;
    if (contact === null || link === null) return null;
    return { address: contact.address, id: contact.id, link: link.id };
  }

  /** Contacts the servers. */
  start(now: number): void {
    this.#homes.start(now);
  }

  /** Attaches to the nearest server under this name, as soon as the servers are known. */
  attach(name: string, now: number): void {
    if (!this.#isOver() && !this.#context.config.watch) this.#homes.attach(name, now);
  }

  /** Takes a text to send. It ends in a receipt, whatever happens. */
  send(receiver: string, text: string, now: number): void {
    this.#conversation.send(receiver, text, now);
    this.#homes.hurry(now);
    this.#wakeHome();
  }

  /**
   * Asks who is there; with `watch`, also who comes and goes from now on.
   * False when no server that was reached can say.
   */
  who(watch: boolean): boolean {
    this.#watching ||= watch;
    const link = this.#extendedLink();
    if (link === null) return false;
    if (watch) this.#watched = link;
    this.#context.send(link, who(watch));
    return true;
  }

  /** Asks how far the servers are from each other. False when no server that was reached can say. */
  matrix(): boolean {
    const link = this.#extendedLink();
    if (link === null) return false;
    this.#asked = { link, answer: new MatrixAnswer() };
    this.#context.send(link, matrixRequest());
    return true;
  }

  /** A server announces itself on the LAN: whoever looks for one need not wait. */
  found(server: Known, now: number): void {
    if (this.#survey.found(server)) this.#homes.found(now);
  }

  /** The servers that answered when they were last asked, nearest first. */
  servers(): ClientEvent[] {
    return serverEvents(this.#directory);
  }

  /**
   * What was measured last of every server, nearest first; those that could not
   * be measured come last, as such.
   */
  rtts(now: number = this.#context.now): ClientEvent[] {
    return rttEvents(this.#directory, now);
  }

  /** The servers that could not be reached, and why. */
  failures(): { readonly address: string; readonly why: string }[] {
    return this.#directory.failures;
  }

  /** Says goodbye everywhere, then acts `ended`. */
  quit(now: number): void {
    if (this.#isOver()) return;
    this.#ending = "ending";
    this.#homes.stop();
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
    const link = new ClientLink(id, contact, {
      now,
      remote: how.remote.hostname,
      lag: this.#context.lag,
    });
    this.#context.links.set(id, link);
    if (purpose === "contact") {
      contact.connectMs = how.connectMs;
      if (this.#survey.greet(link)) return;
    } else if (this.#homes.opened(link, now)) return;
    this.#context.close(link);
  }

  /** A dial did not connect; `why` is a short clause for people. */
  failed(dial: number, why: string, now: number): void {
    const dialled = this.#context.dials.get(dial);
    this.#context.dials.delete(dial);
    if (dialled === undefined) return;
    if (dialled.purpose === "contact") dialled.contact.fail(why);
    else this.#homes.failed(dialled.contact, why, now);
    this.#homes.proceed(now);
  }

  /** Bytes came on a link. They are borrowed for the call. */
  receive(id: number, bytes: Uint8Array, now: number): void {
    const link = this.#context.links.get(id);
    if (link === undefined || link.closing) return;
    this.#context.now = now;
    link.heardAt = now;
    try {
      link.reader.feed(bytes);
      while (!link.closing && link.reader.next()) this.#take(link, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#homes.abandon(link, error.message, now);
    }
    this.#conversation.flushAcks();
    this.#conversation.pump(now);
    this.#wakeHome();
    this.#homes.proceed(now);
  }

  /** A link is gone, whoever closed it; `why` is a short clause for people. */
  closed(id: number, why: string, now: number): void {
    const link = this.#context.links.get(id);
    if (link === undefined) return;
    this.#context.forget(link);
    // Nobody need wait for an answer that will not come.
    if (this.#asked?.link === link) this.#answered();
    if (!link.closing) this.#homes.abandon(link, why, now);
    this.#homes.proceed(now);
    this.#endIfAlone(now);
  }

  /** Does what is due, and returns when it wants to be called again. */
  tick(now: number): number {
    const { lag } = this.#context;
    this.#context.now = now;
    lag.woke(now);
    this.#context.closeOverdue(now);
    this.#survey.tick(now);
    this.#homes.tick(now);
    this.#conversation.tick(now);
    this.#wakeHome();
    this.#homes.proceed(now);
    const next = Math.min(
      this.#homes.nextDeadline(),
      this.#context.nextOverdue(),
      this.#survey.nextDeadline(),
      this.#conversation.nextDeadline(now),
      this.#context.isProbing ? now + HEARTBEAT_MS : Infinity,
    );
    lag.awaits(next);
    return next;
  }

  /** The next bytes to write on a link, at most 64 KiB; null when there are none. */
  pull(id: number, now: number): Uint8Array | null {
    const link = this.#context.links.get(id);
    if (link === undefined) return null;
    let bytes = link.outbox.pull();
    if (bytes === null && link === this.#homes.link) {
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

  #take(link: ClientLink, now: number): void {
    const { kind, sublength } = link.reader;
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.Welcome:
        return this.#welcomed(link, decodeWelcome(payload), now);
      case Kind.ServersReply:
        return this.#survey.serversReply(link, payload, now);
      case Kind.EchoReply:
        return this.#survey.echoed(link, link.probes.replied(now), now);
      case Kind.CloseReply:
        return this.#context.close(link);
      case Kind.Bye:
        return this.#homes.abandon(link, decodeBye(payload).message, now);
      case Kind.Names:
        return this.#names(decodeNames(payload));
      case Kind.MatrixReply:
        return this.#matrixReply(link, payload);
      case Kind.Message:
        return this.#conversation.delivery(payload, sublength);
      case Kind.StreamMessage:
        return this.#conversation.message(payload, sublength);
      case Kind.Leaving:
        return this.#homes.leaves(link, now);
      default:
        if (link === this.#homes.link) this.#conversation.answer(kind, payload, now);
        // A newer server may say more than this client knows.
        if (!this.#isOver()) this.#homes.answered(link, kind, now);
    }
  }

  #welcomed(link: ClientLink, welcome: Welcome, now: number): void {
    this.#survey.welcome(link, welcome, now);
    this.#homes.welcomed(link, welcome, now);
  }

  #names(news: NamesNews): void {
    for (const { name, server } of news.clients) {
      this.#context.tell({ kind: "client", name, server: this.#directory.addressOf(server) });
    }
    for (const { name } of news.joined) this.#context.tell({ kind: "joined", name });
    for (const { name } of news.left) this.#context.tell({ kind: "left", name });
    if (news.done) this.#context.actions.push({ kind: "complete", what: "who" });
  }

  #matrixReply(link: ClientLink, payload: Uint8Array): void {
    if (this.#asked?.link !== link) return;
    const { answer } = this.#asked;
    answer.take(decodeMatrixReply(payload));
    if (!answer.isWhole) return;
    const addressOf = (id: string): string => this.#directory.addressOf(id);
    this.#context.tell(answer.event(addressOf, hostOf(link)));
    this.#answered();
  }

  #answered(): void {
    this.#asked = null;
    this.#context.actions.push({ kind: "complete", what: "matrix" });
  }

  /** The home, or else a server that can be asked things too. */
  #extendedLink(): ClientLink | null {
    const link = this.#homes.link ?? this.#directory.usable.find(({ extended }) => extended)?.link;
    return link?.contact.extended ? link : null;
  }

  #isOver(): boolean {
    return this.#ending !== "not";
  }

  #endIfAlone(now: number): void {
    if (this.#ending !== "ending" || this.#context.links.size > 0) return;
    this.#ending = "ended";
    this.#conversation.end(now);
    this.#context.actions.push({ kind: "complete", what: "ended" });
  }

  #wakeHome(): void {
    const link = this.#homes.link ?? null;
    if (link !== null && link.outbox.bytes > 0) this.#context.wake(link);
  }
}

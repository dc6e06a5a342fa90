/**
 * A server: what it does with every byte, without any I/O. A driver (or a test)
 * tells it what happened and when, takes what it has to write from its
 * outboxes, and carries out its few actions.
 *
 * @module
 */

import { ECHO_REPLY, frame, Kind, ProtocolError } from "../codec/wire.ts";
import { serversReply } from "../codec/base.ts";
import { decodeBye } from "../codec/bye.ts";
import { AddressBook } from "./address_book.ts";
import { BaseRouter } from "./base_router.ts";
import { BaseServers } from "./base_servers.ts";
import { Carriage } from "./carriage.ts";
import { Context, type NodeAction, type NodeConfig, type NodeLimits } from "./context.ts";
import { Dialling } from "./dialling.ts";
import { Link, type Opened } from "./link.ts";
import { Liveness } from "./liveness.ts";
import type { Row } from "./matrix.ts";
import { Measuring } from "./measuring.ts";
import { Members } from "./members.ts";
import { CLIENT_OUTBOX_BYTES, PEER_OUTBOX_BYTES } from "./outbox.ts";
import { Peers } from "./peers.ts";
import { Registry } from "./registry.ts";
import { Roster } from "./roster.ts";
import { Router } from "./router.ts";

/** The numbers of the design; each is there so that a fault is found in time. */
export const NODE_LIMITS: NodeLimits = {
  helloMs: 5_000,
  unfinishedMs: 5_000,
  echoMs: 1_000,
  peerSilenceMs: 5_000,
  clientSilenceMs: 15_000,
  probeMs: 1_000,
  registrationMs: 500,
  drainMs: 10_000,
  connections: 16_384,
  clientOutboxBytes: CLIENT_OUTBOX_BYTES,
  peerOutboxBytes: PEER_OUTBOX_BYTES,
};

/** How long a leaving server waits for its links to take the last bytes. */
const LEAVE_MS = 1_000;

const LEAVES = "this server leaves the clique";

/** One server. All times are milliseconds of one monotonic clock. */
export class Node {
  readonly #context: Context;
  readonly #dialling: Dialling;
  readonly #members: Members;
  readonly #peers: Peers;
  readonly #baseServers: BaseServers;
  readonly #roster = new Roster<Link>();
  readonly #registry: Registry;
  readonly #router: Router;
  readonly #baseRouter: BaseRouter;
  readonly #liveness: Liveness;
  readonly #carriage: Carriage;
  readonly #measuring: Measuring;
  #nextSweep = 0;
  /** When it closes all links, if its clients have not gone before; null unless it leaves. */
  #drainsUntil: number | null = null;
  #closedBy: number | null = null;

  /** A server that has no link yet; limits that `config` leaves out are those of `NODE_LIMITS`. */
  constructor(config: NodeConfig) {
    this.#context = new Context(config, { ...NODE_LIMITS, ...config.limits });
    this.#liveness = new Liveness(this.#context);
    const { id: selfId, random } = config;
    const book = new AddressBook(config.join);
    this.#dialling = new Dialling({ selfId, book, random });
    this.#members = new Members({ selfId, book, dialling: this.#dialling });
    const known = { book, dialling: this.#dialling, members: this.#members };
    this.#peers = new Peers(this.#context, known, {
      peerLinked: (link) => {
        this.#registry.peerLinked(link);
        this.#measuring.linked(link);
      },
      peerLost: (peer) => {
        this.#registry.peerLost(peer);
        this.#measuring.lost(peer);
      },
      probe: (link) => this.#measuring.probe(link),
      clientCount: () => this.#roster.count(config.id),
    });
    this.#baseServers = new BaseServers(this.#context, {
      book,
      dialling: this.#dialling,
      peers: this.#peers,
    });
    this.#measuring = new Measuring(this.#context, {
      memberIds: () => this.#members.cards({ linkedOnly: false }).map(({ id }) => id),
      cards: (link) => this.#peers.cards(link),
    });
    const routes = {
      peers: () => this.#peers.linked,
      baseServers: () => this.#baseServers.links,
      ignorant: () => this.#registry.isIgnorant,
    };
    this.#registry = new Registry(this.#context, {
      roster: this.#roster,
      peers: routes.peers,
      mayMissNames: () => this.#members.mayMissNames(this.#context.now),
    });
    this.#carriage = new Carriage(this.#context, this.#peers.linked, {
      opened: (link) => this.#peers.greet(link),
      received: (link, whole) => this.receive(link.id, whole, this.#context.now),
      closed: (link, why) => this.closed(link.id, why, this.#context.now),
    });
    this.#router = new Router(this.#context, this.#roster, routes);
    this.#baseRouter = new BaseRouter(this.#context, this.#roster, routes);
  }

  /** Twelve hexadecimal digits, random at each start. */
  get id(): string {
    return this.#context.id;
  }

  /** The ids of the servers that this one has a link to. */
  get peerIds(): string[] {
    return [...this.#peers.linked].flatMap((link) => link.peer ?? []).sort();
  }

  /** The ids of the servers that it knows of, linked or not. */
  get memberIds(): string[] {
    return this.#members.cards({ linkedOnly: false }).map(({ id }) => id).sort();
  }

  /** Whether a client of this server holds the name. */
  holds(name: string): boolean {
    return this.#roster.holder(name)?.home === this.#context.id;
  }

  /** Every name that it knows, and the id of the server that it is at. */
  get names(): { name: string; server: string }[] {
    return [...this.#roster.held()].map(({ claim, home }) => ({ name: claim.name, server: home }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Messages that were not passed on, by reason. */
  get drops(): ReadonlyMap<string, number> {
    return this.#context.drops;
  }

  /** What each server says of its way to each other, as far as this one knows, in ms. */
  get matrix(): Row[] {
    return this.#measuring.rows;
  }

  /** Bytes that wait in all outboxes. */
  get queuedBytes(): number {
    return [...this.#context.links.values()].reduce((sum, { outbox }) => sum + outbox.bytes, 0);
  }

  /** A connection is there: one that was accepted, or one that was dialled. */
  opened(id: number, how: Opened, now: number): void {
    this.#context.now = now;
    const dialled = how.dial === null ? null : this.#peers.takeDial(how.dial);
    const { clientOutboxBytes, peerOutboxBytes } = this.#context.limits;
    const outboxBytes = dialled === null ? clientOutboxBytes : peerOutboxBytes;
    const link = new Link(id, how, dialled, { now, outboxBytes });
    this.#context.links.set(id, link);
    if (this.#drainsUntil !== null) {
      this.#context.close(link, "leaving", LEAVES);
      return;
    }
    if (dialled === null) this.#liveness.accepted(link);
    else if (dialled.asks) this.#peers.greet(link);
    else this.#baseServers.dialledBack(link);
  }

  /** A dial did not connect; `why` is a short clause for people. */
  failed(dial: number, why: string, now: number): void {
    this.#context.now = now;
    this.#peers.dialFailed(dial, why);
  }

  /** A server announces itself on the LAN: links to it, unless it has a link. */
  found(server: { readonly id: string; readonly addresses: readonly string[] }, now: number): void {
    this.#context.now = now;
    this.#dialling.found(server, now);
  }

  /** Bytes came on a link. They are borrowed for the call. */
  receive(id: number, bytes: Uint8Array, now: number): void {
    this.#context.now = now;
    const link = this.#context.links.get(id);
    if (link === undefined || link.closing !== null) return;
    link.heardAt = now;
    if (link.role === "peer" || link.role === "candidate") this.#peers.heard(link);
    const { reader } = link;
    let frames = 0;
    try {
      reader.feed(bytes);
      while (link.closing === null && reader.next()) {
        frames++;
        this.#take(link);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.close(link, error.reason, error.message);
    }
    this.#liveness.read(link, frames);
  }

  /** A link is gone, whoever closed it; `why` is a short clause for people. */
  closed(id: number, why: string, now: number): void {
    this.#context.now = now;
    const link = this.#context.links.get(id);
    if (link === undefined) return;
    this.#context.links.delete(id);
    this.#liveness.closed(link);
    const cut = link.closing === null;
    if (cut) {
      this.#context.log("debug", "link-lost", {
        message: `lost ${this.#context.describe(link)}: ${why}`,
        fields: { link: id, why },
      });
    }
    link.closing ??= why;
    this.#registry.release(link, false);
    this.#baseServers.closed(link);
    this.#peers.closed(link, { cut });
    this.#drain();
  }

  /** Does what is due, and returns when it wants to be called again. */
  tick(now: number): number {
    const { lag } = this.#context;
    this.#context.now = now;
    lag.woke(now);
    const next = this.#tick(now);
    lag.awaits(next);
    return next;
  }

  #tick(now: number): number {
    this.#peers.tellNews();
    this.#carriage.settle();
    this.#drain();
    if (this.#closedBy !== null) return this.#closedBy;
    if (this.#drainsUntil === null) this.#peers.tick();
    this.#registry.tick();
    this.#measuring.tick();
    if (now >= this.#nextSweep) {
      this.#nextSweep = now + this.#context.limits.echoMs;
      this.#sweep();
    }
    this.#carriage.settle();
    return Math.min(
      this.#nextSweep,
      this.#registry.nextDeadline(),
      this.#measuring.nextDeadline(),
      this.#drainsUntil ?? this.#peers.nextDeadline(),
    );
  }

  /** The next bytes to write on a link, at most 64 KiB; null when there are none. */
  pull(id: number, now: number): Uint8Array | null {
    return this.#context.links.get(id)?.pull(now) ?? null;
  }

  /** The links that got something to write since the last call. */
  takeReady(): readonly number[] {
    const { ready } = this.#context;
    if (ready.length === 0) return ready;
    for (const id of ready) {
      const link = this.#context.links.get(id);
      if (link !== undefined) link.ready = false;
    }
    this.#context.ready = [];
    return ready;
  }

  /** What it decided since the last call, in order. */
  takeActions(): readonly NodeAction[] {
    const { actions } = this.#context;
    if (actions.length > 0) this.#context.actions = [];
    return actions;
  }

  /**
   * Leaves the clique. Everyone is told; extended clients go elsewhere first,
   * if there is anywhere to go. Then every link is closed, and it acts `left`.
   */
  leave(now: number): void {
    this.#context.now = now;
    if (this.#drainsUntil !== null) return;
    const { links, limits } = this.#context;
    this.#drainsUntil = now + limits.drainMs;
    this.#registry.leave();
    for (const link of links.values()) {
      if (!link.extended) this.#context.close(link, "leaving", LEAVES);
      else if (link.role !== "candidate") this.#context.send(link, frame(Kind.Leaving));
    }
    this.#drain();
  }

  /** Closes everything once nobody is left who can go elsewhere, or when the time is over. */
  #drain(): void {
    if (this.#drainsUntil === null || this.#closedBy === Infinity) return;
    const { now, links } = this.#context;
    if (this.#closedBy === null) {
      const isHome = [...links.values()].some((link) =>
        link.role === "client" && link.closing === null
      );
      // Alone it knows nobody's name any more, and its clients have to look for others anyway.
      const isAlone = this.#peers.linked.size === 0;
      if (isHome && !isAlone && now < this.#drainsUntil) return;
      this.#peers.tellNews();
      this.#closedBy = now + LEAVE_MS;
      for (const link of links.values()) this.#context.close(link, "leaving", LEAVES);
    }
    if (links.size > 0 && now < this.#closedBy) return;
    this.#closedBy = Infinity;
    this.#context.actions.push({ kind: "left" });
  }

  #take(link: Link): void {
    const { kind } = link.reader;
    switch (kind) {
      case Kind.StreamMessage:
        return this.#router.message(link);
      case Kind.StreamForward:
        return this.#router.forward(link);
      case Kind.Ack:
        return this.#router.ack(link);
      case Kind.Receipt:
      case Kind.Tally:
        return this.#router.receipt(link);
      case Kind.Message:
        return this.#baseRouter.message(link);
      case Kind.Forward:
        return this.#baseRouter.forward(link);
      case Kind.Echo:
        return this.#context.send(link, ECHO_REPLY);
      case Kind.EchoReply:
        return this.#measuring.replied(link);
      default:
        this.#takeRare(link, kind);
    }
  }

  #takeRare(link: Link, kind: number): void {
    const payload = link.reader.payload();
    switch (kind) {
      case Kind.CliqueRequest:
      case Kind.JoinOrRegistered:
      case Kind.Join33:
        return this.#baseServers.announced(link, kind, payload);
      case Kind.CliqueReply:
        return this.#baseServers.cliqueReply(link, payload);
      case Kind.Register:
        return this.#registry.register(link, payload);
      case Kind.ServersRequest:
        return this.#context.send(link, serversReply(this.#baseServers.ports()));
      case Kind.Close:
        return this.#sayGoodbye(link);
      case Kind.Hello:
        return this.#peers.hello(link);
      case Kind.Welcome:
        return this.#peers.welcome(link, payload);
      case Kind.Bye:
        return this.#byeFrom(link, payload);
      case Kind.Join:
        return this.#peers.join(link, payload);
      case Kind.Accept:
        return this.#peers.accept(link);
      case Kind.Members:
        return this.#peers.news(link, payload);
      case Kind.Leaving:
        return this.#peers.leaving(link);
      case Kind.Via:
        return this.#carriage.take(link);
      case Kind.NoWay:
        return this.#carriage.noWay(link, payload);
      case Kind.Presence:
        return this.#registry.presence(link, payload);
      case Kind.Claim:
        return this.#registry.claim(link, payload);
      case Kind.Claimed:
        return this.#registry.claimed(link, payload);
      case Kind.Gone:
        return this.#registry.gone(link, payload);
      case Kind.Enrol:
        return this.#registry.enrol(link, payload);
      case Kind.Resolve:
        return this.#registry.resolve(link, payload, this.#baseServers.links.size > 0);
      case Kind.Who:
        return this.#registry.who(link, payload);
      case Kind.Row:
        return this.#measuring.told(link, payload);
      case Kind.MatrixRequest:
        return this.#measuring.answer(link);
      default:
        // A newer version may say more; a frame it is sure of it asks for first.
        this.#context.drop("unknown-type");
    }
  }

  /** 7/0: the client goes. The reply comes behind everything it was still to read. */
  #sayGoodbye(link: Link): void {
    this.#registry.release(link, true);
    link.outbox.last(frame(Kind.CloseReply));
    this.#context.wake(link);
  }

  #byeFrom(link: Link, payload: Uint8Array): void {
    const { reason, message } = decodeBye(payload);
    this.#context.log("debug", "bye", {
      message: `${this.#context.describe(link)} closes the link: ${reason}, ${message}`,
      fields: { reason },
    });
    this.#context.hangUp(link, reason);
  }

  /** Of two servers that don't reach each other the one with the smaller id looks for a way around. */
  #goAround(): void {
    const { now, id: self } = this.#context;
    for (const id of this.#members.unreached(now)) {
      const carrier = id > self ? this.#measuring.bestCarrier(id) : null;
      if (carrier !== null) this.#carriage.dial(id, carrier);
    }
  }

  /** Once a second: who gave no sign of life. */
  #sweep(): void {
    this.#liveness.sweep();
    this.#peers.letGo();
    this.#members.expire(this.#context.now);
    if (this.#drainsUntil === null) this.#goAround();
    this.#context.reportDrops();
  }
}

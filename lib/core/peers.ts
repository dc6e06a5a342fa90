/**
 * The links between servers: dialling, the handshake, and which link a pair
 * uses.
 *
 * @module
 */

import * as base from "../codec/base.ts";
import * as handshake from "../codec/handshake.ts";
import { decodeMembers, type MemberCard } from "../codec/members.ts";
import { frame, Kind, unexpected } from "../codec/wire.ts";
import { addressText, isLoopbackText } from "./address.ts";
import type { Context } from "./context.ts";
import type { Dialling, Due } from "./dialling.ts";
import { type Acquaintances, Gossip } from "./gossip.ts";
import type { Dialled, Link } from "./link.ts";
import type { Members } from "./members.ts";
import { Pairing, type PairingStep } from "./pairing.ts";

/** A dial that takes longer than this has failed. */
const DIAL_DEADLINE_MS = 5_000;

/** What the rest of the server must hear about peers. */
export interface PeerEvents {
  /** The pair uses this link from now on: tell it everything. */
  peerLinked(link: Link): void;
  /** The pair's link is gone. */
  peerLost(peer: string): void;
  /** Ask for a sign of life on the link of a pair. */
  probe(link: Link): void;
  /** How many clients are registered here. */
  clientCount(): number;
}

/** All servers of the clique but the base ones. */
export class Peers {
  readonly #context: Context;
  readonly #dialling: Dialling;
  readonly #members: Members;
  readonly #events: PeerEvents;
  readonly #pairing: Pairing<Link>;
  readonly #dials = new Map<number, Dialled>();
  readonly #linked = new Set<Link>();
  readonly #gossip: Gossip;
  #lastDial = 0;

  /** Knows no link and dials nothing yet; `events` is told when a pair gets or loses its link. */
  constructor(context: Context, known: Acquaintances, events: PeerEvents) {
    this.#context = context;
    this.#dialling = known.dialling;
    this.#members = known.members;
    this.#events = events;
    this.#pairing = new Pairing(context.id, {
      probeMs: context.limits.probeMs,
      isCarried: ({ carrier }) => carrier !== null,
    });
    this.#gossip = new Gossip(context, known, this.#linked);
  }

  /** The links in use, one for each other server. */
  get linked(): ReadonlySet<Link> {
    return this.#linked;
  }

  /** Dials what is due. */
  dialDue(): void {
    for (const due of this.#dialling.due(this.#context.now)) this.#dial(due);
  }

  /** What was dialled under this number, once. */
  takeDial(dial: number): Dialled | null {
    const dialled = this.#dials.get(dial) ?? null;
    this.#dials.delete(dial);
    return dialled;
  }

  /** A dial did not connect. */
  dialFailed(dial: number, why: string): void {
    const dialled = this.takeDial(dial);
    if (dialled === null) return;
    const isNews = dialled.target.attempts === 0 && dialled.target.kind === "seed" &&
      !this.#context.config.joinIsGuess;
    this.#dialling.failed(dialled.target, this.#context.now);
    this.#context.log(isNews ? "info" : "debug", "dial-failed", {
      message: `cannot reach ${dialled.address}: ${why}; trying again`,
      fields: { address: dialled.address, why },
    });
  }

  /** A dialled link is open: say hello, and what an original would understand. */
  greet(link: Link): void {
    this.#context.send(link, frame(Kind.Hello));
    if (this.#tellsBasePort(link) && this.#context.basePort !== null) {
      this.#context.send(link, base.cliqueRequest(this.#context.basePort));
    }
  }

  /** 8/0: the other end speaks the extended protocol. */
  hello(link: Link): void {
    if (link.role !== "new") throw unexpected("hello", "it comes before everything else");
    link.extended = true;
    this.#context.send(
      link,
      handshake.welcome({
        ...this.#gossip.card(link),
        members: this.#gossip.linkedCards(link),
        base: this.#gossip.base(link),
        clients: this.#events.clientCount(),
        carried: this.#carried(),
      }),
    );
  }

  /** 8/1: the server that this one dialled says who it is. */
  welcome(link: Link, payload: Uint8Array): void {
    const { dialled } = link;
    if (dialled === null || link.extended) {
      throw unexpected("welcome", "nobody said hello to it");
    }
    const welcome = handshake.decodeWelcome(payload);
    mustBe(link, welcome.id, "welcome");
    link.extended = true;
    if (welcome.id === this.#context.id) {
      const { target, address } = dialled;
      this.#members.isSelf(target, { address, now: this.#context.now });
      this.#context.log("info", "self", {
        message: `${dialled.address} is this server itself: not dialling it again`,
      });
      this.#context.close(link, "self", "that is this server itself");
      return;
    }
    const { target, address } = dialled;
    const { id: before } = target;
    const now = this.#context.now;
    const isGone = this.#members.answered(target, { address, id: welcome.id, now });
    if (isGone && before !== null) {
      this.#gossip.spread({ members: [], base: [], left: [before] }, null);
    }
    this.#gossip.met(link, welcome);
    link.role = "candidate";
    this.#context.send(link, handshake.join(this.#gossip.card(link)));
    this.#gossip.take({ members: welcome.members, base: welcome.base, left: [] }, link);
    this.#offer(link, welcome.id);
  }

  /** The members that this server has no connection to, but a link. */
  #carried(): handshake.CarriedMember[] {
    return [...this.#linked].flatMap(({ peer: id, carrier }) => {
      const via = carrier?.peer ?? null;
      return id === null || via === null ? [] : [{ id, via }];
    });
  }

  /** 9/0: a server that dialled this one says who it is. */
  join(link: Link, payload: Uint8Array): void {
    if (link.dialled !== null || !link.extended || link.role !== "new") {
      throw unexpected(
        "join",
        "it comes once, after hello, from the server that dialled",
      );
    }
    const card = handshake.decodeJoin(payload);
    mustBe(link, card.id, "join");
    if (card.id === this.#context.id) {
      this.#context.close(link, "self", "that is this server itself");
      return;
    }
    link.role = "candidate";
    this.#gossip.met(link, card);
    this.#offer(link, card.id);
  }

  /** 9/1: the server that decides for the pair takes this link. */
  accept(link: Link): void {
    const { peer } = link;
    if (peer === null || this.#pairing.decides(peer)) {
      throw unexpected("accept", "the server with the smaller id decides");
    }
    this.#carryOut(peer, this.#pairing.wasAccepted(peer, link));
    this.#establish(link, peer);
  }

  /** 9/2: who else there is, or was. */
  news(link: Link, payload: Uint8Array): void {
    if (link.role !== "peer") throw unexpected("members", "they come from a peer");
    this.#gossip.take(decodeMembers(payload), link);
  }

  /** 9/3: the other server leaves on purpose. */
  leaving(link: Link): void {
    const { peer } = link;
    if (peer === null || link.role !== "peer") {
      throw unexpected("leaving", "it comes from a peer");
    }
    if (!this.#members.leave(peer, this.#context.now)) return;
    this.#context.log("info", "peer-left", {
      message: `server ${peer} leaves the clique`,
    });
    this.#gossip.spread({ members: [], base: [], left: [peer] }, link);
  }

  /** Something came on a link between servers. */
  heard(link: Link): void {
    if (link.peer !== null) {
      this.#carryOut(link.peer, this.#pairing.heard(link.peer, link));
    }
  }

  /** A link that was dialled, or was a peer's, is gone; `cut` when this server did not close it. */
  closed(link: Link, { cut }: { readonly cut: boolean }): void {
    const { dialled } = link;
    const { now } = this.#context;
    this.#lose(link);
    // Once it was more than that, its target may be dialled again already.
    const wasTried = link.role === "new" || link.role === "candidate";
    if (dialled !== null && wasTried && dialled.target.busy) {
      this.#dialling.failed(dialled.target, now, { cut: cut && link.role === "new" });
    }
  }

  /** A link that is being closed is of no use any more, however long its last bytes take. */
  letGo(): void {
    for (const link of this.#linked) if (link.closing !== null) this.#lose(link);
  }

  /** Tells each peer what it has to know of other servers by now. */
  tellNews(): void {
    this.#gossip.flush();
  }

  /** Dials, and probes without an answer, as far as they are due. */
  tick(): void {
    this.dialDue();
    for (const { peer, steps } of this.#pairing.expire(this.#context.now)) {
      this.#carryOut(peer, steps);
    }
  }

  /** When `tick` has something to do; Infinity when not before something happens. */
  nextDeadline(): number {
    return Math.min(this.#dialling.nextDial(), this.#pairing.nextDeadline());
  }

  /** All servers, this one included, as they are told on `link`. */
  cards(link: Link): MemberCard[] {
    return this.#gossip.cards(link);
  }

  /** There is a link to a base server: the peers on this machine should know. */
  tellBase(address: string): void {
    this.#gossip.spread({ members: [], base: [address], left: [] }, null);
  }

  #dial({ target, address }: Due): void {
    const dial = ++this.#lastDial;
    this.#dials.set(dial, {
      target,
      address: addressText(address),
      asks: !target.announced,
    });
    this.#context.actions.push({
      kind: "dial",
      dial,
      ...address,
      deadlineMs: DIAL_DEADLINE_MS,
    });
  }

  #tellsBasePort(link: Link): boolean {
    return link.loopback && link.dialled !== null &&
      isLoopbackText(link.dialled.address);
  }

  #offer(link: Link, peer: string): void {
    this.#carryOut(peer, this.#pairing.offered(peer, link, this.#context.now));
  }

  #carryOut(peer: string, steps: readonly PairingStep<Link>[]): void {
    for (const step of steps) {
      switch (step.kind) {
        case "accept":
          this.#context.send(step.link, frame(Kind.Accept));
          this.#establish(step.link, peer);
          break;
        case "close":
          this.#context.close(
            step.link,
            step.reason,
            PAIRING_WORDS[step.reason],
          );
          this.#retire(step.link, peer);
          break;
        case "probe":
          this.#events.probe(step.link);
          break;
      }
    }
  }

  #lose(link: Link): void {
    const { peer } = link;
    if (peer === null) return;
    const wasUsed = this.#linked.has(link);
    if (wasUsed && link.closing === "silent" && link.carrier === null) this.#pairing.doubt(peer);
    this.#retire(link, peer);
    this.#carryOut(peer, this.#pairing.closed(peer, link));
  }

  /** A link is not in use any more, if it was. */
  #retire(link: Link, peer: string): void {
    if (!this.#linked.delete(link)) return;
    const hasLeft = this.#members.unlinked(peer, this.#context.now, {
      silent: link.closing === "silent" || link.carrier !== null,
    });
    if (hasLeft) this.#gossip.spread({ members: [], base: [], left: [peer] }, null);
    this.#context.log("info", "peer-lost", {
      message: `no link to server ${peer} any more`,
      fields: { peer },
    });
    this.#events.peerLost(peer);
  }

  #establish(link: Link, peer: string): void {
    if (this.#linked.has(link)) return;
    link.role = "peer";
    link.takesMessages = true;
    link.outbox.allow(this.#context.limits.peerOutboxBytes);
    this.#linked.add(link);
    this.#members.linked(peer, this.#context.now, { carried: link.carrier !== null });
    if (link.dialled !== null) this.#dialling.settled(link.dialled.target);
    this.#context.log("info", "peer-linked", {
      message: `linked to ${this.#context.describe(link)}`,
      fields: {
        peer,
        address: link.dialled?.address ?? link.reachedAt ?? addressText(link.how.remote),
        via: link.carrier?.peer ?? null,
      },
    });
    this.#gossip.introduce(link);
    this.#events.peerLinked(link);
  }
}

/**
 * A carried link names its far end in each frame: what is written on it would go
 * to another server than the one that answered, and that one would be taken for gone.
 */
function mustBe({ peer }: Link, id: string, what: string): void {
  if (peer !== null && peer !== id) throw unexpected(what, `the link is carried to server ${peer}`);
}

/** Why one of two links of a pair is closed, for people. */
const PAIRING_WORDS = {
  duplicate: "the pair has a link",
  replaced: "the pair has a newer link",
  silent: "it did not answer a probe, as the one before",
} as const;

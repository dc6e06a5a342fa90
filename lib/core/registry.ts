/**
 * Names at one server: registering clients, claiming names with the peers,
 * telling who is here, and telling clients who is anywhere.
 *
 * @module
 */

import {
  type Claim,
  claim,
  claimed,
  decodeClaim,
  decodeClaimed,
  decodeGone,
  decodePresence,
  gone,
  presence,
} from "../codec/claims.ts";
import { decodeEnrol, enrolled, refused } from "../codec/enrolment.ts";
import { decodeName, nameProblem } from "../codec/name.ts";
import { decodeResolve, resolved } from "../codec/resolve.ts";
import { decodeWho, nameNews, names } from "../codec/who.ts";
import { frame, Kind, ProtocolError, unexpected } from "../codec/wire.ts";
import type { Seat } from "./claim.ts";
import type { Context } from "./context.ts";
import type { Link } from "./link.ts";
import type { Change, Roster } from "./roster.ts";

/**
 * When a server dies, all its clients register elsewhere at once. So many of
 * them are taken in at a time, about 2 ms of work; messages go on in between.
 * A longer turn in proportion to the work would leave the server idle: with 32
 * each 5 ms, 10,000 clients took at least 1.6 s.
 */
const REGISTRATIONS_A_TURN = 64;
const TURN_MS = 2;

/** A claim that the peers have not all acknowledged yet. */
interface Pending {
  readonly link: Link;
  readonly seat: Seat<Link>;
  readonly waiting: Set<Link>;
  readonly deadline: number;
}

/** What a client asked for, base or extended. */
interface Request {
  readonly name: string;
  readonly session: number;
  readonly token: string;
  readonly moves: number;
}

/** The names of this server's clients, and what it knows of all others. */
export class Registry {
  readonly #context: Context;
  readonly #roster: Roster<Link>;
  readonly #peers: () => ReadonlySet<Link>;
  /** Whether somebody may be at a server that there is no link to at present. */
  readonly #mayMissNames: () => boolean;
  readonly #pending = new Map<number, Pending>();
  readonly #watchers = new Set<Link>();
  /** Registrations that must wait, in order. */
  readonly #queue = new Map<Link, Request>();
  #turnEnds = 0;
  #turnLeft = 0;
  #lastRef = 0;
  #leaving = false;
  /** Peers that have not told who is there yet. */
  readonly #untold = new Set<Link>();

  /** Keeps claims in `roster`; `peers` returns the links to the servers that must hear of them. */
  constructor(
    context: Context,
    { roster, peers, mayMissNames }: {
      readonly roster: Roster<Link>;
      readonly peers: () => ReadonlySet<Link>;
      readonly mayMissNames: () => boolean;
    },
  ) {
    this.#context = context;
    this.#roster = roster;
    this.#peers = peers;
    this.#mayMissNames = mayMissNames;
  }

  /** 2/1: a base client asks for a name. */
  register(link: Link, payload: Uint8Array): void {
    // A client that waited in vain took this server for an original. It has been
    // welcomed since, and asks again as it should.
    if (link.extended) return;
    if (link.role !== "new" && link.role !== "client") {
      throw unexpected("register", "it comes from a base client");
    }
    let name: string;
    try {
      name = decodeName(payload);
    } catch (error) {
      this.#refuse(link, { name: "", reason: "bad-name", message: (error as Error).message });
      return;
    }
    const session = this.#randomId();
    // A base client can't move, so nobody ever needs its token.
    this.#enqueue(link, { name, session, token: `base-${session}`, moves: 0 });
  }

  /** 13/0: an extended client asks for a name. */
  enrol(link: Link, payload: Uint8Array): void {
    if (!link.extended || (link.role !== "new" && link.role !== "client")) {
      throw unexpected("enrol", "it comes from a client, after hello");
    }
    const request = decodeEnrol(payload);
    const problem = nameProblem(request.name);
    if (problem !== null) {
      const message = `Cannot take name ${JSON.stringify(request.name)}: ${problem}`;
      this.#refuse(link, { name: request.name, reason: "bad-name", message });
      return;
    }
    const holder = this.#roster.bySession(request.session);
    if (request.session === 0 || holder && holder.claim.token !== request.token) {
      throw new ProtocolError("malformed", "Cannot take enrolment: that session is another's");
    }
    this.#enqueue(link, request);
  }

  /** 10/0: all clients of a peer. */
  presence(link: Link, payload: Uint8Array): void {
    const home = homeOf(link);
    const { reset, claims, moving } = decodePresence(payload);
    this.#untold.delete(link);
    if (reset) this.#roster.removeHome(home, this.#context.now).forEach((it) => this.#changed(it));
    for (const claim of claims) this.#changed(this.#roster.put(claim, home, link));
    for (const one of moving) {
      const change = this.#roster.putMoving(one, this.#context.now);
      if (change !== null) this.#changed(change);
    }
  }

  /** 10/1: a client of a peer asks for a name. */
  claim(link: Link, payload: Uint8Array): void {
    const { ref, claim } = decodeClaim(payload);
    this.#changed(this.#roster.put(claim, homeOf(link), link));
    // The link keeps order: whoever holds the name here was told before this.
    this.#context.send(link, claimed(ref));
  }

  /** 10/2: a peer has taken in a claim of ours. */
  claimed(link: Link, payload: Uint8Array): void {
    const ref = decodeClaimed(payload);
    this.#pending.get(ref)?.waiting.delete(link);
    this.#settle(ref);
  }

  /** 10/3: a client of a peer is gone. */
  gone(link: Link, payload: Uint8Array): void {
    const { session, released } = decodeGone(payload);
    const { now } = this.#context;
    const change = this.#roster.remove(homeOf(link), session, { released, now });
    if (change !== null) this.#changed(change);
  }

  /** A new peer: it is told of every client here. */
  peerLinked(link: Link): void {
    this.#untold.add(link);
    const { id, now } = this.#context;
    const own = [...this.#roster.at(id)].map((seat) => seat.claim);
    // A new server saw nobody lose these names, and must not say that they are nobody's.
    const moving = this.#roster.moving(now);
    for (const bytes of presence(own, moving)) this.#context.send(link, bytes);
  }

  /** The link to a peer is gone, and with it all its clients for now. */
  peerLost(peer: string): void {
    for (const link of this.#untold) if (link.peer === peer) this.#untold.delete(link);
    for (const change of this.#roster.removeHome(peer, this.#context.now)) this.#changed(change);
    for (const [ref, { waiting }] of this.#pending) {
      for (const link of waiting) if (!this.#peers().has(link)) waiting.delete(link);
      this.#settle(ref);
    }
  }

  /** A client gives its name up (7/0), or its link is gone. */
  release(link: Link, released: boolean): void {
    this.#watchers.delete(link);
    this.#queue.delete(link);
    this.#unseat(link, released);
  }

  /** Whether some peer has yet to tell who is there: a name may be known in a moment. */
  get isIgnorant(): boolean {
    return this.#untold.size > 0 || this.#mayMissNames();
  }

  /** 14/0: who has this name? */
  resolve(link: Link, payload: Uint8Array, anyBaseServer: boolean): void {
    const name = decodeResolve(payload);
    const holder = this.#roster.holder(name);
    const moving = holder === null && this.#roster.owner(name) !== null;
    const session = holder !== null
      ? holder.claim.session
      : !moving && anyBaseServer && nameProblem(name) === null
      ? 0
      : null;
    const reason = session !== null ? null : moving || this.isIgnorant ? "moving" : "no-such-name";
    this.#context.send(link, resolved({ name, session, reason }));
  }

  /** 15/0: which names are there? */
  who(link: Link, payload: Uint8Array): void {
    if (decodeWho(payload)) this.#watchers.add(link);
    const clients = [...this.#roster.held()].map(({ claim, home }) => ({
      name: claim.name,
      server: home,
    }));
    for (const bytes of names(clients)) this.#context.send(link, bytes);
  }

  /** This server takes no more clients. */
  leave(): void {
    this.#leaving = true;
  }

  /** Registrations that waited, claims that some peer was too slow for, names that are nobody's. */
  tick(): void {
    for (const [link, request] of this.#queue) {
      if (!this.#mayClaim()) break;
      this.#queue.delete(link);
      if (link.closing === null) this.#claim(link, request);
    }
    for (const [ref, { deadline }] of this.#pending) {
      if (deadline > this.#context.now) break;
      this.#complete(ref);
    }
    for (const change of this.#roster.expire(this.#context.now)) this.#changed(change);
  }

  /** When the next claim is settled whoever is missing; Infinity when there is none. */
  nextDeadline(): number {
    const turn = this.#queue.size > 0 ? this.#turnEnds : Infinity;
    // Claims are made in order and wait equally long: the first is the next.
    for (const { deadline } of this.#pending.values()) return Math.min(deadline, turn);
    return turn;
  }

  /** Takes a registration at once, or when there is time for it. */
  #enqueue(link: Link, request: Request): void {
    link.role = "client";
    if (this.#queue.size === 0 && this.#mayClaim()) this.#claim(link, request);
    else this.#queue.set(link, request);
  }

  /** Whether there is time for one more registration now. */
  #mayClaim(): boolean {
    const { now } = this.#context;
    if (now >= this.#turnEnds) {
      this.#turnEnds = now + TURN_MS;
      this.#turnLeft = REGISTRATIONS_A_TURN;
    }
    return this.#turnLeft-- > 0;
  }

  #claim(link: Link, request: Request): void {
    if (this.#leaving) {
      const message = `Cannot register ${request.name}: this server leaves the clique`;
      this.#refuse(link, { name: request.name, reason: "leaving", message });
      return;
    }
    const known = this.#roster.byToken(request.token);
    const owner = this.#roster.owner(request.name);
    if (owner !== null && owner.token !== request.token) {
      this.#refuse(link, taken(request.name));
      return;
    }
    const same = known !== null && known.name === request.name ? known : null;
    if (same !== null && this.#isStale(same, request, link)) {
      const message = `Cannot register ${request.name}: it has moved to another server since`;
      this.#refuse(link, { name: request.name, reason: "stale-move", message });
      return;
    }
    // Who asks for the name that it has keeps it meanwhile.
    if (link.seat?.claim.name !== request.name) this.#unseat(link, true);
    const { id, now, limits } = this.#context;
    const seat = {
      ...request,
      // A client that moves keeps its place in the order of claims.
      stamp: same?.stamp ?? this.#roster.nextStamp(),
      server: same?.server ?? id,
      base: !link.extended,
    };
    link.session = request.session;
    this.#supersede(request, link);
    const change = this.#roster.put(seat, id, link);
    if (change.after?.route === link) link.seat = change.after;
    this.#changed(change);
    if (link.seat === null) return;
    const ref = ++this.#lastRef;
    const waiting = new Set(this.#peers());
    for (const peer of waiting) this.#context.send(peer, claim(ref, seat));
    this.#pending.set(ref, {
      link,
      seat: link.seat,
      waiting,
      deadline: now + limits.registrationMs,
    });
    this.#settle(ref);
  }

  /** The session registers again at this server: its older link is of no use. */
  #supersede({ session, name }: Request, link: Link): void {
    const older = this.#roster.bySession(session)?.route;
    if (older === undefined || older === link || older.seat?.claim.session !== session) return;
    // The new claim takes the place of the old one, unless it is for another name.
    if (older.seat.claim.name !== name) this.#unseat(older, true);
    older.seat = null;
    older.takesMessages = false;
    this.#context.close(older, "moved", "its session registered again here");
  }

  /** Whether the session registered somewhere else later than this request was made. */
  #isStale(known: Claim, request: Request, link: Link): boolean {
    const holder = this.#roster.holder(request.name);
    return request.moves < known.moves ||
      request.moves === known.moves && holder !== null && holder.route !== link;
  }

  #settle(ref: number): void {
    if (this.#pending.get(ref)?.waiting.size === 0) this.#complete(ref);
  }

  #complete(ref: number): void {
    const pending = this.#pending.get(ref);
    this.#pending.delete(ref);
    if (pending === undefined || pending.link.seat !== pending.seat) return;
    const { link, seat } = pending;
    const { name } = seat.claim;
    link.takesMessages = true;
    this.#context.send(
      link,
      link.extended ? enrolled(name) : frame(Kind.JoinOrRegistered),
    );
    this.#context.log("info", "client-registered", {
      message: `${this.#context.describe(link)} registered`,
      fields: { name },
    });
  }

  /** Acts on what a change of the claims means for clients here. */
  #changed(change: Change<Link>): void {
    for (const loser of change.losers) {
      if (loser.home !== this.#context.id) continue;
      if (change.after !== null) this.#lose(loser, change.after);
    }
    if (change.news === null || this.#watchers.size === 0) return;
    const seat = change.after ?? change.before;
    const card = { name: change.name, server: seat?.home ?? "" };
    const bytes = nameNews(change.news, card);
    for (const watcher of this.#watchers) this.#context.send(watcher, bytes);
  }

  #lose(loser: Seat<Link>, holder: Seat<Link>): void {
    const link = loser.route;
    const moved = loser.claim.token === holder.claim.token;
    const wasTold = link.takesMessages;
    link.seat = null;
    link.takesMessages = false;
    // A third server may hear of this before it hears from the new home.
    this.#withdraw(loser, !moved);
    // It reads this link until it has said goodbye here, and so misses nothing.
    if (moved) return;
    this.#context.log("warn", "name-lost", {
      message: `${loser.claim.name} at ${this.#context.describe(link)} lost the name to an ` +
        `older claim at server ${holder.home}`,
    });
    if (link.extended || !wasTold) this.#refuse(link, taken(loser.claim.name));
    else this.#context.close(link, "name-lost", "an older claim holds the name");
  }

  #unseat(link: Link, released: boolean): void {
    const { seat } = link;
    if (seat === null) return;
    link.seat = null;
    link.takesMessages = false;
    this.#withdraw(seat, released);
  }

  /** Takes a seat of this server out of the roster, here and at the peers. */
  #withdraw(seat: Seat<Link>, released: boolean): void {
    const { id, now } = this.#context;
    const { session } = seat.claim;
    const change = this.#roster.remove(id, session, { released, now });
    for (const peer of this.#peers()) this.#context.send(peer, gone(session, released));
    if (change !== null) this.#changed(change);
  }

  #refuse(link: Link, refusal: Parameters<typeof refused>[0]): void {
    this.#context.log("info", "client-refused", {
      message: `refused ${this.#context.describe(link)}: ${refusal.message}`,
      fields: { reason: refusal.reason },
    });
    this.#context.send(link, link.extended ? refused(refusal) : frame(Kind.NameTaken));
  }

  #randomId(): number {
    return 1 + Math.floor(this.#context.config.random() * (2 ** 48 - 1));
  }
}

function taken(name: string): Parameters<typeof refused>[0] {
  return { name, reason: "name-taken", message: `Cannot register ${name}: the name is taken` };
}

function homeOf(link: Link): string {
  if (link.role === "peer" && link.peer !== null) return link.peer;
  throw unexpected("roster news", "it comes from a peer whose link was accepted");
}

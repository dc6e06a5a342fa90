/**
 * Which client is at which server: every claim that the linked servers (and
 * this one) make, who holds each name by these, and which names are moving.
 *
 * @module
 */

import type { Claim, MovingClaim } from "../codec/claims.ts";
import { holderOf, type Seat } from "./claim.ts";
import { type Named, NameLookup, SessionLookup } from "./lookup.ts";
import { MovingNames } from "./moving_names.ts";

/** What one change of the claims did to one name. */
export interface Change<Route> {
  /** The name that the change is about. */
  readonly name: string;
  /** Who held the name until then; null when nobody did. */
  readonly before: Seat<Route> | null;
  /** Who holds the name from then on; null when nobody does. */
  readonly after: Seat<Route> | null;
  /** Seats that are still claimed, but do not hold the name. */
  readonly losers: readonly Seat<Route>[];
  /** Whether the name was nobody's before, or is nobody's now. */
  readonly news: "joined" | "left" | null;
}

/** Why a session can't be reached. */
export type Absence = "moving" | "no-such-name" | "receiver-changed";

/** A name that somebody claims, or that is moving. */
interface Slot<Route> extends Named<Slot<Route>> {
  readonly name: string;
  seats: Seat<Route>[];
  holder: Seat<Route> | null;
  /** Every token that claimed the name since it was nobody's. */
  readonly tokens: Set<string>;
}

/** The names of the clique. Its changes are returned, for the caller to act on. */
export class Roster<Route> {
  readonly #slots = new Map<string, Slot<Route>>();
  readonly #byNameBytes = new NameLookup<Slot<Route>>();
  readonly #bySession = new SessionLookup<Route>();
  readonly #byToken = new Map<string, Slot<Route>>();
  readonly #byHome = new Map<string, Map<number, Slot<Route>>>();
  readonly #moving = new MovingNames();
  #stamp = 0;

  /** A stamp larger than every one seen. */
  nextStamp(): number {
    return ++this.#stamp;
  }

  /** Who holds a name. */
  holder(name: string): Seat<Route> | null {
    return this.#slots.get(name)?.holder ?? null;
  }

  /** The holder whose session this is. */
  bySession(session: number): Seat<Route> | undefined {
    return this.#bySession.find(session);
  }

  /** The holder of the name in `bytes` from `start` to `end`; no text is made. */
  byNameBytes(
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Seat<Route> | null {
    return this.#byNameBytes.find(bytes, start, end)?.holder ?? null;
  }

  /** The newest claim known for a token, held or moving. */
  byToken(token: string): Claim | null {
    const slot = this.#byToken.get(token);
    if (slot === undefined) return null;
    const claims = slot.seats.map((seat) => seat.claim).filter((claim) => claim.token === token);
    const moving = this.#moving.claim(slot.name);
    if (moving?.token === token) claims.push(moving);
    return claims.reduce<Claim | null>(
      (best, claim) => best === null || claim.moves > best.moves ? claim : best,
      null,
    );
  }

  /** Whose a name is for somebody who asks for it: the holder's, or a mover's. */
  owner(name: string): Claim | null {
    return this.holder(name)?.claim ?? this.#moving.claim(name);
  }

  /** Why nobody with this session can be reached under this name. */
  absence(
    session: number,
    name: { bytes: Uint8Array; start: number; end: number },
  ): Absence {
    const slot = this.#byNameBytes.find(name.bytes, name.start, name.end);
    if (slot === null) return "no-such-name";
    if (slot.holder !== null) return "receiver-changed";
    const moving = this.#moving.claim(slot.name);
    const isMeant = moving !== null && (session === 0 || moving.session === session);
    return isMeant ? "moving" : "no-such-name";
  }

  /** The seats at one server, those included that do not hold their name. */
  *at(home: string): IterableIterator<Seat<Route>> {
    for (const slot of this.#byHome.get(home)?.values() ?? []) {
      for (const seat of slot.seats) if (seat.home === home) yield seat;
    }
  }

  /** The claims on names that are moving. */
  moving(now: number): MovingClaim[] {
    return this.#moving.claims(now);
  }

  /**
   * A name is moving, as another server has seen. Null when this one knows
   * better: somebody holds it, or it saw that itself.
   */
  putMoving(mover: MovingClaim, now: number): Change<Route> | null {
    const { claim, movingMs } = mover;
    if (movingMs === 0 || this.#slots.has(claim.name)) return null;
    this.#take(claim, this.#open(claim.name));
    this.#moving.join(mover, now);
    return { name: claim.name, before: null, after: null, losers: [], news: "joined" };
  }

  /** How many seats a server has. */
  count(home: string): number {
    return this.#byHome.get(home)?.size ?? 0;
  }

  /** Every name that is held, with its seat. */
  *held(): IterableIterator<Seat<Route>> {
    for (const slot of this.#slots.values()) {
      if (slot.holder !== null) yield slot.holder;
    }
  }

  /** Takes in what a server says of one client of its own. */
  put(claim: Claim, home: string, route: Route): Change<Route> {
    const slot = this.#slots.get(claim.name) ?? this.#open(claim.name);
    this.#take(claim, slot);
    slot.seats = slot.seats.filter((seat) =>
      seat.home !== home || seat.claim.session !== claim.session
    );
    slot.seats.push({ claim, nameBytes: slot.bytes, home, route });
    this.#homeSlots(home).set(claim.session, slot);
    return this.#settle(slot, null);
  }

  /**
   * A server's client is gone. Unless it gave the name up (`released`), the
   * name is `moving` for a while. Null when the seat was not known.
   */
  remove(
    home: string,
    session: number,
    { released, now }: { readonly released: boolean; readonly now: number },
  ): Change<Route> | null {
    const slots = this.#byHome.get(home);
    const slot = slots?.get(session);
    if (slots === undefined || slot === undefined) return null;
    slots.delete(session);
    if (slots.size === 0) this.#byHome.delete(home);
    const seat = slot.seats.find((seat) => seat.home === home && seat.claim.session === session);
    slot.seats = slot.seats.filter((other) => other !== seat);
    const isMoving = !released && seat !== undefined && !seat.claim.base;
    return this.#settle(slot, isMoving ? { claim: seat.claim, now } : null);
  }

  /** A server can't be heard any more: all its clients are gone for now. */
  removeHome(home: string, now: number): Change<Route>[] {
    const sessions = [...this.#byHome.get(home)?.keys() ?? []];
    return sessions.flatMap((session) => {
      const change = this.remove(home, session, { released: false, now });
      return change === null ? [] : [change];
    });
  }

  /** Names whose time as `moving` is over are nobody's. */
  expire(now: number): Change<Route>[] {
    return this.#moving.expire(now).map((name) => {
      const slot = this.#slots.get(name);
      if (slot !== undefined) this.#close(slot);
      return { name, before: null, after: null, losers: [], news: "left" };
    });
  }

  /** A claim on the name of a slot was made somewhere. */
  #take({ stamp, token }: Claim, slot: Slot<Route>): void {
    this.#stamp = Math.max(this.#stamp, stamp);
    slot.tokens.add(token);
    this.#byToken.set(token, slot);
  }

  /** Finds out who holds a name after its seats have changed; `removed` is to move if nobody does. */
  #settle(
    slot: Slot<Route>,
    removed: { readonly claim: Claim; readonly now: number } | null,
  ): Change<Route> {
    const { name, holder: before } = slot;
    const wasNobodys = before === null && this.#moving.claim(name) === null;
    const after = holderOf(slot.seats);
    slot.holder = after;
    this.#bySession.replace(before, after);
    const isNobodys = after === null && removed === null;
    if (after === null && removed !== null) this.#moving.begin(removed.claim, removed.now);
    else this.#moving.end(name);
    if (isNobodys) this.#close(slot);
    return {
      name,
      before,
      after,
      losers: slot.seats.filter((seat) => seat !== after),
      news: wasNobodys === isNobodys ? null : isNobodys ? "left" : "joined",
    };
  }

  #open(name: string): Slot<Route> {
    const slot: Slot<Route> = {
      name,
      bytes: encoder.encode(name),
      next: null,
      seats: [],
      holder: null,
      tokens: new Set(),
    };
    this.#slots.set(name, slot);
    this.#byNameBytes.add(slot);
    return slot;
  }

  #close(slot: Slot<Route>): void {
    this.#slots.delete(slot.name);
    this.#byNameBytes.remove(slot);
    for (const token of slot.tokens) {
      if (this.#byToken.get(token) === slot) this.#byToken.delete(token);
    }
  }

  #homeSlots(home: string): Map<number, Slot<Route>> {
    let slots = this.#byHome.get(home);
    if (slots === undefined) this.#byHome.set(home, slots = new Map());
    return slots;
  }
}

const encoder = new TextEncoder();

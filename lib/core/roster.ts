/**
 * Which client is at which server: every claim that the linked servers (and
 * this one) make, and from these who holds each name. The holder is a function
 * of the claims alone, so servers that know the same claims agree.
 *
 * @module
 */

import type { Claim, MovingClaim } from "../codec/claims.ts";

/**
 * How long a name that was removed is nobody else's: it bridges the gap that
 * a third server can see while a client goes from one home to another.
 */
export const MOVING_MS = 5_000;

/**
 * Messages come in runs to few receivers. So many are found without hashing a
 * name (or a number beyond 2^31, which costs a map even more): measured, a third
 * of the time of finding the receiver.
 */
const RECENT = 16;

/** One client at one server, by that server's word. */
export interface Seat<Route> {
  /** What its home says of it: its name, session, token and stamp. */
  readonly claim: Claim;
  /** The claimed name in UTF-8, as it stands in frames. */
  readonly nameBytes: Uint8Array;
  /** The id of the server that it is at. */
  readonly home: string;
  /** The link to it: the client's own here, or that of its home. */
  readonly route: Route;
}

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

interface Slot<Route> {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly hash: number;
  /** The next slot with the same hash. */
  next: Slot<Route> | null;
  seats: Seat<Route>[];
  holder: Seat<Route> | null;
  /** Every token that claimed the name since it was nobody's. */
  readonly tokens: Set<string>;
  /** The last claim on a name without a holder, and until when it counts. */
  moving: { readonly claim: Claim; readonly until: number } | null;
}

/** The names of the clique. Its changes are returned, for the caller to act on. */
export class Roster<Route> {
  readonly #slots = new Map<string, Slot<Route>>();
  readonly #byHash = new Map<number, Slot<Route>>();
  readonly #bySession = new Map<number, Seat<Route>>();
  readonly #byToken = new Map<string, Slot<Route>>();
  readonly #byHome = new Map<string, Map<number, Slot<Route>>>();
  /** In the order in which their time is over, unless one began elsewhere. */
  #moving = new Set<Slot<Route>>();
  #isMovingSorted = true;
  /** Slots and seats that were found last, each at its {@linkcode nameIndex} or session. */
  readonly #recentSlots = new Array<Slot<Route> | null>(RECENT).fill(null);
  readonly #recentSeats = new Array<Seat<Route> | null>(RECENT).fill(null);
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
    const index = session & (RECENT - 1);
    const recent = this.#recentSeats[index];
    if (recent && recent.claim.session === session) return recent;
    const seat = this.#bySession.get(session);
    if (seat !== undefined) this.#recentSeats[index] = seat;
    return seat;
  }

  /** The holder of the name in `bytes` from `start` to `end`; no text is made. */
  byNameBytes(
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Seat<Route> | null {
    return this.#find(bytes, start, end)?.holder ?? null;
  }

  /** The newest claim known for a token, held or moving. */
  byToken(token: string): Claim | null {
    const slot = this.#byToken.get(token);
    if (slot === undefined) return null;
    const claims = slot.seats.map((seat) => seat.claim).filter((claim) => claim.token === token);
    if (slot.moving?.claim.token === token) claims.push(slot.moving.claim);
    return claims.reduce<Claim | null>(
      (best, claim) => best === null || claim.moves > best.moves ? claim : best,
      null,
    );
  }

  /** Whose a name is for somebody who asks for it: the holder's, or a mover's. */
  owner(name: string): Claim | null {
    const slot = this.#slots.get(name);
    return slot?.holder?.claim ?? slot?.moving?.claim ?? null;
  }

  /** Why nobody with this session can be reached under this name. */
  absence(
    session: number,
    name: { bytes: Uint8Array; start: number; end: number },
  ): Absence {
    const slot = this.#find(name.bytes, name.start, name.end);
    if (slot?.holder) return "receiver-changed";
    if (
      slot?.moving && (session === 0 || slot.moving.claim.session === session)
    ) return "moving";
    return "no-such-name";
  }

  /** The seats at one server, those included that do not hold their name. */
  *at(home: string): IterableIterator<Seat<Route>> {
    for (const slot of this.#byHome.get(home)?.values() ?? []) {
      for (const seat of slot.seats) if (seat.home === home) yield seat;
    }
  }

  /** The claims on names that are moving. */
  moving(now: number): MovingClaim[] {
    return [...this.#moving].flatMap(({ moving }) =>
      moving === null
        ? []
        : [{ claim: moving.claim, movingMs: Math.max(0, Math.ceil(moving.until - now)) }]
    );
  }

  /**
   * A name is moving, as another server has seen. Null when this one knows
   * better: somebody holds it, or it saw that itself.
   */
  putMoving({ claim, movingMs }: MovingClaim, now: number): Change<Route> | null {
    const known = this.#slots.get(claim.name);
    if (movingMs === 0 || known !== undefined) return null;
    this.#stamp = Math.max(this.#stamp, claim.stamp);
    const slot = this.#open(claim.name);
    slot.tokens.add(claim.token);
    this.#byToken.set(claim.token, slot);
    this.#isMovingSorted = false;
    return this.#settle(slot, { claim, until: now + Math.min(movingMs, MOVING_MS) });
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
    this.#stamp = Math.max(this.#stamp, claim.stamp);
    const slot = this.#slots.get(claim.name) ?? this.#open(claim.name);
    slot.seats = slot.seats.filter((seat) =>
      seat.home !== home || seat.claim.session !== claim.session
    );
    slot.seats.push({ claim, nameBytes: slot.bytes, home, route });
    this.#homeSlots(home).set(claim.session, slot);
    slot.tokens.add(claim.token);
    this.#byToken.set(claim.token, slot);
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
    const moving = released || seat === undefined || seat.claim.base
      ? null
      : { claim: seat.claim, until: now + MOVING_MS };
    return this.#settle(slot, moving);
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
    const changes: Change<Route>[] = [];
    this.#sortMoving();
    for (const slot of this.#moving) {
      if (slot.moving !== null && slot.moving.until > now) break;
      slot.moving = null;
      this.#moving.delete(slot);
      this.#close(slot);
      changes.push({
        name: slot.name,
        before: null,
        after: null,
        losers: [],
        news: "left",
      });
    }
    return changes;
  }

  #sortMoving(): void {
    if (this.#isMovingSorted) return;
    this.#isMovingSorted = true;
    const until = ({ moving }: Slot<Route>): number => moving?.until ?? 0;
    this.#moving = new Set([...this.#moving].sort((a, b) => until(a) - until(b)));
  }

  #settle(slot: Slot<Route>, removed: Slot<Route>["moving"]): Change<Route> {
    const before = slot.holder;
    const wasNobodys = before === null && slot.moving === null;
    const after = holderOf(slot.seats);
    slot.holder = after;
    if (after !== null) slot.moving = null;
    else if (removed !== null) slot.moving = removed;
    else if (before !== null) slot.moving = null;
    if (slot.moving === null) this.#moving.delete(slot);
    else this.#moving.add(slot);
    // A session may hold another name by now: only its own entry is removed.
    if (
      before !== null && this.#bySession.get(before.claim.session) === before
    ) {
      this.#bySession.delete(before.claim.session);
    }
    if (after !== null) this.#bySession.set(after.claim.session, after);
    this.#recentSeats.fill(null);
    const isNobodys = after === null && slot.moving === null;
    if (isNobodys) this.#close(slot);
    return {
      name: slot.name,
      before,
      after,
      losers: slot.seats.filter((seat) => seat !== after),
      news: wasNobodys === isNobodys ? null : isNobodys ? "left" : "joined",
    };
  }

  #open(name: string): Slot<Route> {
    const bytes = encoder.encode(name);
    const hash = hashOf(bytes, 0, bytes.length);
    const next = this.#byHash.get(hash) ?? null;
    const slot: Slot<Route> = {
      name,
      bytes,
      hash,
      next,
      seats: [],
      holder: null,
      tokens: new Set(),
      moving: null,
    };
    this.#slots.set(name, slot);
    this.#byHash.set(hash, slot);
    return slot;
  }

  #close(slot: Slot<Route>): void {
    this.#slots.delete(slot.name);
    this.#recentSlots.fill(null);
    for (const token of slot.tokens) {
      if (this.#byToken.get(token) === slot) this.#byToken.delete(token);
    }
    const first = this.#byHash.get(slot.hash);
    if (first === slot) {
      if (slot.next === null) this.#byHash.delete(slot.hash);
      else this.#byHash.set(slot.hash, slot.next);
      return;
    }
    let before = first;
    while (before !== undefined && before.next !== slot) {
      before = before.next ?? undefined;
    }
    if (before !== undefined) before.next = slot.next;
  }

  #find(bytes: Uint8Array, start: number, end: number): Slot<Route> | null {
    const index = nameIndex(bytes, start, end);
    const recent = this.#recentSlots[index];
    if (recent && sameBytes(recent.bytes, bytes, start, end)) return recent;
    let slot = this.#byHash.get(hashOf(bytes, start, end)) ?? null;
    while (slot !== null && !sameBytes(slot.bytes, bytes, start, end)) {
      slot = slot.next;
    }
    if (slot !== null) this.#recentSlots[index] = slot;
    return slot;
  }

  #homeSlots(home: string): Map<number, Slot<Route>> {
    let slots = this.#byHome.get(home);
    if (slots === undefined) this.#byHome.set(home, slots = new Map());
    return slots;
  }
}

/**
 * Whether claim `a` holds a name against claim `b` of another client: the
 * smaller (stamp, server) does. Ids break every tie, so that all servers agree.
 */
export function precedes(a: Claim, b: Claim): boolean {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp;
  if (a.server !== b.server) return a.server < b.server;
  return a.session < b.session;
}

/** Whether the bytes from `start` to `end` are those of `expected`. */
export function sameBytes(
  expected: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (expected.length !== end - start) return false;
  for (let at = 0; at < expected.length; at++) {
    if (expected[at] !== bytes[start + at]) return false;
  }
  return true;
}

function holderOf<Route>(seats: readonly Seat<Route>[]): Seat<Route> | null {
  // Two steps, because one comparison over both rules could go in a circle:
  // first the newest seat of each client, then the first claim among these.
  let holder: Seat<Route> | null = null;
  for (const seat of seats) {
    if (seats.some((other) => isNewer(other, seat))) continue;
    if (holder === null || precedes(seat.claim, holder.claim)) holder = seat;
  }
  return holder;
}

function isNewer<Route>(a: Seat<Route>, b: Seat<Route>): boolean {
  if (a.claim.token !== b.claim.token || a === b) return false;
  if (a.claim.moves !== b.claim.moves) return a.claim.moves > b.claim.moves;
  return a.home < b.home;
}

/** Where a name is kept that was found last; names that are counted up differ at the end. */
function nameIndex(bytes: Uint8Array, start: number, end: number): number {
  return ((bytes[end - 1] ?? 0) + end - start) & (RECENT - 1);
}

/** FNV-1a, 32 bits (draft-eastlake-fnv). */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  }
  return hash;
}

const encoder = new TextEncoder();

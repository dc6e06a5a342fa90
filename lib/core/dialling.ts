/**
 * When a server dials what is in its address book: at once, in a while, or not
 * before something happens. Nobody vouches for servers that announce themselves
 * on the LAN: they are dialled once for each time that they are heard.
 *
 * @module
 */

import type { MemberCard } from "../codec/members.ts";
import { type Address, parseAddress, withZones } from "./address.ts";
import type { AddressBook, MemberTarget } from "./address_book.ts";
import { placeKey, REDIAL_MAX_MS, REDIAL_MIN_MS, redialAt, type Target } from "./target.ts";

/** Whoever cuts off so many dials in a row, before it said who it is, is no server of this kind. */
const MAX_CUTS = 3;

/** What the network has to say about dials that are due. */
export interface Due {
  /** What the address belongs to: it is to be told how the dial went. */
  readonly target: Target;
  /** The one of the target's addresses whose turn it is. */
  readonly address: Address;
}

/** Pure bookkeeping, told how each dial and each link went, asked what to dial. */
export class Dialling {
  readonly #selfId: string;
  readonly #book: AddressBook;
  readonly #random: () => number;
  /** When the next dial is due; null when something changed since that was found out. */
  #next: number | null = null;

  /** Dials what is in `book`, and never `selfId`; `random` is uniform in [0, 1). */
  constructor(
    { selfId, book, random }: {
      readonly selfId: string;
      readonly book: AddressBook;
      readonly random: () => number;
    },
  ) {
    this.#selfId = selfId;
    this.#book = book;
    this.#random = random;
  }

  /** The dials that are due; each target is busy until it is told how its dial went. */
  due(now: number): Due[] {
    if (this.nextDial() > now) return [];
    this.#next = null;
    const due: Due[] = [];
    for (const target of this.#book.targets()) {
      if (!this.#wants(target) || target.next > now) continue;
      const text = target.addresses[target.attempts % target.addresses.length];
      const address = text === undefined ? null : parseAddress(text);
      target.busy = true;
      // What is no address leads nowhere, however often it is tried.
      if (address !== null) due.push({ target, address });
    }
    return due;
  }

  /** When the next dial is due; Infinity when none is. */
  nextDial(): number {
    if (this.#next !== null) return this.#next;
    this.#next = Infinity;
    for (const target of this.#book.targets()) {
      if (this.#wants(target)) this.#next = Math.min(this.#next, target.next);
    }
    return this.#next;
  }

  /** Takes in a base server, by its address. */
  learnBase(
    address: string,
    { now, announced }: { readonly now: number; readonly announced: boolean },
  ): void {
    if (parseAddress(address) === null) return;
    this.#next = null;
    const known = this.#book.place(address);
    if (known !== undefined) {
      // It told us that it is there: there is no reason to wait any longer.
      if (announced && !known.baseLinked && !known.busy) {
        Object.assign(known, { next: now, attempts: 0, announced });
      }
      return;
    }
    // One that has just joined is about to announce itself here too. Who then
    // dials it back without a word has it dial once, and not twice.
    const base = this.#book.addBase(address);
    if (base !== null) Object.assign(base, { next: announced ? now : this.#soon(now), announced });
  }

  /** A server announces itself on the LAN: it is dialled unless there is a link to it. */
  found({ id, addresses }: Pick<MemberCard, "id" | "addresses">, now: number): void {
    const known = this.#book.member(id);
    if (known !== undefined) known.addresses = withZones(known.addresses, addresses);
    if (id === this.#selfId || this.#book.isReached(id) || this.#book.isFound(id)) return;
    const found = this.#book.addFound(id, addresses);
    if (found === null) return;
    this.#next = null;
    // Both sides of a pair find each other: as in `joined`, the smaller id dials first.
    found.next = this.#selfId < id ? now : this.#soon(now);
  }

  /** There is a new member, without a link so far. */
  joined(id: string, addresses: readonly string[], now: number): MemberTarget {
    this.#next = null;
    const member = this.#book.addMember(id, addresses);
    // Both sides of a pair often learn of each other at the same moment. The
    // smaller id dials at once, the larger only if that led to nothing; so does
    // who is dialling a seed there anyway.
    const dialNow = this.#selfId < id && !this.#isDialled(addresses, now);
    member.next = dialNow ? now : this.#soon(now);
    return member;
  }

  /** A member is to be dialled at these addresses from now on. */
  readdressed(member: Target, addresses: readonly string[]): void {
    this.#next = null;
    member.addresses = addresses;
  }

  /** A member left. Whoever is at the seeds that it was at by then is found later. */
  left(id: string, now: number): void {
    for (const seed of this.#book.seedsOf(id)) this.later(seed, now);
    this.forgotten(id);
  }

  /** A member is none any more. */
  forgotten(id: string): void {
    this.#next = null;
    this.#book.removeMember(id);
  }

  /** There is a link to a member now, or a way around. */
  linked(id: string, now: number, { carried }: { readonly carried: boolean }): void {
    const member = this.#book.member(id);
    if (member === undefined) return;
    this.#next = null;
    member.linked = true;
    member.carried = carried;
    if (carried) return;
    this.#book.removeFound(id);
    member.attempts = 0;
    // It seems to be what a seed that never answered leads to. A dial tells, when
    // things are quiet: while a clique forms, every pair would dial once more.
    for (const seed of this.#book.seedsOf(id)) this.#putOff(seed, now);
  }

  /** The link to a member is gone: it is redialled, at first soon. */
  unlinked(id: string, now: number): void {
    const member = this.#book.member(id);
    if (member === undefined) return;
    member.linked = member.carried = false;
    this.later(member, now);
    // Nor may the seed that it answers at be dialled by everyone at the same moment.
    for (const seed of this.#book.seedsOf(id)) this.later(seed, now);
  }

  /** There is a link to the base server at `target`. */
  baseLinked(target: Target): void {
    this.settled(target);
    target.baseLinked = true;
    target.id = null;
  }

  /** The link to the base server at `target` is gone; it is redialled. */
  baseLost(target: Target, now: number): void {
    target.baseLinked = false;
    target.announced = false;
    this.later(target, now);
  }

  /**
   * A dial of `target` ended without a link that lasts; it is tried again
   * later. Where somebody answered, and was cut off, there may still be a server.
   */
  failed(target: Target, now: number, { cut } = { cut: false }): void {
    this.#next = null;
    target.busy = false;
    if (!cut || target.attempts + 1 >= MAX_CUTS) target.isFresh = false;
    target.announced = false;
    // Closed as the second link of a pair: there was nothing wrong with it.
    if (target.id !== null && this.#book.isReached(target.id)) return;
    target.attempts++;
    const untried = target.attempts < target.addresses.length;
    if (untried) target.next = now;
    else if (target.kind === "found") this.#book.remove(target);
    else if (target.id === null && this.#book.isAnswered(target)) this.#putOff(target, now);
    else this.later(target, now);
  }

  /** The handshake of a dial came to its end: the other end is a peer now. */
  settled(target: Target): void {
    this.#next = null;
    target.busy = false;
    target.isFresh = false;
    target.attempts = 0;
    if (target.kind === "found") this.#book.remove(target);
  }

  /** The server with this id answered at a place that is no member's: a seed remembers it. */
  answered(target: Target, id: string): void {
    this.#next = null;
    target.id = id;
  }

  /** This server itself answered at a place that is no member's: it is never dialled again. */
  isSelf(target: Target): void {
    this.#next = null;
    target.busy = false;
    this.#book.remove(target);
  }

  /** Somebody else answered at an address of a member: it has only its others. */
  isNotAt(member: Target, address: string): void {
    member.busy = false;
    const key = placeKey(address);
    this.readdressed(member, member.addresses.filter((other) => placeKey(other) !== key));
  }

  /** A dial of `target` led to nothing: it is dialled again, later each time. */
  later(target: Target, now: number): void {
    this.#next = null;
    target.next = redialAt(target, now, this.#random);
  }

  #wants(target: Target): boolean {
    if (target.busy || target.baseLinked || target.addresses.length === 0) return false;
    return target.id === null || !this.#book.isReached(target.id);
  }

  /** Whether one of the addresses is being dialled as a seed, or is about to be. */
  #isDialled(addresses: readonly string[], now: number): boolean {
    return addresses.some((address) => {
      const place = this.#book.place(address);
      if (place === undefined) return false;
      return place.busy || this.#wants(place) && place.next <= now + REDIAL_MIN_MS;
    });
  }

  /** When a place is dialled to which somebody else should come first. */
  #soon(now: number): number {
    return now + REDIAL_MIN_MS * (1 + this.#random());
  }

  /** There is a link to what seems to answer there: a dial only makes sure. */
  #putOff(target: Target, now: number): void {
    target.next = now + REDIAL_MAX_MS * this.#random();
  }
}

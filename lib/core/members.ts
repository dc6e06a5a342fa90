/**
 * The servers that this one knows of, linked or not, and when to dial which
 * address. Four kinds of places are dialled: seeds (addresses that the user
 * gave, whoever answers), members (an id and its addresses), base servers, and
 * servers that announce themselves on the LAN. Nobody vouches for the last:
 * they are dialled once for each time that they are heard.
 *
 * @module
 */

import type { MemberCard } from "../codec/extended.ts";
import { type Address, isUniversalText, parseAddress, withZones } from "./address.ts";
import { MOVING_MS } from "./moving_names.ts";
import { placeKey, REDIAL_MAX_MS, REDIAL_MIN_MS, redialAt, type Target, target } from "./target.ts";

/** A member that left is not taken for a new one so long. */
export const LEFT_MS = 3_600_000;

/** A member that nobody could reach so long is forgotten. */
export const FORGOTTEN_MS = 24 * 3_600_000;

/** A member that was not reached so long is perhaps reached through a third one. */
export const AROUND_MS = 1_000;

/** More addresses than this help nobody, and a peer could fill our memory. */
const MAX_ADDRESSES = 16;

/** More members than this no clique has; what a peer tells beyond it is ignored. */
const MAX_MEMBERS = 1_024;

/** Whoever cuts off so many dials in a row, before it said who it is, is no server of this kind. */
const MAX_CUTS = 3;

/** So many servers that announce themselves are dialled at once: more mean harm. */
const MAX_FOUND = 64;

interface Member {
  label: string;
  readonly target: Target;
  seenAt: number;
  linked: boolean;
  /** The link to it is carried by a third server: it is still dialled. */
  carried: boolean;
  /** When a way around may be tried, while there is no link. */
  aroundAt: number;
  /** Others say that it left, and this server still has a link to it. */
  saidToLeave: boolean;
}

/** What the network has to say about dials that are due. */
export interface Due {
  /** What the address belongs to: it is to be told how the dial went. */
  readonly target: Target;
  /** The one of the target's addresses whose turn it is. */
  readonly address: Address;
}

/** Membership: pure bookkeeping, told what happened, asked what to dial. */
export class Members {
  readonly #selfId: string;
  readonly #random: () => number;
  readonly #members = new Map<string, Member>();
  readonly #places = new Map<string, Target>();
  readonly #left = new Map<string, number>();
  readonly #found = new Map<string, Target>();
  /** When the next dial is due; null when something changed since that was found out. */
  #next: number | null = null;

  /** `selfId` is never taken for a member; seeds are `host:port`; `random` is uniform in [0, 1). */
  constructor(
    { selfId, seeds, random }: {
      readonly selfId: string;
      readonly seeds: readonly string[];
      readonly random: () => number;
    },
  ) {
    this.#selfId = selfId;
    this.#random = random;
    for (const seed of seeds) {
      this.#places.set(placeKey(seed), target("seed", [seed], null));
    }
  }

  /**
   * Whether somebody may be at a server that this one has no link to yet, or
   * has just lost: a seed was not tried to the end once, or a member was there
   * a moment ago.
   */
  mayMissNames(now: number): boolean {
    for (const place of this.#places.values()) {
      if (place.kind === "seed" && place.isFresh && !this.#isAnswered(place)) return true;
    }
    for (const { linked, seenAt } of this.#members.values()) {
      if (!linked && now - seenAt < MOVING_MS) return true;
    }
    return false;
  }

  /** Ids of members that left and are not to be taken in again. */
  get left(): string[] {
    return [...this.#left.keys()];
  }

  /** What to tell about the members known, or only about the linked ones. */
  cards({ linkedOnly }: { readonly linkedOnly: boolean }): MemberCard[] {
    return [...this.#members].filter(([, member]) => member.linked || !linkedOnly)
      .map(([id, member]) => ({
        id,
        label: member.label,
        addresses: member.target.addresses,
      }));
  }

  /** The addresses of base servers that there is a link to. */
  base(): string[] {
    return [...this.#places.values()].filter((place) => place.baseLinked)
      .flatMap((place) => place.addresses);
  }

  /** The addresses of base servers that announced themselves and are being dialled back. */
  announced(): string[] {
    return [...this.#places.values()].filter((place) => place.announced && place.busy)
      .flatMap((place) => place.addresses);
  }

  /**
   * Takes in a member. Its own word (`itself`) replaces the addresses known;
   * another's word about a linked member changes nothing. Returns whether it
   * is news worth telling.
   */
  learn(
    card: MemberCard,
    from: { readonly itself: boolean; readonly now: number },
  ): boolean {
    if (card.id === this.#selfId) return false;
    if (this.#left.has(card.id)) {
      // It speaks for itself, so it is there: whoever said it left was wrong.
      if (!from.itself) return false;
      this.#left.delete(card.id);
    }
    this.#next = null;
    const known = this.#members.get(card.id);
    // Who was dialled over one link only can't know its zone, who found the other can.
    const zoned = [this.#found.get(card.id), known?.target].flatMap((at) => at?.addresses ?? []);
    const addresses = withZones(card.addresses, zoned)
      .filter((text) => parseAddress(text) !== null)
      .slice(0, MAX_ADDRESSES);
    if (known === undefined) {
      if (this.#members.size >= MAX_MEMBERS) return false;
      // Both sides of a pair often learn of each other at the same moment. The
      // smaller id dials at once, the larger only if that led to nothing; so does
      // who is dialling a seed there anyway.
      const dialNow = this.#selfId < card.id && !this.#isDialled(addresses, from.now);
      this.#members.set(card.id, {
        label: card.label,
        target: {
          ...target("member", addresses, card.id),
          next: dialNow ? from.now : from.now + REDIAL_MIN_MS * (1 + this.#random()),
        },
        seenAt: from.now,
        linked: false,
        carried: false,
        aroundAt: from.now + AROUND_MS,
        saidToLeave: false,
      });
      return true;
    }
    if (known.linked && !from.itself) return false;
    const merged = from.itself
      ? addresses
      : [...new Set([...known.target.addresses, ...addresses])].slice(
        0,
        MAX_ADDRESSES,
      );
    const label = from.itself ? card.label : known.label;
    const changed = merged.join() !== known.target.addresses.join() || known.label !== label;
    known.label = label;
    // What it says over a loopback link may lack the addresses others need.
    if (merged.length > 0) known.target.addresses = merged;
    return changed;
  }

  /** Takes in a base server, by its address. Returns whether it is news. */
  learnBase(
    address: string,
    { now, announced }: { now: number; announced: boolean },
  ): boolean {
    if (parseAddress(address) === null) return false;
    this.#next = null;
    const known = this.#places.get(placeKey(address));
    if (known !== undefined) {
      // It told us that it is there: there is no reason to wait any longer.
      if (announced && !known.baseLinked && !known.busy) {
        Object.assign(known, { next: now, attempts: 0, announced });
      }
      return false;
    }
    if (this.#places.size >= MAX_MEMBERS) return false;
    // One that has just joined is about to announce itself here too. Who then
    // dials it back without a word has it dial once, and not twice.
    const patience = announced ? 0 : REDIAL_MIN_MS * (1 + this.#random());
    this.#places.set(placeKey(address), {
      ...target("base", [address], null),
      next: now + patience,
      announced,
    });
    return true;
  }

  /** A server announces itself on the LAN: it is dialled unless there is a link to it. */
  found({ id, addresses }: Pick<MemberCard, "id" | "addresses">, now: number): void {
    const known = this.#members.get(id)?.target;
    if (known !== undefined) known.addresses = withZones(known.addresses, addresses);
    if (id === this.#selfId || this.#isReached(id) || this.#found.has(id)) return;
    if (this.#found.size >= MAX_FOUND) return;
    this.#next = null;
    // Both sides of a pair find each other: as in `learn`, the smaller id dials first.
    const patience = this.#selfId < id ? 0 : REDIAL_MIN_MS * (1 + this.#random());
    this.#found.set(id, { ...target("found", addresses, id), next: now + patience });
  }

  /** Others say that a member left. While there is a link to it, that remains to be seen. */
  hearsayLeave(id: string, now: number): boolean {
    const member = this.#members.get(id);
    if (member === undefined || !member.linked) return this.leave(id, now);
    member.saidToLeave = true;
    return false;
  }

  /** A member said that it leaves. */
  leave(id: string, now: number): boolean {
    if (this.#left.has(id) || id === this.#selfId) return false;
    // Told of more leavers than a clique has members, it remembers the newest.
    for (const oldest of this.#left.keys()) {
      if (this.#left.size < MAX_MEMBERS) break;
      this.#left.delete(oldest);
    }
    this.#left.set(id, now + LEFT_MS);
    const member = this.#members.get(id);
    for (const place of member ? this.#seedsOf(member) : []) this.#later(place, now);
    this.#members.delete(id);
    this.#next = null;
    return true;
  }

  /** There is a link to a member now, or a way around. */
  linked(id: string, now: number, { carried } = { carried: false }): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#next = null;
    member.linked = true;
    member.carried = carried;
    member.saidToLeave = false;
    member.seenAt = now;
    if (carried) return;
    this.#found.delete(id);
    member.target.attempts = 0;
    // It seems to be what a seed that never answered leads to. A dial tells, when
    // things are quiet: while a clique forms, every pair would dial once more.
    for (const place of this.#seedsOf(member)) this.#putOff(place, now);
  }

  /**
   * The link to a member is gone: it is redialled, at first soon. Where nothing
   * comes any more the way is broken; who hung up may just have been restarted.
   */
  unlinked(id: string, now: number, { silent } = { silent: false }): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    if (member.saidToLeave) {
      this.leave(id, now);
      return;
    }
    member.linked = member.carried = false;
    member.seenAt = now;
    member.aroundAt = silent ? now : now + AROUND_MS;
    this.#later(member.target, now);
    // Nor may the seed that it answers at be dialled by everyone at the same moment.
    for (const place of this.#places.values()) if (place.id === id) this.#later(place, now);
    for (const place of this.#seedsOf(member)) this.#later(place, now);
  }

  /** The members that there is no link to for so long that a way around is worth a try now. */
  unreached(now: number): string[] {
    return [...this.#members].flatMap(([id, member]) => {
      if (member.linked || member.aroundAt > now) return [];
      member.aroundAt = now + AROUND_MS;
      return [id];
    });
  }

  /** Whether there is a link to this member, direct or carried. */
  isLinked(id: string): boolean {
    return this.#members.get(id)?.linked ?? false;
  }

  /** The dials that are due; each target is busy until `dialled` says how it went. */
  due(now: number): Due[] {
    if (this.nextDial() > now) return [];
    this.#next = null;
    const due: Due[] = [];
    for (const place of this.#targets()) {
      if (!this.#wants(place) || place.next > now) continue;
      const text = place.addresses[place.attempts % place.addresses.length];
      const address = text === undefined ? null : parseAddress(text);
      place.busy = true;
      // What is no address leads nowhere, however often it is tried.
      if (address !== null) due.push({ target: place, address });
    }
    return due;
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
    this.#later(target, now);
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
    if (target.id !== null && this.#isReached(target.id)) return;
    target.attempts++;
    const untried = target.attempts < target.addresses.length;
    if (untried) target.next = now;
    else if (target.kind === "found") this.#forgetFound(target);
    else if (target.id === null && this.#isAnswered(target)) this.#putOff(target, now);
    else this.#later(target, now);
  }

  /** The handshake of a dial came to its end: the other end is a peer now. */
  settled(target: Target): void {
    this.#next = null;
    target.busy = false;
    target.isFresh = false;
    target.attempts = 0;
    this.#forgetFound(target);
  }

  /**
   * A server answered at the address of a target. A seed remembers it. If it
   * is another one than the member that was dialled, the address is not that
   * member's any more: on a LAN address the old id is gone for good; a loopback
   * or link-local address may be another machine's, so only the address goes.
   * Whether a member is gone: others may not be able to find that out.
   */
  answered(target: Target, { address, id, now }: {
    readonly address: string;
    readonly id: string;
    readonly now: number;
  }): boolean {
    this.#next = null;
    if (target.kind !== "member") {
      target.id = id;
      return false;
    }
    if (target.id === id || target.id === null) return false;
    target.busy = false;
    return this.#isNotAt(target, address, now);
  }

  /**
   * This server answered at the address: it is never dialled again. A member
   * that was there before is gone.
   */
  isSelf(target: Target, { address, now }: {
    readonly address: string;
    readonly now: number;
  }): void {
    this.#next = null;
    target.busy = false;
    if (target.kind === "found") this.#forgetFound(target);
    else if (target.kind !== "member") {
      this.#places.delete(placeKey(target.addresses[0] ?? ""));
    } else this.#isNotAt(target, address, now);
  }

  /** Drops what is too old to be true. */
  expire(now: number): void {
    for (const [id, until] of this.#left) {
      if (until <= now) this.#left.delete(id);
    }
    for (const [id, member] of this.#members) {
      if (member.linked) member.seenAt = now;
      else if (member.seenAt + FORGOTTEN_MS <= now) {
        this.#members.delete(id);
        this.#next = null;
      }
    }
  }

  /** When the next dial is due; Infinity when none is. */
  nextDial(): number {
    if (this.#next !== null) return this.#next;
    this.#next = Infinity;
    for (const place of this.#targets()) {
      if (this.#wants(place)) this.#next = Math.min(this.#next, place.next);
    }
    return this.#next;
  }

  /** Somebody else is at the address of a member. Whether it is gone for good. */
  #isNotAt(member: Target, address: string, now: number): boolean {
    member.addresses = member.addresses.filter((other) => other !== address);
    const gone = isUniversalText(address) || member.addresses.length === 0;
    if (gone && member.id !== null && !this.isLinked(member.id)) return this.leave(member.id, now);
    this.#later(member, now);
    return false;
  }

  #wants(place: Target): boolean {
    if (place.busy || place.baseLinked || place.addresses.length === 0) {
      return false;
    }
    return place.id === null || !this.#isReached(place.id);
  }

  /** Whether there is a connection to this member: it need not be dialled. */
  #isReached(id: string): boolean {
    const member = this.#members.get(id);
    return member !== undefined && member.linked && !member.carried;
  }

  /** The places that this member says are its own, where nobody has answered yet. */
  *#seedsOf({ target: { addresses } }: Member): IterableIterator<Target> {
    for (const [key, place] of this.#places) {
      if (place.id === null && !place.baseLinked && addresses.includes(key)) yield place;
    }
  }

  /** Whether there is a link to what answers at a place, or by its own word would. */
  #isAnswered(place: Target): boolean {
    if (place.baseLinked || place.id !== null && this.isLinked(place.id)) return true;
    const key = placeKey(place.addresses[0] ?? "");
    return this.#members.values().some(({ linked, target }) =>
      linked && target.addresses.includes(key)
    );
  }

  /** Whether one of the addresses is being dialled as a seed, or is about to be. */
  #isDialled(addresses: readonly string[], now: number): boolean {
    return addresses.some((address) => {
      const place = this.#places.get(placeKey(address));
      return place !== undefined && (place.busy || place.next <= now + REDIAL_MIN_MS);
    });
  }

  #forgetFound(found: Target): void {
    for (const [id, target] of this.#found) if (target === found) this.#found.delete(id);
  }

  *#targets(): IterableIterator<Target> {
    yield* this.#places.values();
    yield* this.#found.values();
    for (const member of this.#members.values()) yield member.target;
  }

  /** There is a link to what seems to answer there: a dial only makes sure. */
  #putOff(place: Target, now: number): void {
    place.next = now + REDIAL_MAX_MS * this.#random();
  }

  #later(target: Target, now: number): void {
    this.#next = null;
    target.next = redialAt(target, now, this.#random);
  }
}

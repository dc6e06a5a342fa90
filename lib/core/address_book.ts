/**
 * Where servers are, or may be. Four kinds of places are dialled: seeds
 * (addresses that the user gave, whoever answers), members (an id and its
 * addresses), base servers, and servers that announce themselves on the LAN.
 * Several may lead to the same server.
 *
 * @module
 */

import { withZones } from "./address.ts";
import { placeKey, type Target, target } from "./target.ts";

/** More seeds and base servers than this nobody has; what is told beyond it is ignored. */
const MAX_PLACES = 1_024;

/** So many servers that announce themselves are dialled at once: more mean harm. */
const MAX_FOUND = 64;

/** A member as something to dial. */
export interface MemberTarget extends Target {
  /** There is a link to it, direct or carried. */
  linked: boolean;
  /** The link to it is carried by a third server: it is still dialled. */
  carried: boolean;
}

/** Everything that a server dials, has dialled, or has a link to. */
export class AddressBook {
  /** Seeds and base servers, by address. */
  readonly #places = new Map<string, Target>();
  /** Servers that announced themselves, by id. */
  readonly #found = new Map<string, Target>();
  readonly #members = new Map<string, MemberTarget>();

  /** Knows the seeds, which are `host:port`, and nobody else. */
  constructor(seeds: readonly string[]) {
    for (const seed of seeds) this.#places.set(placeKey(seed), target("seed", [seed], null));
  }

  /** All there is. */
  *targets(): IterableIterator<Target> {
    yield* this.#places.values();
    yield* this.#found.values();
    yield* this.#members.values();
  }

  /** The seed or base server at an address. */
  place(address: string): Target | undefined {
    return this.#places.get(placeKey(address));
  }

  /** Whether a server announced itself under this id, and was not reached yet. */
  isFound(id: string): boolean {
    return this.#found.has(id);
  }

  /** The member with this id, linked or not. */
  member(id: string): MemberTarget | undefined {
    return this.#members.get(id);
  }

  /** A base server at an address that was not known; null when there are too many. */
  addBase(address: string): Target | null {
    if (this.#places.size >= MAX_PLACES) return null;
    const base = target("base", [address], null);
    this.#places.set(placeKey(address), base);
    return base;
  }

  /** A server that announces itself; null when there are too many. */
  addFound(id: string, addresses: readonly string[]): Target | null {
    if (this.#found.size >= MAX_FOUND) return null;
    const found = target("found", addresses, id);
    this.#found.set(id, found);
    return found;
  }

  /** A member, which there is no link to yet. */
  addMember(id: string, addresses: readonly string[]): MemberTarget {
    const member = { ...target("member", addresses, id), linked: false, carried: false };
    this.#members.set(id, member);
    return member;
  }

  /** A server that announced itself was reached, or can't be. */
  removeFound(id: string): void {
    this.#found.delete(id);
  }

  /** A member is none any more. */
  removeMember(id: string): void {
    this.#members.delete(id);
  }

  /** A place that is not dialled any more, and no member's. */
  remove(target: Target): void {
    if (target.kind !== "found") this.#places.delete(placeKey(target.addresses[0] ?? ""));
    // Another id than the announced one may have answered there.
    else for (const [id, found] of this.#found) if (found === target) this.#found.delete(id);
  }

  /** The addresses of members that there is a link to. */
  linked(): string[] {
    return [...this.#members.values()].filter(({ linked }) => linked)
      .flatMap(({ addresses }) => addresses);
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

  /** Addresses that a server tells of itself, with the zones that this one knows them by. */
  zoned(id: string, addresses: readonly string[]): string[] {
    // Who was dialled over one link only can't know its zone, who found the other can.
    const known = [this.#found.get(id), this.#members.get(id)];
    return withZones(addresses, known.flatMap((at) => at?.addresses ?? []));
  }

  /** Whether there is a connection to this member: it need not be dialled. */
  isReached(id: string): boolean {
    const member = this.#members.get(id);
    return member !== undefined && member.linked && !member.carried;
  }

  /** Whether there is a link to what answers at a place, or by its own word would. */
  isAnswered(place: Target): boolean {
    if (place.baseLinked) return true;
    if (place.id !== null && this.#members.get(place.id)?.linked) return true;
    const key = placeKey(place.addresses[0] ?? "");
    return this.#members.values().some(({ linked, addresses }) =>
      linked && addresses.includes(key)
    );
  }

  /** Whether a seed was not tried to the end once, and nobody is linked who says that he is there. */
  get hasUntriedSeed(): boolean {
    return this.#places.values().some((place) => {
      if (place.kind !== "seed" || !place.isFresh) return false;
      // What a dial will tell in a moment is not taken from who says that he is there.
      const isAsked = place.busy && place.id === null;
      return isAsked || !this.isAnswered(place);
    });
  }

  /** The places where a member answered, or nobody has yet and it says that they are its own. */
  *seedsOf(id: string): IterableIterator<Target> {
    const addresses = this.#members.get(id)?.addresses ?? [];
    for (const [key, place] of this.#places) {
      const isOwn = place.id === null && !place.baseLinked && addresses.includes(key);
      if (isOwn || place.id === id) yield place;
    }
  }
}

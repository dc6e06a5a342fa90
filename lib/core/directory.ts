/**
 * The servers that a client knows of: where they are said to be, and what came
 * of the last contact with each. A new round of measuring leaves that as it is
 * until it knows better, so that there is a next best server at any moment.
 *
 * @module
 */

import { nearest } from "./choice.ts";
import type { SessionConfig } from "./client_context.ts";
import type { Contact, Known, Place } from "./contact.ts";

/** More servers than this no clique has. */
const MAX_PLACES = 1_024;

/** Who is known, and how that went. */
export class Directory {
  /** All of them, in the order in which they became known. */
  readonly places: Place[];
  readonly #mayLearn: boolean;
  /** The address that each server was reached at, or is said to be, by id. */
  readonly #addresses = new Map<string, string>();
  /** Addresses where an extended server was: one that says nothing is not mute but stopped. */
  readonly #extended = new Set<string>();
  /** Ids of servers that said that they leave. */
  readonly #leaving = new Set<string>();

  /** Knows the servers that its user named, and those found on the LAN so far. */
  constructor({ servers, found = [], pin = false }: SessionConfig) {
    const named = servers.map((address) => ({ id: null, addresses: [address] }));
    this.places = [...named, ...found].map((known) => placeOf(known, false));
    this.#mayLearn = !pin;
  }

  /** The last contact with each server, the nearest first. */
  get contacts(): Contact[] {
    return this.places.flatMap(({ last }) => last === null || last.state === "double" ? [] : [last])
      .toSorted((a, b) => (a.minMs ?? Number.MAX_VALUE) - (b.minMs ?? Number.MAX_VALUE));
  }

  /** Those of them that answered and don't leave. */
  get usable(): Contact[] {
    return this.contacts.filter(({ state, leaving }) => state === "ready" && !leaving);
  }

  /** Those that can't be used, and why. */
  get failures(): { readonly address: string; readonly why: string }[] {
    return this.contacts.filter(({ state }) => state === "failed")
      .map(({ address, failure }) => ({ address, why: failure ?? "" }));
  }

  /** The nearest extended server by the last samples, but `home`; null when none is left. */
  nextBest(home: Contact | null): Contact | null {
    return nearest(
      this.usable.filter((contact) => contact.extended && (home === null || !contact.isSame(home))),
    );
  }

  /** The address by which the client reached a server; its id if it did not. */
  addressOf(id: string): string {
    return this.#addresses.get(id) ??
      this.places.find((place) => place.id === id)?.addresses[0] ?? id;
  }

  /** Whether the silence of this server may be that of an original. */
  mayBeMute({ address, place }: Contact): boolean {
    // Only extended servers have an id, whoever told it.
    return place.id === null && !this.#extended.has(address);
  }

  /** A contact answered 8/1. */
  isExtended({ address }: Contact): void {
    this.#extended.add(address);
  }

  /** A contact is the way by which the client reaches the server `id`. */
  identified(contact: Contact, id: string): void {
    this.#addresses.set(id, contact.address);
    contact.leaving = this.#leaving.has(id);
  }

  /** A server said that it leaves: it is not chosen any more. */
  leaves(contact: Contact): void {
    contact.leaving = true;
    if (contact.id === null) return;
    this.#leaving.add(contact.id);
    for (const { last } of this.places) if (last?.id === contact.id) last.leaving = true;
  }

  /** The server that `contact` is about can't be reached any more. */
  lost(contact: Contact, why: string): void {
    for (const { last } of this.places) {
      if (last !== null && last.isSame(contact) && last.state === "ready") last.fail(why);
    }
    if (contact.state !== "failed") contact.fail(why);
  }

  /** A contact is finished: from now on it is what is known of its server. */
  finished(contact: Contact): void {
    contact.place.last = contact;
    if (contact.state !== "ready") return;
    for (const place of this.places) {
      // The same server by another address: the fresh samples count.
      if (place.last !== contact && place.last?.isSame(contact)) place.last.state = "double";
    }
  }

  /** A server announces itself on the LAN. Where it is, if that is news. */
  found(server: Known): Place | null {
    const place = this.places.find(({ id }) => id === server.id);
    if (place === undefined) return this.learn(server);
    if (place.addresses.join() === server.addresses.join()) return null;
    place.addresses = server.addresses;
    return place;
  }

  /** Somebody tells of a server, a base one if so. Where it is, if that is news. */
  learn(told: Known, { isBase } = { isBase: false }): Place | null {
    const { id, addresses } = told;
    const [address] = addresses;
    if (address === undefined) return null;
    // Until this client reaches it itself, which a pinned one never does.
    if (id !== null && !this.#addresses.has(id)) this.#addresses.set(id, address);
    if (!this.#mayLearn || this.#isKnown(id)) return null;
    const there = this.places.find((place) =>
      place.addresses.some((other) => addresses.includes(other))
    );
    if (there !== undefined) return isAnother(there, id) ? renewed(there, told) : null;
    if (this.places.length >= MAX_PLACES) return null;
    const place = placeOf(told, isBase);
    this.places.push(place);
    return place;
  }

  #isKnown(id: string | null): boolean {
    return id !== null && this.places.some((place) => place.id === id || place.last?.id === id);
  }
}

function placeOf({ id, addresses }: Known, isBase: boolean): Place {
  return { id, addresses, isBase, last: null };
}

/** Whether `id` is another server than the one that is gone from there. */
function isAnother({ last }: Place, id: string | null): boolean {
  if (id === null || last === null || last.id === null || last.id === id) return false;
  return last.state === "failed" || last.leaving;
}

function renewed(place: Place, { id, addresses }: Known): Place {
  if (place.id !== null) {
    place.id = id;
    place.addresses = addresses;
  }
  place.last = null;
  return place;
}

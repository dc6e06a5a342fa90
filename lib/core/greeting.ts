/**
 * Finding out what is at the other end of a connection: an extended server, an
 * original one, or one that was met at another address already.
 *
 * @module
 */

import { decodeServersReply } from "../codec/base.ts";
import type { Welcome } from "../codec/handshake.ts";
import { frame, Kind } from "../codec/wire.ts";
import { addressText, parseAddress, understood } from "./address.ts";
import { type ClientContext, DEADLINE_MS } from "./client_context.ts";
import type { ClientLink, Contact, Known, Place, Protocol } from "./contact.ts";
import type { Directory } from "./directory.ts";

/** A server that says nothing for so long is an original without 5, 6 and 7. */
const MUTE_MS = 500;

/** Who greets, and what for. */
export interface Greeter {
  /** All that are greeted, or were. */
  readonly contacts: readonly Contact[];
  /** It is known what a contact is, and it can be measured. */
  isReady(contact: Contact, now: number): void;
  /** Somebody told of another server, a base one if so. */
  learnt(place: Place): void;
  /** Nobody can be found out there. */
  giveUp(contact: Contact): void;
}

/** The greetings of one survey. */
export class Greeting {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #greeter: Greeter;

  /** Greets nobody by itself; tells `directory` and `greeter` what comes of it. */
  constructor(context: ClientContext, directory: Directory, greeter: Greeter) {
    this.#context = context;
    this.#directory = directory;
    this.#greeter = greeter;
  }

  /** A contact is connected: ask what it is. */
  begin(link: ClientLink): void {
    link.contact.link = link;
    link.contact.state = "greeting";
    // Whichever answers first says which protocol it is.
    this.#context.send(link, frame(Kind.Hello));
    this.#context.send(link, frame(Kind.ServersRequest));
  }

  /** 8/1. */
  welcome(link: ClientLink, welcome: Welcome, now: number): void {
    const { contact } = link;
    if (contact.state !== "greeting" && contact.protocol !== "mute") return;
    this.#identify(contact, "extended", now);
    contact.card = welcome;
    this.#directory.isExtended(contact);
    if (this.#isMet(contact)) this.#part(contact, "double", now);
    else this.#isFound(contact, welcome.id, now);
    const hostname = hostOf(link);
    for (const { id, addresses } of welcome.members) {
      this.#learn({ id, addresses: understood(addresses, hostname) });
    }
    for (const address of welcome.base) this.#learn({ id: null, addresses: [address] });
  }

  /** 5/1: a base server and the ports of others on its machine. */
  serversReply(link: ClientLink, payload: Uint8Array, now: number): void {
    const { contact } = link;
    if (contact.protocol === "extended") return;
    this.#identify(contact, "base", now);
    this.#greeter.isReady(contact, now);
    const hostname = hostOf(link);
    for (const port of decodeServersReply(payload)) {
      this.#learn({ id: null, addresses: [addressText({ hostname, port })] });
    }
  }

  /** Takes silence for an answer. */
  tend(contact: Contact, now: number): void {
    if (now < this.nextDeadline(contact)) return;
    if (!this.#directory.mayBeMute(contact)) return this.#greeter.giveUp(contact);
    this.#identify(contact, "mute", now);
    // What TCP needed to connect is the only RTT that such a server gives.
    contact.sampled({ rttMs: contact.connectMs, late: false }, now);
    this.#greeter.isReady(contact, now);
  }

  /** When `tend` has something to do; Infinity when the contact is not being greeted. */
  nextDeadline(contact: Contact): number {
    const { link, state } = contact;
    if (link === null || state !== "greeting") return Infinity;
    return link.openedAt + (this.#directory.mayBeMute(contact) ? MUTE_MS : DEADLINE_MS);
  }

  #identify(contact: Contact, protocol: Protocol, now: number): void {
    // What it needed to connect is not to be compared with what echoes say.
    if (contact.protocol === "mute") contact.window.clear();
    contact.protocol = protocol;
    contact.state = "ready";
    contact.failure = null;
    contact.nextProbeAt = now;
  }

  /** Whether the server has answered at another address: one of them is enough. */
  #isMet(contact: Contact): boolean {
    return this.#greeter.contacts.some((other) =>
      other !== contact && other.state === "ready" && other.isSame(contact)
    );
  }

  #isFound(contact: Contact, id: string, now: number): void {
    this.#directory.identified(contact, id);
    if (!contact.leaving) return this.#greeter.isReady(contact, now);
    contact.failure = "it stops";
    this.#part(contact, "failed", now);
  }

  #part(contact: Contact, state: "double" | "failed", now: number): void {
    this.#context.sayGoodbye(contact.link, now);
    contact.state = state;
  }

  #learn(told: Known): void {
    const place = this.#directory.learn(told, { isBase: told.id === null });
    if (place !== null) this.#greeter.learnt(place);
  }
}

/**
 * The host at the other end, as what it tells is to be judged by: a name may
 * mean this very machine. Only what was typed has the zone of a link-local
 * address.
 */
export function hostOf({ contact, remote }: ClientLink): string {
  const typed = parseAddress(contact.address)?.hostname ?? "";
  return typed.includes("%") ? typed : remote;
}

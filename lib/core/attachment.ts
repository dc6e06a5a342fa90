/**
 * One server that a client is registered at, or is about to be: reaching it,
 * asking for the name, and noticing that it is gone.
 *
 * @module
 */

import { register } from "../codec/base.ts";
import { decodeEnrolled, decodeRefused, enrol } from "../codec/enrolment.ts";
import type { Welcome } from "../codec/handshake.ts";
import { frame, Kind } from "../codec/wire.ts";
import { type ClientContext, DEADLINE_MS } from "./client_context.ts";
import type { ClientLink, Contact } from "./contact.ts";

/** Signs of life: more often while somebody waits for a receipt. */
const BUSY_ECHO_MS = 1_000;
const IDLE_ECHO_MS = 5_000;

/** A home that is silent for so long is gone. */
const HOME_SILENCE_MS = 15_000;

/** A server that was there a moment ago answers within this, or is passed over. */
const GREETING_MS = 1_000;

/** What a client asks for. */
export interface Wish {
  /** The name to be registered under, as the user gave it. */
  readonly name: string;
  /** How often its session has asked before. */
  readonly moves: number;
}

/** What becomes of a registration; `taken` is all that a base server says. */
export type Answer =
  | { readonly kind: "registered" | "taken" }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };

/**
 * One registration: on its way to the server, asking for the name, attached,
 * or without a name because the one it wanted was refused.
 */
export class Attachment {
  /** How far it got; it is `nameless` when the name was refused and no other was asked for yet. */
  state: "reaching" | "enrolling" | "attached" | "nameless" = "reaching";
  /** The connection to the server; null until there is one. */
  link: ClientLink | null = null;
  /** The server said that it leaves. */
  leaving = false;
  /** The name that it had last, of which the user knows; null when it has lost it. */
  held: string | null = null;
  readonly #context: ClientContext;
  #wish: Wish;
  #askedAsBase = false;
  #deadline = Infinity;
  #nextEcho = Infinity;

  /** A registration at `contact`, for what `wish` says; nothing is sent before `begin`. */
  constructor(context: ClientContext, readonly contact: Contact, wish: Wish) {
    this.#context = context;
    this.#wish = wish;
  }

  /** The name that it has, or asks for. */
  get name(): string {
    return this.#wish.name;
  }

  /** Asks for the name on the contact's own link, or dials for one. */
  begin(now: number): void {
    const { contact } = this;
    // One that has not said a word may be an extended server that is slow: what
    // it says first on this link, 8/1 or 2/0, tells.
    const asksHere = contact.extended || contact.protocol === "mute";
    if (asksHere && contact.link !== null) {
      // It is not for measuring any more, and stays when that is over.
      this.link = contact.link;
      contact.link = null;
      this.enrol(this.#wish, now);
      return;
    }
    // A base server is registered at on a connection of its own, as the original does.
    this.#deadline = now + (contact.extended ? GREETING_MS : DEADLINE_MS);
    this.#context.dial(contact, "home");
  }

  /** The dial is connected. */
  opened(link: ClientLink, now: number): void {
    this.link = link;
    if (!this.contact.extended) {
      this.enrol(this.#wish, now);
      return;
    }
    this.#deadline = now + GREETING_MS;
    this.#context.send(link, frame(Kind.Hello));
  }

  /** 8/1: the server is extended, still or after all, or another one at its address. */
  welcomed(card: Welcome, now: number): void {
    const askedInVain = this.state === "enrolling" && this.#askedAsBase;
    if (this.state !== "reaching" && !askedInVain) return;
    this.contact.card = card;
    this.enrol(this.#wish, now);
  }

  /** Asks for a name. */
  enrol(wish: Wish, now: number): void {
    const { link, contact } = this;
    this.#wish = wish;
    if (link === null) return;
    this.state = "enrolling";
    this.#deadline = now + DEADLINE_MS;
    this.#nextEcho = now + BUSY_ECHO_MS;
    const { session, token } = this.#context.config;
    this.#askedAsBase = !contact.extended;
    this.#context.send(
      link,
      this.#askedAsBase ? register(wish.name) : enrol({ ...wish, session, token }),
    );
  }

  /** What its server says to the registration; null when that says nothing about it any more. */
  answered(kind: number, payload: Uint8Array): Answer | null {
    switch (kind) {
      case Kind.JoinOrRegistered:
        return { kind: "registered" };
      case Kind.NameTaken:
        return { kind: "taken" };
      case Kind.Enrolled:
        return decodeEnrolled(payload) === this.name ? { kind: "registered" } : null;
      case Kind.Refused: {
        const { name, reason, message } = decodeRefused(payload);
        return name === this.name ? { kind: "refused", reason, message } : null;
      }
      default:
        return null;
    }
  }

  /** It has the name. */
  attached(): void {
    this.state = "attached";
    this.held = this.name;
    this.#deadline = Infinity;
  }

  /** The name is somebody else's. */
  refused(): void {
    this.state = "nameless";
    this.held = null;
    this.#deadline = Infinity;
  }

  /** Something is to be sent, whose answer must be waited for: look whether it is alive. */
  hurry(now: number): void {
    this.#nextEcho = Math.min(this.#nextEcho, now + BUSY_ECHO_MS);
  }

  /** Gives signs of life; returns why the server is of no use any more, or null. */
  tend(now: number, busy: boolean): string | null {
    if (now >= this.#deadline) {
      return this.state === "enrolling"
        ? "it did not answer the registration"
        : "no answer in time";
    }
    const { link } = this;
    // A base server may be silent for hours.
    if (link === null || !this.contact.extended || this.state === "reaching") return null;
    if (now - link.heardAt >= HOME_SILENCE_MS) return "silent";
    link.probes.expire(now);
    if (now >= this.#nextEcho) {
      this.#nextEcho = now + (busy ? BUSY_ECHO_MS : IDLE_ECHO_MS);
      this.#context.echo(link);
    }
    return null;
  }

  /** When `tend` has something to do. */
  nextDeadline(): number {
    const { link } = this;
    if (link === null || !this.contact.extended || this.state === "reaching") return this.#deadline;
    return Math.min(this.#deadline, this.#nextEcho, link.heardAt + HOME_SILENCE_MS);
  }
}

/**
 * For whoever watches all servers for ever: those that can't be reached are
 * dialled again, and each probe that they miss meanwhile is missing; and now
 * and then one is asked who has joined them.
 *
 * @module
 */

import type { ClientContext } from "./client_context.ts";
import { Contact } from "./contact.ts";

/** Samples kept of each server that is watched. */
export const WATCHED_SAMPLES = 120;

/** A server that can't be reached is dialled again after so long, at random, in ms. */
const SOONEST_MS = 1_000;
/** The longest such pause, in ms. */
const LATEST_MS = 5_000;

/** A server that says nothing for so long, beside the pause between probes, can't be reached. */
const SILENCE_MS = 5_000;

/** A server tells who the others are when it is greeted: so one is greeted anew so often, in ms. */
const INQUIRY_MS = 5_000;

/** However fast others are probed, so many samples a second are enough to show that one is gone. */
const MIN_MISS_MS = 50;

/** Since when a server is gone, as it were. */
interface Absence {
  redialAt: number;
  missAt: number;
}

/** Looks after the servers that a client watches. */
export class Watching {
  readonly #context: ClientContext;
  readonly #absent = new Map<Contact, Absence>();
  readonly #intervalMs: number;
  #inquiry: Contact | null = null;
  #inquireAt = Infinity;

  /** Nobody is gone yet. */
  constructor(context: ClientContext) {
    this.#context = context;
    this.#intervalMs = context.config.intervalMs ?? 0;
  }

  /** The contact that was only made to ask; null when there is none. */
  get inquiry(): Contact | null {
    return this.#inquiry;
  }

  /** When somebody is to be asked. */
  get inquireAt(): number {
    return this.#inquireAt;
  }

  /** Whom to ask now, by a connection of its own; null when nobody is there. */
  inquire(contacts: readonly Contact[], now: number): Contact | null {
    const asked = contacts.find(({ state, extended }) => state === "ready" && extended);
    this.#inquiry = asked === undefined ? null : new Contact(asked.place, 1);
    this.plan(now);
    return this.#inquiry;
  }

  /** Plans the next question. */
  plan(now: number): void {
    this.#inquireAt = now + INQUIRY_MS;
  }

  /** Does what is due for one server. */
  tend(contact: Contact, now: number): void {
    if (contact === this.#inquiry) return;
    if (contact.state === "ready") this.#judge(contact, now);
    if (contact.state === "failed" && !this.#absent.has(contact)) {
      this.#absent.set(contact, { redialAt: this.#redialAt(now), missAt: now });
    }
    const absence = this.#absent.get(contact);
    if (absence === undefined) return;
    if (now >= absence.missAt) {
      contact.window.miss(1);
      absence.missAt = now + Math.max(MIN_MISS_MS, this.#intervalMs);
    }
    if (contact.state === "failed" && now >= absence.redialAt) {
      absence.redialAt = this.#redialAt(now);
      contact.retry();
    }
  }

  /** When `tend` has something to do. */
  nextDeadline(contact: Contact): number {
    const absence = this.#absent.get(contact);
    if (absence === undefined) {
      return contact.state === "ready" && contact.link !== null
        ? contact.link.heardAt + this.#silenceMs
        : Infinity;
    }
    return contact.state === "failed" ? Math.min(absence.missAt, absence.redialAt) : absence.missAt;
  }

  #judge(contact: Contact, now: number): void {
    this.#absent.delete(contact);
    const { link } = contact;
    if (link === null || now - link.heardAt < this.#silenceMs) return;
    this.#context.close(link);
    contact.fail("silent");
  }

  get #silenceMs(): number {
    return SILENCE_MS + this.#intervalMs;
  }

  #redialAt(now: number): number {
    const { random } = this.#context.config;
    return now + SOONEST_MS + (LATEST_MS - SOONEST_MS) * random();
  }
}

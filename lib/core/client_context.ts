/**
 * What the parts of a client's core share: its configuration, its links, and
 * the few ways to act.
 *
 * @module
 */

import { ECHO, frame, Kind } from "../codec/wire.ts";
import { parseAddress } from "./address.ts";
import type { ClientLink, Contact, Known } from "./contact.ts";
import type { ClientEvent, FailureCode } from "./events.ts";
import { LoopLag } from "./lag.ts";

/** A dial, or the answer to a registration, that takes longer than this has failed. */
export const DEADLINE_MS = 5_000;

/** How long a polite goodbye waits for its answer. */
const GOODBYE_MS = 1_000;

/** What a client's core asks of the world around it. */
export type SessionAction =
  | {
    readonly kind: "dial";
    readonly dial: number;
    readonly hostname: string;
    readonly port: number;
    readonly deadlineMs: number;
  }
  | { readonly kind: "close"; readonly link: number }
  | { readonly kind: "event"; readonly event: ClientEvent }
  | {
    readonly kind: "log";
    readonly level: "debug";
    readonly event: string;
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }
  /** All servers are known (and measured); a `who` was answered; everything is closed. */
  | { readonly kind: "complete"; readonly what: "gathered" | "who" | "matrix" | "ended" };

/** What a client is told at its start. */
export interface SessionConfig {
  /** `host:port` of servers to contact first. */
  readonly servers: readonly string[];
  /** Servers that announced themselves on the LAN, to contact first too. */
  readonly found?: readonly Known[];
  /** Random, below 2^48, not 0. */
  readonly session: number;
  /** Random, secret: whoever has it may take the name to another server. */
  readonly token: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Only the first of `servers` that answers. */
  readonly pin?: boolean;
  /** Probes of each server to take samples from; 0 for none. */
  readonly probes?: number;
  /** Between two probes of one server, in ms; without it a few, at random. */
  readonly intervalMs?: number;
  /** Go on probing all servers for ever, and never attach. */
  readonly watch?: boolean;
  /** What differs from the usual pace. */
  readonly pace?: Partial<Pace>;
}

/** How often a client that is attached looks for a nearer server; tests hurry. */
export interface Pace {
  /** Between two rounds, in ms; at random up to 1.3 times as long. */
  readonly roundMs: number;
  /** How long it stays after a move, in ms. */
  readonly restMs: number;
}

/** What a connection is for: to learn and measure, or to register. */
export type Purpose = "contact" | "home";

/** State and ways to act that the parts of one client share. */
export class ClientContext {
  /** Open connections by the number that the driver gave them. */
  readonly links = new Map<number, ClientLink>();
  /** Dials without an outcome yet, by the number of their action. */
  readonly dials = new Map<number, { readonly contact: Contact; readonly purpose: Purpose }>();
  /** How late the event loop is. */
  readonly lag = new LoopLag();
  /** What was decided since the driver last asked, in order. */
  actions: SessionAction[] = [];
  /** When the driver last called, in ms of one monotonic clock. */
  now = 0;
  /** Numbers of the links that got something to write since the driver last asked. */
  ready: number[] = [];
  /** Links that said 7/0, in the order of their deadlines. */
  readonly #farewells = new Map<ClientLink, number>();
  #lastDial = 0;

  /** Nothing happens yet: the first dial is up to the parts that share this. */
  constructor(readonly config: SessionConfig) {}

  /** Dials a contact's address; false when it is none. */
  dial(contact: Contact, purpose: Purpose): boolean {
    const address = parseAddress(contact.address);
    if (address === null) return false;
    const dial = ++this.#lastDial;
    this.dials.set(dial, { contact, purpose });
    this.actions.push({ kind: "dial", dial, ...address, deadlineMs: DEADLINE_MS });
    return true;
  }

  /** Queues a control frame. */
  send(link: ClientLink, bytes: Uint8Array): void {
    link.outbox.control(bytes);
    this.wake(link);
  }

  /** Whether a probe waits for its reply, or to be written: that comes before the next call. */
  get isProbing(): boolean {
    for (const { probes, echoQueued } of this.links.values()) {
      if (echoQueued || probes.waiting > 0) return true;
    }
    return false;
  }

  /** Queues an echo, unless one waits; it counts from the moment it is written. */
  echo(link: ClientLink): void {
    if (link.echoQueued) return;
    link.echoQueued = true;
    this.send(link, ECHO);
  }

  /** Something was put into the outbox of `link`. */
  wake(link: ClientLink): void {
    if (link.ready) return;
    link.ready = true;
    this.ready.push(link.id);
  }

  /** Says 7/0 where it is understood, behind everything else; 7/1 closes the link. */
  sayGoodbye(link: ClientLink | null, now: number): void {
    if (link === null || link.closing || link.leaving) return;
    const { contact } = link;
    if (contact.protocol === "mute" || contact.protocol === "unknown") {
      this.close(link);
      return;
    }
    if (contact.link === link) contact.link = null;
    link.leaving = true;
    link.outbox.last(frame(Kind.Close));
    this.wake(link);
    this.#farewells.set(link, now + GOODBYE_MS);
  }

  /** Closes the links whose goodbye nobody answers. */
  closeOverdue(now: number): void {
    for (const [link, deadline] of this.#farewells) {
      if (deadline > now) return;
      this.close(link);
    }
  }

  /** When `closeOverdue` has something to do; Infinity when no goodbye waits. */
  nextOverdue(): number {
    for (const deadline of this.#farewells.values()) return deadline;
    return Infinity;
  }

  /** A link is gone. */
  forget(link: ClientLink): void {
    this.links.delete(link.id);
    this.#farewells.delete(link);
  }

  /** Closes a link when its outbox is written; nothing more is read from it. */
  close(link: ClientLink): void {
    this.#farewells.delete(link);
    if (link.closing) return;
    link.closing = true;
    if (link.contact.link === link) link.contact.link = null;
    this.actions.push({ kind: "close", link: link.id });
  }

  /** Something went wrong that the user must hear of. */
  fail(code: FailureCode, message: string): void {
    this.tell({ kind: "error", code, message });
  }

  /** Queues a line of log: `event` and `fields` for programs, `message` for people. */
  log(
    event: string,
    { message, fields }: {
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    },
  ): void {
    this.actions.push({ kind: "log", level: "debug", event, message, fields });
  }

  /** Queues an event for the user. */
  tell(event: ClientEvent): void {
    this.actions.push({ kind: "event", event });
  }
}

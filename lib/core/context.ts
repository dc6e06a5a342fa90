/**
 * What the parts of a server's core share: its configuration, its links, and
 * the few ways to act.
 *
 * @module
 */

import { addressText, tellable } from "./address.ts";
import type { Address } from "./address.ts";
import { LoopLag } from "./lag.ts";
import type { Link } from "./link.ts";
import { bye } from "../codec/bye.ts";
import type { CloseReason } from "../codec/wire.ts";

/** Importance of a line of log. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a server's core asks of the world around it. */
export type NodeAction =
  | {
    readonly kind: "dial";
    readonly dial: number;
    readonly hostname: string;
    readonly port: number;
    readonly deadlineMs: number;
  }
  | { readonly kind: "close"; readonly link: number }
  | {
    readonly kind: "log";
    readonly level: LogLevel;
    readonly event: string;
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }
  /** It has left, and every link is closed. */
  | { readonly kind: "left" };

/** What a server is told at its start. */
export interface NodeConfig {
  /** Twelve hexadecimal digits, random at each start. */
  readonly id: string;
  /** Its name for people, told to everyone; empty when it has none. */
  readonly label: string;
  /** Where it listens; an unspecified address means all interfaces. */
  readonly listen: Address;
  /** Addresses to tell others, in place of the one each link was made on. */
  readonly advertise: readonly string[];
  /** Addresses to dial for ever. */
  readonly join: readonly string[];
  /** Nobody named them: that nobody answers there is no news. */
  readonly joinIsGuess?: boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What differs from the usual limits. */
  readonly limits?: Partial<NodeLimits>;
}

/** Durations in milliseconds, and bounds, that tests make smaller. */
export interface NodeLimits {
  /** How long a handshake may take: an answer to hello, and the accept after it. */
  readonly helloMs: number;
  /** How long a frame that was begun may stay unfinished. */
  readonly unfinishedMs: number;
  /** Between two echoes to a peer, and between two sweeps, which close what is dead. */
  readonly echoMs: number;
  /** A peer that says nothing for so long is dead. */
  readonly peerSilenceMs: number;
  /** The same for an extended client; base ones may be silent for ever. */
  readonly clientSilenceMs: number;
  /** How long an older link has to show that it is alive, when a pair has two. */
  readonly probeMs: number;
  /** How long a claim of a name waits for the answers of the peers. */
  readonly registrationMs: number;
  /** How long a server that leaves waits for its clients to go elsewhere. */
  readonly drainMs: number;
  /** The most open connections; one more closes the accepted one silent longest. */
  readonly connections: number;
  /** Bytes that may wait for a client, or for anyone who connected and is no peer yet. */
  readonly clientOutboxBytes: number;
  /** Bytes that may wait for a peer, or for any server that was dialled. */
  readonly peerOutboxBytes: number;
}

/** State and ways to act that the parts of one server share. */
export class Context {
  /** Open connections by the number that the driver gave them. */
  readonly links = new Map<number, Link>();
  /** How late the event loop is. */
  readonly lag = new LoopLag();
  /** Messages that were not passed on, by reason, since the start. */
  readonly drops = new Map<string, number>();
  readonly #freshDrops = new Map<string, number>();
  /** What was decided since the driver last asked, in order. */
  actions: NodeAction[] = [];
  /** Numbers of the links that got something to write since the driver last asked. */
  ready: number[] = [];
  /** When the driver last called, in ms of one monotonic clock. */
  now = 0;

  /** Nothing happens yet; `limits` are complete. */
  constructor(readonly config: NodeConfig, readonly limits: NodeLimits) {}

  /** The id of this server: twelve hexadecimal digits. */
  get id(): string {
    return this.config.id;
  }

  /** The port to tell base servers; null when no original could come back to it. */
  get basePort(): number | null {
    const { hostname, port } = this.config.listen;
    const reachable = isUnspecified(hostname) || hostname === "127.0.0.1" ||
      hostname === "localhost";
    return reachable && port >= 1000 && port <= 9999 ? port : null;
  }

  /** The addresses of this server to tell at the other end of `link`. */
  addressesFor(link: Link): string[] {
    const { advertise, listen } = this.config;
    const hostname = this.#reachedAt(link);
    const own = hostname === null ? [] : [addressText({ hostname, port: listen.port })];
    return tellable(advertise.length > 0 ? advertise : own, link.how.remote.hostname);
  }

  /** Queues a control frame. A link that can't even take that is closed. */
  send(link: Link, frame: Uint8Array): void {
    if (link.closing !== null) return;
    if (!link.outbox.control(frame)) {
      this.close(
        link,
        "slow-consumer",
        "it leaves too many control frames unread",
      );
      return;
    }
    this.wake(link);
  }

  /** Something was put into the outbox of `link`. */
  wake(link: Link): void {
    // A carried link has no connection: what it has to write is handed on in time.
    if (link.ready || link.carrier !== null) return;
    link.ready = true;
    this.ready.push(link.id);
  }

  /** Closes a link after its last word; nothing more is read from it. */
  close(link: Link, reason: CloseReason, message: string): void {
    if (link.closing !== null) return;
    if (link.extended) {
      link.outbox.control(bye(reason, message));
      this.wake(link);
    }
    this.hangUp(link, reason);
    // A program of another kind that listens there is worth one line, not one a redial.
    const isKnown = reason === "no-welcome" && (link.dialled?.target.attempts ?? 0) > 0;
    this.log(QUIET_REASONS.has(reason) || isKnown ? "debug" : "warn", "link-closed", {
      message: `closed the link to ${this.describe(link)}: ${reason}, ${message}`,
      fields: { link: link.id, reason },
    });
  }

  /** Closes a link without a word of this server's own. */
  hangUp(link: Link, reason: string): void {
    link.closing = reason;
    if (link.carrier === null) this.actions.push({ kind: "close", link: link.id });
  }

  /** Counts something that was not passed on. */
  drop(reason: string): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
    this.#freshDrops.set(reason, (this.#freshDrops.get(reason) ?? 0) + 1);
  }

  /** Says what was dropped since the last time: a line a reason, not one a message. */
  reportDrops(): void {
    for (const [reason, count] of this.#freshDrops) {
      this.log("info", "dropped", {
        message: `dropped ${count} ${count === 1 ? "message" : "messages"}: ${reason}`,
        fields: { reason, count },
      });
    }
    this.#freshDrops.clear();
  }

  /** Queues a line of log: `event` and `fields` for programs, `message` for people. */
  log(
    level: LogLevel,
    event: string,
    { message, fields }: {
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    },
  ): void {
    this.actions.push({
      kind: "log",
      level,
      event,
      message,
      fields: fields ?? {},
    });
  }

  /** Who is at the other end, for people. */
  describe(link: Link): string {
    const where = this.#whereIs(link);
    if (link.peer !== null) return `server ${link.peer} at ${where}`;
    if (link.seat !== null) return `client ${link.seat.claim.name} at ${where}`;
    return where;
  }

  #whereIs(link: Link): string {
    if (link.carrier !== null) return `the far end of ${this.describe(link.carrier)}`;
    return link.dialled?.address ?? link.reachedAt ?? addressText(link.how.remote);
  }

  /** Null when nobody at the other end could connect to this server. */
  #reachedAt(link: Link): string | null {
    const { hostname } = this.config.listen;
    if (!isUnspecified(hostname)) return hostname;
    const local = link.how.local.hostname;
    // All IPv4 interfaces, and a link by IPv6: nothing listens at that address.
    if (hostname !== "0.0.0.0" || !local.includes(":")) return local;
    return link.loopback ? "127.0.0.1" : null;
  }
}

/** Closing for these reasons is how things go, not something to look into. */
const QUIET_REASONS: ReadonlySet<CloseReason> = new Set<CloseReason>([
  "duplicate",
  "replaced",
  "done",
  "moved",
  "leaving",
  "self",
]);

function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/**
 * The simulated network: TCP connections between hosts, and all that can
 * happen to them. Bytes arrive in order or not at all.
 *
 * @module
 */

import { Clock } from "./clock.ts";
import type { Core, DialAction, Machine, Plug } from "./machine.ts";

/** Bytes on their way in one direction before the writer must wait, as in a socket. */
const PIPE_BYTES = 256 * 1024;

/** A link that is to be closed is closed after so long, whatever is still unwritten. */
const FLUSH_MS = 1_000;

/** One end of a connection. */
export interface End {
  readonly link: number;
  readonly machine: Machine<Core>;
  /** The address of its host when the connection was made. */
  readonly host: string;
  peer: End | null;
  /** Bytes written and not yet read at the other end. */
  flying: number;
  /** Nothing that is sent arrives before what was sent earlier. */
  arrivesAt: number;
  /** One-way delay of the connection, but for jitter. */
  readonly delayMs: number;
  open: boolean;
  closing: boolean;
  /** Something that it sent has arrived. */
  spoke: boolean;
  /** The connection was reset: nothing arrives any more. */
  torn: boolean;
  /** What a cut holds back, in order. */
  held: (() => void)[];
}

/** Takes one line of a transcript. */
export type Trace = (line: () => string) => void;

/** Hosts, who listens where, and the connections between them. */
export class Wires implements Plug {
  readonly clock = new Clock();
  /** Draws the one-way delay of a new connection between two hosts, in ms. */
  delayMs: (from: string, to: string) => number;
  /** Up to so much is added to the delay of each write, in ms. */
  jitterMs = 0.5;
  /** Hears of what is sent. */
  onSent: ((from: End, bytes: Uint8Array) => void) | null = null;
  readonly listeners = new Map<string, Machine<Core>>();
  readonly #random: () => number;
  readonly #ends = new Set<End>();
  /** `from>to` of every direction in which nothing arrives. */
  readonly #cuts = new Set<string>();
  /** Hosts that are off, or addresses that nobody has any more. */
  readonly #down = new Set<string>();
  #links = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.delayMs = () => 0.05 + random() * 3;
  }

  /** Whether nothing gets from one host to another. */
  isCut(from: string, to: string): boolean {
    return (this.#cuts.size > 0 && this.#cuts.has(`${from}>${to}`)) ||
      (this.#down.size > 0 && (this.#down.has(from) || this.#down.has(to)));
  }

  /** Whether any two hosts are cut off from each other. */
  get isWhole(): boolean {
    return this.#cuts.size === 0;
  }

  /** From now on nothing gets from one host to the other; it is held back. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** What was held back arrives after all. */
  heal(from: string, to: string): void {
    if (this.#cuts.delete(`${from}>${to}`)) {
      this.#release((end) => end.host === from && end.peer?.host === to);
    }
  }

  /** The host is off, or has another address: nobody gets an answer from it. */
  turnOff(host: string): void {
    this.#down.add(host);
  }

  /** The host is there again. It knows none of its old connections. */
  turnOn(host: string): void {
    if (this.#down.delete(host)) {
      this.#release((end) => end.host === host || end.peer?.host === host);
    }
  }

  /** The connections between two hosts, one end of each. */
  between(a: string, b: string): End[] {
    return [...this.#ends].filter((end) =>
      end.open && end.host === a && end.peer?.host === b && end.peer.open
    );
  }

  /**
   * Resets a connection; what is on its way is lost. With `halfOpen` the other
   * end hears of it only when it writes.
   */
  tear(end: End, { halfOpen }: { readonly halfOpen: boolean }): void {
    const { peer } = end;
    end.torn = true;
    this.#closeEnd(end, "reset");
    if (peer === null) return;
    peer.torn = true;
    if (!halfOpen) {
      this.clock.at(this.clock.now + peer.delayMs, () => this.#closeEnd(peer, "reset"));
    }
  }

  /** The machine's host loses power: nobody is told. */
  powerOff(machine: Machine<Core>): void {
    this.#stop(machine);
    this.turnOff(machine.host);
    for (const end of [...machine.ends.values()]) {
      end.open = false;
      end.torn = true;
      if (end.peer !== null) end.peer.torn = true;
      this.#ends.delete(end);
    }
    machine.ends.clear();
  }

  /** The machine's process is killed: its host closes the connections. */
  kill(machine: Machine<Core>): void {
    this.#stop(machine);
    for (const end of [...machine.ends.values()]) this.#finish(end, "reset");
  }

  /** The host of a machine gets another address; whoever knows the old one reaches nobody. */
  readdress(machine: Machine<Core>, host: string): void {
    for (const [address, other] of [...this.listeners]) {
      if (other !== machine) continue;
      this.listeners.delete(address);
      this.listeners.set(address.replace(machine.host, host), machine);
    }
    this.turnOff(machine.host);
    machine.host = host;
  }

  dial(from: Machine<Core>, { dial, hostname, port, deadlineMs }: DialAction): void {
    const { clock } = this;
    const { host } = from;
    const delay = this.delayMs(host, hostname);
    const begun = clock.now;
    const fail = (at: number, why: string): void =>
      clock.at(at, () => from.act((core, now) => core.failed(dial, why, now)));
    clock.at(begun + delay, () => {
      if (this.isCut(host, hostname) || this.isCut(hostname, host)) {
        return fail(begun + deadlineMs, "no answer in time");
      }
      const to = this.listeners.get(`${hostname}:${port}`);
      const back = Math.min(begun + delay * 2, begun + deadlineMs);
      if (to === undefined || !to.alive) return fail(back, "connection refused");
      if (!from.alive) return;
      this.#connect(from, to, { dial, hostname, port, delay });
    });
  }

  write(end: End): void {
    const { machine, link } = end;
    while (end.open && end.flying < PIPE_BYTES) {
      const bytes = machine.core.pull(link, this.clock.now);
      if (bytes === null) break;
      this.#send(end, bytes.slice());
    }
    if (end.closing && end.open && end.flying < PIPE_BYTES) this.#finish(end, "closed");
  }

  close(end: End): void {
    end.closing = true;
    this.write(end);
    if (end.open) this.clock.at(this.clock.now + FLUSH_MS, () => this.#finish(end, "closed"));
  }

  #connect(
    from: Machine<Core>,
    to: Machine<Core>,
    { dial, hostname, port, delay }: {
      readonly dial: number;
      readonly hostname: string;
      readonly port: number;
      readonly delay: number;
    },
  ): void {
    const { now } = this.clock;
    const loopback = hostname.startsWith("127.");
    const near = { hostname: loopback ? hostname : from.host, port: 50_000 };
    const far = { hostname, port };
    const a = this.#end(from, delay, from.host);
    const b = this.#end(to, delay, hostname);
    a.peer = b;
    b.peer = a;
    // Whatever the other end does first, it is seen after the connection itself.
    b.arrivesAt = now + delay;
    this.clock.at(now + delay, () => {
      if (!from.alive) {
        this.#finish(a, "reset");
        return;
      }
      if (a.open) from.ends.set(a.link, a);
      from.act((core, now) => {
        core.opened(a.link, { dial, connectMs: delay * 2, local: near, remote: far }, now);
      });
      // It was reset before it was known here.
      if (!from.ends.has(a.link)) from.act((core, now) => core.closed(a.link, "reset", now));
    });
    to.ends.set(b.link, b);
    to.act((core, now) => {
      core.opened(b.link, { dial: null, connectMs: 0, local: far, remote: near }, now);
    });
  }

  #end(machine: Machine<Core>, delayMs: number, host: string): End {
    const link = ++this.#links;
    const state = { flying: 0, arrivesAt: 0, open: true, closing: false, held: [] };
    const end = { link, machine, host, peer: null, delayMs, spoke: false, torn: false, ...state };
    this.#ends.add(end);
    return end;
  }

  #send(end: End, bytes: Uint8Array): void {
    this.onSent?.(end, bytes);
    end.flying += bytes.length;
    const { now } = this.clock;
    end.arrivesAt = Math.max(end.arrivesAt, now + end.delayMs + this.#random() * this.jitterMs);
    // The network cuts the stream wherever it likes.
    const cut = this.#random() < 0.5 ? Math.floor(this.#random() * bytes.length) : 0;
    if (cut > 0) this.#deliver(end, bytes.subarray(0, cut));
    if (cut > 0) end.arrivesAt += this.#random();
    this.#deliver(end, bytes.subarray(cut));
  }

  #deliver(end: End, bytes: Uint8Array): void {
    this.#arrive(end, () => {
      const { peer } = end;
      if (peer === null || !peer.open || !peer.machine.alive) {
        end.flying -= bytes.length;
        if (end.torn) this.#refuse(end);
        return;
      }
      end.spoke = true;
      const { machine } = peer;
      const late = machine.frozen;
      machine.act((core, now) => {
        end.flying -= bytes.length;
        core.receive(peer.link, bytes, now);
        if (late) this.clock.at(now, () => this.write(end));
      });
      if (end.open) this.write(end);
    });
  }

  /** Bytes came for a connection that the other host does not know. */
  #refuse(end: End): void {
    const { peer } = end;
    if (!end.open || peer === null || this.isCut(peer.host, end.host)) return;
    this.clock.at(this.clock.now + end.delayMs, () => this.#closeEnd(end, "reset"));
  }

  #arrive(end: End, run: () => void): void {
    this.clock.at(end.arrivesAt, () => {
      const { peer } = end;
      if (end.held.length > 0 || (peer !== null && this.isCut(end.host, peer.host))) {
        end.held.push(run);
      } else run();
    });
  }

  #release(isMeant: (end: End) => boolean): void {
    for (const end of this.#ends) {
      if (end.held.length === 0 || !isMeant(end)) continue;
      this.clock.at(this.clock.now + end.delayMs, () => {
        const { peer } = end;
        if (peer !== null && this.isCut(end.host, peer.host)) return;
        const held = end.held;
        end.held = [];
        for (const run of held) run();
        this.#forget(end);
      });
    }
  }

  /** The end is closed; the other end hears of it when everything sent has arrived. */
  #finish(end: End, why: string): void {
    if (!end.open) return;
    this.#closeEnd(end, why);
    const { peer } = end;
    if (peer === null || end.torn) return;
    const { now } = this.clock;
    end.arrivesAt = Math.max(end.arrivesAt, now + end.delayMs + this.#random() * this.jitterMs);
    this.#arrive(end, () => this.#closeEnd(peer, "closed by the other end"));
  }

  #closeEnd(end: End, why: string): void {
    if (!end.open) return;
    end.open = false;
    const { machine, link } = end;
    const known = machine.ends.delete(link);
    this.#forget(end);
    if (!machine.alive || !known) return;
    this.clock.at(this.clock.now, () => machine.act((core, now) => core.closed(link, why, now)));
  }

  #forget(end: End): void {
    if (!end.open && end.held.length === 0) this.#ends.delete(end);
  }

  #stop(machine: Machine<Core>): void {
    machine.alive = false;
    for (const [address, other] of [...this.listeners]) {
      if (other === machine) this.listeners.delete(address);
    }
  }
}

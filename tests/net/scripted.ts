/**
 * What the tests of lib/net run: a core that does what the test says, sockets
 * that answer what it says, and waiting for what was seen instead of for time.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Core, NetAction, Opened } from "../../lib/net/core.ts";
import type { LinkOwner, Socket } from "../../lib/net/link.ts";

/** Lets a test wait until something that it sees is so. */
export class Seen {
  #waiting: { met: () => boolean; resolve: () => void }[] = [];

  /** Resolves once `met` holds; it is looked at after each `changed`. */
  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ met, resolve });
    return promise;
  }

  changed(): void {
    this.#waiting = this.#waiting.filter(({ met, resolve }) => {
      if (!met()) return true;
      resolve();
      return false;
    });
  }
}

/** One turn of the event loop: what can end now has ended. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** What the scripted core asks for besides dialling and closing. */
export interface Say {
  readonly kind: "say";
  readonly text: string;
}

/** A core that keeps a log of what it is told and does what the test says. */
export class ScriptedCore implements Core<NetAction | Say> {
  /** `opened 1`, `received 1`, `closed 1: reset`, `failed 7: ...`. */
  readonly log: string[] = [];
  readonly seen = new Seen();
  readonly how = new Map<number, Opened>();
  readonly received = new Map<number, Uint8Array[]>();
  readonly ticks: number[] = [];
  onOpened: (link: number) => void = () => {};
  onReceive: (link: number, bytes: Uint8Array) => void = () => {};
  onTick: (now: number) => number = () => Infinity;
  readonly #outboxes = new Map<number, Uint8Array[]>();
  #actions: (NetAction | Say)[] = [];
  #ready: number[] = [];

  // What the test uses.

  act(action: NetAction | Say): void {
    this.#actions.push(action);
  }

  send(link: number, bytes: Uint8Array): void {
    this.#outboxes.get(link)?.push(bytes);
    this.#ready.push(link);
  }

  logged(entry: string): Promise<void> {
    return this.seen.until(() => this.log.includes(entry));
  }

  count(prefix: string): number {
    return this.log.filter((entry) => entry.startsWith(prefix)).length;
  }

  bytesFrom(link: number): Uint8Array {
    return concat(this.received.get(link) ?? []);
  }

  // What the driver calls.

  opened(link: number, how: Opened): void {
    this.#outboxes.set(link, []);
    this.received.set(link, []);
    this.how.set(link, how);
    this.#note(`opened ${link}`);
    this.onOpened(link);
  }

  failed(dial: number, why: string): void {
    this.#note(`failed ${dial}: ${why}`);
  }

  receive(link: number, bytes: Uint8Array): void {
    this.received.get(link)?.push(bytes.slice());
    this.#note(`received ${link}`);
    this.onReceive(link, bytes);
  }

  closed(link: number, why: string): void {
    this.#outboxes.delete(link);
    this.#note(`closed ${link}: ${why}`);
  }

  tick(now: number): number {
    this.ticks.push(now);
    const next = this.onTick(now);
    this.seen.changed();
    return next;
  }

  pull(link: number): Uint8Array | null {
    const bytes = this.#outboxes.get(link)?.shift() ?? null;
    if (bytes !== null) this.#note(`pulled ${link}`);
    return bytes;
  }

  takeReady(): readonly number[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  takeActions(): readonly (NetAction | Say)[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #note(entry: string): void {
    this.log.push(entry);
    this.seen.changed();
  }
}

/** A core that sends back what it receives. */
export function echoCore(): ScriptedCore {
  const core = new ScriptedCore();
  core.onReceive = (link, bytes): void => core.send(link, bytes.slice());
  return core;
}

type Read = number | null | Error;

/** A socket that reads and writes what the test says. */
export class ScriptedSocket implements Socket {
  readonly seen = new Seen();
  /** The sizes of the buffers that it was asked to read into. */
  readonly asked: number[] = [];
  readonly written: number[] = [];
  /** How much a write takes; null: it is stuck. */
  takes: (size: number) => number | null = (size) => size;
  writing = 0;
  mostWriting = 0;
  shut = 0;
  closed = 0;
  #reads: Read[] = [];
  #reading: PromiseWithResolvers<Read> | null = null;
  #stuck: PromiseWithResolvers<number> | null = null;

  /** Lets a read end: with so many bytes, with the end (null), or an error. */
  arrive(...reads: Read[]): void {
    this.#reads.push(...reads);
    this.#reading?.resolve(this.#reads.shift() ?? null);
    this.#reading = null;
  }

  /** Lets the stuck write end. */
  unstick(written: number | Error): void {
    if (written instanceof Error) this.#stuck?.reject(written);
    else this.#stuck?.resolve(written);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.asked.push(buffer.length);
    this.seen.changed();
    let read = this.#reads.shift();
    if (read === undefined) {
      this.#reading = Promise.withResolvers();
      read = await this.#reading.promise;
    }
    if (read instanceof Error) throw read;
    return read;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.mostWriting = Math.max(this.mostWriting, ++this.writing);
    let count = this.takes(bytes.length);
    if (count === null) {
      this.#stuck = Promise.withResolvers();
      this.seen.changed();
      count = await this.#stuck.promise;
    } else await Promise.resolve();
    this.writing--;
    this.written.push(...bytes.subarray(0, count));
    this.seen.changed();
    return count;
  }

  closeWrite(): Promise<void> {
    this.shut++;
    this.seen.changed();
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
    this.#reading?.resolve(new Deno.errors.Interrupted("operation canceled"));
    this.#reading = null;
  }
}

/** Whoever has the link of a test: gives out what is in `outbox`. */
export class ScriptedOwner implements LinkOwner {
  readonly seen = new Seen();
  readonly writeDeadlineMs = 10_000;
  readonly flushMs = 1_000;
  readonly outbox: Uint8Array[] = [];
  readonly received: number[] = [];
  readonly closedFor: string[] = [];
  dueAt = Infinity;
  abandonedWrites = 0;

  receive(_link: number, bytes: Uint8Array): void {
    this.received.push(bytes.length);
    this.seen.changed();
  }

  pull(): Uint8Array | null {
    return this.outbox.shift() ?? null;
  }

  watch(dueAt: number): void {
    this.dueAt = Math.min(this.dueAt, dueAt);
  }

  abandoned(): void {
    this.abandonedWrites++;
  }

  closed(_link: number, why: string): void {
    this.closedFor.push(why);
    this.seen.changed();
  }
}

/** A listener that the test fills: with sockets, or errors to fail with. */
export function scriptedListener(
  accepts: (ScriptedSocket | Error)[],
): Deno.TcpListener {
  const addr = { hostname: "127.0.0.1", port: 9, transport: "tcp" };
  const closed = Promise.withResolvers<never>();
  return {
    addr,
    async accept(): Promise<ScriptedSocket> {
      const next = accepts.shift() ?? await closed.promise;
      if (next instanceof Error) throw next;
      const tcp = { localAddr: addr, remoteAddr: addr, setNoDelay: () => {} };
      return Object.assign(next, tcp);
    },
    [Symbol.dispose](): void {
      closed.reject(new Deno.errors.BadResource("Listener has been closed"));
    },
  } as unknown as Deno.TcpListener;
}

/**
 * One connection: one reader, one writer, and letting go of a write that is
 * stuck.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { reason } from "./tcp.ts";

/** A read buffer while the link is idle: what it costs is paid for each link. */
export const MIN_READ_BYTES = 512;

/** A read buffer while the link is busy: larger ones gain nothing any more. */
export const MAX_READ_BYTES = 64 * 1024;

/** By how much a read buffer grows and shrinks. */
const STEP = 8;

/** So many reads in a row that a smaller buffer would have held shrink it. */
const SMALL_READS = 16;

/** How long a write under way may still take once its socket is closed. */
const CUT_MS = 100;

/** A read that took longer had to wait, and so let others have their turn. */
const WAITED_MS = 0.2;

/** Reads that never had to wait go on for so long before others have their turn. */
const GREEDY_MS = 1;

/** What a link needs of a TCP connection. */
export type Socket = Pick<
  Deno.TcpConn,
  "read" | "write" | "closeWrite" | "close"
>;

/** Whoever has the links: what it is asked and told by each. Times are in ms. */
export interface LinkOwner {
  /** How long a write may go without progress. */
  readonly writeDeadlineMs: number;
  /** How long what is pending may take once the link is to end. */
  readonly flushMs: number;
  /** Bytes arrived; they are borrowed for the call. */
  receive(link: number, bytes: Uint8Array, now: number): void;
  /** The next bytes to write, valid until the next pull of that link. */
  pull(link: number, now: number): Uint8Array | null;
  /** Wants `sweep` to be called at `dueAt`; a wish for earlier wins. */
  watch(dueAt: number): void;
  /** A write was left behind in the system: it may end later, or never. */
  abandoned(): void;
  /** The link is over: closed, and nothing of it runs any more. Once. */
  closed(link: number, why: string): void;
}

/** One connection. It runs from {@linkcode Link.start} until `owner.closed`. */
export class Link {
  readonly #number: number;
  readonly #socket: Socket;
  readonly #owner: LinkOwner;
  #buffer = new Uint8Array(MIN_READ_BYTES);
  #smallReads = 0;
  #reading = false;
  #writing = false;
  /** When the write under way last made progress; Infinity without one. */
  #progressAt = Infinity;
  /** When an ending link is closed, whatever is still pending. */
  #endBy = Infinity;
  /** Why the link ends, once that is known. */
  #why: string | null = null;
  /** Nothing can be written any more. */
  #shut = false;
  /** The socket is closed. */
  #cut = false;

  /** `number` is how the owner knows the link; nothing is read before {@linkcode Link.start}. */
  constructor(number: number, socket: Socket, owner: LinkOwner) {
    this.#number = number;
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Begins to read. */
  start(): void {
    this.#reading = true;
    this.#read();
  }

  /** Writes what there is to pull, unless that is under way already. */
  kick(): void {
    if (this.#writing || this.#shut || this.#cut) return;
    this.#writing = true;
    this.#write();
  }

  /**
   * Ends the link in an orderly way: writes what is pending, tells the other
   * end, and reads on without listening until that one closes too. (A socket
   * closed with unread bytes is reset, which can cost the other end the last
   * bytes that it was sent.)
   */
  end(why: string): void {
    this.#why ??= why;
    this.#hurry(this.#owner.flushMs);
    this.kick();
  }

  /** Closes the socket at once. A write under way has a moment to complete. */
  cut(why: string): void {
    this.#why ??= why;
    if (this.#cut) return;
    this.#cut = true;
    this.#hurry(CUT_MS);
    this.#socket.close();
  }

  /** Lets go if a deadline has passed; returns when the next one does. */
  sweep(now: number): number {
    const stuckAt = this.#progressAt + this.#owner.writeDeadlineMs;
    const dueAt = Math.min(stuckAt, this.#endBy);
    if (now < dueAt) return dueAt;
    this.cut(now < stuckAt ? "reset" : "slow-consumer");
    if (this.#writing) {
      // Such a write outlives even the closed socket, so nobody waits for it.
      this.#writing = false;
      this.#owner.abandoned();
      this.#settle();
    }
    return Infinity;
  }

  async #read(): Promise<void> {
    try {
      let yieldedAt = performance.now();
      while (!this.#cut) {
        const askedAt = performance.now();
        const count = await this.#socket.read(this.#buffer);
        const now = performance.now();
        if (now - askedAt > WAITED_MS) yieldedAt = now;
        if (count === null) break;
        if (count === 0) continue;
        if (this.#why === null) {
          const bytes = this.#buffer.subarray(0, count);
          this.#owner.receive(this.#number, bytes, now);
        }
        this.#resize(count);
        if (now - yieldedAt > GREEDY_MS) {
          await othersTurn();
          yieldedAt = performance.now();
        }
      }
      this.#reading = false;
      this.end("closed by the other end");
    } catch (error) {
      this.#reading = false;
      this.cut(reason(error));
    }
    this.#settle();
  }

  /** Idle links cost little memory, busy ones few reads. */
  #resize(count: number): void {
    const size = this.#buffer.length;
    if (count === size && size < MAX_READ_BYTES) {
      this.#buffer = new Uint8Array(Math.min(size * STEP, MAX_READ_BYTES));
      this.#smallReads = 0;
    } else if (count * STEP > size || size === MIN_READ_BYTES) {
      this.#smallReads = 0;
    } else if (++this.#smallReads === SMALL_READS) {
      this.#buffer = new Uint8Array(Math.max(size / STEP, MIN_READ_BYTES));
      this.#smallReads = 0;
    }
  }

  async #write(): Promise<void> {
    try {
      for (let bytes = this.#next(); bytes !== null; bytes = this.#next()) {
        let written = await this.#socket.write(bytes);
        while (written < bytes.length && !this.#cut) {
          this.#progressAt = performance.now();
          written += await this.#socket.write(bytes.subarray(written));
        }
      }
      if (this.#why !== null && !this.#cut) {
        this.#shut = true;
        await this.#socket.closeWrite();
      }
    } catch {
      // What the other end said before it went may still be there to read, and
      // the reader learns why it went.
      this.#shut = true;
      if (!this.#cut) this.#hurry(this.#owner.flushMs);
    }
    if (!this.#writing) return; // abandoned long ago
    this.#writing = false;
    this.#progressAt = Infinity;
    this.#settle();
  }

  #next(): Uint8Array | null {
    if (this.#cut) return null;
    const now = performance.now();
    const bytes = this.#owner.pull(this.#number, now);
    if (bytes === null || bytes.length === 0) return null;
    this.#progressAt = now;
    this.#owner.watch(now + this.#owner.writeDeadlineMs);
    return bytes;
  }

  #hurry(withinMs: number): void {
    this.#endBy = Math.min(this.#endBy, performance.now() + withinMs);
    this.#owner.watch(this.#endBy);
  }

  /** Once reader and writer have both ended, so has the link. */
  #settle(): void {
    if (this.#reading || this.#writing) return;
    const why = this.#why ?? "reset";
    if (!this.#cut) this.#socket.close();
    this.#cut = true;
    this.#owner.closed(this.#number, why);
  }
}

/**
 * Lets the event loop look at other sockets. A read whose bytes are there
 * already does not: whoever floods one link would starve all others.
 */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

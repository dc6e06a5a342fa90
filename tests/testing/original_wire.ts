/**
 * Connections of the original programs, on 127.0.0.1, and four-digit ports.
 *
 * @module
 */

import { HEADER_BYTES, type OriginalHeader, pack, unpack } from "./original_frame.ts";

const READ_BYTES = 16_384;
const HOST = "127.0.0.1";

/** Others on this machine may look for servers here, so tests keep away. */
const WELL_KNOWN_PORTS = [4000, 4010, 4020, 4030, 4040];

/**
 * Listens on a free port with four digits, the only ones that the original
 * can tell others.
 *
 * @throws {Deno.errors.AddrInUse} when `port` is given and taken.
 */
export function listenFourDigit(port?: number): Deno.TcpListener {
  if (port !== undefined) return Deno.listen({ hostname: HOST, port });
  for (let attempt = 0; attempt < 1000; attempt++) {
    const candidate = 2000 + Math.floor(Math.random() * 8000);
    if (WELL_KNOWN_PORTS.includes(candidate)) continue;
    try {
      return Deno.listen({ hostname: HOST, port: candidate });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot listen: found no free port from 2000 to 9999");
}

/** A port with four digits that was free a moment ago. */
export function freeFourDigitPort(): number {
  using listener = listenFourDigit();
  return listener.addr.port;
}

/**
 * Starts something on a four-digit port of its own: on another one when
 * somebody else took the first in the meantime.
 */
export function onFourDigitPort<Started>(start: (port: number) => Started): Started {
  for (let attempt = 1;; attempt++) {
    try {
      return start(freeFourDigitPort());
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || attempt === 100) throw error;
    }
  }
}

/** One connection of an original program. */
export class Wire {
  readonly #conn: Deno.TcpConn;
  readonly #split: number;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;
  #ended = false;
  #buffer = new Uint8Array();
  #reading: Promise<boolean> | undefined;
  #turn: Promise<void> | undefined;
  #writes: Promise<void> = Promise.resolve();

  /** With `split`, writes pieces of that many bytes. */
  constructor(conn: Deno.TcpConn, split = Infinity) {
    this.#conn = conn;
    this.#split = split;
    // Else the system would put the separate writes together again.
    conn.setNoDelay(true);
  }

  /** Connects to a port of this machine. */
  static async dial(port: number, split?: number): Promise<Wire> {
    return new Wire(await Deno.connect({ hostname: HOST, port }), split);
  }

  /** Whether neither end has closed it, as far as has been read. */
  get open(): boolean {
    return !this.#closed && !this.#ended;
  }

  /** The next six bytes as a header, or null when the connection ended before them. */
  async readHeader(): Promise<OriginalHeader | null> {
    if (this.#buffer.length === 0 && !await this.arrived()) return null;
    return unpack(await this.readBytes(HEADER_BYTES));
  }

  /** Exactly so many bytes. */
  async readBytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    if (count < 0) throw new Error(`malformed: length is ${count}`);
    while (this.#buffer.length < count) {
      if (await this.#more()) continue;
      throw new Error(
        `malformed: connection ended ${this.#buffer.length} bytes into ${count}`,
      );
    }
    const bytes = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return bytes;
  }

  /** Waits for a byte to read; false when the connection ended instead. */
  async arrived(): Promise<boolean> {
    return this.#buffer.length > 0 || await this.#more();
  }

  /** Reads to the end for one who never looks at it, and tells how much came. */
  async drain(count: (bytes: number) => void): Promise<void> {
    do {
      if (this.#buffer.length > 0) count(this.#buffer.length);
      this.#buffer = new Uint8Array();
    } while (await this.#more());
  }

  /**
   * Writes the header, then the payload. Lengths are those that the original
   * would put there, right or wrong.
   *
   * @throws {RangeError} when a number doesn't fit the header.
   */
  write(header: OriginalHeader, payload = ""): Promise<void> {
    const parts = [pack(header), new TextEncoder().encode(payload)];
    if (!this.open) {
      return Promise.reject(new Error("connection is closed"));
    }
    const written = this.#writes.then(() => this.#send(parts));
    this.#writes = written.catch(() => {});
    // A write that the other end doesn't read would outlive closing.
    return Promise.race([written, this.#closing.promise]);
  }

  /** Closes, and waits until nothing is left under way. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#closing.resolve();
      this.#conn.close();
    }
    await Promise.all([this.#reading, this.#turn]);
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      for (let at = 0; at < part.length && !this.#closed;) {
        at += await this.#conn.write(part.subarray(at, at + this.#split));
        if (this.#split !== Infinity) await this.#letOthersRead();
      }
    }
  }

  /** Only a turn of the event loop that polls gives a reader here the piece alone. */
  async #letOthersRead(): Promise<void> {
    this.#turn = new Promise((resolve) => setTimeout(resolve, 0));
    await this.#turn;
  }

  /** Reads once more, for everyone who waits; false at the end. */
  #more(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    const piece = new Uint8Array(READ_BYTES);
    let count: number | null = 0;
    try {
      while (count === 0) count = await this.#conn.read(piece);
    } catch {
      // Reset, or closed by ourselves: over in either case.
      count = null;
    }
    if (count === null) {
      this.#ended = true;
      return false;
    }
    const buffer = new Uint8Array(this.#buffer.length + count);
    buffer.set(this.#buffer);
    buffer.set(piece.subarray(0, count), this.#buffer.length);
    this.#buffer = buffer;
    return true;
  }
}

/**
 * A bare connection to a server, for bytes that no program of ours would send.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { FrameReader } from "../../lib/codec/reader.ts";
import { kindText } from "../../lib/codec/wire.ts";

/** No wait is longer. */
const DEADLINE_MS = 10_000;

/** A frame that came. */
export interface RawFrame {
  /** `3/0` */
  readonly kind: string;
  readonly payload: Uint8Array;
}

/** One bare connection. */
export class RawPeer implements AsyncDisposable {
  readonly frames: RawFrame[] = [];
  readonly #conn: Deno.TcpConn;
  readonly #reader = new FrameReader("client");
  readonly #watchers = new Set<() => void>();
  readonly #reading: Promise<void>;
  #ended = false;

  private constructor(conn: Deno.TcpConn, reads: boolean) {
    this.#conn = conn;
    this.#reading = reads ? this.#read() : Promise.resolve();
  }

  /** Connects to `port`; with `reads: false` it never reads. */
  static async dial(
    port: number,
    { hostname = "127.0.0.1", reads = true } = {},
  ): Promise<RawPeer> {
    return new RawPeer(await Deno.connect({ hostname, port }), reads);
  }

  /** The local end, as servers name it. */
  get address(): string {
    const { hostname, port } = this.#conn.localAddr;
    return `${hostname}:${port}`;
  }

  /** Whether the other end has closed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Writes bytes, given as such or in hexadecimal digits. */
  async write(...parts: readonly (Uint8Array | string)[]): Promise<void> {
    const bytes = concat(
      parts.map((part) =>
        typeof part === "string" ? Uint8Array.fromHex(part.replaceAll(" ", "")) : part
      ),
    );
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Waits for the first frame of a kind. */
  async frame(kind: string): Promise<RawFrame> {
    const find = (): RawFrame | undefined => this.frames.find((frame) => frame.kind === kind);
    await this.#until(`a ${kind}`, () => find() !== undefined);
    return find() as RawFrame;
  }

  /** Waits for the first frame of a kind, and decodes its JSON. */
  async json(kind: string): Promise<Record<string, unknown>> {
    return JSON.parse(new TextDecoder().decode((await this.frame(kind)).payload));
  }

  /** Waits until the other end closes. */
  end(): Promise<void> {
    return this.#until("its end", () => this.#ended);
  }

  /** Closes, and waits until nothing is left under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#reading;
  }

  /** Closes; twice does no harm. */
  close(): void {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) resolve();
      else if (this.#ended) fail("It ended");
    };
    const fail = (why: string): void => {
      const came = this.frames.map(({ kind }) => kind).join(" ");
      reject(new Error(`${why} while waiting for ${what}; what came: ${came}`));
    };
    const deadline = setTimeout(fail, DEADLINE_MS, `${DEADLINE_MS} ms passed`);
    this.#watchers.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#watchers.delete(look);
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      let count = await this.#conn.read(buffer);
      while (count !== null) {
        this.#reader.feed(buffer.subarray(0, count));
        while (this.#reader.next()) {
          const { kind } = this.#reader;
          this.frames.push({ kind: kindText(kind), payload: this.#reader.payload().slice() });
        }
        this.#changed();
        count = await this.#conn.read(buffer);
      }
    } catch {
      // Reset, or closed by ourselves: over in either case.
    }
    this.#ended = true;
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

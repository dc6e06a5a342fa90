/**
 * A TCP relay that stands in for the network between two programs: it can hold
 * what is under way, one way or both, lose a connection, and be late.
 *
 * @module
 */

/** Which bytes: those of whoever dialled (`forth`), those of the other (`back`). */
export type Way = "forth" | "back";

/** Both ways. */
export const BOTH: readonly Way[] = ["forth", "back"];

/** What a connection's first bytes may tell about who dialled. */
const OPENING_BYTES = 4_096;

/** A lane reads no further while it holds so much: then the sender is to notice. */
const HELD_BYTES = 1024 * 1024;

const LOOPBACK = "127.0.0.1";

/** What was read at once and is passed on at once. Times are in ms, of `performance.now()`. */
export interface Piece {
  readonly way: Way;
  readonly bytes: Uint8Array;
  readonly readAt: number;
  /** Just before it is written: timers are late, so only this tells how long it was held. */
  readonly passedAt: number;
}

/** A listener whose connections go on to a target. */
export class Relay implements AsyncDisposable {
  /** Where connections go; whoever comes before there is one is turned away. */
  target: number | null = null;
  /** How long bytes are held at least, in milliseconds. */
  readonly delaysMs: Record<Way, number> = { forth: 0, back: 0 };
  /** Is told when more of a connection's opening is known, before that is passed on. */
  onOpening: (connection: RelayConnection) => void = () => {};
  /** Is told of each piece just before it is passed on. */
  onPassing: (piece: Piece, connection: RelayConnection) => void = () => {};
  readonly #listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  readonly #connections = new Set<RelayConnection>();
  readonly #cut = new Set<Way>();
  readonly #accepting: Promise<void>;

  /** Relays to a port of this machine. */
  constructor(target: number | null = null) {
    this.target = target;
    this.#accepting = this.#accept();
  }

  /** `host:port`, where it listens. */
  get address(): string {
    return `${LOOPBACK}:${this.#listener.addr.port}`;
  }

  /** The connections that it has now. */
  get connections(): readonly RelayConnection[] {
    return [...this.#connections];
  }

  /** Holds what comes from now on, on all connections, those to come too. */
  cut(ways: readonly Way[] = BOTH): void {
    for (const way of ways) this.#cut.add(way);
    for (const connection of this.#connections) connection.cut(ways);
  }

  /** Passes on what was held. */
  heal(): void {
    this.#cut.clear();
    for (const connection of this.#connections) connection.heal();
  }

  /** Closes all connections; what is under way is lost. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.reset();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const running = new Set<Promise<void>>();
    try {
      for await (const near of this.#listener) {
        const serving = this.#serve(near).finally(() => running.delete(serving));
        running.add(serving);
      }
    } finally {
      await Promise.all(running);
    }
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    const far = await this.#dial();
    if (far === null) return near.close();
    const connection = new RelayConnection({ near, far }, this);
    connection.cut([...this.#cut]);
    this.#connections.add(connection);
    await connection.run();
    this.#connections.delete(connection);
  }

  async #dial(): Promise<Deno.TcpConn | null> {
    if (this.target === null) return null;
    try {
      return await Deno.connect({ hostname: LOOPBACK, port: this.target });
    } catch {
      // Nobody is there: whoever dialled sees his connection end.
      return null;
    }
  }
}

/** One connection through a relay. */
export class RelayConnection {
  /** The first bytes of whoever dialled, as Latin-1. */
  opening = "";
  readonly #relay: Relay;
  readonly #ends: readonly Deno.TcpConn[];
  readonly #lanes: Readonly<Record<Way, Lane>>;

  constructor({ near, far }: { near: Deno.TcpConn; far: Deno.TcpConn }, relay: Relay) {
    this.#relay = relay;
    this.#ends = [near, far];
    const options = (way: Way): Omit<LaneOptions, "onBytes"> => ({
      delayMs: () => relay.delaysMs[way],
      onPassing: (piece) => relay.onPassing({ way, ...piece }, this),
    });
    this.#lanes = {
      forth: new Lane(near, far, { ...options("forth"), onBytes: (bytes) => this.#read(bytes) }),
      back: new Lane(far, near, { ...options("back"), onBytes: () => {} }),
    };
    for (const end of this.#ends) end.setNoDelay(true);
  }

  /** Holds what comes from now on. */
  cut(ways: readonly Way[] = BOTH): void {
    for (const way of ways) this.#lanes[way].hold();
  }

  /** Passes on what was held. */
  heal(ways: readonly Way[] = BOTH): void {
    for (const way of ways) this.#lanes[way].release();
  }

  /** Closes both ends; what is under way is lost. */
  reset(): void {
    for (const way of BOTH) this.#lanes[way].end();
    for (const end of this.#ends) {
      try {
        end.close();
      } catch {
        // It is closed already.
      }
    }
  }

  /** Passes bytes on until either end closes. */
  async run(): Promise<void> {
    const { forth, back } = this.#lanes;
    await Promise.race([forth.run(), back.run()]);
    this.reset();
  }

  #read(bytes: Uint8Array): void {
    if (this.opening.length >= OPENING_BYTES) return;
    this.opening += latin1.decode(bytes);
    this.#relay.onOpening(this);
  }
}

interface LaneOptions {
  readonly delayMs: () => number;
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onPassing: (piece: Omit<Piece, "way">) => void;
}

/** One way of a connection: a reader, a queue, a writer. */
class Lane {
  readonly #from: Deno.TcpConn;
  readonly #to: Deno.TcpConn;
  readonly #options: LaneOptions;
  readonly #queue: Pick<Piece, "bytes" | "readAt">[] = [];
  #queuedBytes = 0;
  #held = false;
  #readAll = false;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  constructor(from: Deno.TcpConn, to: Deno.TcpConn, options: LaneOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Resolves when everything was passed on, or nothing can be any more. */
  async run(): Promise<void> {
    const reading = this.#read();
    try {
      await this.#write();
    } catch {
      // Nobody reads it any more.
    }
    this.end();
    // A read under way ends when the connection is closed.
    void reading;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (!this.#ended) {
        const count = await this.#from.read(buffer);
        if (count === null) break;
        const readAt = performance.now();
        const bytes = buffer.slice(0, count);
        this.#options.onBytes(bytes);
        this.#queue.push({ bytes, readAt });
        this.#queuedBytes += count;
        this.#wake();
        while (this.#queuedBytes > HELD_BYTES && !this.#ended) await this.#changed.promise;
      }
    } catch {
      // It was reset, which goes on to the other end behind what was sent before.
    }
    this.#readAll = true;
    this.#wake();
  }

  async #write(): Promise<void> {
    while (!this.#ended) {
      const [first] = this.#queue;
      const waitMs = (first?.readAt ?? 0) + this.#options.delayMs() - performance.now();
      if (this.#held || (first === undefined && !this.#readAll)) await this.#changed.promise;
      else if (first === undefined) return;
      else if (waitMs > 0) await this.#pause(waitMs);
      else {
        this.#queue.shift();
        this.#options.onPassing({ ...first, passedAt: performance.now() });
        for (let left = first.bytes; left.length > 0;) {
          left = left.subarray(await this.#to.write(left));
        }
        this.#queuedBytes -= first.bytes.length;
        this.#wake();
      }
    }
  }

  /** Waits so long, or until something has changed. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const latin1 = new TextDecoder("latin1");

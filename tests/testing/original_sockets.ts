/**
 * The connections of an original server: who opened them, how often, and that
 * nothing of them outlives the server.
 *
 * @module
 */

import { listenFourDigit, Wire } from "./original_wire.ts";

/** How often an original server connected and was connected to. */
export interface OriginalConnections {
  /** Dials on its own account, as it joined, by port. */
  readonly dialled: ReadonlyMap<number, number>;
  /** Dials because someone announced itself, by port. */
  readonly dialledBack: ReadonlyMap<number, number>;
  readonly accepted: number;
  /** Those, of all, that neither end has closed. */
  readonly open: number;
}

/** Why it dials. */
export type DialReason = "dialled" | "dialledBack";

/** A listener and every connection beside it. */
export class Sockets {
  readonly #listener: Deno.TcpListener;
  readonly #split: number | undefined;
  readonly #wires = new Set<Wire>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #counts = {
    dialled: new Map<number, number>(),
    dialledBack: new Map<number, number>(),
  };
  #accepted = 0;
  #disposed = false;

  /** Listens on `port`, or on a free one with four digits. */
  constructor(options: { port?: number; split?: number }) {
    this.#listener = listenFourDigit(options.port);
    this.#split = options.split;
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Whether everything has been closed by ourselves. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** What happened until now. */
  get connections(): OriginalConnections {
    return {
      dialled: new Map(this.#counts.dialled),
      dialledBack: new Map(this.#counts.dialledBack),
      accepted: this.#accepted,
      open: [...this.#wires].filter((wire) => wire.open).length,
    };
  }

  /** Serves each connection that someone else opens. */
  accept(serve: (wire: Wire) => Promise<void>): void {
    this.run(this.#accept(serve));
  }

  /** Connects to a port of this machine, and counts it. */
  async dial(port: number, reason: DialReason): Promise<Wire> {
    const wire = await this.#adopt(await Wire.dial(port, this.#split));
    const counts = this.#counts[reason];
    counts.set(port, (counts.get(port) ?? 0) + 1);
    return wire;
  }

  /** Sees to it that disposing waits for `task`, which must not reject. */
  run(task: Promise<void>): void {
    const done = task.finally(() => this.#tasks.delete(done));
    this.#tasks.add(done);
  }

  /** Closes everything and waits until every task has ended. */
  async dispose(): Promise<void> {
    if (!this.#disposed) this.#listener.close();
    this.#disposed = true;
    await Promise.all([...this.#wires].map((wire) => wire.close()));
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  async #accept(serve: (wire: Wire) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      this.#accepted++;
      this.run(serve(await this.#adopt(new Wire(conn, this.#split))));
    }
  }

  /** Disposing may have begun while the connection was being made. */
  async #adopt(wire: Wire): Promise<Wire> {
    this.#wires.add(wire);
    if (this.#disposed) await wire.close();
    return wire;
  }
}

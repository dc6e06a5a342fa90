/**
 * Runs a core on TCP links and the monotonic clock.
 *
 * @module
 */

import { Alarm, settled } from "./alarm.ts";
import type { Address, Core, DialAction, NetAction, Opened } from "./core.ts";
import { Link, type LinkOwner } from "./link.ts";
import { acceptAll, dial, unmapped } from "./tcp.ts";

/** How long a write may go without progress before its link is closed. */
export const WRITE_DEADLINE_MS = 10_000;

/** How long a link that ends may take to write what is pending. */
export const FLUSH_MS = 1_000;

/** The pause after a failed accept: out of open files, the next one fails at once too. */
export const ACCEPT_BACKOFF_MS = 100;

/** How late a tick must be for what arrived meanwhile to be read before it. */
export const STALL_MS = 1_000;

/** Options of {@linkcode Driver}. */
export interface DriverOptions<Action extends { readonly kind: string }> {
  /** Takes every action of the core that isn't the driver's own. */
  readonly onAction: (action: Exclude<Action, NetAction>) => void;
  /** Takes one line about trouble that the driver gets over by itself. */
  readonly onWarning?: (message: string) => void;
  /**
   * Takes what the core or `onAction` threw: a bug, with which the program ends
   * unless this is given. It must not throw itself.
   */
  readonly onError?: (error: unknown) => void;
  /** In place of {@linkcode WRITE_DEADLINE_MS}. */
  readonly writeDeadlineMs?: number;
  /** In place of {@linkcode FLUSH_MS}. */
  readonly flushMs?: number;
  /** In place of {@linkcode ACCEPT_BACKOFF_MS}. */
  readonly acceptBackoffMs?: number;
  /** In place of {@linkcode STALL_MS}. */
  readonly stallMs?: number;
  /** What dials: {@linkcode dial}, unless a test has its own. */
  readonly connect?: typeof dial;
}

/**
 * Runs one core, from its construction to {@linkcode Driver.close} or
 * {@linkcode Driver.drain}.
 *
 * The core is told all that arrived in one turn of the event loop before its
 * actions are carried out and its ready links written. So what several links
 * send to one goes out in one write, and no read is stamped late because a
 * write came first.
 *
 * @example
 * ```ts ignore
 * await using driver = new Driver(core, { onAction: show });
 * driver.listen(listen({ hostname: "127.0.0.1", port: 4000 }));
 * ```
 */
export class Driver<Action extends { readonly kind: string }> implements AsyncDisposable {
  readonly #core: Core<Action>;
  readonly #options: Required<DriverOptions<Action>>;
  readonly #owner: LinkOwner;
  readonly #links = new Map<number, Link>();
  readonly #listeners = new Set<Deno.TcpListener>();
  readonly #stopping = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  readonly #round = (): void => this.#settle();
  readonly #alarm = new Alarm(this.#round);
  #roundQueued = false;
  /** When the core wants its next tick. */
  #tickAt = performance.now();
  /** When the next deadline of a link passes, or earlier. */
  #sweepAt = Infinity;
  #catchingUp = false;
  #over = false;
  #lastLink = 0;
  /** What runs besides the links: accepting, dialling, catching up. */
  #tasks = 0;
  #reads = 0;
  #abandonedWrites = 0;

  /** Begins with a tick of the core, once the caller is through. */
  constructor(core: Core<Action>, options: DriverOptions<Action>) {
    this.#core = core;
    this.#options = {
      onWarning: () => {},
      onError: (error) => reportError(error),
      writeDeadlineMs: WRITE_DEADLINE_MS,
      flushMs: FLUSH_MS,
      acceptBackoffMs: ACCEPT_BACKOFF_MS,
      stallMs: STALL_MS,
      connect: dial,
      ...options,
    };
    this.#owner = {
      writeDeadlineMs: this.#options.writeDeadlineMs,
      flushMs: this.#options.flushMs,
      receive: (link, bytes, now) => this.#receive(link, bytes, now),
      pull: (link, now) => this.#pull(link, now),
      watch: (dueAt) => this.#watch(dueAt),
      abandoned: () => void this.#abandonedWrites++,
      closed: (link, why) => this.#closed(link, why),
    };
    this.poke();
  }

  /**
   * How many writes were left behind under way so far. Each holds its socket
   * open until the other end reads or dies.
   */
  get abandonedWrites(): number {
    return this.#abandonedWrites;
  }

  /** Accepts what connects to `listener`; closes it in the end. */
  listen(listener: Deno.TcpListener): void {
    this.#listeners.add(listener);
    this.#run(acceptAll(listener, {
      onConnection: (conn) => this.#open(conn, { dial: null, connectMs: 0 }),
      onWarning: this.#options.onWarning,
      backoffMs: this.#options.acceptBackoffMs,
      signal: this.#stopping.signal,
    }));
  }

  /** Must follow every call that others make to the core. */
  poke(): void {
    if (this.#roundQueued) return;
    this.#roundQueued = true;
    // Reads that ended in the same turn of the event loop resume before this.
    queueMicrotask(this.#round);
  }

  /**
   * Stops listening and dialling, writes what the outboxes hold (for `flushMs`
   * at most), and closes every link.
   */
  drain(): Promise<void> {
    this.#settle();
    return this.#stop((link) => link.end("closed"));
  }

  /**
   * Stops listening and dialling and closes every link at once. The core is
   * told of each; then nothing runs any more but the writes that are stuck.
   */
  close(): Promise<void> {
    return this.#stop((link) => link.cut("closed"));
  }

  /** As {@linkcode Driver.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stop(each: (link: Link) => void): Promise<void> {
    this.#stopping.abort();
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    for (const link of this.#links.values()) each(link);
    this.#checkIdle();
    return this.#idle.promise;
  }

  #checkIdle(): void {
    if (!this.#stopping.signal.aborted) return;
    if (this.#links.size > 0 || this.#tasks > 0) return;
    this.#over = true;
    this.#alarm[Symbol.dispose]();
    this.#idle.resolve();
  }

  async #run(task: Promise<void>): Promise<void> {
    this.#tasks++;
    try {
      await task;
    } catch (error) {
      this.#options.onError(error);
    }
    this.#tasks--;
    this.#checkIdle();
  }

  // Input: what the core is told.

  #tell(event: () => void): void {
    this.#guard(event);
    this.poke();
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #open(conn: Deno.TcpConn, how: Pick<Opened, "dial" | "connectMs">): void {
    if (this.#stopping.signal.aborted) return conn.close();
    try {
      conn.setNoDelay(true);
    } catch {
      // Gone already on some systems; the first read says so.
    }
    const number = ++this.#lastLink;
    const link = new Link(number, conn, this.#owner);
    this.#links.set(number, link);
    const local = address(conn.localAddr);
    const remote = address(conn.remoteAddr);
    const now = performance.now();
    this.#tell(() => this.#core.opened(number, { ...how, local, remote }, now));
    link.start();
  }

  async #dial(action: DialAction): Promise<void> {
    const { dial, deadlineMs } = action;
    const { signal } = this.#stopping;
    const dialled = await this.#options.connect(action, { deadlineMs, signal });
    if (dialled.kind === "connected") {
      this.#open(dialled.conn, { dial, connectMs: dialled.connectMs });
    } else {
      const now = performance.now();
      this.#tell(() => this.#core.failed(dial, dialled.why, now));
    }
  }

  #receive(link: number, bytes: Uint8Array, now: number): void {
    this.#reads++;
    try {
      this.#core.receive(link, bytes, now);
    } catch (error) {
      this.#options.onError(error);
    }
    this.poke();
  }

  #pull(link: number, now: number): Uint8Array | null {
    try {
      return this.#core.pull(link, now);
    } catch (error) {
      this.#options.onError(error);
      return null;
    }
  }

  #closed(number: number, why: string): void {
    this.#links.delete(number);
    const now = performance.now();
    this.#tell(() => this.#core.closed(number, why, now));
    this.#checkIdle();
  }

  // Output: what the core wants.

  #settle(): void {
    this.#roundQueued = false;
    try {
      this.#tick(performance.now());
      for (const action of this.#core.takeActions()) this.#act(action);
      for (const link of this.#core.takeReady()) this.#links.get(link)?.kick();
    } catch (error) {
      this.#options.onError(error);
    }
    if (!this.#over) this.#alarm.ask(Math.min(this.#tickAt, this.#sweepAt));
  }

  #act(action: Action): void {
    if (!isNetAction(action)) {
      this.#guard(() => this.#options.onAction(action as Exclude<Action, NetAction>));
    } else if (action.kind === "close") {
      this.#links.get(action.link)?.end("closed");
    } else if (!this.#stopping.signal.aborted) {
      this.#run(this.#dial(action));
    }
  }

  // Time.

  #tick(now: number): void {
    if (this.#catchingUp || this.#over) return;
    const dueAt = Math.min(this.#tickAt, this.#sweepAt);
    if (now > dueAt + this.#options.stallMs) {
      this.#run(this.#catchUp());
      return;
    }
    if (now >= this.#sweepAt) this.#sweep(now);
    this.#tickAt = Math.max(now, this.#core.tick(now));
  }

  /**
   * After this program itself stood still: reads what has arrived before the
   * core or a deadline judges anyone by his silence.
   */
  async #catchUp(): Promise<void> {
    this.#catchingUp = true;
    this.#tickAt = this.#sweepAt = Infinity;
    await settled(() => this.#reads);
    this.#catchingUp = false;
    this.#tickAt = this.#sweepAt = performance.now();
    this.poke();
  }

  #watch(dueAt: number): void {
    if (dueAt >= this.#sweepAt) return;
    this.#sweepAt = dueAt;
    this.#alarm.ask(dueAt);
  }

  #sweep(now: number): void {
    this.#sweepAt = Infinity;
    for (const link of this.#links.values()) this.#watch(link.sweep(now));
  }
}

function address(addr: Deno.NetAddr): Address {
  return { hostname: unmapped(addr.hostname), port: addr.port };
}

function isNetAction(action: { readonly kind: string }): action is NetAction {
  return action.kind === "dial" || action.kind === "close";
}

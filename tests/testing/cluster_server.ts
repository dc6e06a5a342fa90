/**
 * A server of a {@linkcode Cluster}: the shipping core on real sockets.
 *
 * @module
 */

import type { NodeAction, NodeLimits } from "../../lib/core/context.ts";
import type { Opened } from "../../lib/core/link.ts";
import { addressText } from "../../lib/core/address.ts";
import type { Row } from "../../lib/core/matrix.ts";
import { Node } from "../../lib/core/node.ts";
import { Driver } from "../../lib/net/driver.ts";
import { listen } from "../../lib/net/tcp.ts";
import type { Watch } from "./watch.ts";

/** How a server starts. */
export interface ServerOptions {
  /** Any free one unless given; originals need one of four digits. */
  readonly port?: number;
  readonly host?: string;
  /** `host:port` of servers to join. */
  readonly join?: readonly string[];
  readonly advertise?: readonly string[];
  readonly label?: string;
  /** Random unless given: of two servers the one with the smaller id decides. */
  readonly id?: string;
  readonly limits?: Partial<NodeLimits>;
  readonly writeDeadlineMs?: number;
}

/** A line of a server's log. */
export type LogLine = Extract<NodeAction, { kind: "log" }>;

/** The core, and what goes through it. */
class ObservedNode extends Node {
  readonly open = new Map<number, Opened>();
  changed = (): void => {};

  override opened(link: number, how: Opened, now: number): void {
    this.open.set(link, how);
    super.opened(link, how, now);
  }

  override closed(link: number, why: string, now: number): void {
    this.open.delete(link);
    super.closed(link, why, now);
  }

  /** The driver's last question in each round, when all actions are carried out. */
  override takeReady(): readonly number[] {
    const ready = super.takeReady();
    this.changed();
    return ready;
  }
}

/** One server. */
export class ClusterServer implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly log: LogLine[] = [];
  readonly #watch: Watch;
  readonly #node: ObservedNode;
  readonly #driver: Driver<NodeAction>;
  #running = true;
  #left = false;

  constructor(watch: Watch, options: ServerOptions) {
    const { host = "127.0.0.1", join = [], advertise = [], label = "", limits = {} } = options;
    const listener = listen({ hostname: host, port: options.port ?? 0 });
    this.host = host;
    this.port = listener.addr.port;
    this.#watch = watch;
    this.#node = new ObservedNode({
      id: options.id ?? crypto.getRandomValues(new Uint8Array(6)).toHex(),
      label,
      listen: { hostname: host, port: this.port },
      advertise,
      join,
      random: Math.random,
      limits,
    });
    this.#node.changed = watch.changed;
    const { writeDeadlineMs } = options;
    this.#driver = new Driver<NodeAction>(this.#node, {
      onAction: (action) => this.#act(action),
      onError: watch.threw,
      ...writeDeadlineMs === undefined ? {} : { writeDeadlineMs },
    });
    this.#driver.listen(listener);
  }

  /** `host:port`, where it listens. */
  get address(): string {
    return addressText({ hostname: this.host, port: this.port });
  }

  get id(): string {
    return this.#node.id;
  }

  /** Ids of the servers that it is linked to. */
  get peerIds(): readonly string[] {
    return this.#node.peerIds;
  }

  /** Names it knows, wherever they are. */
  get names(): readonly string[] {
    return this.#node.names.map(({ name }) => name);
  }

  /** The id of the server that a name is at; undefined when it is nobody's. */
  homeOf(name: string): string | undefined {
    return this.#node.names.find((each) => each.name === name)?.server;
  }

  /** What each server says of its way to each other, as far as this one knows. */
  get matrix(): readonly Row[] {
    return this.#node.matrix;
  }

  /** How many messages were dropped for `reason`. */
  drops(reason: string): number {
    return this.#node.drops.get(reason) ?? 0;
  }

  /** Its connections, as `ours theirs`. */
  get connections(): readonly string[] {
    return [...this.#node.open.values()].map(({ local, remote }) =>
      `${addressText(local)} ${addressText(remote)}`
    );
  }

  get running(): boolean {
    return this.#running;
  }

  /** Waits until it says something; resolves with the first such line. */
  async logged(event: string, text = ""): Promise<LogLine> {
    const find = (): LogLine | undefined =>
      this.log.find((line) => line.event === event && line.message.includes(text));
    await this.until(`it logs ${event} with "${text}"`, () => find() !== undefined);
    return find() as LogLine;
  }

  /** Waits until `holds`, which looks at this server. */
  until(what: string, holds: (server: this) => boolean): Promise<void> {
    return this.#watch.until(`${this.address}: ${what}`, () => holds(this));
  }

  /** Leaves the clique as a program does that is told to end. */
  async leave(): Promise<void> {
    this.#node.leave(performance.now());
    this.#driver.poke();
    await this.until("it has left", () => this.#left);
    await this[Symbol.asyncDispose]();
  }

  /** Is gone from one moment to the next, without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    await this.#driver.close();
    this.#watch.changed();
  }

  /** Its state, for waits that were in vain. */
  describe(): Record<string, unknown> {
    const { address, id, running, peerIds, connections } = this;
    const { names, drops } = this.#node;
    const log = this.log.slice(-12).map((line) => `${line.level} ${line.event} ${line.message}`);
    return { address, id, running, peerIds, names, drops: [...drops], connections, log };
  }

  #act(action: Exclude<NodeAction, { kind: "dial" | "close" }>): void {
    if (action.kind === "log") this.log.push(action);
    else this.#left = true;
  }
}

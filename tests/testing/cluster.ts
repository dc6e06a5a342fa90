/**
 * Servers and clients in this process, on real sockets, and waiting for what
 * tests are about: a clique that has formed, a name that everyone knows.
 *
 * @module
 */

import { type ClientOptions, ClusterClient } from "./cluster_client.ts";
import { ClusterServer, type ServerOptions } from "./cluster_server.ts";
import { Watch } from "./watch.ts";

export { type ClientOptions, ClusterClient } from "./cluster_client.ts";
export { ClusterServer, type ServerOptions } from "./cluster_server.ts";

/** All programs of one test. */
export class Cluster implements AsyncDisposable {
  readonly #watch = new Watch(() => this.#describe());
  readonly #servers: ClusterServer[] = [];
  readonly #clients: ClusterClient[] = [];

  /** Starts a server. */
  server(options: ServerOptions = {}): ClusterServer {
    const server = new ClusterServer(this.#watch, options);
    this.#servers.push(server);
    return server;
  }

  /** Starts a client. */
  client(options: ClientOptions): ClusterClient {
    const client = new ClusterClient(this.#watch, options);
    this.#clients.push(client);
    return client;
  }

  /** Starts a client that stays at one server, and waits until it is attached. */
  async clientAt(server: ClusterServer, name: string): Promise<ClusterClient> {
    const client = this.client({ servers: [server.address], name, pin: true });
    await client.attached();
    return client;
  }

  /** The servers that run. */
  get servers(): readonly ClusterServer[] {
    return this.#servers.filter(({ running }) => running);
  }

  /** Waits until `count` servers run, each linked to each other, by one link a pair. */
  formed(count: number): Promise<void> {
    return this.#watch.until(`${count} servers form a clique`, () => {
      const { servers } = this;
      return servers.length === count && servers.every((server) => isLinkedTo(server, servers));
    });
  }

  /** Waits until every server knows the name, and all say that it is at the same one. */
  knows(name: string): Promise<void> {
    return this.#watch.until(`everyone knows ${name}`, () => {
      const homes = new Set(this.servers.map((server) => server.homeOf(name)));
      return homes.size === 1 && !homes.has(undefined);
    });
  }

  /** Waits until no server knows the name. */
  wantGone(name: string): Promise<void> {
    return this.#watch.until(
      `${name} is gone`,
      () => this.servers.every((server) => server.homeOf(name) === undefined),
    );
  }

  /** Waits until `holds`, which looks at servers and clients of this cluster only. */
  until(what: string, holds: () => boolean): Promise<void> {
    return this.#watch.until(what, holds);
  }

  /** Stops everything. @throws what a program threw meanwhile. */
  async [Symbol.asyncDispose](): Promise<void> {
    const programs = [...this.#clients, ...this.#servers];
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    if (this.#watch.errors.length > 0) throw this.#watch.errors[0];
  }

  #describe(): Record<string, unknown> {
    const servers = this.#servers.map((server) => server.describe());
    const clients = this.#clients.map((client) => client.describe());
    return { servers, clients };
  }
}

/** How many connections there are between two servers, by what both say. */
export function connectionsBetween(a: ClusterServer, b: ClusterServer): number {
  const others = new Set(b.connections.map((ends) => ends.split(" ").reverse().join(" ")));
  return a.connections.filter((ends) => others.has(ends)).length;
}

function isLinkedTo(server: ClusterServer, all: readonly ClusterServer[]): boolean {
  const others = all.filter((other) => other !== server);
  return server.peerIds.length === others.length &&
    others.every((other) =>
      server.peerIds.includes(other.id) && connectionsBetween(server, other) === 1
    );
}

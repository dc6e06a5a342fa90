/**
 * Servers at distances that a test sets, and clients that measure them: for
 * tests of who is chosen.
 *
 * @module
 */

import type { SessionConfig } from "../../lib/core/client_context.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import type { Session } from "../../lib/core/session.ts";
import { type Machine, type SimClient, type SimServer, World } from "./world.ts";

/** In milliseconds. */
export const SECOND = 1_000;
/** In milliseconds. */
export const MINUTE = 60 * SECOND;

type Moved = Extract<ClientEvent, { kind: "moved" }>;

/** A clique of servers `a`, `b`, `c` and so on, at distances that a test sets, and clients. */
export class Scene {
  readonly world = new World(7);
  readonly servers: SimServer[] = [];
  /** Milliseconds there and back from the clients, by server; of connections to come. */
  readonly rttMs: Record<string, number>;
  readonly #names: string[];

  constructor(rttMs: Readonly<Record<string, number>>) {
    this.rttMs = { ...rttMs };
    this.#names = Object.keys(rttMs);
    this.world.jitterMs = 0.2;
    this.world.delayMs = (from, to) => {
      const isClient = !from.startsWith("10.0.0.");
      const host = Number(to.split(".")[3]);
      return isClient ? (this.rttMs[this.#names[host - 1] ?? ""] ?? 1) / 2 : 0.1;
    };
    for (const name of this.#names) this.start(name);
    this.world.run(2 * SECOND);
  }

  /** Starts a server; one that the scene did not begin with needs a distance first. */
  start(name: string): void {
    if (!this.#names.includes(name)) this.#names.push(name);
    const host = `10.0.0.${this.#names.indexOf(name) + 1}`;
    const join = this.servers.length === 0 ? [] : ["10.0.0.1:4000"];
    this.servers.push(this.world.server({ host, port: 4000, join }));
  }

  server(name: string): SimServer {
    return this.servers[this.#names.indexOf(name)] as SimServer;
  }

  client(name: string, config: Partial<SessionConfig> = {}): Guest {
    return new Guest(
      this,
      name,
      this.world.client({ servers: ["10.0.0.1:4000"], name, ...config }),
    );
  }

  nameOf(address: string): string {
    return this.#names[Number(address.split(/[.:]/)[3]) - 1] ?? address;
  }
}

/** A client in a scene. */
export class Guest {
  readonly machine: Machine<Session>;
  readonly client: SimClient;

  constructor(
    readonly scene: Scene,
    readonly name: string,
    made: { readonly machine: Machine<Session>; readonly client: SimClient },
  ) {
    this.machine = made.machine;
    this.client = made.client;
  }

  get home(): string {
    const { home } = this.client.session;
    return home === null ? "nowhere" : this.scene.nameOf(home.address);
  }

  get moved(): Moved[] {
    return this.client.events.filter((event): event is Moved => event.kind === "moved");
  }

  get moves(): string[] {
    return this.moved.map(({ server, reason }) => `${this.scene.nameOf(server)} ${reason}`);
  }

  get texts(): string[] {
    return this.client.shown.map(({ text }) => text);
  }

  /** Rounds that were decided on. */
  get decisions(): string[] {
    return this.client.log;
  }

  say(to: string, text: string): void {
    this.machine.act((session, now) => session.send(to, text, now));
  }
}

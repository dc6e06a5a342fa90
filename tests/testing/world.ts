/**
 * A simulated network and clock that run the shipping cores, servers and
 * clients, without any I/O. Everything random comes from one seed, so a run
 * can be repeated exactly.
 *
 * @module
 */

import type { SessionConfig } from "../../lib/core/client_context.ts";
import type { NodeAction, NodeConfig, NodeLimits } from "../../lib/core/context.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import { Node } from "../../lib/core/node.ts";
import { Session } from "../../lib/core/session.ts";
import { BaseClient } from "./base_client.ts";
import { type Core, Machine } from "./machine.ts";
import { pick, seededRandom } from "./random.ts";
import { Wires } from "./wires.ts";

export { type Core, Machine } from "./machine.ts";

/** Whoever lost a name asks for another after so long. */
const RENAME_MS = 1;

/** A server in the world. */
export interface SimServer {
  readonly machine: Machine<Node>;
  readonly node: Node;
  address: string;
  /** It has left the clique by its own will. */
  left: boolean;
}

/** A client in the world, and all that its user saw. */
export class SimClient {
  readonly shown: { readonly from: string; readonly to: string; readonly text: string }[] = [];
  readonly receipts: Extract<ClientEvent, { kind: "receipt" }>[] = [];
  readonly events: ClientEvent[] = [];
  /** What it says about its decisions. */
  readonly log: string[] = [];
  name = "";
  ended = false;

  constructor(readonly session: Session) {}

  get attached(): boolean {
    return this.session.home !== null;
  }
}

/** The network, the clock, and everything on it. */
export class World {
  readonly random: () => number;
  readonly wires: Wires;
  /** Hears what clients tell their users, as it happens. */
  onEvent: (client: SimClient, event: ClientEvent) => void = () => {};
  /** Takes the lines of a transcript, if anybody wants one. */
  trace: ((line: string) => void) | null = null;
  #ids = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.wires = new Wires(this.random);
  }

  /** Milliseconds since the start. */
  get now(): number {
    return this.wires.clock.now;
  }

  set delayMs(draw: (from: string, to: string) => number) {
    this.wires.delayMs = draw;
  }

  set jitterMs(jitterMs: number) {
    this.wires.jitterMs = jitterMs;
  }

  /** Starts a server that listens on `host:port`; with `anywhere` it tells what it was reached at. */
  server(
    { host, port, join = [], limits = {}, anywhere = false }: {
      readonly host: string;
      readonly port: number;
      readonly join?: readonly string[];
      readonly limits?: Partial<NodeLimits>;
      readonly anywhere?: boolean;
    },
  ): SimServer {
    const id = Math.floor(this.random() * 2 ** 40).toString(16).padStart(10, "0") +
      (this.#ids++).toString(16).padStart(2, "0");
    const config: NodeConfig = {
      id,
      label: `s${this.#ids}`,
      listen: { hostname: anywhere ? "0.0.0.0" : host, port },
      advertise: [],
      join,
      random: this.random,
      limits,
    };
    const node = new Node(config);
    const machine = new Machine(this.wires, node, host, (action) => {
      this.#serverActed(server, action as NodeAction);
    });
    const server: SimServer = { machine, node, address: `${host}:${port}`, left: false };
    this.wires.turnOn(host);
    this.wires.listeners.set(server.address, machine);
    machine.act(() => {});
    return server;
  }

  /** Starts a client that attaches under `name` as soon as it can. */
  client(
    { host = "10.9.9.9", servers, name, ...rest }:
      & { readonly host?: string; readonly name: string }
      & Pick<SessionConfig, "servers">
      & Partial<SessionConfig>,
  ): { readonly machine: Machine<Session>; readonly client: SimClient } {
    const session = new Session({
      servers,
      session: 1 + Math.floor(this.random() * (2 ** 48 - 1)),
      token: this.random().toString(36) + this.random().toString(36),
      random: this.random,
      ...rest,
    });
    const client = new SimClient(session);
    client.name = name;
    const machine = new Machine(this.wires, session, host, (action) => {
      if (action.kind === "log") this.#logged(client, machine, (action as LogAction).message);
      if (action.kind === "event") this.#saw(client, machine, (action as EventAction).event);
      if (action.kind === "complete" && (action as CompleteAction).what === "ended") {
        client.ended = true;
      }
    });
    machine.act((core, now) => {
      core.attach(name, now);
      core.start(now);
    });
    return { machine, client };
  }

  /** Starts any other core that listens on `address`. */
  listen<Kind extends Core>(core: Kind, address: string): Machine<Kind> {
    const machine = new Machine(this.wires, core, address.replace(/:\d+$/, ""), () => {});
    this.wires.listeners.set(address, machine);
    return machine;
  }

  /** The server is reached at another address, too. */
  alias({ machine }: SimServer, address: string): void {
    this.wires.listeners.set(address, machine);
  }

  /** Starts an original client that asks the server at `address` for `name`. */
  baseClient(
    { host = "10.9.9.9", server, name }: {
      readonly host?: string;
      readonly server: string;
      readonly name: string;
    },
  ): { readonly machine: Machine<BaseClient>; readonly client: BaseClient } {
    const client = new BaseClient(server, name);
    const machine = new Machine(this.wires, client, host, () => {});
    machine.act(() => {});
    return { machine, client };
  }

  /** The machine is gone from one moment to the next; its connections are reset. */
  kill(machine: Machine<Core>): void {
    this.wires.kill(machine);
  }

  /** Runs `call` after `delayMs`. */
  after(delayMs: number, call: () => void): void {
    this.wires.clock.at(this.now + delayMs, call);
  }

  /** Runs for so long. */
  run(forMs: number): void {
    const { clock } = this.wires;
    const until = clock.now + forMs;
    while (clock.step(until));
    clock.now = until;
  }

  /** Runs until `holds`, at most for so long; whether it held. */
  runUntil(holds: () => boolean, withinMs: number): boolean {
    const { clock } = this.wires;
    const until = clock.now + withinMs;
    while (!holds()) if (!clock.step(until)) return holds();
    return true;
  }

  #serverActed(server: SimServer, action: NodeAction): void {
    if (action.kind === "left") {
      server.left = true;
      this.kill(server.machine);
    } else if (action.kind === "log") this.trace?.(`${server.address} ${action.message}`);
  }

  #logged(client: SimClient, { host }: Machine<Session>, message: string): void {
    client.log.push(message);
    this.trace?.(`${host} ${message}`);
  }

  #saw(client: SimClient, machine: Machine<Session>, event: ClientEvent): void {
    client.events.push(event);
    if (event.kind === "message") client.shown.push(event);
    else if (event.kind === "receipt") client.receipts.push(event);
    else if (event.kind === "attached") client.name = event.name;
    else if (event.kind === "error" && event.code === "name-taken") {
      client.name += pick(this.random, ["a", "b", "c"]);
      this.after(RENAME_MS, () => machine.act((core, now) => core.attach(client.name, now)));
    }
    this.trace?.(`${machine.host} tells its user ${JSON.stringify(event)}`);
    this.onEvent(client, event);
  }
}

interface LogAction {
  readonly kind: "log";
  readonly message: string;
}

interface EventAction {
  readonly kind: "event";
  readonly event: ClientEvent;
}

interface CompleteAction {
  readonly kind: "complete";
  readonly what: string;
}

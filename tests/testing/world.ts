/**
 * A simulated network and clock that run the shipping cores, servers and
 * clients, without any I/O. Everything random comes from one seed, so a run
 * can be repeated exactly.
 *
 * @module
 */

import type { NodeConfig, NodeLimits } from "../../lib/core/context.ts";
import { Node } from "../../lib/core/node.ts";
import { Session } from "../../lib/core/session.ts";
import type { SessionConfig } from "../../lib/core/client_context.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import { BaseClient } from "./base_client.ts";
import { pick, seededRandom } from "./random.ts";

/** Bytes on their way in one direction before the writer must wait, as in a socket. */
const PIPE_BYTES = 256 * 1024;

/** A core that wants to be woken at once is woken after so long. */
const SOON_MS = 0.01;

/** A core that wants it more often in a row, with nothing to do, would spin. */
const MAX_RESTLESS = 20;

/** What all cores have in common, as a driver sees them. */
export interface Core {
  opened(link: number, how: Parameters<Node["opened"]>[1], now: number): void;
  failed(dial: number, why: string, now: number): void;
  receive(link: number, bytes: Uint8Array, now: number): void;
  closed(link: number, why: string, now: number): void;
  tick(now: number): number;
  pull(link: number, now: number): Uint8Array | null;
  takeReady(): readonly number[];
  takeActions(): readonly { readonly kind: string }[];
}

interface DialAction {
  readonly kind: "dial";
  readonly dial: number;
  readonly hostname: string;
  readonly port: number;
  readonly deadlineMs: number;
}

/** One end of a connection. */
interface End {
  readonly link: number;
  readonly machine: Machine<Core>;
  peer: End | null;
  /** Bytes written and not yet read at the other end. */
  flying: number;
  /** Nothing that is sent arrives before what was sent earlier. */
  arrivesAt: number;
  /** One-way delay of the connection, but for jitter. */
  readonly delayMs: number;
  open: boolean;
  closing: boolean;
}

/** A core on the simulated network. */
export class Machine<Kind extends Core = Core> {
  readonly ends = new Map<number, End>();
  alive = true;
  wakesAt = Infinity;
  /** How often in a row it wanted to be woken at once, though nothing had happened. */
  restless = 0;

  constructor(
    readonly world: World,
    readonly core: Kind,
    readonly host: string,
    readonly onAction: (action: { readonly kind: string }) => void,
  ) {}

  /** How many connections it has to `other`. */
  connectionsTo(other: Machine<Core>): number {
    let count = 0;
    for (const { peer } of this.ends.values()) if (peer?.machine === other) count++;
    return count;
  }

  /** Calls the core, then does what it wants. */
  act(call: (core: Kind, now: number) => void): void {
    if (!this.alive) return;
    call(this.core, this.world.now);
    this.world.settle(this);
  }
}

/** A server in the world. */
export interface SimServer {
  readonly machine: Machine<Node>;
  readonly node: Node;
  readonly address: string;
}

/** A client in the world, and all that its user saw. */
export class SimClient {
  readonly shown: { readonly from: string; readonly to: string; readonly text: string }[] = [];
  readonly receipts: Extract<ClientEvent, { kind: "receipt" }>[] = [];
  readonly events: ClientEvent[] = [];
  name = "";
  ended = false;

  constructor(readonly session: Session) {}

  get attached(): boolean {
    return this.session.home !== null;
  }
}

/** The network, the clock, and everything on it. */
export class World {
  now = 0;
  readonly random: () => number;
  /** Draws the one-way delay of a new connection between two hosts, in ms. */
  delayMs: (from: string, to: string) => number;
  /** Up to so much is added to the delay of each write, in ms. */
  jitterMs = 0.5;
  readonly #listeners = new Map<string, Machine<Core>>();
  readonly #events: { at: number; order: number; run: () => void }[] = [];
  #order = 0;
  #links = 0;
  #ids = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.delayMs = () => 0.05 + this.random() * 3;
  }

  /** Starts a server that listens on `host:port`. */
  server(
    { host, port, join = [], limits = {} }: {
      readonly host: string;
      readonly port: number;
      readonly join?: readonly string[];
      readonly limits?: Partial<NodeLimits>;
    },
  ): SimServer {
    const id = Math.floor(this.random() * 2 ** 40).toString(16).padStart(10, "0") +
      (this.#ids++).toString(16).padStart(2, "0");
    const config: NodeConfig = {
      id,
      label: `s${this.#ids}`,
      listen: { hostname: host, port },
      advertise: [],
      join,
      random: this.random,
      limits,
    };
    const node = new Node(config);
    const machine = new Machine(this, node, host, () => {});
    this.#listeners.set(`${host}:${port}`, machine);
    machine.act(() => {});
    return { machine, node, address: `${host}:${port}` };
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
    const machine = new Machine(this, session, host, (action) => {
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
    const machine = new Machine(this, core, address.replace(/:\d+$/, ""), () => {});
    this.#listeners.set(address, machine);
    return machine;
  }

  /** The server is reached at another address, too. */
  alias({ machine }: SimServer, address: string): void {
    this.#listeners.set(address, machine);
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
    const machine = new Machine(this, client, host, () => {});
    machine.act(() => {});
    return { machine, client };
  }

  /** The machine is gone from one moment to the next; its connections are reset. */
  kill(machine: Machine<Core>): void {
    machine.alive = false;
    for (const [address, other] of this.#listeners) {
      if (other === machine) this.#listeners.delete(address);
    }
    for (const end of [...machine.ends.values()]) this.#reset(end, "reset");
  }

  /** Runs `call` after `delayMs`. */
  after(delayMs: number, call: () => void): void {
    this.#at(this.now + delayMs, call);
  }

  /** Runs for so long. */
  run(forMs: number): void {
    const until = this.now + forMs;
    while (this.#step(until));
    this.now = until;
  }

  /** Runs until `holds`, at most for so long; whether it held. */
  runUntil(holds: () => boolean, withinMs: number): boolean {
    const until = this.now + withinMs;
    while (!holds()) if (!this.#step(until)) return holds();
    return true;
  }

  /** Carries out what a core wants after it was called. */
  settle(machine: Machine<Core>): void {
    const { core } = machine;
    const next = core.tick(this.now);
    for (const link of core.takeReady()) {
      const end = machine.ends.get(link);
      if (end !== undefined) this.#write(end);
    }
    for (const action of core.takeActions()) {
      if (action.kind === "dial") this.#dial(machine, action as unknown as DialAction);
      else if (action.kind === "close") this.#close(machine, (action as CloseAction).link);
      else machine.onAction(action);
    }
    if (next > this.now) machine.restless = 0;
    if (next < machine.wakesAt && next !== Infinity) this.#wakeLater(machine, next);
  }

  #wakeLater(machine: Machine<Core>, at: number): void {
    machine.wakesAt = at;
    this.#at(Math.max(at, this.now + SOON_MS), () => {
      if (machine.wakesAt !== at) return;
      machine.wakesAt = Infinity;
      if (++machine.restless > MAX_RESTLESS) {
        throw new Error(
          `Cannot run on: ${machine.host} wants to be woken at ${at}, again and again`,
        );
      }
      machine.act(() => {});
    });
  }

  #saw(client: SimClient, machine: Machine<Session>, event: ClientEvent): void {
    client.events.push(event);
    if (event.kind === "message") client.shown.push(event);
    else if (event.kind === "receipt") client.receipts.push(event);
    else if (event.kind === "attached") client.name = event.name;
    else if (event.kind === "error" && event.code === "name-taken") {
      client.name += pick(this.random, ["a", "b", "c"]);
      this.after(1, () => machine.act((core, now) => core.attach(client.name, now)));
    }
  }

  #dial(from: Machine<Core>, { dial, hostname, port, deadlineMs }: DialAction): void {
    const delay = this.delayMs(from.host, hostname);
    const to = this.#listeners.get(`${hostname}:${port}`);
    if (to === undefined || !to.alive) {
      this.#at(this.now + Math.min(delay * 2, deadlineMs), () => {
        from.act((core, now) => core.failed(dial, "connection refused", now));
      });
      return;
    }
    const loopback = hostname.startsWith("127.");
    const near = { hostname: loopback ? hostname : from.host, port: 50_000 };
    const far = { hostname, port };
    const a = this.#end(from, delay);
    const b = this.#end(to, delay);
    a.peer = b;
    b.peer = a;
    // Whatever the other end does first, it is seen after the connection itself.
    b.arrivesAt = this.now + delay * 2;
    this.#at(this.now + delay, () => {
      if (!to.alive || !from.alive) return;
      to.ends.set(b.link, b);
      to.act((core, now) => {
        core.opened(b.link, { dial: null, connectMs: 0, local: far, remote: near }, now);
      });
    });
    this.#at(this.now + delay * 2, () => {
      if (!from.alive) {
        if (b.open) this.#reset(a, "reset");
        return;
      }
      if (!to.alive) {
        from.act((core, now) => core.failed(dial, "connection refused", now));
        return;
      }
      from.ends.set(a.link, a);
      from.act((core, now) => {
        core.opened(a.link, { dial, connectMs: delay * 2, local: near, remote: far }, now);
      });
    });
  }

  #end(machine: Machine<Core>, delayMs: number): End {
    const link = ++this.#links;
    const state = { flying: 0, arrivesAt: 0, open: true, closing: false };
    return { link, machine, peer: null, delayMs, ...state };
  }

  #arrival(end: End): number {
    return Math.max(end.arrivesAt, this.now + end.delayMs + this.random() * this.jitterMs);
  }

  #write(end: End): void {
    const { machine, link } = end;
    while (end.open && end.flying < PIPE_BYTES) {
      const bytes = machine.core.pull(link, this.now);
      if (bytes === null) break;
      this.#send(end, bytes.slice());
    }
    if (end.closing && end.open && end.flying < PIPE_BYTES) this.#reset(end, "closed");
  }

  #send(end: End, bytes: Uint8Array): void {
    end.flying += bytes.length;
    end.arrivesAt = this.#arrival(end);
    // The network cuts the stream wherever it likes.
    const cut = this.random() < 0.5 ? Math.floor(this.random() * bytes.length) : 0;
    if (cut > 0) this.#deliver(end, bytes.subarray(0, cut), end.arrivesAt);
    if (cut > 0) end.arrivesAt += this.random();
    this.#deliver(end, bytes.subarray(cut), end.arrivesAt);
  }

  #deliver(end: End, bytes: Uint8Array, at: number): void {
    this.#at(at, () => {
      end.flying -= bytes.length;
      const { peer } = end;
      if (peer !== null && peer.open && peer.machine.alive) {
        peer.machine.act((core, now) => core.receive(peer.link, bytes, now));
      }
      if (end.open) this.#write(end);
    });
  }

  #close(machine: Machine<Core>, link: number): void {
    const end = machine.ends.get(link);
    if (end === undefined) return;
    end.closing = true;
    this.#write(end);
  }

  /** The end is closed; the other end hears of it when everything sent has arrived. */
  #reset(end: End, why: string): void {
    if (!end.open) return;
    end.open = false;
    const { peer, machine } = end;
    machine.ends.delete(end.link);
    if (machine.alive) {
      this.#at(this.now, () => machine.act((core, now) => core.closed(end.link, why, now)));
    }
    if (peer === null) return;
    this.#at(this.#arrival(end), () => {
      if (!peer.open) return;
      peer.open = false;
      peer.machine.ends.delete(peer.link);
      peer.machine.act((core, now) => core.closed(peer.link, "closed by the other end", now));
    });
  }

  #at(at: number, run: () => void): void {
    const event = { at, order: this.#order++, run };
    const heap = this.#events;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent])) break;
      heap[index] = heap[parent] as typeof event;
      index = parent;
    }
    heap[index] = event;
  }

  #step(until: number): boolean {
    const heap = this.#events;
    const first = heap[0];
    if (first === undefined || first.at > until) return false;
    const last = heap.pop() as typeof first;
    if (heap.length > 0) {
      let index = 0;
      for (;;) {
        const left = 2 * index + 1;
        if (left >= heap.length) break;
        const right = left + 1;
        const child = right < heap.length && before(heap[right], heap[left]) ? right : left;
        if (!before(heap[child], last)) break;
        heap[index] = heap[child] as typeof first;
        index = child;
      }
      heap[index] = last;
    }
    this.now = Math.max(this.now, first.at);
    first.run();
    return true;
  }
}

interface EventAction {
  readonly kind: "event";
  readonly event: ClientEvent;
}

interface CompleteAction {
  readonly kind: "complete";
  readonly what: string;
}

interface CloseAction {
  readonly kind: "close";
  readonly link: number;
}

function before(
  a: { at: number; order: number } | undefined,
  b: { at: number; order: number } | undefined,
): boolean {
  if (a === undefined || b === undefined) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

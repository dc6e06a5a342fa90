/**
 * The servers of a soak: real processes, each behind a relay whose address it
 * tells, so that links can be cut. A process that is started again is at the
 * same address.
 *
 * @module
 */

import { ServerProgram } from "../testing/program.ts";
import { BOTH, Relay, type RelayConnection, type Way } from "../testing/relay.ts";
import type { Fault } from "./schedule.ts";

/** A server that leaves must have ended so soon: the drain timeout, and a second to say goodbye. */
const DRAINED_MS = 12_000;

/** What goes from one server to another is held. */
interface Cut {
  readonly from: number;
  readonly to: number;
}

interface Place {
  readonly relay: Relay;
  /** Where its processes listen. */
  listen: string;
  process: ServerProgram | null;
  id: string;
}

/** All servers of a soak. */
export class Servers implements AsyncDisposable {
  /** How long each server that left took, in milliseconds. */
  readonly drainsMs: number[] = [];
  readonly #places: readonly Place[];
  /** What is held because of which fault; several may hold the same. */
  readonly #cuts = new Map<Fault, readonly Cut[]>();
  readonly #silenced = new Map<Fault, number>();
  /**
   * What was dialled across a split: on a real network that dial gets nowhere,
   * so when the split heals it must not be the link that is there at once.
   */
  readonly #stillborn = new Set<RelayConnection>();
  /** Those between servers whose dialler was known when they began. */
  readonly #established = new WeakSet<RelayConnection>();

  private constructor(count: number) {
    this.#places = Array.from({ length: count }, () => ({
      relay: new Relay(),
      listen: "127.0.0.1:0",
      process: null,
      id: "",
    }));
    for (const [index, { relay }] of this.#places.entries()) {
      relay.onOpening = (connection) => this.#take(connection, index);
    }
  }

  /** Starts so many. */
  static async start(count: number): Promise<Servers> {
    const servers = new Servers(count);
    for (const index of servers.#places.keys()) await servers.#start(index);
    return servers;
  }

  /** Where clients reach them: through the relays. */
  get addresses(): readonly string[] {
    return this.#places.map(({ relay }) => relay.address);
  }

  /** Does what a fault begins with. */
  async begin(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "kill":
        return await this.#kill(fault.server);
      case "drain":
        return await this.#drain(fault.server);
      case "stop":
        return this.#place(fault.server).process?.signal("SIGSTOP");
      case "reset":
        for (const { connection } of this.#between(fault.server, fault.other)) connection.reset();
        return;
      case "lose":
        for (const connection of this.#clientsOf(fault.server)) connection.reset();
        return;
      case "silence":
        this.#silenced.set(fault, fault.server);
        return this.#arrangeAll();
      default:
        this.#cuts.set(fault, this.#cutsOf(fault));
        this.#arrangeAll();
    }
  }

  /** Undoes it. */
  async end(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case "kill":
      case "drain":
        return await this.#start(fault.server);
      case "stop":
        return this.#place(fault.server).process?.signal("SIGCONT");
      case "silence":
        this.#silenced.delete(fault);
        return this.#arrangeAll();
      case "split":
        for (const connection of this.#stillborn) connection.reset();
        this.#stillborn.clear();
        this.#cuts.delete(fault);
        return this.#arrangeAll();
      case "cut":
        this.#cuts.delete(fault);
        return this.#arrangeAll();
    }
  }

  /** Waits until a server has (had) a link to another, direct or carried by a third one. */
  async linked(index: number, to: number, via: number | null, times = 1): Promise<void> {
    const carrier = via === null ? null : this.#place(via).id;
    const line = { event: "peer-linked", peer: this.#place(to).id, via: carrier };
    await this.#place(index).process?.logged(line, times);
  }

  /** Servers that ended although nobody wanted it. */
  ended(): string[] {
    return this.#places.flatMap(({ process }, index) =>
      process === null || process.code === null
        ? []
        : [`server ${index} ended with ${process.code}: ${process.err.at(-1)}`]
    );
  }

  /** The last lines of each log. */
  logs(lines: number): string[] {
    return this.#places.flatMap(({ process }, index) =>
      (process?.err ?? []).slice(-lines).map((line) => `server ${index}: ${line}`)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#places.map(({ process }) => process?.[Symbol.asyncDispose]()));
    await Promise.all(this.#places.map(({ relay }) => relay[Symbol.asyncDispose]()));
  }

  #place(index: number): Place {
    return this.#places[index] as Place;
  }

  async #start(index: number): Promise<void> {
    const place = this.#place(index);
    const joins = this.addresses.filter((address) => address !== place.relay.address)
      .flatMap((address) => ["--join", address]);
    const args = ["--listen", place.listen, "--advertise", place.relay.address, ...joins];
    place.process = await ServerProgram.start([...args, "--log-format", "json"]);
    const started = JSON.parse(await place.process.logs('"event":"started"')) as { id: string };
    place.id = started.id;
    place.listen = place.process.address;
    place.relay.target = Number(place.listen.split(":").at(-1));
    // Whom it has dialled meanwhile could not be told from a client.
    this.#arrangeAll();
  }

  async #kill(index: number): Promise<void> {
    const place = this.#place(index);
    await place.process?.[Symbol.asyncDispose]();
    place.process = null;
  }

  async #drain(index: number): Promise<void> {
    const place = this.#place(index);
    const { process } = place;
    if (process === null) return;
    const since = performance.now();
    process.signal("SIGTERM");
    const { code } = await process.ends(DRAINED_MS);
    this.drainsMs.push(performance.now() - since);
    if (code !== 0) throw new Error(`Server ${index} was to leave, and ended with ${code}`);
    place.process = null;
  }

  #cutsOf(fault: Fault): Cut[] {
    const all = this.#places.keys().toArray();
    return all.flatMap((from) => all.map((to) => ({ from, to })))
      .filter(({ from, to }) => from !== to)
      .flatMap((cut) => isPartOf(cut, fault) ? [cut] : []);
  }

  /** A connection is new, or said more. */
  #take(connection: RelayConnection, to: number): void {
    this.#arrange(connection, to);
    const from = this.#dialler(connection);
    if (from === null || this.#established.has(connection)) return;
    this.#established.add(connection);
    for (const [{ kind }, cuts] of this.#cuts) {
      if (kind !== "split") continue;
      if (cuts.some((cut) => cut.from === from && cut.to === to)) this.#stillborn.add(connection);
    }
  }

  /** Holds on every connection what is to be held now, and nothing else. */
  #arrangeAll(): void {
    for (const [index, { relay }] of this.#places.entries()) {
      for (const connection of relay.connections) this.#arrange(connection, index);
    }
  }

  #arrange(connection: RelayConnection, to: number): void {
    const from = this.#dialler(connection);
    const held: Way[] = [];
    if (from === null) {
      if ([...this.#silenced.values()].includes(to)) held.push(...BOTH);
    } else {
      for (const cut of [...this.#cuts.values()].flat()) {
        if (cut.from === from && cut.to === to) held.push("forth");
        if (cut.from === to && cut.to === from) held.push("back");
      }
    }
    connection.heal(BOTH.filter((way) => !held.includes(way)));
    connection.cut(held);
  }

  /** The server that dialled, which says its id before those of others; null if it was a client. */
  #dialler({ opening }: RelayConnection): number | null {
    const [, dialler] = /"id":"(\w+)"/.exec(opening) ?? [];
    const index = this.#places.findIndex(({ id }) => id === dialler);
    return index < 0 ? null : index;
  }

  #between(a: number, b: number): { readonly connection: RelayConnection }[] {
    return [[a, b], [b, a]].flatMap(([from = 0, to = 0]) =>
      this.#place(to).relay.connections
        .filter((connection) => this.#dialler(connection) === from)
        .map((connection) => ({ connection }))
    );
  }

  #clientsOf(index: number): RelayConnection[] {
    return this.#place(index).relay.connections
      .filter((connection) => this.#dialler(connection) === null);
  }
}

function isPartOf({ from, to }: Cut, fault: Fault): boolean {
  if (fault.kind === "split") return (from < fault.first) !== (to < fault.first);
  if (fault.kind !== "cut") return false;
  const { server, other, oneWay } = fault;
  return (from === server && to === other) || (!oneWay && from === other && to === server);
}

/**
 * Sees all that is said and shown in the simulated world, and says so at once
 * when a promise is broken.
 *
 * @module
 */

import type { Node } from "../../lib/core/node.ts";
import type { Session } from "../../lib/core/session.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import type { End } from "./wires.ts";
import type { Machine, SimClient, SimServer, World } from "./world.ts";

/** Servers that are linked must agree within this, and a client must know what its home knows. */
const AGREEMENT_MS = 2_500;

/** Everybody knows of a new name within this. */
const KNOWN_MS = 1_000;

/** A promise that was broken. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** One user with a client, for as long as he runs it. */
export interface Person {
  readonly label: string;
  readonly wanted: string;
  readonly machine: Machine<Session>;
  readonly client: SimClient;
  /** How many messages he sent to each receiver. */
  readonly counts: Map<string, number>;
  /** The last number that he was shown of each stream. */
  readonly last: Map<string, number>;
  /** He runs it to the end. */
  stayed: boolean;
  /** When he was attached for the first time. */
  attachedAt: number;
}

interface Said {
  readonly by: Person;
  readonly to: string;
  readonly number: number;
  readonly at: number;
  /** Everybody to whom it was shown. */
  readonly viewers: Person[];
  receipt: Receipt | null;
}

type Receipt = Extract<ClientEvent, { kind: "receipt" }>;

/** What must hold, checked whenever what it speaks of changes. */
export class Witness {
  readonly people: Person[] = [];
  /** Nothing happens that could part a client from its name, or make a message fail. */
  gentle = false;
  readonly #world: World;
  readonly #servers: () => readonly SimServer[];
  /** Ids of servers that vanished without a word: they are dialled on. */
  readonly #missing: () => ReadonlySet<string>;
  readonly #bySession = new Map<SimClient, Person>();
  readonly #said = new Map<string, Said>();
  readonly #byNumber = new Map<string, Said>();
  /** Since when something is wrong that may be wrong for a moment. */
  readonly #wrongSince = new Map<string, number>();

  constructor(
    world: World,
    { servers, missing }: {
      readonly servers: () => readonly SimServer[];
      readonly missing: () => ReadonlySet<string>;
    },
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#missing = missing;
    world.onEvent = (client, event) => this.#saw(client, event);
  }

  /** Those who run their clients to the end. */
  get stayers(): Person[] {
    return this.people.filter(({ stayed }) => stayed);
  }

  /** A user starts a client. */
  meets(person: Person): void {
    this.people.push(person);
    this.#bySession.set(person.client, person);
  }

  /** A user sends a text. */
  hears(by: Person, to: string): string {
    const number = (by.counts.get(to) ?? 0) + 1;
    by.counts.set(to, number);
    const text = `${by.label} to ${to}, number ${number}`;
    const at = this.#world.now;
    const said = { by, to, number, at, viewers: [], receipt: null };
    this.#said.set(text, said);
    this.#byNumber.set(`${by.label} ${to} ${number}`, said);
    return text;
  }

  /** Who must agree, agrees, unless something happened just now. */
  poll(): void {
    const servers = this.#servers().filter(({ machine }) => machine.alive && !machine.frozen);
    const wrong = new Set<string>();
    const circles = new Map(servers.map((server) => [server, this.#circleOf(server, servers)]));
    for (const server of servers) {
      for (const other of servers) {
        const mayDiffer = circles.get(server) !== circles.get(other);
        if (server.node.id < other.node.id && !mayDiffer && this.#areLinked(server, other)) {
          this.#compare(server, other, wrong);
        }
      }
    }
    for (const person of this.people) this.#compareWithHome(person, servers, wrong);
    for (const what of this.#wrongSince.keys()) if (!wrong.has(what)) this.#wrongSince.delete(what);
    for (const what of wrong) {
      const since = this.#wrongSince.get(what) ?? this.#world.now;
      this.#wrongSince.set(what, since);
      if (this.#world.now - since > AGREEMENT_MS) throw new Violation(what);
    }
  }

  /** Why the clique is not as it must be some time after the last fault; null when it is. */
  unrest(): string | null {
    return this.#meshProblem() ?? this.#rosterProblem() ?? this.#outboxProblem();
  }

  /** Every message has a receipt, and the receipts are true. */
  conclude(): void {
    for (const [text, said] of this.#said) {
      const { by, receipt, viewers } = said;
      if (receipt === null) {
        if (by.stayed) throw new Violation(`no receipt for "${text}"`);
      } else if (receipt.status === "failed" && receipt.reason !== "timed-out" && said.to !== "*") {
        if (viewers.length > 0) {
          throw new Violation(`"${text}" was shown, but its receipt says ${receipt.reason}`);
        }
      }
    }
  }

  #saw(client: SimClient, event: ClientEvent): void {
    const person = this.#bySession.get(client);
    if (person === undefined) return;
    if (event.kind === "attached") {
      person.attachedAt = Math.min(person.attachedAt, this.#world.now);
    } else if (event.kind === "message") this.#shown(person, event);
    else if (event.kind === "receipt") this.#receipt(person, event);
    else if (event.kind === "error" && this.gentle && event.code === "name-taken") {
      if (person.attachedAt < Infinity) {
        throw new Violation(`${person.label} lost the name ${person.wanted}`);
      }
    }
  }

  #shown(person: Person, { from, to, text }: Extract<ClientEvent, { kind: "message" }>): void {
    const said = this.#said.get(text);
    if (said === undefined || said.to !== to) {
      throw new Violation(`${person.label} was shown "${text}" from ${from}, which nobody said`);
    }
    if (said.viewers.includes(person)) {
      throw new Violation(`${person.label} was shown "${text}" twice`);
    }
    if (to !== "*" && said.viewers.length > 0) {
      throw new Violation(`${person.label} was shown "${text}", as was ${said.viewers[0]?.label}`);
    }
    said.viewers.push(person);
    const stream = `${said.by.label} ${to}`;
    const before = person.last.get(stream) ?? 0;
    if (said.number <= before) {
      throw new Violation(`${person.label} was shown "${text}" after number ${before}`);
    }
    person.last.set(stream, said.number);
    const { receipt } = said;
    if (to !== "*" && receipt?.status === "failed" && receipt.reason !== "timed-out") {
      throw new Violation(
        `${person.label} was shown "${text}", whose receipt said ${receipt.reason}`,
      );
    }
  }

  #receipt(person: Person, receipt: Receipt): void {
    const { to, seq, status, reason, counts } = receipt;
    const said = this.#byNumber.get(`${person.label} ${to} ${seq}`);
    const what = `the receipt of ${person.label} for ${to} ${seq}: ${status} ${reason ?? ""}`;
    if (said === undefined) throw new Violation(`${what}, but that was never sent`);
    if (said.receipt !== null) throw new Violation(`${what}, after ${said.receipt.status}`);
    said.receipt = receipt;
    if (to === "*") {
      if ((counts?.delivered ?? 0) > said.viewers.length) {
        throw new Violation(`${what} to ${counts?.delivered}, shown to ${said.viewers.length}`);
      }
      return;
    }
    if (status === "delivered" && said.viewers.length === 0) {
      throw new Violation(`${what}, but it was not shown`);
    }
    if (status === "unconfirmed") throw new Violation(`${what}, but nobody speaks base here`);
    if (status !== "failed" || !this.gentle) return;
    // Where nothing worse happens than a link that breaks, whoever is there can be reached.
    const receiver = this.stayers.find((other) => other.wanted === to);
    const wasThere = (receiver?.attachedAt ?? Infinity) < said.at - KNOWN_MS;
    if (wasThere && person.stayed) {
      throw new Violation(`${what}, though ${receiver?.label} is there`);
    }
  }

  #areLinked(a: SimServer, b: SimServer): boolean {
    return a.node.peerIds.includes(b.node.id) && b.node.peerIds.includes(a.node.id) &&
      this.#reaches(a.machine, b.machine);
  }

  /** Whether there is a connection on which bytes arrive both ways. */
  #reaches(a: Machine<Node>, b: Machine<Node>): boolean {
    return [...a.ends.values()].some((end) =>
      (end.peer?.machine as unknown) === b && this.#isWhole(end)
    );
  }

  #isWhole({ host, peer, torn }: End): boolean {
    const { wires } = this.#world;
    return peer?.open === true && !torn &&
      !wires.isCut(host, peer.host) && !wires.isCut(peer.host, host);
  }

  /** The servers that a server hears of, and itself: who hears others may know other claims. */
  #circleOf({ node, machine }: SimServer, servers: readonly SimServer[]): string {
    // Of a link that was cut it does not know for a while, unless there is a way around.
    const deaf = servers.filter((other) => this.#isCutOff(machine, other.machine))
      .map((other) => other.node.id)
      .filter((id) => !node.matrix[0]?.cells.some(({ to, via }) => to === id && via !== null));
    return [...node.peerIds, node.id].filter((id) => !deaf.includes(id)).sort().join();
  }

  #isCutOff(a: Machine<Node>, b: Machine<Node>): boolean {
    const { wires } = this.#world;
    return wires.isCut(a.host, b.host) || wires.isCut(b.host, a.host);
  }

  /** Of two servers with a link each knows who is at the other. */
  #compare(a: SimServer, b: SimServer, wrong: Set<string>): void {
    const homes = new Set([a.node.id, b.node.id]);
    const ofBoth = (server: SimServer): string =>
      server.node.names.filter((name) => homes.has(name.server))
        .map(({ name, server }) => `${name} at ${server}`).join();
    const [one, other] = [ofBoth(a), ofBoth(b)];
    if (one !== other) wrong.add(`${a.address} says ${one}; ${b.address} says ${other}`);
  }

  /** Who believes that he has a name at a server that is there, has it. */
  #compareWithHome(
    { label, client, machine }: Person,
    servers: readonly SimServer[],
    wrong: Set<string>,
  ): void {
    const { home } = client.session;
    const server = servers.find(({ node }) => node.id === home?.id);
    if (!machine.alive || machine.frozen || home === null || server === undefined) return;
    // It may have another link to it, on which it measures.
    const end = machine.ends.get(home.link);
    if (end === undefined || !this.#isWhole(end) || server.node.holds(client.name)) return;
    wrong.add(`${label} believes to be ${client.name} at ${server.address}, which knows better`);
  }

  #meshProblem(): string | null {
    const servers = this.#servers();
    const ids = servers.map(({ node }) => node.id).sort();
    let strangers = 0;
    for (const { node, machine, address } of servers) {
      const others = ids.filter((id) => id !== node.id).join();
      if (node.peerIds.join() !== others) {
        return `${address} is linked to ${node.peerIds}, not to ${others}`;
      }
      const ghosts = node.memberIds.filter((id) => !ids.includes(id) && !this.#missing().has(id));
      if (ghosts.length > 0) return `${address} still knows of ${ghosts}, which left`;
      let direct = 0;
      for (const other of servers) {
        const links = [...machine.ends.values()].filter(({ peer, host }) =>
          (peer?.machine as unknown) === other.machine &&
          (peer?.spoke || !this.#world.wires.isCut(host, peer?.host ?? ""))
        ).length;
        // Whoever can't be reached has a link that is carried by a third one.
        const isFar = this.#isCutOff(machine, other.machine);
        if (links !== (other.node === node || isFar ? 0 : 1)) {
          return `${address} has ${links} links to ${other.address}`;
        }
        direct += links;
        if (links === 1 && !this.#reaches(machine, other.machine)) {
          return `${address} does not reach ${other.address}`;
        }
      }
      // Who connects and says nothing may be an original's user who thinks of a name.
      const silent = [...machine.ends.values()].filter(({ peer, torn, host }) =>
        !peer?.spoke && (torn || this.#world.wires.isCut(host, peer?.host ?? ""))
      );
      strangers += machine.ends.size - silent.length - direct;
    }
    for (const { label, machine } of this.stayers) {
      if (machine.ends.size !== 1) return `${label} has ${machine.ends.size} links`;
    }
    const clients = this.stayers.length;
    return strangers === clients
      ? null
      : `the servers have ${strangers} links to ${clients} clients`;
  }

  #rosterProblem(): string | null {
    for (const { label, client } of this.stayers) {
      if (!client.attached) return `${label} is not attached`;
    }
    const present = this.stayers.map(({ client }) => client.name).sort().join();
    const [first, ...others] = this.#servers().map(({ node, address }) => ({
      address,
      names: node.names.map(({ name }) => name).join(),
      roster: JSON.stringify(node.names),
    }));
    if (first === undefined) return null;
    if (first.names !== present) return `${first.address} knows ${first.names}, not ${present}`;
    const other = others.find(({ roster }) => roster !== first.roster);
    return other === undefined ? null : `${other.address} and ${first.address} have other rosters`;
  }

  #outboxProblem(): string | null {
    for (const { node, address } of this.#servers()) {
      if (node.queuedBytes > 0) return `${address} still has ${node.queuedBytes} bytes`;
    }
    for (const { label, client: { session } } of this.stayers) {
      if (session.openCount > 0) return `${label} has ${session.openCount} messages open`;
      if (session.queuedBytes > 0) return `${label} still has ${session.queuedBytes} bytes`;
    }
    return null;
  }
}

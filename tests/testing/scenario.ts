/**
 * One seeded story in the simulated world: servers that find each other in any
 * order, clients that come, race for names, talk and go. Afterwards everything
 * that was promised must hold.
 *
 * @module
 */

import type { BaseClient } from "./base_client.ts";
import { pick, seededRandom } from "./random.ts";
import { type Machine, type SimClient, type SimServer, World } from "./world.ts";
import { ROUND_MS } from "../../lib/core/rounds.ts";
import type { Session } from "../../lib/core/session.ts";

/** When the last server has started. */
const SERVERS_MS = 1_500;

/** When the last client has started, the last message is sent, and the last client goes. */
const TALK_MS = 9_000;

/** A user who went comes back within this. */
const COMEBACK_MS = 4_000;

/** By then every message has its receipt, or has timed out. */
const DUST_MS = 120_000;

/** More bytes than a stream sends before it hears from its receiver. */
const BURST = { messages: 48, bytes: 8_000 };

/** One message that a user typed. */
interface Said {
  readonly by: Person;
  readonly to: string;
  /** The how manieth of this person to this receiver. */
  readonly number: number;
}

/** One user, with either kind of client, and all that concerns him. */
interface Person {
  readonly label: string;
  readonly wanted: string;
  readonly machine: Machine;
  readonly extended: SimClient | null;
  readonly base: BaseClient | null;
  readonly names: Set<string>;
  readonly counts: Map<string, number>;
  stayed: boolean;
}

/** Plays the story of `seed`; returns what went wrong, empty when nothing did. */
export function play(seed: number): string[] {
  return new Story(seed).play();
}

/** A story in progress. */
export class Story {
  readonly world: World;
  readonly servers: SimServer[] = [];
  readonly people: Person[] = [];
  readonly said = new Map<string, Said>();
  readonly problems: string[] = [];
  readonly #random: () => number;
  readonly #onLoopback: boolean;
  readonly #addresses: string[] = [];

  constructor(readonly seed: number) {
    this.world = new World(seed);
    this.#random = seededRandom(seed ^ 0x5eed);
    this.#onLoopback = this.#chance(0.4);
    const slowestMs = pick(this.#random, [0.2, 3, 30]);
    this.world.delayMs = () => 0.05 + this.world.random() * slowestMs;
    this.world.jitterMs = slowestMs / 4;
  }

  /** Plays it to the end and checks it. */
  play(): string[] {
    this.#startServers(2 + this.#below(4));
    this.#startPeople(2 + this.#below(7));
    this.#planTalk();
    this.world.run(TALK_MS + COMEBACK_MS);
    const settled = this.world.runUntil(() => this.#isSettled(), DUST_MS);
    if (!settled) this.#problem("the dust does not settle");
    this.world.run(3_000);
    // Somebody may look for a nearer server at this very moment.
    this.world.runUntil(() => this.#cliqueProblem() === null, ROUND_MS / 2);
    this.#checkClique();
    this.#checkNames();
    for (const person of this.people) this.#checkShown(person);
    for (const person of this.people) this.#checkReceipts(person);
    return this.problems;
  }

  get #present(): Person[] {
    return this.people.filter(({ stayed }) => stayed);
  }

  // The story.

  #startServers(count: number): void {
    const places = Array.from(
      { length: count },
      (_, index) =>
        this.#onLoopback
          ? { host: "127.0.0.1", port: 4000 + 10 * index }
          : { host: `10.0.0.${index + 1}`, port: 4000 },
    );
    this.#addresses.push(...places.map(({ host, port }) => `${host}:${port}`));
    const joins = this.#joinLists(count);
    const atOnce = this.#chance(0.4);
    places.forEach((place, index) => {
      const at = atOnce ? 0 : this.#random() * SERVERS_MS;
      this.world.after(at, () => {
        this.servers.push(this.world.server({ ...place, join: joins[index] ?? [] }));
      });
    });
  }

  /** Who dials whom: a random tree, so that all are connected, and some more. */
  #joinLists(count: number): string[][] {
    const lists: string[][] = Array.from({ length: count }, () => []);
    const link = (a: number, b: number): void => {
      const [from, to] = this.#chance(0.5) ? [a, b] : [b, a];
      lists[from]?.push(this.#addresses[to] as string);
      if (this.#chance(0.3)) lists[to]?.push(this.#addresses[from] as string);
    };
    for (let index = 1; index < count; index++) link(index, this.#below(index));
    for (let extra = this.#below(count); extra > 0; extra--) {
      link(this.#below(count), this.#below(count));
    }
    return lists;
  }

  #startPeople(count: number): void {
    const together = this.#random() * TALK_MS / 2;
    for (let index = 0; index < count; index++) {
      const races = this.#chance(0.3);
      const at = races ? together + this.#random() * 2 : this.#random() * TALK_MS / 2;
      const name = races ? "prize" : `n${index}`;
      const isBase = this.#chance(0.25);
      this.world.after(at, () => this.#startPerson(`p${index}`, { name, isBase, pin: races }));
    }
  }

  #startPerson(
    label: string,
    { name, isBase, pin }: { name: string; isBase: boolean; pin: boolean },
  ): void {
    const counts = new Map<string, number>();
    const known = { label, wanted: name, names: new Set<string>(), counts, stayed: true };
    const host = this.#onLoopback ? "127.0.0.1" : `10.0.1.${label.slice(1)}`;
    if (isBase) {
      const server = pick(this.#random, this.#addresses);
      const { machine, client } = this.world.baseClient({ host, server, name });
      this.#arrived({ ...known, machine, base: client, extended: null });
      return;
    }
    const servers = this.#addresses.filter(() => this.#chance(0.5));
    if (servers.length === 0) servers.push(pick(this.#random, this.#addresses));
    const { machine, client } = this.world.client({ host, servers, name, pin, probes: 3 });
    this.#arrived({ ...known, machine, base: null, extended: client });
  }

  #arrived(person: Person): void {
    this.people.push(person);
    const left = TALK_MS - this.world.now;
    if (left < 0 || !this.#chance(0.4)) return;
    this.world.after(this.#random() * left, () => {
      person.stayed = false;
      person.names.add(nameOf(person));
      if (this.#chance(0.5)) this.world.kill(person.machine);
      else if (person.base !== null) person.machine.act(() => person.base?.quit());
      else person.machine.act((core, now) => (core as unknown as Session).quit(now));
      if (!this.#chance(0.5)) return;
      // The same user comes back, perhaps before his name is free again.
      const again = { name: person.wanted, isBase: person.base !== null, pin: false };
      const label = `${person.label}+`;
      this.world.after(this.#random() * COMEBACK_MS, () => this.#startPerson(label, again));
    });
  }

  #planTalk(): void {
    const bursts = this.#below(3);
    for (let turn = 30 + this.#below(60); turn > 0; turn--) {
      const isBurst = turn <= bursts;
      const bytes = isBurst && this.#chance(0.5) ? BURST.bytes : this.#below(200);
      this.world.after(this.#random() * TALK_MS, () => {
        if (this.people.length === 0) return;
        const by = pick(this.#random, this.people);
        const to = this.#someReceiver(by);
        for (let n = isBurst ? BURST.messages : 1; n > 0; n--) this.#say(by, to(), bytes);
      });
    }
  }

  #someReceiver(person: Person): () => string {
    const other = pick(this.#random, this.people);
    switch (this.#below(10)) {
      case 0:
      case 1:
      case 2:
        return () => "*";
      case 3:
        return () => "nobody";
      case 4:
        return () => nameOf(person);
      default:
        return () => nameOf(other);
    }
  }

  #say(by: Person, to: string, bytes: number): void {
    if (!by.stayed) return;
    const number = (by.counts.get(to) ?? 0) + 1;
    const text = `${by.label} to ${to} ${number} ${".".repeat(bytes)}`;
    by.names.add(nameOf(by));
    if (by.base !== null) {
      const { base } = by;
      let accepted = false;
      by.machine.act(() => accepted = base.send(to, text));
      if (!accepted) return;
    } else by.machine.act((core, now) => (core as unknown as Session).send(to, text, now));
    by.counts.set(to, number);
    this.said.set(text, { by, to, number });
  }

  // What must hold.

  #isSettled(): boolean {
    const queued = this.servers.reduce((sum, { node }) => sum + node.queuedBytes, 0);
    return queued === 0 && this.#cliqueProblem() === null && this.#nameProblem() === null &&
      this.#present.every(({ extended, base }) =>
        base?.registered ??
          (extended?.attached && extended.session.openCount === 0 &&
            extended.session.queuedBytes === 0)
      );
  }

  #checkClique(): void {
    const problem = this.#cliqueProblem();
    if (problem !== null) this.#problem(problem);
    for (const { node, address } of this.servers) {
      if (node.queuedBytes > 0) this.#problem(`${address} still has ${node.queuedBytes} bytes`);
    }
    for (const { label, extended } of this.#present) {
      if (extended === null) continue;
      if (!extended.attached) this.#problem(`${label} is not attached`);
      const { openCount, queuedBytes } = extended.session;
      if (openCount > 0) this.#problem(`${label} has ${openCount} messages without receipt`);
      if (queuedBytes > 0) this.#problem(`${label} still has ${queuedBytes} bytes`);
    }
  }

  #cliqueProblem(): string | null {
    const ids = this.servers.map(({ node }) => node.id).sort();
    let connections = 0;
    for (const { node, machine, address } of this.servers) {
      const others = ids.filter((id) => id !== node.id);
      if (node.peerIds.join() !== others.join()) {
        return `${address} is linked to ${node.peerIds}, not to ${others}`;
      }
      for (const other of this.servers) {
        const links = machine.connectionsTo(other.machine);
        const wanted = other.node === node ? 0 : 1;
        if (links !== wanted) return `${address} has ${links} links to ${other.address}`;
      }
      connections += machine.ends.size - others.length;
    }
    const present = this.#present.length;
    for (const { label, machine } of this.#present) {
      if (machine.ends.size !== 1) return `${label} has ${machine.ends.size} links`;
    }
    return connections === present
      ? null
      : `the servers have ${connections} links to ${present} clients`;
  }

  #checkNames(): void {
    const problem = this.#nameProblem();
    if (problem !== null) this.#problem(problem);
    const racers = this.people.filter(({ wanted }) => wanted === "prize");
    const winners = racers.filter((racer) => racer.stayed && nameOf(racer) === "prize");
    if (racers.length > 0 && racers.every(({ stayed }) => stayed) && winners.length !== 1) {
      this.#problem(`${winners.length} of ${racers.length} hold the name they raced for`);
    }
    for (const { label, base } of this.people) {
      for (const surprise of base?.surprises ?? []) this.#problem(`${label} got ${surprise}`);
    }
  }

  #nameProblem(): string | null {
    const present = this.#present.map(nameOf).sort().join();
    for (const { node, address } of this.servers) {
      const names = node.names.map(({ name }) => name).join();
      if (names !== present) return `${address} knows ${names}, present are ${present}`;
    }
    const [first, ...others] = this.servers.map(({ node }) => JSON.stringify(node.names));
    return others.every((names) => names === first) ? null : "the rosters differ";
  }

  #checkShown(person: Person): void {
    const last = new Map<string, number>();
    for (const { from, to, text } of shownTo(person)) {
      const said = this.said.get(text);
      const short = `"${text.slice(0, 40)}" from ${from} to ${to}`;
      if (said === undefined || said.to !== to || !isNameOf(said.by, from)) {
        this.#problem(`${person.label} was shown ${short}, which nobody said`);
        continue;
      }
      if (to !== "*" && !isNameOf(person, to)) {
        this.#problem(`${person.label} was shown ${short}, which was not for him`);
      }
      const stream = `${said.by.label} ${to}`;
      const before = last.get(stream) ?? 0;
      if (said.number <= before) {
        this.#problem(`${person.label} was shown ${short} after number ${before}`);
      }
      last.set(stream, said.number);
    }
  }

  #checkReceipts(person: Person): void {
    const { extended, label } = person;
    if (extended === null) return;
    const receipts = new Map(extended.receipts.map((it) => [`${it.to} ${it.seq}`, it]));
    if (receipts.size < extended.receipts.length) this.#problem(`${label} got a receipt twice`);
    for (const [text, said] of this.said) {
      if (said.by !== person) continue;
      const receipt = receipts.get(`${said.to} ${said.number}`);
      if (receipt === undefined) {
        if (person.stayed) this.#problem(`${label} has no receipt for ${said.to} ${said.number}`);
        continue;
      }
      // Who goes does not wait for the answers.
      if (said.to === "*" && person.stayed) this.#checkTally(text, receipt);
      else if (said.to !== "*") this.#checkReceipt(text, said, receipt);
    }
  }

  #checkReceipt(text: string, { to }: Said, receipt: Receipt): void {
    const viewers = this.#viewers(text);
    const what = `"${text.slice(0, 40)}": ${receipt.status} ${receipt.reason ?? ""}, shown to ` +
      (viewers.map(({ label }) => label).join() || "nobody");
    if (viewers.length > 1) this.#problem(`${what}: more than one`);
    // Somebody who went may have had the name before, and taken the message with him.
    const holders = this.people.filter((person) => isNameOf(person, to));
    const stayer = holders.length === 1 && holders[0]?.stayed ? holders[0] : undefined;
    switch (receipt.status) {
      case "delivered":
        if (viewers.length === 0) this.#problem(what);
        break;
      case "unconfirmed":
        if (viewers.length === 0 && stayer?.base) this.#problem(what);
        break;
      case "failed":
        if (receipt.reason === "timed-out") break;
        if (viewers.some(({ stayed }) => stayed)) this.#problem(what);
    }
  }

  #checkTally(text: string, receipt: Receipt): void {
    const viewers = this.#viewers(text).filter(({ extended }) => extended !== null);
    const sure = viewers.filter(({ stayed }) => stayed).length;
    const counted = receipt.counts?.delivered ?? -1;
    if (counted < sure || counted > viewers.length) {
      this.#problem(
        `"${text.slice(0, 40)}" (${receipt.status} ${receipt.reason ?? ""}) counts ${counted}, ` +
          `but ${viewers.length} were shown it, of whom ${sure} stayed`,
      );
    }
  }

  #viewers(text: string): Person[] {
    return this.people.filter((person) => shownTo(person).some((shown) => shown.text === text));
  }

  #problem(what: string): void {
    this.problems.push(what);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

type Receipt = SimClient["receipts"][number];

function nameOf({ extended, base }: Person): string {
  return extended?.name ?? base?.name ?? "";
}

/** Whether he has, or had, the name. */
function isNameOf(person: Person, name: string): boolean {
  // Whoever loses a name adds letters to it.
  return nameOf(person) === name || person.names.has(name) ||
    nameOf(person).startsWith(name);
}

function shownTo({ extended, base }: Person): SimClient["shown"] {
  return extended?.shown ?? base?.shown ?? [];
}

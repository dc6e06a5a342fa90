/**
 * One seeded story of everything that a LAN can do to a clique: cuts, resets,
 * crashes, freezes, moves and leaves, while everybody talks. Then the faults
 * stop, and all must be well again within a bounded time.
 *
 * @module
 */

import { kindOf } from "../../lib/codec/via.ts";
import { HEADER_BYTES, Kind, VIA_ADDRESS_BYTES } from "../../lib/codec/wire.ts";
import type { Pace } from "../../lib/core/client_context.ts";
import { ROUND_MS } from "../../lib/core/rounds.ts";
import type { Session } from "../../lib/core/session.ts";
import { pick, seededRandom } from "./random.ts";
import { framesOf, transcribe } from "./transcript.ts";
import { type Person, Violation, Witness } from "./witness.ts";
import type { End } from "./wires.ts";
import { type Machine, type SimServer, World } from "./world.ts";

/** When the last server and the last client have started. */
const START_MS = 2_000;

/** Faults begin after the start, and end by then. */
const TROUBLE_MS = 16_000;

/**
 * After the last fault all must be well within this: silence is noticed (5 s),
 * a dial hangs (5 s), and two redial intervals pass.
 */
const PEACE_MS = 75_000;

/** How often it is checked that who must agree, agrees. */
const POLL_MS = 250;

/** What is sent when all is well is delivered within this. */
const ANSWER_MS = 2_000;

/** A name that was given up is nobody's after 5 s; what is said to it fails then. */
const LAST_WORD_MS = 10_000;

/**
 * Then nothing is sent but signs of life, so many bytes a second for each end
 * of a connection, and rows of the matrix, no more than one each way.
 */
const QUIET_MS = 3_000;
const QUIET_BYTES = 40;

/** A carried link costs as much as so many ends: two hops, and more around each frame. */
const CARRIED_ENDS = 6;

/** A client in a hurry looks for a nearer server so often, while there are faults. */
const HASTY_ROUND_MS = 1_500;
const HASTY_REST_MS = 3_000;

/** By then every way has been measured, and told to everybody. */
const ROWS_MS = 8_000;

/** So many messages are sent within so long after a fault. */
const ALARMED = 6;
const ALARM_MS = 100;

/** A story that takes more steps, or more bytes, for each machine goes in circles. */
const MAX_STEPS = 20_000;
const MAX_BYTES = 4_000_000;

/** How a story is told. */
export interface TroubleOptions {
  /** How many servers, if not as the seed says. */
  readonly servers?: number | undefined;
  /** How many clients, if not as the seed says. */
  readonly clients?: number | undefined;
  /** Takes the transcript, line by line. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** What was wrong, and where in the story. */
export interface Finding {
  readonly seed: number;
  readonly step: number;
  readonly atMs: number;
  readonly what: string;
}

/** Tells the story of `seed`; null when every promise was kept. */
export function troubled(seed: number, options: TroubleOptions = {}): Finding | null {
  const story = new Trouble(seed, options);
  try {
    story.tell();
    return null;
  } catch (error) {
    const { steps: step, now: atMs } = story.world.wires.clock;
    const what = error instanceof Violation ? error.message : String((error as Error).stack);
    return { seed, step, atMs, what };
  }
}

class Trouble {
  readonly world: World;
  readonly #witness: Witness;
  readonly #random: () => number;
  readonly #options: TroubleOptions;
  readonly #servers: SimServer[] = [];
  readonly #addresses: string[] = [];
  readonly #joins = new Map<string, readonly string[]>();
  /** Everyone knows every address: so a server may be gone for good. */
  readonly #known: boolean;
  /** Only faults that nobody may notice but by a moment's delay. */
  readonly #gentle: boolean;
  #readdressed: SimServer | null = null;
  /** The hosts of two servers that do not reach each other to the end. */
  #broken: readonly [string, string] | null = null;
  /** Servers that nobody was told of that they went, by their hosts. */
  readonly #missing = new Map<string, string[]>();
  #isOver = false;
  #sentBytes = 0;
  #maxSteps = 0;
  #maxBytes = 0;

  constructor(readonly seed: number, options: TroubleOptions) {
    this.#options = options;
    this.world = new World(seed);
    this.#random = seededRandom(seed ^ 0x7b0b1e);
    this.#witness = new Witness(this.world, {
      servers: () => this.#servers,
      missing: () => this.#missingIds(),
    });
    this.#gentle = this.#chance(0.3);
    this.#known = this.#gentle || this.#chance(0.5);
    this.#witness.gentle = this.#gentle;
    const slowestMs = pick(this.#random, [0.2, 3, 30]);
    this.world.delayMs = () => 0.05 + this.world.random() * slowestMs;
    this.world.jitterMs = slowestMs / 4;
    this.world.wires.onSent = (_end, bytes) => void (this.#sentBytes += bytes.length);
    if (options.trace !== undefined) transcribe(this.world, options.trace);
  }

  tell(): void {
    const servers = this.#options.servers ?? 2 + this.#below(4);
    const clients = this.#options.clients ?? 2 + this.#below(5);
    this.#maxSteps = MAX_STEPS * (servers + clients);
    this.#maxBytes = MAX_BYTES * (servers + clients);
    this.#startServers(servers);
    this.#startPeople(clients);
    this.#planFaults();
    if (this.#known && !this.#gentle && this.#chance(0.4)) this.#planBreak();
    this.#planTalk();
    this.#pollLater();
    this.#run(START_MS + TROUBLE_MS);
    this.#mendWhatNobodyGetsAround();
    this.#note("the faults are over");
    this.#isOver = true;
    this.#settle("the faults were over", PEACE_MS);
    // Who wrote to somebody that is gone hears so now, and then writes to the next one.
    this.#everybodySpeaks();
    this.#run(ANSWER_MS);
    this.#everybodyIsHeard();
    this.#settle("everybody had said a last word", LAST_WORD_MS);
    this.#witness.conclude();
    this.#staysQuiet();
    this.#matrixIsKnown();
  }

  #run(forMs: number): void {
    const { clock } = this.world.wires;
    const until = clock.now + forMs;
    while (clock.step(until)) {
      if (clock.steps > this.#maxSteps || this.#sentBytes > this.#maxBytes) {
        throw new Violation(`it goes in circles: ${this.#sentBytes} bytes`);
      }
    }
    clock.now = until;
  }

  #settle(when: string, withinMs: number): void {
    const { world } = this;
    const until = world.now + withinMs;
    for (let unrest = this.#witness.unrest(); unrest !== null; unrest = this.#witness.unrest()) {
      if (world.now >= until) throw new Violation(`${withinMs} ms after ${when}: ${unrest}`);
      this.#run(100);
    }
  }

  #everybodySpeaks(): { readonly by: Person; readonly seq: number; readonly to: string }[] {
    const { stayers } = this.#witness;
    return stayers.flatMap((by) =>
      stayers.filter((other) => other !== by).map(({ client: { name: to } }) => {
        this.#say(by, to);
        return { by, to, seq: by.counts.get(to) ?? 0 };
      })
    );
  }

  /** Whoever is there can be reached, whatever happened before. */
  #everybodyIsHeard(): void {
    const last = this.#everybodySpeaks();
    this.#run(ANSWER_MS);
    for (const { by, to, seq } of last) {
      const receipt = by.client.receipts.find((it) => it.to === to && it.seq === seq);
      if (receipt?.status !== "delivered") {
        const became = receipt === undefined ? "nothing" : `${receipt.status} ${receipt.reason}`;
        throw new Violation(`what ${by.label} says last to ${to} becomes ${became}`);
      }
    }
  }

  /**
   * Nothing that was sent is passed on for ever. A client may look for a nearer
   * server meanwhile, once, on connections of its own.
   */
  #staysQuiet(): void {
    this.#settle("everybody was heard", LAST_WORD_MS);
    const quiet = new Set(this.#machines().flatMap((machine) => [...machine.ends.values()]));
    const others = new Set<End>();
    const silence = new Silence();
    const { wires } = this.world;
    const { onSent } = wires;
    wires.onSent = (end, sent) => {
      onSent?.(end, sent);
      if (quiet.has(end)) silence.hears(sent);
      else others.add(end);
    };
    this.#run(QUIET_MS);
    const ends = quiet.size + (this.#broken === null ? 0 : CARRIED_ENDS);
    const { bytes, rows } = silence;
    if (bytes > ends * QUIET_BYTES * QUIET_MS / 1000 || rows > ends) {
      throw new Violation(`${bytes} bytes and ${rows} rows in ${QUIET_MS} ms of silence`);
    }
    const rounds = this.#witness.stayers.length * (this.#addresses.length + 1);
    if (others.size > 2 * rounds) {
      throw new Violation(`${others.size} ends of new links in ${QUIET_MS} ms of silence`);
    }
  }

  /** Every server knows how far all are from each other, or soon does. */
  #matrixIsKnown(): void {
    const until = this.world.now + ROWS_MS;
    for (let unknown = this.#unknownWay(); unknown !== null; unknown = this.#unknownWay()) {
      if (this.world.now >= until) throw new Violation(unknown);
      this.#run(100);
    }
  }

  /** A way between two servers that somebody knows nothing new of; null when there is none. */
  #unknownWay(): string | null {
    const ids = this.#servers.map(({ node }) => node.id);
    for (const { node, address } of this.#servers) {
      const rows = new Map(node.matrix.map((row) => [row.from, row.cells]));
      for (const [from, to] of ids.flatMap((a) => ids.map((b) => [a, b] as const))) {
        const state = rows.get(from)?.find((cell) => cell.to === to)?.state;
        if (from === to || state === "measured") continue;
        return `${address} knows the way from ${from} to ${to} as ${state}`;
      }
    }
    return null;
  }

  #pollLater(): void {
    this.world.after(POLL_MS, () => {
      this.#witness.poll();
      this.#pollLater();
    });
  }

  // Who is there.

  #startServers(count: number): void {
    const hosts = Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`);
    this.#addresses.push(...hosts.map((host) => `${host}:4000`));
    hosts.forEach((host, index) => {
      // A random tree, so that all are connected; or everybody.
      const others = this.#known
        ? this.#addresses.filter((address) => address !== `${host}:4000`)
        : index === 0
        ? []
        : [this.#addresses[this.#below(index)] as string];
      this.#joins.set(host, others);
      this.world.after(this.#random() * START_MS / 2, () => this.#startServer(host));
    });
  }

  #startServer(host: string): void {
    const join = this.#joins.get(host) ?? [];
    const server = this.world.server({ host, port: 4000, join, anywhere: true });
    this.#note(`${server.address} starts as ${server.node.id}`);
    this.#servers.push(server);
  }

  #startPeople(count: number): void {
    for (let index = 0; index < count; index++) {
      const name = !this.#gentle && this.#chance(0.2) ? "prize" : `n${index}`;
      this.world.after(this.#random() * START_MS, () => this.#startPerson(`p${index}`, name));
    }
    // Somebody who wants what another one has.
    if (!this.#gentle || count < 2) return;
    this.world.after(START_MS * 2 + this.#random() * TROUBLE_MS / 2, () => {
      this.#startPerson("thief", "n0");
    });
  }

  #startPerson(label: string, name: string): void {
    const servers = this.#addresses.filter(() => this.#known || this.#chance(0.5));
    if (servers.length < 2) servers.push(...this.#addresses);
    const host = `10.0.1.${1 + this.#witness.people.length}`;
    const pace = this.#pace;
    const { machine, client } = this.world.client({ host, servers, name, probes: 2, pace });
    this.#note(`${label} at ${host} wants to be ${name}`);
    const fresh = { counts: new Map(), last: new Map(), stayed: true, attachedAt: Infinity };
    this.#witness.meets({ label, wanted: name, machine, client, ...fresh });
  }

  /** In every other story clients move often, so that faults meet moves. */
  get #pace(): Partial<Pace> {
    if (this.seed % 2 === 0) return {};
    const isOver = (): boolean => this.#isOver;
    return {
      restMs: HASTY_REST_MS,
      get roundMs() {
        return isOver() ? ROUND_MS : HASTY_ROUND_MS;
      },
    };
  }

  // What they say.

  #planTalk(): void {
    for (let turn = 40 + this.#below(60); turn > 0; turn--) {
      const burst = this.#chance(0.1) ? 10 : 1;
      const at = this.#random() * (START_MS + TROUBLE_MS + 2_000);
      this.world.after(at, () => this.#someoneSpeaks(burst));
    }
  }

  #someoneSpeaks(times: number): void {
    const { stayers, people } = this.#witness;
    if (stayers.length === 0) return;
    const by = pick(this.#random, stayers);
    const to = this.#chance(0.2) ? "*" : pick(this.#random, people).client.name;
    for (let n = times; n > 0; n--) this.#say(by, to);
  }

  #say(by: Person, to: string): void {
    const text = this.#witness.hears(by, to);
    by.machine.act((core, now) => core.send(to, text, now));
  }

  // What goes wrong.

  #planFaults(): void {
    const count = 1 + this.#below(this.#gentle ? 4 : 8);
    for (let index = 0; index < count; index++) {
      const spread = this.#gentle ? (index + this.#random() / 2) / count : this.#random();
      const atMs = START_MS * 1.5 + spread * (TROUBLE_MS - START_MS);
      this.world.after(atMs, () => this.#fault());
    }
  }

  /** Two servers that do not reach each other any more, to the end. */
  #planBreak(): void {
    const atMs = START_MS + this.#random() * TROUBLE_MS;
    this.world.after(atMs, () => {
      const [a, b] = [this.#someServer(), this.#someServer()];
      if (a === null || b === null || a === b) return;
      const [one, other] = [a.machine.host, b.machine.host];
      this.#note(`cut for good: ${one} to ${other}, ${other} to ${one}`);
      this.#broken = [one, other];
      this.world.wires.cut(one, other);
      this.world.wires.cut(other, one);
    });
  }

  /** Without a third server there is no way around. */
  #mendWhatNobodyGetsAround(): void {
    if (this.#broken === null) return;
    const [one, other] = this.#broken;
    const hosts = this.#servers.map(({ machine }) => machine.host);
    if (hosts.some((host) => host !== one && host !== other)) return;
    this.world.wires.heal(one, other);
    this.world.wires.heal(other, one);
  }

  #fault(): void {
    // The moment after is the one that matters.
    for (let n = 0; n < ALARMED; n++) {
      this.world.after(this.#random() * ALARM_MS, () => this.#someoneSpeaks(1));
    }
    const kinds = this.#gentle ? GENTLE : this.#chance(0.5) ? GENTLE : HARSH;
    switch (pick(this.#random, kinds)) {
      case "reset":
        return this.#resetLinks();
      case "crash":
        return this.#crash(false);
      case "power":
        return this.#crash(true);
      case "leave":
        return this.#leave();
      case "cut":
        return this.#cut(pick(this.#random, this.#hosts()), pick(this.#random, this.#hosts()));
      case "split":
        return this.#split();
      case "freeze":
        return this.#freeze();
      case "readdress":
        return this.#readdress();
      case "quit":
        return this.#quit();
      case "restart":
        // Everybody's home dies at the same moment.
        for (const _ of [...this.#servers]) this.#crash(false);
    }
  }

  /** So long, but not beyond the time of the faults. */
  #later(longestMs: number, call: () => void): void {
    const left = START_MS + TROUBLE_MS - 1 - this.world.now;
    this.world.after(Math.max(0, Math.min(left, this.#random() * longestMs)), call);
  }

  #resetLinks(): void {
    const ends = this.#machines().flatMap((machine) => [...machine.ends.values()]);
    if (ends.length === 0) return;
    const all = this.#chance(0.2) ? ends : [pick(this.#random, ends)];
    const halfOpen = !this.#gentle && this.#chance(0.4);
    for (const end of all) {
      this.#note(`a link from ${end.host} to ${end.peer?.host} is reset`);
      this.world.wires.tear(end, { halfOpen });
    }
  }

  #crash(powerOff: boolean): void {
    const server = this.#someServer();
    if (server === null) return;
    const { machine, address } = server;
    this.#note(`${address} ${powerOff ? "loses power" : "is killed"}`);
    if (powerOff) this.world.wires.powerOff(machine);
    else this.world.kill(machine);
    this.#gone(server);
  }

  #leave(): void {
    const server = this.#someServer();
    if (server === null) return;
    this.#note(`${server.address} leaves`);
    server.machine.act((node, now) => node.leave(now));
    this.#servers.splice(this.#servers.indexOf(server), 1);
    // Where not every link is good, not everybody hears of it.
    if (!this.#gentle) this.#isMissed(server);
    const again = (): void => {
      if (server.left) this.#comesBack(server);
      else this.world.after(100, again);
    };
    if (this.#mustComeBack || this.#chance(0.6)) again();
  }

  #gone(server: SimServer): void {
    this.#isMissed(server);
    this.#servers.splice(this.#servers.indexOf(server), 1);
    if (this.#mustComeBack || this.#chance(0.7)) this.#comesBack(server);
  }

  /** Else somebody may know nobody any more who knows where everybody is. */
  get #mustComeBack(): boolean {
    return !this.#known || this.#readdressed !== null;
  }

  #comesBack({ machine: { host } }: SimServer): void {
    this.#later(this.#chance(0.5) ? 300 : 6_000, () => this.#startServer(host));
  }

  #isMissed({ machine: { host }, node }: SimServer): void {
    this.#missing.set(host, [...this.#missing.get(host) ?? [], node.id]);
  }

  /** Those that nobody has found out about: there is no other server at the address. */
  #missingIds(): Set<string> {
    const taken = new Set(this.#servers.map(({ machine }) => machine.host));
    return new Set([...this.#missing].flatMap(([host, ids]) => taken.has(host) ? [] : ids));
  }

  /** One that may go: never the last one. */
  #someServer(): SimServer | null {
    const mayGo = this.#servers.filter((server) => server !== this.#readdressed);
    if (this.#servers.length < 2 || mayGo.length === 0) return null;
    return pick(this.#random, mayGo);
  }

  #cut(a: string, b: string): void {
    if (a === b) return;
    this.#cutWays(this.#chance(0.4) ? [[a, b]] : [[a, b], [b, a]]);
  }

  #split(): void {
    const sides = new Map(this.#hosts().map((host) => [host, this.#chance(0.5)]));
    const ways: [string, string][] = [];
    for (const [a, side] of sides) {
      for (const [b, other] of sides) if (side !== other) ways.push([a, b]);
    }
    this.#cutWays(ways);
  }

  #cutWays(ways: readonly (readonly [string, string])[]): void {
    const { wires } = this.world;
    this.#note(`cut: ${ways.map((way) => way.join(" to ")).join(", ")}`);
    for (const [from, to] of ways) wires.cut(from, to);
    const loses = this.#chance(0.4);
    this.#later(this.#chance(0.5) ? 2_000 : 14_000, () => {
      this.#note(`healed: ${ways.map((way) => way.join(" to ")).join(", ")}`);
      for (const [from, to] of ways) {
        if (loses) {
          for (const end of wires.between(from, to)) wires.tear(end, { halfOpen: false });
        }
        wires.heal(from, to);
      }
    });
  }

  #freeze(): void {
    const machine = pick(this.#random, this.#machines());
    this.#note(`${machine.host} is stopped`);
    machine.freeze();
    this.#later(this.#chance(0.5) ? 2_000 : 14_000, () => {
      this.#note(`${machine.host} is continued`);
      machine.thaw();
    });
  }

  #readdress(): void {
    const server = this.#someServer();
    if (server === null || this.#readdressed !== null || !this.#known) return;
    if (this.#missingIds().size > 0) return;
    this.#readdressed = server;
    const host = server.machine.host.replace("10.0.0.", "10.0.2.");
    this.#note(`${server.address} is at ${host} now`);
    this.world.wires.readdress(server.machine, host);
    server.address = `${host}:4000`;
  }

  #quit(): void {
    const { stayers } = this.#witness;
    if (stayers.length < 2) return;
    const person = pick(this.#random, stayers);
    person.stayed = false;
    const { machine, label, wanted } = person;
    this.#note(`${label} goes`);
    if (this.#chance(0.5)) this.world.kill(machine);
    else machine.act((core, now) => core.quit(now));
    if (this.#chance(0.5)) this.#later(3_000, () => this.#startPerson(`${label}+`, wanted));
  }

  #hosts(): string[] {
    return this.#machines().map(({ host }) => host);
  }

  #machines(): Machine[] {
    const machines: (Machine | Machine<Session>)[] = [
      ...this.#servers.map(({ machine }) => machine as unknown as Machine),
      ...this.#witness.stayers.map(({ machine }) => machine),
    ];
    return machines as Machine[];
  }

  #note(what: string): void {
    this.world.trace?.(`--- ${what}`);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

const GENTLE = ["reset", "reset", "crash", "leave"] as const;
const HARSH = [
  "power",
  "cut",
  "cut",
  "split",
  "split",
  "freeze",
  "freeze",
  "readdress",
  "quit",
  "restart",
] as const;

/** What is sent while nobody has anything to say. */
class Silence {
  /** All but rows, in bytes. */
  bytes = 0;
  /** Rows of the matrix, carried ones too. */
  rows = 0;

  hears(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    for (const { kind, payload } of framesOf(bytes)) {
      const carried = kind === Kind.Via ? payload.subarray(VIA_ADDRESS_BYTES) : null;
      if (kind !== Kind.Row && (carried === null || kindOf(carried) !== Kind.Row)) continue;
      this.rows++;
      this.bytes -= HEADER_BYTES + payload.length;
    }
  }
}

/**
 * Real servers and clients that talk without pause while servers are killed,
 * stopped, drained and restarted, and links cut; then every message is accounted
 * for.
 *
 * @module
 */

import { Cluster } from "../testing/cluster.ts";
import { seededRandom } from "../testing/random.ts";
import { Watch } from "../testing/watch.ts";
import { type Counts, Ledger } from "./ledger.ts";
import { type Event, schedule, words } from "./schedule.ts";
import { Servers } from "./servers.ts";
import { Talker } from "./talker.ts";

/** Messages time out after 30 s; whatever takes longer than that and this has no end. */
const SETTLED_MS = 45_000;

/** How many clients start at once: more would only wait for one another. */
const STARTS = 4;

/** Options of {@linkcode soak}. */
export interface SoakOptions {
  readonly seconds: number;
  readonly servers: number;
  readonly clients: number;
  readonly seed: number;
  /** Takes each line of the schedule as it happens. */
  readonly report: (line: string) => void;
}

/** What came of it. */
export interface Soaked {
  readonly counts: Counts;
  /** One line for each promise broken. */
  readonly problems: readonly string[];
  /** What was done, with the times. */
  readonly log: readonly string[];
  /** How long the delivered messages took, ascending, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** How long servers that were told to leave took. */
  readonly drainsMs: readonly number[];
  /** How often clients went to another server, by reason. */
  readonly moves: Readonly<Record<string, number>>;
  /** From the end of the last fault until every server had everybody on its roster. */
  readonly healedMs: number;
}

/** Runs it. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  await using run = new Run(options);
  await run.start();
  await run.disturb();
  await run.settle();
  return run.result();
}

class Run implements AsyncDisposable {
  readonly #options: SoakOptions;
  readonly #ledger = new Ledger();
  readonly #watch = new Watch(() => this.#describe());
  readonly #stack = new AsyncDisposableStack();
  readonly #talkers: Talker[] = [];
  readonly #log: string[] = [];
  readonly #problems: string[] = [];
  #servers: Servers | null = null;
  #since = performance.now();
  #healedMs = NaN;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  /** Starts everything. */
  async start(): Promise<void> {
    const { servers, clients, seed } = this.#options;
    this.#servers = this.#stack.use(await Servers.start(servers));
    const names = Array.from({ length: clients }, (_, index) => `client-${index}`);
    for (let first = 0; first < clients; first += STARTS) {
      const started = names.slice(first, first + STARTS).map((name, offset) => {
        const talker = new Talker(name, {
          servers: this.#addresses(),
          others: names.filter((other) => other !== name),
          random: seededRandom(seed * 1_000 + first + offset),
          ledger: this.#ledger,
          changed: this.#watch.changed,
        });
        return this.#stack.use(talker);
      });
      this.#talkers.push(...started);
      await Promise.all(started.map((talker) => talker.attached()));
    }
    this.#since = performance.now();
    this.#say(`${servers} servers, ${clients} clients, seed ${seed}`);
  }

  /** Lets them talk, and does what the schedule says, until the last fault is over. */
  async disturb(): Promise<void> {
    const { seconds, servers, seed } = this.#options;
    for (const talker of this.#talkers) talker.talk();
    const events = schedule(seed, { ms: seconds * 1_000, servers });
    await Promise.all([
      this.#at(seconds * 1_000),
      ...events.map((event) => this.#carryOut(event)),
    ]);
    for (const talker of this.#talkers) talker.hush();
    this.#say("no more faults, no more messages");
  }

  /** Waits until every message has its receipt and every server knows everybody. */
  async settle(): Promise<void> {
    const since = performance.now();
    await this.#attempt("every message has a receipt", () =>
      this.#watch.until(
        "every message has a receipt",
        () => this.#talkers.every(({ open, code }) => open === 0 || code !== null),
        SETTLED_MS,
      ));
    await this.#attempt("rosters are equal", () => this.#sameRosters());
    this.#healedMs = performance.now() - since;
    this.#problems.push(...this.#servers?.ended() ?? []);
    for (const talker of this.#talkers) await this.#endOf(talker);
  }

  /** Compares everything. */
  result(): Soaked {
    const { counts, problems } = this.#ledger.compare();
    const moves: Record<string, number> = {};
    for (const [reason, count] of this.#talkers.flatMap((talker) => [...talker.moves])) {
      moves[reason] = (moves[reason] ?? 0) + count;
    }
    return {
      counts,
      problems: [...this.#problems, ...problems],
      log: this.#log,
      latenciesMs: this.#ledger.latencies(),
      drainsMs: this.#servers?.drainsMs ?? [],
      moves,
      healedMs: this.#healedMs,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  async #carryOut(event: Event): Promise<void> {
    const { atMs, forMs, fault } = event;
    await this.#at(atMs);
    this.#say(words(event));
    await this.#attempt(words(event), async () => {
      await this.#servers?.begin(fault);
      await after(forMs);
      await this.#servers?.end(fault);
    });
  }

  /** Whatever fails is one of the findings; the others are to be found too. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#say(`FAILED: ${what}`);
      this.#problems.push(`${what}: ${why}`);
    }
  }

  /** Asks each server for its roster, as a client that stays there. */
  async #sameRosters(): Promise<void> {
    await using cluster = new Cluster();
    const watchers = this.#addresses().map((address, index) =>
      cluster.client({ servers: [address], name: `watcher-${index}`, pin: true })
    );
    const expected = [...this.#talkers, ...watchers].map(({ name }) => name).sort().join();
    for (const watcher of watchers) {
      await watcher.attached();
      await watcher.who({ watch: true });
    }
    // Everyone has someone at home, so a full roster is also a full mesh.
    for (const watcher of watchers) {
      await watcher.until(
        "it sees everybody",
        () => watcher.roster.join() === expected,
        SETTLED_MS,
      );
    }
  }

  async #endOf(talker: Talker): Promise<void> {
    const { name, errors, complaints } = talker;
    const why = talker.code === null ? "" : "by itself, ";
    const code = await talker.end();
    if (code === 0 && errors.length === 0) return;
    const said = [...errors, ...complaints.slice(-2)].join(" ");
    this.#problems.push(`${name} ended ${why}with ${code}: ${said}`);
  }

  #addresses(): readonly string[] {
    return this.#servers?.addresses ?? [];
  }

  #at(ms: number): Promise<void> {
    return after(this.#since + ms - performance.now());
  }

  #say(line: string): void {
    const seconds = ((performance.now() - this.#since) / 1_000).toFixed(1);
    const stamped = `${seconds.padStart(6)} s  ${line}`;
    this.#log.push(stamped);
    this.#options.report(stamped);
  }

  #describe(): Record<string, unknown> {
    const talkers = this.#talkers.map(({ name, open, code }) => ({ name, open, code }));
    return { talkers: talkers.filter(({ open }) => open > 0), logs: this.#servers?.logs(5) };
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

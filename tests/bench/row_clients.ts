/**
 * What clients cost that are only there: each is registered, and echoes.
 *
 * @module
 */

import { joined } from "./compare.ts";
import { type Contender, natsServers, ourServers } from "./contender.ts";
import type { Dialect, Member } from "./dialect.ts";
import { BASE } from "./dialect_base.ts";
import { EXTENDED } from "./dialect_extended.ts";
import { NATS } from "./dialect_nats.ts";
import { type Idle, idleUsage } from "./idle.ts";
import { type Result, resultOf, type Unit } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { openFilesLimit, usageOf } from "./system.ts";

const SIZES = [10, 100, 1000, 10_000, 16_000];
const QUICK_SIZES = [1000];

/** The size with targets; the others are measured once, to show the growth. */
const JUDGED = 10_000;

/** Fewer clients tell nothing of what one costs. */
const FEWEST_FOR_EACH = 1000;

/** Clients that connect at the same time. */
const AT_A_TIME = 64;

/** How often an idle client of ours echoes. */
const ECHO_MS = 5_000;

/** Echoes are spread over that time, in steps of so long. */
const STEP_MS = 20;

/** Open files that this process needs besides the clients. */
const OTHER_FILES = 64;

/** Time to connect, register and get one echo answered, then the cost of being there. */
export const CLIENTS: Row = {
  name: "clients",
  title: "Registered clients that only echo, each 5 s: time until all are there, memory, CPU",
  measure,
};

interface Crowd extends Idle {
  readonly ms: number;
  readonly grownBytes: number | null;
}

async function* measure(setting: Setting): AsyncIterable<Result> {
  for (const size of setting.quick ? QUICK_SIZES : SIZES) {
    if (size > openFilesLimit() - OTHER_FILES) {
      setting.note(`${size} clients are left out: this process may open ${openFilesLimit()} files`);
      continue;
    }
    const crowds: Crowds = { ours: [], base: [], theirs: [] };
    const isJudged = size === JUDGED;
    const repetitions = isJudged || setting.quick ? setting.repetitions : 1;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const one = { servers: 1 } as const;
      const ours = (dialect: Dialect): Promise<Contender> =>
        ourServers(setting, { ...one, dialect });
      crowds.ours.push(await gathered(setting, size, ours(EXTENDED)));
      if (isJudged) crowds.base.push(await gathered(setting, size, ours(BASE)));
      if (setting.nats === null) continue;
      const nats = natsServers(setting, { ...one, dialect: NATS });
      crowds.theirs.push(await gathered(setting, size, nats));
    }
    yield* linesOf(size, crowds);
  }
}

function* linesOf(size: number, { ours, base, theirs }: Crowds): IterableIterator<Result> {
  const line = function* (
    what: string,
    unit: Unit,
    of: (crowd: Crowd) => number | null,
    mine = ours,
  ): IterableIterator<Result> {
    const [own = [], others = []] = [mine, theirs].map((crowds) =>
      crowds.map(of).flatMap((amount) => amount === null ? [] : [{ amount, usage: null }])
    );
    if (own.length === 0) return;
    const peer = others.length === 0 ? undefined : { name: "nats-server", samples: others };
    const kind = mine === base ? "base clients" : "clients";
    yield resultOf({ row: "clients", what: `${what}, ${size} ${kind}`, unit }, { ours: own, peer });
  };
  yield* line("time", "ms", ({ ms }) => ms);
  yield* line("time", "ms", ({ ms }) => ms, base);
  yield* line("memory", "MiB", ({ residentBytes }) => residentBytes && residentBytes / 2 ** 20);
  if (size >= FEWEST_FOR_EACH) {
    yield* line(
      "memory of each",
      "KiB",
      ({ grownBytes }) => grownBytes === null ? null : grownBytes / size / 1024,
    );
  }
  yield* line("CPU", "%", ({ cpuPercent }) => cpuPercent);
  yield* line("traffic", "B/s", ({ bytesPerSecond }) => bytesPerSecond);
}

/** Of each size, by who they are: our own kind of client, original ones, those of the peer. */
interface Crowds {
  readonly ours: Crowd[];
  readonly base: Crowd[];
  readonly theirs: Crowd[];
}

async function gathered(
  { idleSeconds }: Setting,
  size: number,
  starting: Promise<Contender>,
): Promise<Crowd> {
  await using server = await starting;
  const before = usageOf(server.pids);
  using echoes = new Echoes(server);
  let begun = 0;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    while (begun++ < size) {
      const member = await joined(server, server.senderPort);
      await server.dialect.echo(member);
      echoes.add(member);
    }
  }));
  const ms = performance.now() - startedAt;
  const idle = await idleUsage({ pids: server.pids, ports: [server.senderPort] }, idleSeconds);
  echoes.check();
  const grownBytes = before === null || idle.residentBytes === null
    ? null
    : idle.residentBytes - before.residentBytes;
  return { ...idle, ms, grownBytes };
}

/** Members who echo each 5 s, each at its own time, until this is disposed of. */
class Echoes implements Disposable {
  readonly #dialect: Dialect;
  /** Those who echo in the same step of the period. */
  readonly #turns: Member[][] = Array.from({ length: ECHO_MS / STEP_MS }, () => []);
  readonly #startedAt = performance.now();
  readonly #timer = setInterval(() => this.#step(), STEP_MS);
  #members = 0;
  #steps = 0;
  #failure: unknown = null;

  constructor({ dialect }: Contender) {
    this.#dialect = dialect;
  }

  add(member: Member): void {
    this.#turns[this.#members++ % this.#turns.length]?.push(member);
  }

  /** @throws {Error} when an echo has failed. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { conn } of this.#turns.flat()) conn.close();
  }

  #step(): void {
    const due = (performance.now() - this.#startedAt) / STEP_MS;
    for (; this.#steps < due; this.#steps++) {
      for (const member of this.#turns[this.#steps % this.#turns.length] ?? []) {
        this.#dialect.echo(member).catch((error) => this.#failure ??= error);
      }
    }
  }
}

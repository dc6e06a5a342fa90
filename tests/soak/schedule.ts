/**
 * What goes wrong, and when: a pure function of the seed.
 *
 * @module
 */

import { pick, seededRandom } from "../testing/random.ts";

/** What is done to servers (by index) and the links between them. */
export type Fault =
  /** The process is killed, and a new one is started at the same address. */
  | { readonly kind: "kill"; readonly server: number }
  /** The process is told to leave, and when it has, a new one is started there. */
  | { readonly kind: "drain"; readonly server: number }
  /** The process is stopped, and continued. */
  | { readonly kind: "stop"; readonly server: number }
  /** What goes from one to the other is held; both ways unless `oneWay`. */
  | {
    readonly kind: "cut";
    readonly server: number;
    readonly other: number;
    readonly oneWay: boolean;
  }
  /** The link of two is closed; what is under way is lost. */
  | { readonly kind: "reset"; readonly server: number; readonly other: number }
  /** No link between the first so many and the others; clients reach all. */
  | { readonly kind: "split"; readonly first: number }
  /** The clients of a server hear nothing of it, and it nothing of them. */
  | { readonly kind: "silence"; readonly server: number }
  /** The clients of a server lose their links to it. */
  | { readonly kind: "lose"; readonly server: number };

/** A fault, when it begins and how long it lasts. */
export interface Event {
  readonly atMs: number;
  readonly forMs: number;
  readonly fault: Fault;
}

/** Faults begin at least and at most so long after one another. */
const EVERY_MS = [300, 2_000] as const;

/** What a server that was started needs until it is used to the others again. */
const START_MS = 1_500;

/** So many servers must be well at any time: with none of them nothing can be promised. */
const WELL = 2;

/** How long each lasts at least and at most. */
const DURATIONS: Readonly<Record<Fault["kind"], readonly [number, number]>> = {
  kill: [100, 4_000],
  drain: [100, 1_000],
  // Some are noticed (5 s between servers), some are not.
  stop: [300, 9_000],
  cut: [200, 9_000],
  split: [2_000, 9_000],
  silence: [200, 6_000],
  reset: [0, 0],
  lose: [0, 0],
};

const KINDS = [
  ..."kill kill kill drain drain stop stop stop".split(" "),
  ..."cut cut cut reset reset split silence lose".split(" "),
] as readonly Fault["kind"][];

/** The faults of one run, in order of their beginning; all are over within `ms`. */
export function schedule(
  seed: number,
  { ms, servers }: { readonly ms: number; readonly servers: number },
): Event[] {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const freeAt = Array.from({ length: servers }, () => 0);
  const events: Event[] = [];
  let splitUntil = 0;
  for (let atMs = 0; atMs < ms; atMs += between(...EVERY_MS)) {
    const kind = pick(random, KINDS);
    const forMs = between(...DURATIONS[kind]);
    const free = freeAt.flatMap((until, server) => until <= atMs ? [server] : []);
    const server = pick(random, freeAt.keys().toArray());
    const other = (server + 1 + Math.floor(random() * (servers - 1))) % servers;
    const oneWay = random() < 0.5;
    const first = 1 + Math.floor(random() * (servers - 1));
    if (atMs + forMs > ms) continue;
    if (kind === "kill" || kind === "drain" || kind === "stop") {
      if (free.length <= WELL || !free.includes(server)) continue;
      freeAt[server] = atMs + forMs + (kind === "stop" ? 0 : START_MS);
      events.push({ atMs, forMs, fault: { kind, server } });
    } else if (kind === "split") {
      if (atMs < splitUntil) continue;
      splitUntil = atMs + forMs;
      events.push({ atMs, forMs, fault: { kind, first } });
    } else if (kind === "cut") {
      events.push({ atMs, forMs, fault: { kind, server, other, oneWay } });
    } else if (kind === "reset") events.push({ atMs, forMs, fault: { kind, server, other } });
    else events.push({ atMs, forMs, fault: { kind, server } });
  }
  return events;
}

/** One line about what happens. */
export function words({ fault, forMs }: Event): string {
  const seconds = `${(forMs / 1_000).toFixed(1)} s`;
  switch (fault.kind) {
    case "kill":
      return `server ${fault.server} is killed, and restarted after ${seconds}`;
    case "drain":
      return `server ${fault.server} leaves, and is restarted ${seconds} after it has`;
    case "stop":
      return `server ${fault.server} is stopped for ${seconds}`;
    case "cut": {
      const ways = fault.oneWay ? "->" : "<->";
      return `link ${fault.server} ${ways} ${fault.other} is cut for ${seconds}`;
    }
    case "reset":
      return `link ${fault.server} <-> ${fault.other} is reset`;
    case "split":
      return `servers below ${fault.first} are split from the others for ${seconds}`;
    case "silence":
      return `clients of server ${fault.server} are cut off for ${seconds}`;
    case "lose":
      return `clients of server ${fault.server} lose their links`;
  }
}

/**
 * How soon all is well again: after the home of a client was killed, after it
 * left, after a split healed. Servers are real processes; clients run in this
 * one, so that nothing but the network is between a fault and their clock.
 *
 * @module
 */

import { Servers } from "../soak/servers.ts";
import { Cluster, type ClusterClient } from "../testing/cluster.ts";
import { ServerProgram } from "../testing/program.ts";
import { amountOf, type Result } from "./result.ts";
import type { Row, Setting } from "./setting.ts";

const REPETITIONS = 10;
const QUICK_REPETITIONS = 3;
const SIZES = [5, 20];
const QUICK_SIZES = [5];

/** A split is noticed after 5 s, and names are nobody's 5 s later; a busy machine is slower. */
const PATIENCE_MS = 90_000;

/** Each is a fault that others find hard to get over, on cliques of two sizes. */
export const FAILOVER: Row = {
  name: "failover",
  title: "How soon all is well after a fault",
  measure,
};

async function* measure({ quick, note }: Setting): AsyncIterable<Result> {
  const line = (size: number, what: string, ms: readonly number[]): Result =>
    amountOf({ row: "failover", what: `${what}, ${size} servers`, unit: "ms" }, ms);
  const repetitions = quick ? QUICK_REPETITIONS : REPETITIONS;
  for (const size of quick ? QUICK_SIZES : SIZES) {
    const { sent, shown } = await afterKill(size, repetitions);
    yield line(size, "home killed -9 to the next receipt", sent);
    yield line(size, "home killed -9 to the next message shown", shown);
    yield line(size, "home told to leave to moved", await afterDrain(size, repetitions));
  }
  if (quick) return note("The healing of splits is left out: each takes 10 s to be noticed");
  // Almost all of this is waiting for silence, so the cliques may wait together.
  const splits = await Promise.all(SIZES.map((size) => afterSplit(size, repetitions)));
  for (const [index, ms] of splits.entries()) {
    yield line(SIZES[index] ?? 0, "healed split to equal rosters", ms);
  }
}

/** Servers that come back at the same address when they are gone. */
class Places implements AsyncDisposable {
  readonly #servers: ServerProgram[] = [];

  static async start(count: number): Promise<Places> {
    const places = new Places();
    for (let index = 0; index < count; index++) {
      places.#servers.push(await ServerProgram.start(places.#args()));
    }
    await Promise.all(places.#servers.map((server) => linked(server, count - 1)));
    return places;
  }

  get addresses(): readonly string[] {
    return this.#servers.map(({ address }) => address);
  }

  at(address: string): ServerProgram {
    return this.#servers.find((server) => server.address === address) as ServerProgram;
  }

  /** Starts another one where `gone` was, and waits until it is linked to all. */
  async restart(gone: ServerProgram): Promise<void> {
    await gone[Symbol.asyncDispose]();
    const index = this.#servers.indexOf(gone);
    const server = await ServerProgram.start(["--listen", gone.address, ...this.#args(gone)]);
    this.#servers[index] = server;
    await linked(server, this.#servers.length - 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }

  #args(without?: ServerProgram): string[] {
    const others = this.#servers.filter((server) => server !== without);
    return ["--log-format", "json", ...others.flatMap(({ address }) => ["--join", address])];
  }
}

async function linked(server: ServerProgram, others: number): Promise<void> {
  await server.logged({ event: "peer-linked" }, others);
}

async function afterKill(
  size: number,
  repetitions: number,
): Promise<{ sent: number[]; shown: number[] }> {
  await using places = await Places.start(size);
  await using cluster = new Cluster();
  const bob = await atFirst(cluster, places);
  const sent: number[] = [];
  const shown: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { ada, home } = await atAnother(cluster, places);
    bob.send(ada.name, "before");
    await ada.received("bob", "before");
    home.signal("SIGKILL");
    const since = performance.now();
    ada.send("bob", "after");
    bob.send(ada.name, "after");
    await Promise.all([
      ada.receipt("bob", 1).then(({ status }) => {
        if (status !== "delivered") throw new Error(`Cannot measure: the message ${status}`);
        sent.push(performance.now() - since);
      }),
      ada.received("bob", "after").then(() => shown.push(performance.now() - since)),
    ]);
    await ada.quit();
    await places.restart(home);
  }
  return { sent, shown };
}

async function afterDrain(size: number, repetitions: number): Promise<number[]> {
  await using places = await Places.start(size);
  await using cluster = new Cluster();
  await atFirst(cluster, places);
  const ms: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { ada, home } = await atAnother(cluster, places);
    home.signal("SIGTERM");
    const since = performance.now();
    await ada.until("it has moved", () => ada.told("moved").length > 0);
    ms.push(performance.now() - since);
    await home.ends();
    await ada.quit();
    await places.restart(home);
  }
  return ms;
}

async function atFirst(cluster: Cluster, places: Places): Promise<ClusterClient> {
  const bob = cluster.client({ servers: places.addresses.slice(0, 1), name: "bob", pin: true });
  await bob.attached();
  return bob;
}

/** A client that chose by itself, but not the first server, and where it is. */
async function atAnother(
  cluster: Cluster,
  places: Places,
): Promise<{ ada: ClusterClient; home: ServerProgram }> {
  const [first] = places.addresses;
  for (let attempt = 0;; attempt++) {
    const name = `ada-${crypto.randomUUID().slice(0, 8)}`;
    const ada = cluster.client({ servers: places.addresses, name, probes: 10 });
    await ada.attached();
    if (ada.home !== first) return { ada, home: places.at(ada.home ?? "") };
    await ada.quit();
  }
}

async function afterSplit(size: number, repetitions: number): Promise<number[]> {
  await using servers = await Servers.start(size);
  await using cluster = new Cluster();
  const clients = servers.addresses.map((address, index) =>
    cluster.client({ servers: [address], name: `client-${index}`, pin: true })
  );
  for (const client of clients) await client.attached();
  for (const client of clients) await client.who({ watch: true });
  const seen = (count: (index: number) => number): Promise<unknown> =>
    Promise.all(clients.map((client, index) =>
      client.until(
        `it sees ${count(index)}`,
        () => client.roster.length === count(index),
        PATIENCE_MS,
      )
    ));
  const first = Math.floor(size / 2);
  const ms: number[] = [];
  await seen(() => size);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const split = { kind: "split", first } as const;
    await servers.begin(split);
    await seen((index) => index < first ? first : size - first);
    await servers.end(split);
    const since = performance.now();
    await seen(() => size);
    ms.push(performance.now() - since);
  }
  return ms;
}

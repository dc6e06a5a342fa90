/**
 * Clients that move to nearer servers while they talk, over real connections
 * through relays that hold what is under way for as long as a test says.
 */

import { assertEquals } from "@std/assert";
import { Cluster, type ClusterClient } from "../testing/cluster.ts";
import { BOTH, Relay } from "../testing/relay.ts";

const NEAR_MS = 1;
const FAR_MS = 12;

/** Rounds follow each other as fast as they can. */
const PACE = { roundMs: 50, restMs: 100 };

/** Rounds in which samples are late decide nothing: on a busy machine it takes longer. */
const PATIENCE_MS = 30_000;

/** Messages of one talker on their way at once. */
const OPEN = 8;

/** Says one number after the other to somebody, each time that one has its receipt. */
class Talker {
  readonly said: string[] = [];
  #isOver = false;

  constructor(readonly client: ClusterClient, readonly to: string) {
    client.onReceipt = () => this.#say();
    for (let n = 0; n < OPEN; n++) this.#say();
  }

  /** Says no more, and waits until it knows what became of everything. */
  async ends(): Promise<void> {
    this.#isOver = true;
    await this.client.until("every message has its receipt", ({ openCount }) => openCount === 0);
  }

  #say(): void {
    if (this.#isOver) return;
    const text = `${this.said.length}`;
    this.said.push(text);
    this.client.send(this.to, text);
  }
}

/** Three servers that clients reach through relays only, and who is near. */
class Places implements AsyncDisposable {
  readonly relays = [new Relay(), new Relay(), new Relay()];

  async start(cluster: Cluster): Promise<void> {
    this.near(0);
    for (const relay of this.relays) {
      const join = cluster.servers.map(({ address }) => address);
      relay.target = cluster.server({ join, advertise: [relay.address] }).port;
    }
    await cluster.until(
      "all servers are linked",
      () => cluster.servers.every(({ peerIds }) => peerIds.length === this.relays.length - 1),
    );
  }

  address(index: number): string {
    return this.relays[index]?.address ?? "";
  }

  /** From now on this one is near, and the others are far, for every connection. */
  near(index: number): void {
    for (const [at, relay] of this.relays.entries()) {
      const delayMs = at === index ? NEAR_MS : FAR_MS;
      for (const way of BOTH) relay.delaysMs[way] = delayMs;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.relays) await relay[Symbol.asyncDispose]();
  }
}

Deno.test("clients follow the nearest server while they talk: moves are counted, no message is lost, twice or out of order", async () => {
  await using places = new Places();
  await using cluster = new Cluster();
  await places.start(cluster);
  const servers = [places.address(0)];
  const [ada, bob] = ["ada", "bob"].map((name) =>
    cluster.client({ servers, name, probes: 4, pace: PACE })
  ) as [ClusterClient, ClusterClient];
  await Promise.all([ada.attached(), bob.attached()]);
  const talkers = [new Talker(ada, "bob"), new Talker(bob, "ada")];
  const path = [1, 2, 0];
  for (const index of path) {
    places.near(index);
    for (const client of [ada, bob]) {
      await client.until(
        `it is at server ${index}`,
        ({ home }) => home === places.address(index),
        PATIENCE_MS,
      );
    }
  }
  for (const talker of talkers) await talker.ends();
  for (const [me, other] of [[talkers[0], ada], [talkers[1], bob]] as const) {
    const [name, listener] = other === ada ? ["ada", bob] : ["bob", ada];
    assertEquals(listener.texts(name), me?.said, "what was said is what was shown");
    assertEquals(
      other.receipts.map(({ seq, status }) => `${seq} ${status}`),
      me?.said.map((_, at) => `${at + 1} delivered`),
    );
    assertEquals(
      other.told("moved").map(({ server, reason }) => `${server} ${reason}`),
      path.map((index) => `${places.address(index)} nearer`),
    );
  }
});

Deno.test("a pinned client stays, whoever is near", async () => {
  await using places = new Places();
  await using cluster = new Cluster();
  await places.start(cluster);
  const servers = [places.address(0)];
  const ada = cluster.client({ servers, name: "ada", pin: true, probes: 4, pace: PACE });
  const bob = cluster.client({ servers, name: "bob", probes: 4, pace: PACE });
  await Promise.all([ada.attached(), bob.attached()]);
  places.near(1);
  await bob.until("it has moved", ({ home }) => home === places.address(1), PATIENCE_MS);
  assertEquals([ada.home, ada.told("moved"), ada.log], [places.address(0), [], []]);
});

/**
 * What a program measures while its own event loop is busy: on real sockets,
 * in this very process.
 */

import { assert, assertEquals } from "@std/assert";
import { Cluster, type ClusterClient } from "../testing/cluster.ts";

/** How long the event loop stands still at a time. */
const BURST_MS = 30;

/** Keeps this process busy, with gaps for one turn of the event loop, until it is disposed of. */
class Burner implements Disposable {
  readonly #channel = new MessageChannel();
  #turns = 0;

  constructor() {
    this.#channel.port1.onmessage = () => this.#burn();
    this.#channel.port2.postMessage(null);
  }

  [Symbol.dispose](): void {
    this.#channel.port1.close();
    this.#channel.port2.close();
  }

  #burn(): void {
    const until = performance.now() + BURST_MS;
    // Two quiet turns for each busy one: some samples are good.
    while (this.#turns % 3 === 0 && performance.now() < until);
    this.#turns++;
    setTimeout(() => this.#channel.port2.postMessage(null), 1);
  }
}

async function measured(
  cluster: Cluster,
  address: string,
): Promise<ReturnType<ClusterClient["rtts"]>[number]> {
  const client = cluster.client({ servers: [address], probes: 60, intervalMs: 1 });
  await client.gathered();
  const [rtt] = client.rtts();
  await client.quit();
  assert(rtt !== undefined);
  return rtt;
}

Deno.test("an event loop that is burnt makes samples late, and the RTT of an idle link no longer", async () => {
  await using cluster = new Cluster();
  const server = cluster.server();
  using _burner = new Burner();
  const { summary, recent } = await measured(cluster, server.address);
  assertEquals(summary.received, 60);
  assert(summary.late > 0, "it noticed");
  const late = recent.flatMap((ms) => ms !== null && ms < 0 ? [-ms] : []);
  assert(late.some((ms) => ms >= BURST_MS / 2), "and what it left out would have counted");
  for (const ms of recent) {
    assert(ms === null || ms < BURST_MS, `${ms} ms would be taken for the network's`);
  }
});

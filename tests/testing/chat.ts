/**
 * Two clients that talk all the time, to show that nothing disturbs them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { ClusterClient } from "./cluster_client.ts";

/** Messages that both must have been shown before the talk counts as flowing. */
const ENOUGH = 20;

/** A talk between two clients of one cluster: each answers what it is shown. */
export class Chat {
  readonly #clients: readonly [ClusterClient, ClusterClient];
  #over = false;

  /** Begins to talk. */
  constructor(a: ClusterClient, b: ClusterClient) {
    this.#clients = [a, b];
    for (const [from, to] of [[a, b], [b, a]] as const) {
      let count = 0;
      from.onMessage = (message): void => {
        // The core that shows a message is not through with its input yet.
        if (message.from === to.name) queueMicrotask(() => this.#say(from, to, ++count));
      };
      this.#say(from, to, 0);
    }
  }

  /** Waits until both were shown some more messages from now on. */
  async flows(): Promise<void> {
    const [a, b] = this.#clients;
    const enoughFor = (client: ClusterClient): () => boolean => {
      const wanted = client.messages.length + ENOUGH;
      return () => client.messages.length >= wanted;
    };
    const enough = [[a, enoughFor(a)], [b, enoughFor(b)]] as const;
    for (const [client, holds] of enough) await client.until("the chat flows", holds);
  }

  /** Ends it: everything that was said was shown once, in order, and confirmed. */
  async end(): Promise<void> {
    await this.flows();
    this.#over = true;
    const [a, b] = this.#clients;
    for (const [from, to] of [[a, b], [b, a]] as const) {
      await from.until("everything has a receipt", () => from.openCount === 0);
      const receipts = from.receipts.filter((receipt) => receipt.to === to.name);
      assertEquals(receipts.filter(({ status }) => status !== "delivered"), []);
      const said = receipts.map((_, index) => `${from.name} ${index}`);
      assertEquals(to.texts(from.name), said);
    }
  }

  #say(from: ClusterClient, to: ClusterClient, count: number): void {
    if (!this.#over) from.send(to.name, `${from.name} ${count}`);
  }
}

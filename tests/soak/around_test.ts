import { assertEquals } from "@std/assert";
import { client, type Program } from "../testing/program.ts";
import type { Fault } from "./schedule.ts";
import { Servers } from "./servers.ts";

/** How many messages each sends at each stage: before, while, around, after. */
const BATCH = 50;

/** Two who talk to each other. */
class Pair {
  #sent = 0;

  constructor(readonly ada: Program, readonly bob: Program) {}

  /** Each sends the next batch. */
  async talk(): Promise<void> {
    for (const last = this.#sent + BATCH; this.#sent < last;) {
      const number = ++this.#sent;
      await this.ada.type(`bob ${number}`);
      await this.bob.type(`ada ${number}`);
    }
  }

  /** Waits until all was confirmed, and compares it message by message. */
  async everythingArrives(): Promise<void> {
    const numbers = Array.from({ length: this.#sent }, (_, at) => at + 1);
    for (const program of [this.ada, this.bob]) {
      const receipts = { event: "receipt" };
      await program.until(
        `${this.#sent} receipts`,
        () => program.events(receipts).length === this.#sent,
      );
      assertEquals(
        program.events(receipts).map(({ seq, status }) => `${seq} ${status}`),
        numbers.map((number) => `${number} delivered`),
      );
    }
    for (const program of [this.ada, this.bob]) {
      const texts = program.events({ event: "message" }).map(({ text }) => text);
      assertEquals(texts, numbers.map(String));
    }
  }
}

Deno.test("real servers whose link is cut talk through a third one, and go back when it heals", async () => {
  await using servers = await Servers.start(3);
  for (const [index, to] of [[0, 1], [1, 0], [0, 2], [1, 2]] as const) {
    await servers.linked(index, to, null);
  }
  const [first = "", second = ""] = servers.addresses;
  const chat = (name: string, address: string): Program =>
    client(["chat", "--json", "--pin", "--name", name, "--server", address]);
  await using ada = chat("ada", first);
  await using bob = chat("bob", second);
  await ada.event({ event: "attached" });
  await bob.event({ event: "attached" });
  const pair = new Pair(ada, bob);
  await pair.talk();
  await pair.everythingArrives();

  const cut: Fault = { kind: "cut", server: 0, other: 1, oneWay: false };
  await servers.begin(cut);
  await pair.talk();
  await servers.linked(0, 1, 2);
  await servers.linked(1, 0, 2);
  await pair.talk();
  await pair.everythingArrives();

  await servers.end(cut);
  await servers.linked(0, 1, null, 2);
  await servers.linked(1, 0, null, 2);
  await pair.talk();
  await pair.everythingArrives();
});

/** The wall clock is nobody's business: it may jump as it likes. */

import { assertEquals } from "@std/assert";
import { Cluster } from "../testing/cluster.ts";

const HOUR_MS = 3_600_000;

/** A wall clock that is hours off each time that somebody looks, forwards and back. */
function jumpingDate(real: DateConstructor): DateConstructor {
  let looks = 0;
  const jumped = (): number => real.now() + (looks++ % 2 === 0 ? 1 : -1) * looks * HOUR_MS;
  return class extends real {
    constructor(...args: []) {
      super(...(args.length === 0 ? [jumped()] as unknown as [] : args));
    }

    static override now(): number {
      return jumped();
    }
  } as DateConstructor;
}

Deno.test("a wall clock that jumps by hours closes no link, and no message is late or twice", async () => {
  const real = globalThis.Date;
  globalThis.Date = jumpingDate(real);
  try {
    await using cluster = new Cluster();
    const first = cluster.server({ label: "first" });
    const second = cluster.server({ label: "second", join: [first.address] });
    await cluster.formed(2);
    const ada = await cluster.clientAt(first, "ada");
    const bob = await cluster.clientAt(second, "bob");
    await cluster.knows("ada");
    await cluster.knows("bob");
    const numbers = Array.from({ length: 100 }, (_, number) => `${number}`);
    for (const text of numbers) ada.send("bob", text);
    const receipt = await ada.receipt("bob", numbers.length);
    assertEquals([receipt.status, bob.texts("ada")], ["delivered", numbers]);
    assertEquals((receipt.latencyMs ?? HOUR_MS) < HOUR_MS, true);
    assertEquals(await cluster.formed(2), undefined);
  } finally {
    globalThis.Date = real;
  }
});

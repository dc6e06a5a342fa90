import { assert, assertEquals } from "@std/assert";
import { Status } from "../../lib/codec/status.ts";
import { Receiving } from "../../lib/core/receiving.ts";
import { seededRandom } from "../testing/random.ts";

const ADA = 5;

/** What is done with a message of ada's: `shown`, `again` or `gap`, and the number acknowledged. */
function take(receiving: Receiving, number: number, floor = 1, senderSession = ADA): string {
  const verdict = receiving.direct({ senderSession, number, floor });
  const what = verdict.show ? "shown" : verdict.status === Status.Gap ? "gap" : "again";
  return `${what} ${verdict.number}`;
}

Deno.test("messages are shown in order, each acknowledged", () => {
  const receiving = new Receiving();
  assertEquals([1, 2, 3].map((number) => take(receiving, number)), [
    "shown 1",
    "shown 2",
    "shown 3",
  ]);
});

Deno.test("what was shown is acknowledged again, not shown again", () => {
  const receiving = new Receiving();
  take(receiving, 1);
  take(receiving, 2);
  assertEquals([take(receiving, 1), take(receiving, 2)], ["again 2", "again 2"]);
});

Deno.test("what comes too early is refused, and says how far it got", () => {
  const receiving = new Receiving();
  take(receiving, 1);
  assertEquals(take(receiving, 3), "gap 1");
  assertEquals([take(receiving, 2), take(receiving, 3)], ["shown 2", "shown 3"]);
});

Deno.test("the first message of a stream is not shown before those that its sender still has", () => {
  assertEquals(take(new Receiving(), 2, 1), "gap 0");
});

Deno.test("the floor raises what is expected: numbers below it are settled", () => {
  const receiving = new Receiving();
  take(receiving, 1);
  assertEquals(take(receiving, 9, 9), "shown 9");
  assertEquals(take(receiving, 5, 5), "again 9");
});

Deno.test("a floor from the past lowers nothing", () => {
  const receiving = new Receiving();
  take(receiving, 7, 7);
  assertEquals(take(receiving, 7, 3), "again 7");
});

Deno.test("each sender has a stream of its own", () => {
  const receiving = new Receiving();
  take(receiving, 1);
  assertEquals(take(receiving, 1, 1, 6), "shown 1");
});

Deno.test("under another name every stream begins anew", () => {
  const receiving = new Receiving();
  take(receiving, 1);
  receiving.renamed();
  assertEquals(take(receiving, 1), "shown 1");
});

Deno.test("whatever copies arrive in whatever order, each is shown once and in order", () => {
  const random = seededRandom(2);
  for (let round = 0; round < 200; round++) {
    const receiving = new Receiving();
    const shown: number[] = [];
    for (let step = 0; step < 400; step++) {
      const number = 1 + Math.floor(random() * 12);
      if (take(receiving, number, 1).startsWith("shown")) shown.push(number);
    }
    assertEquals(shown, shown.map((_, at) => at + 1));
  }
});

/** What is done with a message to everybody. */
function takeAll(receiving: Receiving, number: number, floor = 1, senderSession = ADA): string {
  const verdict = receiving.everybody({ senderSession, number, floor });
  assertEquals(verdict.number, number);
  if (verdict.show) return "shown";
  return verdict.status === Status.Delivered ? "again" : "skipped";
}

Deno.test("to everybody: what is missing is not waited for, and never shown afterwards", () => {
  const receiving = new Receiving();
  assertEquals([2, 5, 4, 5, 6].map((number) => takeAll(receiving, number)), [
    "shown",
    "shown",
    "skipped",
    "again",
    "shown",
  ]);
});

Deno.test("to everybody: what was shown below the floor needs no memory and is not shown again", () => {
  const receiving = new Receiving();
  takeAll(receiving, 1);
  takeAll(receiving, 2, 2);
  assertEquals(takeAll(receiving, 1, 2), "skipped");
  assertEquals(takeAll(receiving, 2, 2), "again");
});

Deno.test("to everybody: streams of two senders do not mind each other", () => {
  const receiving = new Receiving();
  takeAll(receiving, 9);
  assertEquals(takeAll(receiving, 1, 1, 6), "shown");
});

Deno.test("a receiver remembers many senders, the recent ones longest", () => {
  const receiving = new Receiving();
  for (let sender = 1; sender <= 16_384; sender++) take(receiving, 1, 1, sender);
  assert(take(receiving, 1, 1, 1).startsWith("again"));
  take(receiving, 1, 1, 20_000);
  assert(take(receiving, 1, 1, 1).startsWith("again"), "it was heard lately");
  assert(take(receiving, 1, 1, 2).startsWith("shown"), "it was not heard longest");
});

import { assertEquals } from "@std/assert";
import { type ChatStyle, sentLine } from "../../lib/app/chat_text.ts";
import { HOLD_MS, type Receipt, SentLines } from "../../lib/app/sent.ts";

const AT = new Date(2026, 0, 1, 9, 5);
const PLAIN: ChatStyle = { colour: false, names: [], isAttached: true };

function receipt(to: string, seq: number, changes: Partial<Receipt> = {}): Receipt {
  const delivered = { status: "delivered", reason: null, latencyMs: 1 } as const;
  return { kind: "receipt", to, seq, ...delivered, ...changes };
}

/** Lines that were shown, as they were shown. */
function lines(): { sent: SentLines; shown: string[] } {
  const shown: string[] = [];
  const sent = new SentLines((line) => shown.push(sentLine(line, PLAIN).replace("09:05 -> ", "")));
  return { sent, shown };
}

Deno.test("a line is shown once, as soon as its receipts are there", () => {
  const { sent, shown } = lines();
  sent.add({ receivers: ["ada", "bob"], text: "hi", at: AT }, 0);
  assertEquals(sent.flush(1), HOLD_MS - 1);
  sent.settle(receipt("bob", 1), 2);
  assertEquals(shown, []);
  sent.settle(receipt("ada", 1), 3);
  assertEquals(shown, ["ada, bob: hi [delivered]"]);
  assertEquals(sent.flush(1_000), null);
  assertEquals(shown.length, 1);
});

Deno.test("a line that has to wait is shown without its receipt, and once more with it", () => {
  const { sent, shown } = lines();
  sent.add({ receivers: ["ada"], text: "hi", at: AT }, 0);
  sent.flush(HOLD_MS - 0.1);
  assertEquals(shown, []);
  assertEquals(sent.flush(HOLD_MS), null);
  assertEquals(shown, ["ada: hi [on its way]"]);
  sent.flush(5_000);
  sent.settle(receipt("ada", 1, { latencyMs: 6_000 }), 6_000);
  assertEquals(shown.slice(1), ["ada: hi [delivered after 6.0 s]"]);
});

Deno.test("lines stay in the order in which they were typed", () => {
  const { sent, shown } = lines();
  sent.add({ receivers: ["ada"], text: "one", at: AT }, 0);
  sent.add({ receivers: ["bob"], text: "two", at: AT }, 10);
  sent.add({ receivers: ["ada"], text: "three", at: AT }, 20);
  sent.settle(receipt("bob", 1), 30);
  sent.settle(receipt("ada", 2), 31);
  assertEquals(shown, []);
  assertEquals(sent.flush(HOLD_MS), null);
  assertEquals(shown, ["ada: one [on its way]", "bob: two [delivered]", "ada: three [delivered]"]);
  sent.settle(receipt("ada", 1, { status: "failed", reason: "timed-out" }), 30_000);
  assertEquals(
    shown.at(-1),
    "ada: one [not delivered: no receipt came in time, it may have been shown]",
  );
});

Deno.test("a receipt finds its line even if numbers began anew, and none if there is none", () => {
  const { sent, shown } = lines();
  sent.add({ receivers: ["ada"], text: "one", at: AT }, 0);
  assertEquals(sent.settle(receipt("ada", 77), 1), true);
  assertEquals(shown, ["ada: one [delivered]"]);
  assertEquals(sent.settle(receipt("ada", 1), 2), false);
  assertEquals(sent.settle(receipt("bob", 1), 3), false);
});

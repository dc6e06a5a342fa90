import { assertEquals } from "@std/assert";
import { type Counts, Ledger } from "./ledger.ts";

const DELIVERED = { status: "delivered", reason: null, latencyMs: 1 };

/** Three messages from ada to bob, all as they should be unless `spoil` makes it otherwise. */
function compared(
  spoil: { readonly shown?: readonly string[]; readonly receipts?: readonly object[] },
): { broken: Partial<Counts>; problems: readonly string[] } {
  const ledger = new Ledger();
  for (let sent = 0; sent < 3; sent++) ledger.send("ada", "bob");
  for (const text of spoil.shown ?? ["1", "2", "3"]) ledger.show("ada", "bob", text);
  const receipts = spoil.receipts ?? [1, 2, 3].map((seq) => ({ seq }));
  for (const receipt of receipts) {
    ledger.receipt("ada", "bob", { seq: 0, ...DELIVERED, ...receipt });
  }
  const { counts: { sent: _sent, shown: _shown, delivered: _delivered, ...broken }, problems } =
    ledger.compare();
  return {
    broken: Object.fromEntries(Object.entries(broken).filter(([, count]) => Number(count) > 0)),
    problems,
  };
}

Deno.test("a talk as promised has no problems", () => {
  assertEquals(compared({}), { broken: {}, problems: [] });
  const late = { seq: 3, status: "failed", reason: "timed-out" };
  assertEquals(compared({ receipts: [{ seq: 1 }, { seq: 2 }, late] }).problems, []);
});

Deno.test("each broken promise is found, with the message", () => {
  const refused = { seq: 3, status: "failed", reason: "moving" };
  const cases: [Parameters<typeof compared>[0], Partial<Counts>, string][] = [
    [
      { shown: ["1", "2"] },
      { deliveredNotShown: 1 },
      "3 was not shown, the receipt says delivered",
    ],
    [
      { shown: ["1", "2", "3", "2"] },
      { shownTwice: 1 },
      "2 was shown twice, the second time after 3",
    ],
    [{ shown: ["1", "3", "2"] }, { outOfOrder: 1 }, "2 was shown after 3"],
    [
      { receipts: [{ seq: 1 }, { seq: 2 }] },
      { withoutReceipt: 1 },
      "3 has no receipt, was shown",
    ],
    [
      { receipts: [{ seq: 1 }, { seq: 2 }, refused] },
      { failedButShown: 1 },
      "3 was shown, the receipt says failed: moving",
    ],
    [
      { receipts: [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 3 }] },
      { receiptTwice: 1 },
      "a second receipt for 3, delivered",
    ],
    [{ shown: ["1", "2", "3", "4"] }, { neverSent: 1 }, "'4' was shown, but never sent"],
  ];
  for (const [spoil, broken, problem] of cases) {
    assertEquals(compared(spoil), { broken, problems: [`ada -> bob: ${problem}`] });
  }
});

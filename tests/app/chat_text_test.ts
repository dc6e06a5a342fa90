import { assertEquals } from "@std/assert";
import {
  type ChatStyle,
  messageLine,
  noteLine,
  presenceLine,
  promptText,
  sentLine,
} from "../../lib/app/chat_text.ts";
import type { Receipt } from "../../lib/app/sent.ts";

const AT = new Date(2026, 0, 1, 14, 5);
const PLAIN: ChatStyle = { colour: false, names: ["ada", "bob"], isAttached: true };
const COLOUR: ChatStyle = { ...PLAIN, colour: true };

/** Without colours, of which only the terminal has to be told. */
function bare(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replaceAll(/\u001b\[\d+m/g, "");
}

function sent(receipts: readonly Partial<Receipt>[], waiting: readonly string[] = []): {
  plain: string;
  marked: string;
} {
  const whole = receipts.map((receipt) => ({
    kind: "receipt" as const,
    ...{ to: "ada", seq: 1, status: "delivered" as const, reason: null, latencyMs: 1 },
    ...receipt,
  }));
  const line = {
    text: "hi",
    at: AT,
    receivers: [...whole.map(({ to }) => to), ...waiting],
    receipts: new Map(whole.map((receipt) => [receipt.to, receipt])),
  };
  return { plain: sentLine(line, PLAIN), marked: bare(sentLine(line, COLOUR)) };
}

Deno.test("what was sent, and what became of it", () => {
  const counts = (delivered: number, failed: number): Partial<Receipt> => ({
    to: "*",
    counts: { delivered, failed },
  });
  const cases: readonly [Partial<Receipt>[], plain: string, marked: string][] = [
    [[{}], "ada: hi [delivered]", "ada: hi ✓"],
    [[{ latencyMs: 2500 }], "ada: hi [delivered after 2.5 s]", "ada: hi ✓ after 2.5 s"],
    [[{}, { to: "bob" }], "ada, bob: hi [delivered]", "ada, bob: hi ✓"],
    [
      [{ to: "boob", status: "failed", reason: "no-such-name" }],
      "boob: hi [not delivered: nobody has that name, did you mean bob?]",
      "boob: hi ✗ not delivered: nobody has that name, did you mean bob?",
    ],
    [
      [{}, { to: "zoe", status: "failed", reason: "slow" }],
      "ada, zoe: hi [delivered to ada] [not delivered to zoe: the receiver reads too slowly]",
      "ada, zoe: hi ✓ to ada ✗ not delivered to zoe: the receiver reads too slowly",
    ],
    [
      [{ status: "unconfirmed" }],
      "ada: hi [sent, but cannot be confirmed]",
      "ada: hi sent, but cannot be confirmed",
    ],
    [[counts(3, 0)], "all: hi [delivered to 3]", "all: hi ✓ to 3"],
    [[counts(0, 0)], "all: hi [nobody else is here]", "all: hi nobody else is here"],
    [
      [{ ...counts(2, 1), status: "failed", reason: "timed-out" }],
      "all: hi [delivered to 2, not to 1: no receipt came in time, it may have been shown]",
      "all: hi ✗ delivered to 2, not to 1: no receipt came in time, it may have been shown",
    ],
  ];
  for (const [receipts, plain, marked] of cases) {
    const lines = { plain: `14:05 -> ${plain}`, marked: `14:05 → ${marked}` };
    assertEquals(sent(receipts), lines);
  }
  assertEquals(sent([], ["ada"]), {
    plain: "14:05 -> ada: hi [on its way]",
    marked: "14:05 → ada: hi …",
  });
});

Deno.test("what others wrote is cleaned, and no colour ends in it", () => {
  const message = { kind: "message", from: "b\u0007ob", to: "*", text: "x\u001b[2J\ny" } as const;
  assertEquals(messageLine(message, AT, PLAIN), "14:05 bob (to all): x y");
  assertEquals(
    messageLine(message, AT, COLOUR),
    "\u001b[2m14:05\u001b[0m \u001b[36mbob\u001b[0m (to all): x y",
  );
  const joined = { kind: "joined", name: "\u202ezoe" } as const;
  assertEquals(noteLine(joined, AT, PLAIN), "14:05 zoe joined");
});

Deno.test("who is here, and who one is", () => {
  assertEquals(presenceLine([], PLAIN), "Nobody else is here yet.");
  assertEquals(presenceLine(["a", "b"], PLAIN), "Here: a, b");
  const many = Array.from({ length: 10 }, (_, index) => `n${index}`);
  assertEquals(
    presenceLine(many, PLAIN),
    "Here: n0, n1, n2, n3, n4, n5, n6, n7 and 2 more, see /who",
  );
  assertEquals([promptText("ada"), promptText(null)], ["ada> ", "(no name)> "]);
  assertEquals(promptText("日本語日本語日本語"), "日本語日本語...> ");
});

import { assertEquals } from "@std/assert";
import { amountText, jsonOf, tableOf } from "./report.ts";
import { type Result, resultOf } from "./result.ts";

function sample(amount: number, cpuSeconds = 0.5): { amount: number; usage: Result["usage"] } {
  return { amount, usage: { residentBytes: 64 * 2 ** 20, cpuSeconds } };
}

const FORWARDED = resultOf({ row: "one-to-one", what: "16 B, base", unit: "messages/s" }, {
  ours: [sample(3e6), sample(4e6), sample(5e6)],
  peer: { name: "nats-server", samples: [sample(1e6), sample(2e6), sample(1e6)] },
  bare: { name: "bare copy", samples: [sample(9e6)] },
});

Deno.test("amounts have three digits and their unit", () => {
  assertEquals(amountText(1_234_567, "messages/s"), "1.23 M/s");
  assertEquals(amountText(45_678, "messages/s"), "45.7 k/s");
  assertEquals(amountText(999, "messages/s"), "999 /s");
  assertEquals(amountText(2_048, "B/s"), "2.05 kB/s");
  assertEquals(amountText(48.06, "us"), "48.1 us");
  assertEquals(amountText(0.987, null), "0.99");
});

Deno.test("a row's table has its target and its verdict, and no empty column", () => {
  const cells = tableOf([FORWARDED]).map((line) => line.trim().split(/ {2,}/));
  assertEquals(cells, [
    ["ours", "nats-server", "ratio", "target", "verdict", "CPU, memory", "peer's", "bare copy"],
    [
      "16 B, base",
      "4.00 M/s (3.00 M/s - 5.00 M/s)",
      "1.00 M/s (1.00 M/s - 2.00 M/s)",
      "3.00 (2.00 - 5.00)",
      ">= 2, aim 6",
      "holds",
      "0.50 s, 64 MiB",
      "0.50 s, 64 MiB",
      "9.00 M/s",
    ],
  ]);
  const alone = resultOf({ row: "mesh", what: "time, 8 servers", unit: "ms" }, {
    ours: [{ amount: 400, usage: null }],
  });
  assertEquals(tableOf([alone]).map((line) => line.trim().split(/ {2,}/)), [
    ["ours", "target", "verdict"],
    ["time, 8 servers", "400 ms", "<= 300, aim 200", "misses"],
  ]);
});

Deno.test("a line of JSON has everything, null for what is not known", () => {
  const { row, median, ratio_median, must, aim, verdict, peer_cpu_s } = JSON.parse(
    jsonOf(FORWARDED),
  );
  assertEquals(
    { row, median, ratio_median, must, aim, verdict, peer_cpu_s },
    {
      row: "one-to-one",
      median: 4e6,
      ratio_median: 3,
      must: 2,
      aim: 6,
      verdict: "holds",
      peer_cpu_s: 0.5,
    },
  );
  const alone = resultOf({ row: "x", what: "y", unit: "ms" }, {
    ours: [{ amount: 1, usage: null }],
  });
  const told = JSON.parse(jsonOf(alone));
  assertEquals([told.peer, told.ratio_median, told.verdict], [null, null, null]);
});

Deno.test("nothing is compared with nothing", () => {
  const idle = resultOf({ row: "clients", what: "CPU, 10 clients", unit: "%" }, {
    ours: [sample(1)],
    peer: { name: "nats-server", samples: [sample(0)] },
  });
  assertEquals(idle.ratio, null);
});

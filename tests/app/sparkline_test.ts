import { assertEquals } from "@std/assert";
import { scaleOf, scaleText, sparkline } from "../../lib/app/sparkline.ts";

const SCALE = { fromMs: 0.1, toMs: 25.6 };
const plain = { scale: SCALE, width: 8, colour: false };

Deno.test("sparkline: each bar is as many times longer than the one before it", () => {
  const samples = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];
  assertEquals(sparkline(samples, plain), "▁▂▃▄▅▆▇█");
  assertEquals(sparkline([0.01, 0.199, 25.6, 999], plain), "    ▁▁██");
});

Deno.test("sparkline: a missing sample is no bar, a late one is marked", () => {
  const samples = [0.1, null, -3.2, 3.2];
  assertEquals(sparkline(samples, plain), "    ▁×!▆");
  assertEquals(
    sparkline(samples, { ...plain, colour: true }),
    "    ▁×\u001b[2m▆\u001b[0m▆",
  );
  assertEquals(sparkline([null, -1], { ...plain, scale: null, width: 2 }), "×!");
});

Deno.test("sparkline: the newest stand on the right, and there is room for them only", () => {
  assertEquals(sparkline([0.1, 0.2, 0.4, 0.8], { ...plain, width: 3 }), "▂▃▄");
  assertEquals(sparkline([0.1], { ...plain, width: 0 }), "");
  assertEquals(sparkline([], { ...plain, width: 3 }), "   ");
});

Deno.test("scale: round ends, around all that is of use", () => {
  const cases: readonly [samples: (number | null)[], text: string | null][] = [
    [[], null],
    [[null, -3], null],
    [[0.3], "▁ 200 us to █ 1 ms"],
    [[0.2, 0.8, null, -70], "▁ 200 us to █ 1 ms"],
    [[0.31, 31.2], "▁ 200 us to █ 50 ms"],
    [[0.1, 0.5], "▁ 100 us to █ 500 us"],
    [[48, 52], "▁ 20 ms to █ 100 ms"],
    [[600, 4_000], "▁ 500 ms to █ 5 s"],
    [[1e-3], "▁ 1 us to █ 5 us"],
  ];
  for (const [samples, text] of cases) {
    const scale = scaleOf(samples);
    assertEquals(scale === null ? null : scaleText(scale), text, String(samples));
  }
});

import { assertEquals } from "@std/assert";
import { LATE_MS, LoopLag, MEMORY_MS } from "../../lib/core/lag.ts";

Deno.test("a wake-up that comes early or about when it was wanted is not late", () => {
  const lag = new LoopLag();
  lag.awaits(10);
  lag.woke(4);
  assertEquals([lag.isLate(0, 9), lag.worstMs], [false, 0]);
  lag.awaits(10);
  lag.woke(10 + LATE_MS);
  assertEquals([lag.isLate(0, 16), lag.worstMs], [false, LATE_MS]);
});

Deno.test("what is read before the overdue wake-up was late, and what is read right after it too", () => {
  const lag = new LoopLag();
  lag.awaits(10);
  assertEquals(lag.isLate(9, 40), true);
  lag.woke(40);
  assertEquals(lag.isLate(9, 41), true);
  assertEquals(lag.isLate(40, 41), false);
});

Deno.test("a core that wants no wake-up can't be late", () => {
  const lag = new LoopLag();
  lag.awaits(Infinity);
  assertEquals(lag.isLate(0, 1e9), false);
  lag.woke(1e9);
  assertEquals(lag.worstMs, 0);
});

Deno.test("the worst lag is remembered for a while, and then forgotten", () => {
  const lag = new LoopLag();
  lag.woke(0);
  lag.awaits(10);
  lag.woke(310);
  assertEquals(lag.worstMs, 300);
  lag.woke(MEMORY_MS);
  assertEquals(lag.worstMs, 300);
  lag.woke(2 * MEMORY_MS);
  assertEquals(lag.worstMs, 0);
});

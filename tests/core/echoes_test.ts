import { assertEquals } from "@std/assert";
import { Echoes } from "../../lib/core/echoes.ts";
import { LoopLag } from "../../lib/core/lag.ts";
import { PROBE_TIMEOUT_MS } from "../../lib/core/probes.ts";

/** An echo is queued at `now` and written at once. */
function sent(echoes: Echoes, now: number): void {
  echoes.queuedAt = now;
  echoes.written(now);
}

Deno.test("an echo counts from the moment it is written, not from when it was queued", () => {
  const echoes = new Echoes(new LoopLag());
  echoes.queuedAt = 0;
  echoes.written(40);
  assertEquals([echoes.isWaiting, echoes.queuedAt], [true, null]);
  echoes.replied(43);
  assertEquals([echoes.window.minMs, echoes.newestAt, echoes.isWaiting], [3, 43, false]);
});

Deno.test("bytes that are written without an echo among them start no clock", () => {
  const echoes = new Echoes(new LoopLag());
  echoes.written(1);
  echoes.replied(5);
  assertEquals([echoes.window.size, echoes.newestAt], [0, null]);
});

Deno.test("a reply that nobody asked for means nothing", () => {
  const echoes = new Echoes(new LoopLag());
  echoes.replied(5);
  sent(echoes, 10);
  echoes.replied(11);
  echoes.replied(12);
  assertEquals([...echoes.window.samples()], [1]);
});

Deno.test("a probe without a reply is missing, and its late reply is not the next one's", () => {
  const echoes = new Echoes(new LoopLag());
  sent(echoes, 0);
  sent(echoes, PROBE_TIMEOUT_MS);
  echoes.replied(PROBE_TIMEOUT_MS + 1);
  assertEquals([[...echoes.window.samples()], echoes.lostInRow], [[null], 1]);
  echoes.replied(PROBE_TIMEOUT_MS + 2);
  assertEquals([[...echoes.window.samples()], echoes.lostInRow], [[null, 2], 0]);
});

Deno.test("an echo that the link does not take for a second is missing, once a second", () => {
  const echoes = new Echoes(new LoopLag());
  echoes.queuedAt = 0;
  for (const now of [500, 1_000, 1_500, 2_000]) echoes.expire(now);
  assertEquals([echoes.window.size, echoes.lostInRow], [2, 2]);
  echoes.written(2_100);
  echoes.replied(2_102);
  assertEquals([[...echoes.window.samples()], echoes.lostInRow], [[null, null, 2], 0]);
});

Deno.test("a late sample is no news of the way, but something came back", () => {
  const lag = new LoopLag();
  const echoes = new Echoes(lag);
  sent(echoes, 0);
  echoes.expire(PROBE_TIMEOUT_MS);
  echoes.replied(1_000); // too late
  sent(echoes, 1_000);
  lag.awaits(1_005);
  lag.woke(1_050);
  echoes.replied(1_051);
  assertEquals([...echoes.window.samples()], [null, -51]);
  assertEquals([echoes.newestAt, echoes.lostInRow], [null, 0]);
});

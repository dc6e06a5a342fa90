import { assertEquals } from "@std/assert";
import { LoopLag } from "../../lib/core/lag.ts";
import { PROBE_TIMEOUT_MS, Probes } from "../../lib/core/probes.ts";

Deno.test("replies match probes in order", () => {
  const probes = new Probes(new LoopLag());
  probes.sent(0);
  probes.sent(10);
  assertEquals(probes.replied(12)?.rttMs, 12);
  assertEquals(probes.replied(13)?.rttMs, 3);
  assertEquals(probes.waiting, 0);
});

Deno.test("the late reply of a probe that timed out is not taken for the next one's", () => {
  const probes = new Probes(new LoopLag());
  probes.sent(0);
  assertEquals(probes.expire(PROBE_TIMEOUT_MS - 0.001), 0);
  assertEquals(probes.expire(PROBE_TIMEOUT_MS), 1);
  assertEquals(probes.waiting, 0);
  probes.sent(1_000);
  assertEquals(probes.replied(1_000.1), null);
  assertEquals(probes.waiting, 1);
  assertEquals(probes.replied(1_005)?.rttMs, 5);
});

Deno.test("a probe is lost only once", () => {
  const probes = new Probes(new LoopLag());
  probes.sent(0);
  assertEquals([probes.expire(2_000), probes.expire(3_000)], [1, 0]);
  assertEquals(probes.nextTimeout(), Infinity);
});

Deno.test("the next timeout is that of the oldest probe that is not lost", () => {
  const probes = new Probes(new LoopLag());
  probes.sent(0);
  probes.sent(400);
  probes.expire(1_000);
  assertEquals(probes.nextTimeout(), 1_400);
});

Deno.test("a clock that stood still or went back measured nothing", () => {
  const probes = new Probes(new LoopLag());
  probes.sent(5);
  probes.sent(5);
  assertEquals([probes.replied(5), probes.replied(4)], [null, null]);
});

Deno.test("a reply that nobody asked for is nothing", () => {
  assertEquals(new Probes(new LoopLag()).replied(1), null);
});

Deno.test("a reply that was read while the event loop was late is marked", () => {
  const lag = new LoopLag();
  const probes = new Probes(lag);
  lag.awaits(5);
  probes.sent(0);
  assertEquals(probes.replied(0.5), { rttMs: 0.5, late: false });
  probes.sent(1);
  // It should have been called at 5 and reads only now.
  assertEquals(probes.replied(60), { rttMs: 59, late: true });
});

Deno.test("lost probes keep their places, however many there are", () => {
  const probes = new Probes(new LoopLag());
  for (let second = 0; second < 3; second++) {
    probes.sent(second * 1_000);
    assertEquals(probes.expire((second + 1) * 1_000), 1);
  }
  probes.sent(3_000);
  const replies = [3_001, 3_002, 3_003, 3_004, 3_005].map((now) => probes.replied(now)?.rttMs);
  assertEquals(replies, [undefined, undefined, undefined, 4, undefined]);
});

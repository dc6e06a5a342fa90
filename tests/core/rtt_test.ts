import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PROBE_TIMEOUT_MS, Probes, RttWindow } from "../../lib/core/rtt.ts";
import type { RttSummary } from "../../lib/core/events.ts";
import { seededRandom } from "../testing/random.ts";

function windowOf(...samples: number[]): RttWindow {
  const window = new RttWindow();
  for (const sample of samples) window.add(sample);
  return window;
}

Deno.test("ten samples worked out by hand", () => {
  const summary = windowOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).summary();
  assertEquals(summary, {
    sent: 10,
    received: 10,
    loss: 0,
    minMs: 1,
    meanMs: 5.5,
    p50Ms: 5,
    p95Ms: 10,
    p99Ms: 10,
    maxMs: 10,
    // The mean of the squares is 38.5, the square of the mean 30.25.
    mdevMs: Math.sqrt(8.25),
    jitterMs: 1,
  });
});

Deno.test("jitter follows the order of arrival, not the order of size", () => {
  assertEquals(windowOf(1, 9, 1, 9).summary().jitterMs, 8);
  assertAlmostEquals(windowOf(1, 1, 9, 9).summary().jitterMs ?? 0, 8 / 3);
});

Deno.test("percentiles of fewer than ten samples are samples that were taken", () => {
  const { p50Ms, p95Ms, p99Ms } = windowOf(30, 10, 20).summary();
  assertEquals([p50Ms, p95Ms, p99Ms], [20, 30, 30]);
  assertEquals(windowOf(40, 10, 30, 20).summary().p50Ms, 20);
});

Deno.test("one sample is every statistic but jitter, which needs two", () => {
  const { minMs, meanMs, p50Ms, p99Ms, maxMs, mdevMs, jitterMs } = windowOf(7).summary();
  assertEquals([minMs, meanMs, p50Ms, p99Ms, maxMs], [7, 7, 7, 7, 7]);
  assertEquals([mdevMs, jitterMs], [0, null]);
});

Deno.test("a missing sample is missing: it makes loss, and neither a zero nor a mean", () => {
  const window = windowOf(4, 6);
  window.miss(2);
  const { sent, received, loss, minMs, meanMs } = window.summary();
  assertEquals([sent, received, loss], [4, 2, 0.5]);
  assertEquals([minMs, meanMs], [4, 5]);
});

Deno.test("a window in which all are missing measured nothing", () => {
  const window = new RttWindow();
  window.miss(3);
  const { loss, minMs, meanMs, p50Ms, maxMs, mdevMs, jitterMs } = window.summary();
  assertEquals(loss, 1);
  assertEquals([minMs, meanMs, p50Ms, maxMs, mdevMs, jitterMs], Array(6).fill(null));
  assertEquals(window.minMs, null);
});

Deno.test("an empty window has lost nothing", () => {
  assertEquals(new RttWindow().summary().loss, 0);
});

Deno.test("a window that was cleared begins anew", () => {
  const window = windowOf(5);
  window.miss(1);
  window.clear();
  assertEquals([window.size, window.minMs], [0, null]);
});

Deno.test("all statistics agree with a naive second implementation", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round++) {
    const samples = Array.from({ length: 1 + Math.floor(random() * 40) }, () => random() * 20);
    const lost = Math.floor(random() * 5);
    const window = windowOf(...samples);
    window.miss(lost);
    const expected = naiveSummary(samples, lost);
    const actual = window.summary();
    for (const key of Object.keys(expected) as (keyof RttSummary)[]) {
      assertAlmostEquals(actual[key] ?? -1, expected[key] ?? -1, 1e-9, key);
    }
    assertEquals(window.minMs, Math.min(...samples));
  }
});

/** As a statistics book has it, without regard to speed. */
function naiveSummary(samples: readonly number[], lost: number): RttSummary {
  const n = samples.length;
  const sorted = [...samples].sort((a, b) => a - b);
  /** The smallest sample that at least `percent` of all do not exceed. */
  const percentile = (percent: number): number =>
    sorted.find((value) => sorted.filter((it) => it <= value).length * 100 >= percent * n) ?? -1;
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const steps = samples.slice(1).map((value, at) => Math.abs(value - (samples[at] as number)));
  return {
    sent: n + lost,
    received: n,
    loss: lost / (n + lost),
    minMs: sorted[0] as number,
    meanMs: mean(samples),
    p50Ms: percentile(50),
    p95Ms: percentile(95),
    p99Ms: percentile(99),
    maxMs: sorted[n - 1] as number,
    mdevMs: Math.sqrt(mean(samples.map((value) => (value - mean(samples)) ** 2))),
    jitterMs: n < 2 ? null : mean(steps),
  };
}

Deno.test("replies match probes in order", () => {
  const probes = new Probes();
  probes.sent(0);
  probes.sent(10);
  assertEquals(probes.replied(12), 12);
  assertEquals(probes.replied(13), 3);
  assertEquals(probes.waiting, 0);
});

Deno.test("the late reply of a probe that timed out is not taken for the next one's", () => {
  const probes = new Probes();
  probes.sent(0);
  assertEquals(probes.expire(PROBE_TIMEOUT_MS - 0.001), 0);
  assertEquals(probes.expire(PROBE_TIMEOUT_MS), 1);
  assertEquals(probes.waiting, 0);
  probes.sent(1_000);
  assertEquals(probes.replied(1_000.1), null);
  assertEquals(probes.waiting, 1);
  assertEquals(probes.replied(1_005), 5);
});

Deno.test("a probe is lost only once", () => {
  const probes = new Probes();
  probes.sent(0);
  assertEquals([probes.expire(2_000), probes.expire(3_000)], [1, 0]);
  assertEquals(probes.nextTimeout(), Infinity);
});

Deno.test("the next timeout is that of the oldest probe that is not lost", () => {
  const probes = new Probes();
  probes.sent(0);
  probes.sent(400);
  probes.expire(1_000);
  assertEquals(probes.nextTimeout(), 1_400);
});

Deno.test("a clock that stood still or went back measured nothing", () => {
  const probes = new Probes();
  probes.sent(5);
  probes.sent(5);
  assertEquals([probes.replied(5), probes.replied(4)], [null, null]);
});

Deno.test("a reply that nobody asked for is nothing", () => {
  assertEquals(new Probes().replied(1), null);
});

Deno.test("a window of a million samples has a minimum", () => {
  const window = new RttWindow();
  for (let count = 0; count < 1_000_000; count++) window.add(2 + count % 7);
  window.add(1);
  assertEquals([window.minMs, window.summary().minMs], [1, 1]);
});

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { RttWindow } from "../../lib/core/window.ts";
import type { RttSummary } from "../../lib/core/events.ts";
import { seededRandom } from "../testing/random.ts";

const CAPACITY = 1_000_000;

function windowOf(...samples: number[]): RttWindow {
  const window = new RttWindow(CAPACITY);
  for (const sample of samples) window.add(sample);
  return window;
}

Deno.test("ten samples worked out by hand", () => {
  const summary = windowOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).summary();
  assertEquals(summary, {
    sent: 10,
    received: 10,
    loss: 0,
    late: 0,
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
  const window = new RttWindow(CAPACITY);
  window.miss(3);
  const { loss, minMs, meanMs, p50Ms, maxMs, mdevMs, jitterMs } = window.summary();
  assertEquals(loss, 1);
  assertEquals([minMs, meanMs, p50Ms, maxMs, mdevMs, jitterMs], Array(6).fill(null));
  assertEquals(window.minMs, null);
});

Deno.test("an empty window has lost nothing", () => {
  assertEquals(new RttWindow(CAPACITY).summary().loss, 0);
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
    late: 0,
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

Deno.test("a window of a million samples has a minimum", () => {
  const window = new RttWindow(CAPACITY);
  for (let count = 0; count < 1_000_000; count++) window.add(2 + count % 7);
  window.add(1);
  assertEquals([window.minMs, window.summary().minMs], [1, 1]);
});

Deno.test("a late sample was received, and nothing is computed from it", () => {
  const window = windowOf(3, 1);
  window.add(90, { late: true });
  const { sent, received, loss, late, minMs, maxMs, meanMs, jitterMs } = window.summary();
  assertEquals([sent, received, loss, late], [3, 3, 0, 1]);
  assertEquals([minMs, maxMs, meanMs, jitterMs], [1, 3, 2, 2]);
  assertEquals(window.minMs, 1);
});

Deno.test("a window of which all samples were late measured nothing", () => {
  const window = new RttWindow(2);
  window.add(5, { late: true });
  assertEquals(window.minMs, null);
  assertEquals(window.summary().p50Ms, null);
});

Deno.test("a full window keeps the newest, in order, and forgets what the oldest counted for", () => {
  const window = new RttWindow(3);
  window.miss(1);
  window.add(9, { late: true });
  window.add(1);
  for (const value of [4, 7]) window.add(value);
  assertEquals([...window.samples()], [1, 4, 7]);
  assertEquals([window.summary().loss, window.summary().late, window.minMs], [0, 0, 1]);
  window.add(5);
  assertEquals([...window.samples()], [4, 7, 5]);
  assertEquals(window.minMs, 4);
  window.miss(1);
  assertEquals([...window.samples()], [7, 5, null]);
});

Deno.test("a window that wraps around agrees with the naive one, with losses and late samples", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 100; round++) {
    const capacity = 1 + Math.floor(random() * 30);
    const window = new RttWindow(capacity);
    const all: ("lost" | { rttMs: number; late: boolean })[] = [];
    for (let sample = 0; sample < 100; sample++) {
      const outcome = random() < 0.1 ? "lost" : { rttMs: 1 + random(), late: random() < 0.2 };
      all.push(outcome);
      if (outcome === "lost") window.miss(1);
      else window.add(outcome.rttMs, outcome);
      const kept = all.slice(-capacity);
      const clean = kept.flatMap((it) => it === "lost" || it.late ? [] : [it.rttMs]);
      const { minMs, p95Ms, jitterMs } = window.summary();
      const naive = clean.length === 0 ? null : naiveSummary(clean, 0);
      assertEquals([minMs, p95Ms], [naive?.minMs ?? null, naive?.p95Ms ?? null]);
      assertAlmostEquals(jitterMs ?? -1, naive?.jitterMs ?? -1, 1e-9);
      assertEquals(window.minMs, minMs);
      assertEquals(window.late, kept.filter((it) => it !== "lost" && it.late).length);
      assertEquals(window.size, kept.length);
    }
  }
});

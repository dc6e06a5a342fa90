import { assertEquals } from "@std/assert";
import { placeKey, REDIAL_MAX_MS, REDIAL_MIN_MS, redialAt, target } from "../../lib/core/target.ts";

Deno.test("each round through the addresses doubles the longest wait, up to a cap", () => {
  const { kind, ...rest } = target("member", ["10.0.0.1:1", "10.0.0.2:1"], "a");
  const latest = (attempts: number): number => redialAt({ ...rest, kind, attempts }, 100, () => 1);
  assertEquals([1, 2].map(latest), [100 + REDIAL_MIN_MS, 100 + REDIAL_MIN_MS]);
  assertEquals([3, 5].map(latest), [100 + 2 * REDIAL_MIN_MS, 100 + 4 * REDIAL_MIN_MS]);
  assertEquals(latest(1_000), 100 + REDIAL_MAX_MS);
});

Deno.test("any moment before the longest wait is as likely: nobody comes in step", () => {
  const seed = { ...target("seed", ["10.0.0.1:1"], null), attempts: 1 };
  assertEquals([0, 0.5].map((random) => redialAt(seed, 0, () => random)), [0, REDIAL_MIN_MS / 2]);
});

Deno.test("names of this machine's loopback are one place", () => {
  assertEquals(placeKey("localhost:4000"), placeKey("127.0.0.1:4000"));
  assertEquals(placeKey("nonsense"), "nonsense");
});

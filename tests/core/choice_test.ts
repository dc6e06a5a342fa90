import { assertEquals } from "@std/assert";
import { type Candidate, nearest, TIE_MS } from "../../lib/core/choice.ts";

const extended = (minMs: number | null): Candidate => ({ extended: true, minMs });
const base = (minMs: number | null): Candidate => ({ extended: false, minMs });

Deno.test("the smallest minimum is the nearest, wherever it stands", () => {
  const candidates = [extended(3), extended(1), extended(2)];
  assertEquals(nearest(candidates), candidates[1] as Candidate);
  assertEquals(nearest(candidates.toReversed()), candidates[1] as Candidate);
});

Deno.test("differences under ten microseconds are a tie, which the first wins", () => {
  const first = extended(1);
  assertEquals(nearest([first, extended(1 - TIE_MS * 0.9)]), first);
  const nearer = extended(1 - TIE_MS * 1.1);
  assertEquals(nearest([first, nearer]), nearer);
});

Deno.test("an extended server is chosen before a nearer base one", () => {
  const confirms = extended(20);
  assertEquals(nearest([base(0.1), confirms]), confirms);
  assertEquals(nearest([confirms, base(0.1)]), confirms);
});

Deno.test("a server that was not measured comes last, and is better than none", () => {
  const measured = extended(900);
  const unmeasured = extended(null);
  assertEquals(nearest([unmeasured, measured]), measured);
  assertEquals(nearest([measured, unmeasured]), measured);
  assertEquals(nearest([unmeasured]), unmeasured);
});

Deno.test("among base servers the nearest is chosen", () => {
  const near = base(1);
  assertEquals(nearest([base(2), near, base(null)]), near);
});

Deno.test("of nobody nobody is the nearest", () => {
  assertEquals(nearest([]), null);
});

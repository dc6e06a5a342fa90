import { assertEquals } from "@std/assert";
import { Asked } from "../../lib/app/interrupts.ts";

Deno.test("the first signal asks politely, a later second one ends at once", () => {
  let ends = 0;
  const asked = new Asked(() => ends++);
  assertEquals(asked.signal.aborted, false);
  asked.again(10_000);
  assertEquals([asked.signal.aborted, ends], [true, 0]);
  asked.again(10_501);
  assertEquals(ends, 1);
});

Deno.test("signals so close together count as one", () => {
  let ends = 0;
  const asked = new Asked(() => ends++);
  for (const now of [0, 0.3, 1, 500]) asked.again(now);
  assertEquals([asked.signal.aborted, ends], [true, 0]);
});

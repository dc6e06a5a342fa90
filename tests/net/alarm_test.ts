import { assert, assertEquals } from "@std/assert";
import { Alarm, settled } from "../../lib/net/alarm.ts";

Deno.test("Alarm rings once for all wishes, not before the earliest", async () => {
  const rang = Promise.withResolvers<number>();
  let rings = 0;
  using alarm = new Alarm(() => {
    rings++;
    rang.resolve(performance.now());
  });
  const at = performance.now() + 5;
  alarm.ask(at + 60_000);
  alarm.ask(at);
  alarm.ask(at + 1_000);
  alarm.ask(Infinity);
  assert(await rang.promise >= at);
  assertEquals(rings, 1);
});

Deno.test("Alarm rings for a time that has passed", async () => {
  const rang = Promise.withResolvers<void>();
  using alarm = new Alarm(rang.resolve);
  alarm.ask(-1_000);
  await rang.promise;
});

Deno.test("Alarm can be asked again while it rings", async () => {
  const rang = Promise.withResolvers<void>();
  let left = 3;
  using alarm: Alarm = new Alarm(() => {
    if (--left === 0) rang.resolve();
    else alarm.ask(performance.now() + 1);
  });
  alarm.ask(performance.now());
  await rang.promise;
});

Deno.test("Alarm leaves no timer behind", () => {
  // The sanitizers would find one.
  using alarm = new Alarm(() => {});
  alarm.ask(performance.now() + 60_000);
  alarm.ask(Number.MAX_VALUE);
});

Deno.test("settled waits while the count goes up, but not for ever", async () => {
  let turns = 0;
  await settled(() => Math.min(turns++, 7));
  const quiet = turns;
  await settled(() => turns++);
  assert(quiet >= 7 && quiet < 16);
  assert(turns > quiet);
});

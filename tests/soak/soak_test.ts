import { assert, assertEquals } from "@std/assert";
import { schedule } from "./schedule.ts";
import { soak } from "./soak.ts";

Deno.test("real processes under real faults keep every promise", async () => {
  const { counts, problems, log } = await soak({
    seconds: 15,
    servers: 3,
    clients: 6,
    seed: 1,
    report: () => {},
  });
  assertEquals(problems, [], log.join("\n"));
  assert(counts.delivered > 0);
});

Deno.test("the same seed makes the same schedule, in which two servers are always well", () => {
  const size = { ms: 120_000, servers: 5 };
  const kinds = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const events = schedule(seed, size);
    assertEquals(events, schedule(seed, size));
    for (const { fault } of events) kinds.add(fault.kind);
    for (const { atMs } of events) {
      const ill = events.filter(({ fault, ...each }) =>
        (fault.kind === "kill" || fault.kind === "drain" || fault.kind === "stop") &&
        each.atMs <= atMs && atMs < each.atMs + each.forMs
      );
      assert(ill.length <= size.servers - 2, `seed ${seed}, at ${atMs}`);
    }
  }
  assertEquals(kinds.size, 8);
});

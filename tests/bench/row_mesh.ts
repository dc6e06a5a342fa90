/**
 * What a clique costs as it grows: every server is linked to every other.
 *
 * @module
 */

import { type Idle, idleUsage } from "./idle.ts";
import { startApart, startMesh } from "./mesh.ts";
import { amountOf, type Result, resultOf, type Sample, type Unit } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { usageOf } from "./system.ts";

const SIZES = [2, 4, 8, 16, 32];
const QUICK_SIZES = [2, 8];

/** Time until all are linked, then what they use while nothing happens. */
export const MESH: Row = {
  name: "mesh",
  title:
    "A full mesh of servers started at once: time to form, then memory, CPU, traffic when idle",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  const sizes = setting.quick ? QUICK_SIZES : SIZES;
  const idle = new Map<number, Idle>();
  for (const size of sizes) {
    const times: Sample[] = [];
    const bare: Sample[] = [];
    for (let repetition = 0; repetition < setting.repetitions; repetition++) {
      await using mesh = await startMesh(setting, size);
      times.push({ amount: mesh.formedMs, usage: usageOf(mesh.pids) });
      bare.push({ amount: await startApart(setting.bareListen, size), usage: null });
      if (repetition < setting.repetitions - 1) continue;
      // After the last link there are still lists of members to exchange.
      await idleUsage(mesh, setting.idleSeconds);
      idle.set(size, await idleUsage(mesh, setting.idleSeconds));
    }
    yield resultOf({ row: "mesh", what: `time, ${size} servers`, unit: "ms" }, {
      ours: times,
      bare: { name: "bare programs", samples: bare },
    });
  }
  const lines = function* (
    what: string,
    unit: Unit,
    of: (idle: Idle, size: number) => number | null,
  ): IterableIterator<Result> {
    for (const [size, used] of idle) {
      const amount = of(used, size);
      if (amount === null) continue;
      yield amountOf({ row: "mesh", what: `${what}, ${size} servers`, unit }, [amount]);
    }
  };
  yield* lines(
    "memory of each",
    "MiB",
    ({ residentBytes }, size) => residentBytes && residentBytes / size / 2 ** 20,
  );
  yield* lines("CPU of all", "%", ({ cpuPercent }) => cpuPercent);
  yield* lines("traffic of all", "B/s", ({ bytesPerSecond }) => bytesPerSecond);
}

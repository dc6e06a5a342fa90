/**
 * One receiver of a hundred stops reading. Nobody else may notice, and the
 * server keeps no more for it than its outbox holds.
 *
 * @module
 */

import { joined, rateOf } from "./compare.ts";
import { type Contender, ourServers } from "./contender.ts";
import type { Member } from "./dialect.ts";
import { BASE } from "./dialect_base.ts";
import { load, type Loaded } from "./load.ts";
import { amountOf, type Result, resultOf, type Sample } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { usageBetween, usageOf } from "./system.ts";

const RECEIVERS = 100;

/** Long, so that what the system itself keeps for the frozen one is soon full. */
const TEXT_BYTES = 1024;

/** For each receiver, as many as fill no outbox. */
const WINDOW = 10 * RECEIVERS;

/** A run lasts longer than elsewhere: so long it takes to fill the outbox. */
const TIMES_AS_LONG = 4;

/** Base frames: nothing that a receiver does not confirm would hold the sender back. */
export const FROZEN: Row = {
  name: "frozen",
  title: "Messages/s to 99 receivers while one more reads nothing, one server",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  await using server = await ourServers(setting, { dialect: BASE, servers: 1 });
  const free: Sample[] = [];
  const frozen: Sample[] = [];
  const takenMiB: number[] = [];
  for (let repetition = 0; repetition <= setting.repetitions; repetition++) {
    const without = await measured(setting, server, 0);
    const kept = usageOf(server.pids)?.residentBytes ?? NaN;
    const one = await measured(setting, server, 1);
    // The first ones warm up.
    if (repetition === 0) continue;
    // The hundredth is not one of the others.
    free.push({ ...without, amount: without.amount * (RECEIVERS - 1) / RECEIVERS });
    frozen.push(one);
    takenMiB.push(((one.usage?.residentBytes ?? NaN) - kept) / 2 ** 20);
  }
  yield resultOf({ row: "frozen", what: "the other 99", unit: "messages/s" }, {
    ours: frozen,
    peer: { name: "nobody frozen", samples: free },
  });
  if (takenMiB.every(Number.isNaN)) return;
  yield amountOf({ row: "frozen", what: "memory taken", unit: "MiB" }, takenMiB);
}

async function measured(setting: Setting, server: Contender, frozen: number): Promise<Sample> {
  const before = usageOf(server.pids);
  const loaded = await flooded(setting, server, frozen);
  return { amount: rateOf(loaded), usage: usageBetween(before, usageOf(server.pids)) };
}

async function flooded(
  { runSeconds }: Setting,
  server: Contender,
  frozen: number,
): Promise<Loaded> {
  const sender = await joined(server, server.senderPort);
  const receivers: Member[] = [];
  while (receivers.length < RECEIVERS) receivers.push(await joined(server, server.senderPort));
  return await load({
    dialect: BASE,
    lanes: [{ sender, receivers, frozen }],
    textBytes: TEXT_BYTES,
    seconds: runSeconds * TIMES_AS_LONG,
    window: WINDOW,
  });
}

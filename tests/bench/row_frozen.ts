/**
 * One receiver of a hundred stops reading. Nobody else may notice, and the
 * server keeps no more for it than its outbox holds.
 *
 * @module
 */

import { joined, rateOf } from "./compare.ts";
import { type Contender, ourServers } from "./contender.ts";
import { type Member, writeAll } from "./dialect.ts";
import { BASE } from "./dialect_base.ts";
import { load, type Loaded } from "./load.ts";
import { amountOf, type Result, resultOf, type Sample } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { usageBetween, usageOf } from "./system.ts";

const RECEIVERS = 100;

const TEXT_BYTES = 1024;

/** More than the system and the outbox keep for somebody who reads nothing. */
const FILL_BYTES = 32 * 1024 * 1024;

/** For each receiver, as many as fill no outbox. */
const WINDOW = 10 * RECEIVERS;

/** A run lasts longer than elsewhere, but not so long that the frozen one is given up. */
const TIMES_AS_LONG = 4;

/** Base frames: nothing that a receiver does not confirm would hold the sender back. */
export const FROZEN: Row = {
  name: "frozen",
  title: "Messages/s to 99 receivers while one more reads nothing, one server",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  const free: Sample[] = [];
  const frozen: Sample[] = [];
  const takenMiB: number[] = [];
  const usualMiB: number[] = [];
  for (let repetition = 0; repetition < setting.repetitions; repetition++) {
    // A new one each time: what an earlier frozen one took would be there for the next.
    await using server = await ourServers(setting, { dialect: BASE, servers: 1 });
    const warm = await measured(setting, server, 0);
    const without = await measured(setting, server, 0);
    const one = await measured(setting, server, 1);
    // The hundredth is not one of the others.
    free.push({ ...without, amount: without.amount * (RECEIVERS - 1) / RECEIVERS });
    frozen.push(one);
    takenMiB.push(grownMiB(without, one));
    usualMiB.push(grownMiB(warm, without));
  }
  yield resultOf({ row: "frozen", what: "the other 99", unit: "messages/s" }, {
    ours: frozen,
    peer: { name: "nobody frozen", samples: free },
  });
  if (takenMiB.every(Number.isNaN)) return;
  yield amountOf({ row: "frozen", what: "memory taken", unit: "MiB" }, takenMiB);
  yield amountOf({ row: "frozen", what: "the same, nobody frozen", unit: "MiB" }, usualMiB);
}

/** By how much the server has grown from one run to the next. */
function grownMiB(before: Sample, after: Sample): number {
  return ((after.usage?.residentBytes ?? NaN) - (before.usage?.residentBytes ?? NaN)) / 2 ** 20;
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
  if (frozen > 0) await fill(sender, receivers.at(-1) as Member);
  return await load({
    dialect: BASE,
    lanes: [{ sender, receivers, frozen }],
    textBytes: TEXT_BYTES,
    seconds: runSeconds * TIMES_AS_LONG,
    window: WINDOW,
  });
}

/** Sends so much to one who doesn't read that the server has begun to drop it. */
async function fill(sender: Member, receiver: Member): Promise<void> {
  const { sent } = await BASE.shape({ sender, receiver, textBytes: TEXT_BYTES, stream: 0 });
  for (let bytes = 0; bytes < FILL_BYTES; bytes += sent.length) await writeAll(sender.conn, sent);
  await BASE.echo(sender);
}

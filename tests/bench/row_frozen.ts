/**
 * Some receivers stop reading. Nobody else may notice, and the server keeps no
 * more for each of them than its outbox holds.
 *
 * @module
 */

import { Batch } from "./batch.ts";
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

/** For each receiver, as many as fill no outbox. */
const WINDOW = 10 * RECEIVERS;

/** A run lasts longer than elsewhere, but not so long that the frozen one is given up. */
const TIMES_AS_LONG = 4;

/** More than the system and the outbox keep for somebody who reads nothing. */
const FILL_BYTES = 24 * 1024 * 1024;

/** What one takes is small beside what a busy server grows and shrinks by. */
const FROZEN_FOR_MEMORY = 20;

/** Base frames: what waits for confirmation would hold the sender back, and so spare the server. */
export const FROZEN: Row = {
  name: "frozen",
  title: "Messages/s to 99 receivers while one more reads nothing, and what such a one takes",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  const free: Sample[] = [];
  const frozen: Sample[] = [];
  const takenMiB: number[] = [];
  for (let repetition = 0; repetition < setting.repetitions; repetition++) {
    await using server = await ourServers(setting, { dialect: BASE, servers: 1 });
    await flooded(setting, server, 0);
    const without = await measured(setting, server, 0);
    // The hundredth is not one of the others.
    free.push({ ...without, amount: without.amount * (RECEIVERS - 1) / RECEIVERS });
    frozen.push(await measured(setting, server, 1));
    takenMiB.push(await takenByEachMiB(server));
  }
  yield resultOf({ row: "frozen", what: "the other 99", unit: "messages/s" }, {
    ours: frozen,
    peer: { name: "nobody frozen", samples: free },
  });
  if (takenMiB.some(Number.isNaN)) return;
  yield amountOf({ row: "frozen", what: "memory taken by each", unit: "MiB" }, takenMiB);
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
  const receivers = await joinedMany(server, RECEIVERS);
  if (frozen > 0) await fill(sender, receivers.at(-1) as Member);
  return await load({
    dialect: BASE,
    lanes: [{ sender, receivers, frozen }],
    textBytes: TEXT_BYTES,
    seconds: runSeconds * TIMES_AS_LONG,
    window: WINDOW,
  });
}

/** NaN where the system does not tell. */
async function takenByEachMiB(server: Contender): Promise<number> {
  const sender = await joined(server, server.senderPort);
  const frozen = await joinedMany(server, FROZEN_FOR_MEMORY);
  const before = usageOf(server.pids)?.residentBytes ?? NaN;
  for (const receiver of frozen) await fill(sender, receiver);
  const after = usageOf(server.pids)?.residentBytes ?? NaN;
  for (const { conn } of [sender, ...frozen]) conn.close();
  return (after - before) / FROZEN_FOR_MEMORY / 2 ** 20;
}

async function joinedMany(server: Contender, count: number): Promise<Member[]> {
  const members: Member[] = [];
  while (members.length < count) members.push(await joined(server, server.senderPort));
  return members;
}

/** Sends so much to one who doesn't read that the server has begun to drop it. */
async function fill(sender: Member, receiver: Member): Promise<void> {
  const shape = await BASE.shape({ sender, receiver, textBytes: TEXT_BYTES, stream: 0 });
  const { bytes } = new Batch([shape], WINDOW);
  for (let sent = 0; sent < FILL_BYTES; sent += bytes.length) await writeAll(sender.conn, bytes);
  await BASE.echo(sender);
}

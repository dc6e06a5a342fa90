/**
 * Messages from one client to all others.
 *
 * @module
 */

import { interleaved, joined, linesOf, rateOf } from "./compare.ts";
import { bareCopy, type Contender, contenders } from "./contender.ts";
import type { Member } from "./dialect.ts";
import { BASE } from "./dialect_base.ts";
import { EXTENDED } from "./dialect_extended.ts";
import { NATS_BROADCAST } from "./dialect_nats.ts";
import { load, type Loaded } from "./load.ts";
import type { Result } from "./result.ts";
import type { Row, Setting } from "./setting.ts";

const RECEIVERS = 1000;
const QUICK_RECEIVERS = 100;

const TEXT_BYTES = 128;

/** Messages on their way at once; a client of ours allows itself 64. */
const WINDOW = 16;

/** The rate is that of deliveries: each message counts once for each receiver. */
export const BROADCAST: Row = {
  name: "broadcast",
  title: "Deliveries/s of messages from one client to all others, one server",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  const { quick, repetitions, runSeconds: seconds } = setting;
  const count = quick ? QUICK_RECEIVERS : RECEIVERS;
  await using stack = new AsyncDisposableStack();
  const { ours, peer } = await contenders(setting, {
    dialects: [BASE, EXTENDED],
    peer: NATS_BROADCAST,
    servers: 1,
  });
  for (const contender of ours) stack.use(contender);
  stack.use(peer);
  const entry = { ours, peer, bare: stack.use(await bareCopy({ to: count })) };
  const attempt = async (contender: Contender): Promise<Loaded> => {
    const { dialect, senderPort } = contender;
    const sender = await joined(contender, senderPort);
    const receivers: Member[] = [];
    while (receivers.length < count) receivers.push(await joined(contender, senderPort));
    const lanes = [{ sender, receivers, everybody: true }];
    return await load({ dialect, lanes, textBytes: TEXT_BYTES, seconds, window: WINDOW });
  };
  const runs = await interleaved(entry, { repetitions, attempt });
  const what = `to ${count}`;
  yield* linesOf(entry, runs, { row: "broadcast", what, unit: "messages/s", of: rateOf });
}

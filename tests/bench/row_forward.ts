/**
 * How many messages a second go through one server, or through two: as many as
 * it takes, from one client to another, or among several.
 *
 * @module
 */

import { interleaved, joined, lanesOf, linesOf, rateOf } from "./compare.ts";
import { bareCopy, type Contender, contenders } from "./contender.ts";
import type { Member } from "./dialect.ts";
import { BASE } from "./dialect_base.ts";
import { EXTENDED } from "./dialect_extended.ts";
import { type LaneOptions, load, type Loaded } from "./load.ts";
import type { Result } from "./result.ts";
import type { Row, Setting } from "./setting.ts";

const TEXT_BYTES = [16, 128, 1024];

/** Bytes on their way at once: more fills no pipe any better, and is what a slow reader has left. */
const WINDOW_BYTES = 1024 * 1024;

/** Senders, and receivers, where there are several. */
const SEVERAL = 4;

/** One sender, one receiver. */
export const ONE_TO_ONE: Row = {
  name: "one-to-one",
  title: "Forwarded messages/s, one sender to one receiver, one server",
  measure: (setting) => forwarded(setting, { row: "one-to-one", servers: 1, several: false }),
};

/** The same, the receiver at another server. */
export const ONE_TO_ONE_2: Row = {
  name: "one-to-one-2",
  title: "Forwarded messages/s, one sender to one receiver, two servers",
  measure: (setting) => forwarded(setting, { row: "one-to-one-2", servers: 2, several: false }),
};

/** Four senders, each to four receivers in turn. */
export const FOUR_TO_FOUR: Row = {
  name: "four-to-four",
  title: "Forwarded messages/s, four senders, each to four receivers in turn, one server",
  measure: (setting) => forwarded(setting, { row: "four-to-four", servers: 1, several: true }),
};

async function* forwarded(
  setting: Setting,
  { row, servers, several }: {
    readonly row: string;
    readonly servers: 1 | 2;
    readonly several: boolean;
  },
): AsyncIterable<Result> {
  const { repetitions, runSeconds: seconds } = setting;
  await using stack = new AsyncDisposableStack();
  const { ours, peer } = await contenders(setting, { dialects: [BASE, EXTENDED], servers });
  for (const contender of ours) stack.use(contender);
  stack.use(peer);
  const bare = stack.use(await bareCopy());
  for (const textBytes of TEXT_BYTES) {
    const attempt = async (contender: Contender): Promise<Loaded> => {
      const { dialect } = contender;
      const window = Math.ceil(WINDOW_BYTES / textBytes);
      const lanes = await (several ? alternating(contender, bare) : lanesOf(contender, 1));
      return await load({ dialect, lanes, textBytes, seconds, window });
    };
    const entry = { ours, peer, bare };
    const runs = await interleaved(entry, { repetitions, attempt });
    const what = `${textBytes} B`;
    yield* linesOf(entry, runs, { row, what, unit: "messages/s", of: rateOf });
  }
}

/** A bare copy knows no receivers: through it each sender has one of its own. */
async function alternating(contender: Contender, bare: Contender): Promise<LaneOptions[]> {
  if (contender === bare) return await lanesOf(contender, SEVERAL);
  const receivers: Member[] = [];
  while (receivers.length < SEVERAL) {
    receivers.push(await joined(contender, contender.receiverPort));
  }
  const lanes: LaneOptions[] = [];
  while (lanes.length < SEVERAL) {
    lanes.push({ sender: await joined(contender, contender.senderPort), receivers });
  }
  return lanes;
}

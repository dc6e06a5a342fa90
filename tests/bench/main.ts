/**
 * `deno task bench`: the speed of the real server, beside peers that are
 * measured in the same interleaved run. Only ratios travel between machines.
 *
 * @module
 */

import { type Contender, natsServer, ourServer, pipe } from "./contender.ts";
import { failover } from "./failover.ts";
import { flood } from "./flood.ts";
import { start } from "./start.ts";

const REPETITIONS = 5;
const TEXT_BYTES = 128;
const MESSAGES = 1_000_000;

async function forwardOneToOne(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const ours = stack.use(await ourServer());
  const copy = stack.use(await pipe());
  const nats = natsServer();
  const contenders: Contender[] = [ours, copy];
  if (nats !== null) contenders.push(stack.use(nats));
  const rates = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    for (const contender of contenders) {
      const rate = await flood(contender.wire(TEXT_BYTES), MESSAGES);
      // The first one warms up.
      if (repetition > 0) rates.get(contender)?.push(rate);
    }
  }
  report(`Forwarded messages/s, one to one, ${TEXT_BYTES} B texts, base frames, one server`);
  report(`${REPETITIONS} interleaved runs of ${MESSAGES} messages, none lost, repeated, reordered`);
  for (const [contender, samples] of rates) {
    const ratio = median(rates.get(ours) ?? []) / median(samples);
    const versus = contender === ours ? "" : `   server is ${ratio.toFixed(2)} x that`;
    report(`  ${contender.name.padEnd(12)}${spread(samples)}${versus}`);
  }
  if (nats === null) report("  nats-server is not installed (Debian: apt-get install nats-server)");
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function spread(samples: readonly number[]): string {
  const millions = (rate: number): string => (rate / 1e6).toFixed(2);
  const [low, high] = [Math.min(...samples), Math.max(...samples)].map(millions);
  return `${millions(median(samples))} million (${low} to ${high})`;
}

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

await forwardOneToOne();
await start(report);
await failover(report);

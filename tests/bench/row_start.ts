/**
 * What a server costs before it does anything: time to listening, memory, size
 * of the files.
 *
 * @module
 */

import { accepting, freePort, listeningPort, Running } from "./contender.ts";
import { amountOf, type Result, resultOf, type Sample } from "./result.ts";
import { fromSource, type Row, type Setting } from "./setting.ts";
import { usageOf } from "./system.ts";

/** Starts are short: more of them cost nothing. */
const TIMES_AS_MANY = 2;

const OURS = ["--listen", "127.0.0.1:0", "--join", "none"];

/** Our server as a binary and from its sources, beside the peer and an empty program. */
export const START: Row = {
  name: "start",
  title: "From the start of a server until it accepts connections",
  measure,
};

/** A program, and how one sees that it listens. */
interface Starter {
  readonly command: readonly string[];
  readonly listening: (child: Deno.ChildProcess) => Promise<unknown>;
}

async function* measure(setting: Setting): AsyncIterable<Result> {
  const starters = {
    compiled: setting.binaries.length === 0 ? null : ours(setting.server),
    sources: ours(fromSource("server")),
    bare: { command: setting.bareListen, listening: listeningPort },
    peer: setting.nats === null ? null : peer(setting.nats),
  };
  const samples = { compiled: [], sources: [], bare: [], peer: [] } as Record<
    keyof typeof starters,
    Sample[]
  >;
  const count = setting.repetitions * TIMES_AS_MANY;
  for (let repetition = 0; repetition <= count; repetition++) {
    for (const name of ["compiled", "sources", "bare", "peer"] as const) {
      const starter = starters[name];
      if (starter === null) continue;
      const sample = await started(starter);
      // The first one warms up.
      if (repetition > 0) samples[name].push(sample);
    }
  }
  for (const what of ["compiled", "sources"] as const) {
    if (samples[what].length === 0) continue;
    yield resultOf({ row: "start", what, unit: "ms" }, {
      ours: samples[what],
      peer: samples.peer.length === 0 ? undefined : { name: "nats-server", samples: samples.peer },
      bare: { name: "bare program", samples: samples.bare },
    });
  }
  for (const file of setting.binaries) {
    const what = `file ${file.split("/").at(-1)}`;
    yield amountOf({ row: "start", what, unit: "MiB" }, [(await Deno.stat(file)).size / 2 ** 20]);
  }
}

async function started({ command, listening }: Starter): Promise<Sample> {
  await using running = new Running();
  const startedAt = performance.now();
  const child = running.start(command);
  await listening(child);
  return { amount: performance.now() - startedAt, usage: usageOf([child.pid]) };
}

function ours(command: readonly string[]): Starter {
  return { command: [...command, ...OURS], listening: listeningPort };
}

/** It says nothing on standard output, so one has to try. */
function peer(command: string): Starter {
  const port = freePort();
  return {
    command: [command, "-a", "127.0.0.1", "-p", String(port)],
    listening: () => accepting(port),
  };
}

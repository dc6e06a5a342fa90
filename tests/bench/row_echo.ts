/**
 * The round trip of an echo between our two programs, everything on one core,
 * against the same between two processes written in C.
 *
 * @module
 */

import { type Contender, listeningPort, ourServers, Running } from "./contender.ts";
import { EXTENDED } from "./dialect_extended.ts";
import { type Result, resultOf, type Sample } from "./result.ts";
import type { Row, Setting } from "./setting.ts";
import { medianOf } from "./stats.ts";
import { installed } from "./system.ts";

/** Echoes of one run: the first seconds of a program are slower. */
const ECHOES = 40_000;

const ON_FIRST_CORE = ["taskset", "-c", "0"];

const BARE_ECHO = [
  ...[Deno.execPath(), "run", "--quiet", "--allow-net"],
  new URL("bare_echo.ts", import.meta.url).pathname,
];

/** What a user of `rtt` sees, with the least pause that it allows. */
export const ECHO: Row = {
  name: "echo",
  title: "Median RTT of an echo, everything on one core, our programs against two in C",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  const { note, quick, repetitions } = setting;
  if (installed("taskset") === null) {
    return note("echo is left out: it needs taskset (Debian: apt-get install util-linux)");
  }
  const floor = await compiledFloor(setting);
  await using server = await ourServers(setting, {
    dialect: EXTENDED,
    servers: 1,
    by: ON_FIRST_CORE,
  });
  const count = quick ? ECHOES / 40 : ECHOES;
  await using running = new Running();
  const bareServer = running.start([...ON_FIRST_CORE, ...BARE_ECHO]);
  const barePort = await listeningPort(bareServer);
  const ours: Sample[] = [];
  const theirs: Sample[] = [];
  const bare: Sample[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    ours.push(sampleOf(await ourMedianUs(setting, server, count)));
    bare.push(sampleOf(await bareMedianUs(barePort, count)));
    if (floor !== null) theirs.push(sampleOf(await floorMedianUs(floor, count)));
  }
  yield resultOf({ row: "echo", what: "6 B, our client", unit: "us" }, {
    ours,
    peer: floor === null ? undefined : { name: "C to C", samples: theirs },
    bare: { name: "bare echo", samples: bare },
  });
  if (floor !== null) await Deno.remove(floor);
}

async function ourMedianUs(setting: Setting, server: Contender, count: number): Promise<number> {
  const at = ["--server", `127.0.0.1:${server.senderPort}`];
  const line = await outputOf([
    ...ON_FIRST_CORE,
    ...setting.client,
    ...["rtt", ...at, "--count", String(count), "--interval", "0", "--json"],
  ]);
  return Number(JSON.parse(line).p50_us);
}

async function bareMedianUs(port: number, count: number): Promise<number> {
  const ping = ["ping", String(port), String(count), "0"];
  const rttsMs: number[] = JSON.parse(await outputOf([...ON_FIRST_CORE, ...BARE_ECHO, ...ping]));
  return medianOf(rttsMs) * 1000;
}

async function floorMedianUs(floor: string, count: number): Promise<number> {
  return Number(await outputOf([...ON_FIRST_CORE, floor, String(count)]));
}

/** The program in C as a file; null where there is no compiler. */
async function compiledFloor({ note }: Setting): Promise<string | null> {
  if (installed("cc") === null) {
    note("echo has nothing to compare with: it needs a C compiler (Debian: apt-get install gcc)");
    return null;
  }
  const output = await Deno.makeTempFile();
  await outputOf(["cc", "-O2", "-o", output, new URL("echo.c", import.meta.url).pathname]);
  return output;
}

async function outputOf([command = "", ...args]: readonly string[]): Promise<string> {
  const options = { args, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${command}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout).trim();
}

function sampleOf(amount: number): Sample {
  return { amount, usage: null };
}

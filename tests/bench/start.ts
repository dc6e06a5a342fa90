/**
 * What a server costs before it does anything: time to listening, memory, size
 * of the file. Compiled, beside the same server under `deno run`, and beside
 * `nats-server`.
 *
 * @module
 */

import { compileAll } from "../../lib/app/compile.ts";
import { withStub } from "../testing/denort.ts";

const REPETITIONS = 10;
const ROOT = new URL("../../", import.meta.url);

/** A server that is started again and again. */
interface Starter {
  readonly name: string;
  readonly command: string;
  prepare(): Preparation;
  /** Size of the program's files in bytes; null where that is no one file. */
  readonly fileBytes: readonly number[] | null;
}

/** What one start needs. */
interface Preparation {
  readonly args: string[];
  /** Resolves when it accepts connections. */
  readonly ready: (child: Deno.ChildProcess) => Promise<void>;
}

/** One start. */
interface Sample {
  readonly startMs: number;
  /** Resident memory then; null where the system does not tell. */
  readonly residentBytes: number | null;
}

/** Prints a row for each server. */
export async function start(report: (line: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await withStub((env) => compileAll({ folder: `${folder}/`, target: null, env }));
    const nats = await natsStarter();
    const starters = [await compiled(folder), underDeno(), ...(nats === null ? [] : [nats])];
    const samples = await measured(starters);
    const versus = starters.at(-1) as Starter;
    report(`Start to listening, ${REPETITIONS} interleaved starts: median (least to most)`);
    for (const starter of starters) {
      const [ours, theirs] = [samples.get(starter) ?? [], samples.get(versus) ?? []];
      report(`  ${starter.name.padEnd(12)}${row(starter, ours)}`);
      if (starter !== versus) report(`  ${"".padEnd(12)}${ratios(ours, { theirs, versus })}`);
    }
    if (nats === null) {
      report("  nats-server is not installed (Debian: apt-get install nats-server)");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measured(starters: readonly Starter[]): Promise<Map<Starter, Sample[]>> {
  const samples = new Map<Starter, Sample[]>(starters.map((starter) => [starter, []]));
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    for (const starter of starters) {
      const sample = await once(starter);
      // The first one warms up.
      if (repetition > 0) samples.get(starter)?.push(sample);
    }
  }
  return samples;
}

async function once({ command, prepare }: Starter): Promise<Sample> {
  const { args, ready } = prepare();
  const startedAt = performance.now();
  const child = new Deno.Command(command, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    await ready(child);
    const startMs = performance.now() - startedAt;
    return { startMs, residentBytes: await residentBytes(child.pid) };
  } finally {
    child.kill("SIGKILL");
    await child.stdout.cancel();
    await child.status;
  }
}

async function compiled(folder: string): Promise<Starter> {
  const exe = Deno.build.os === "windows" ? ".exe" : "";
  const files = ["server", "client"].map((name) => `${folder}/p2p-rtt-${name}${exe}`);
  const [command = ""] = files;
  const fileBytes = await Promise.all(files.map(async (file) => (await Deno.stat(file)).size));
  return { name: "compiled", command, prepare: () => listening([]), fileBytes };
}

function underDeno(): Starter {
  const args = ["run", "--quiet", "--allow-net", "server.ts"];
  const command = Deno.execPath();
  return { name: "deno run", command, prepare: () => listening(args), fileBytes: null };
}

/** A start of our server, which says when it listens. */
function listening(args: readonly string[]): Preparation {
  return {
    args: [...args, "--listen", "127.0.0.1:0", "--join", "none"],
    ready: async ({ stdout }) => {
      const reader = stdout.getReader();
      const { done } = await reader.read();
      reader.releaseLock();
      if (done) throw new Error("Cannot measure the start: the server ended at once");
    },
  };
}

/** `nats-server`, which listens when its port accepts; null where it is not installed. */
async function natsStarter(): Promise<Starter | null> {
  const command = await installed("nats-server");
  if (command === null) return null;
  const prepare = (): Preparation => {
    const port = freePort();
    return {
      args: ["-a", "127.0.0.1", "-p", String(port)],
      ready: async () => {
        while (!await accepts(port));
      },
    };
  };
  return { name: "nats-server", command, prepare, fileBytes: [(await Deno.stat(command)).size] };
}

async function installed(program: string): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("which", { args: [program] }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What Linux says of a process; other systems don't. */
async function residentBytes(pid: number): Promise<number | null> {
  if (Deno.build.os !== "linux") return null;
  // Deno reads nothing below /proc without every permission.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout)) ?? [];
  return kib === undefined ? null : Number(kib) * 1024;
}

function row({ fileBytes }: Starter, samples: readonly Sample[]): string {
  const times = samples.map(({ startMs }) => startMs);
  const [low, high] = [Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(0));
  const time = `${median(times).toFixed(0)} ms (${low} to ${high})`;
  const resident = megabytes(median(memories(samples)));
  const size = fileBytes === null ? "" : `, file ${fileBytes.map(megabytes).join(" and ")}`;
  return `${time}, resident ${resident}${size}`;
}

function ratios(
  ours: readonly Sample[],
  { theirs, versus }: { theirs: readonly Sample[]; versus: Starter },
): string {
  const ratio = (of: (samples: readonly Sample[]) => number[]): string =>
    (median(of(ours)) / median(of(theirs))).toFixed(2);
  const time = ratio((samples) => samples.map(({ startMs }) => startMs));
  return `is ${time} x the time and ${ratio(memories)} x the memory of ${versus.name}`;
}

function memories(samples: readonly Sample[]): number[] {
  return samples.flatMap(({ residentBytes }) => residentBytes === null ? [] : [residentBytes]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

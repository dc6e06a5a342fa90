/**
 * The reported RTT on a LAN inside this machine, beside `fping` and beside what
 * TCP takes to connect.
 *
 * @module
 */

import { type Host, Lan, lanProblem, runCompiled } from "../testing/lan.ts";
import { p50, spread } from "./accuracy_figures.ts";

const REPETITIONS = 3;
const PROBES = 20;
const GAP_MS = 100;
const PORT = 4000;
const HOSTS = ["10.1.0.1", "10.1.0.2"];

/** What one window of probes to one host says. */
interface Rtts {
  readonly minMs: number;
  readonly p50Ms: number;
}

/** One way to measure: from a host to each of {@linkcode HOSTS}. */
interface Method {
  readonly name: string;
  readonly measure: (from: Host) => Promise<Rtts[]>;
}

/** Prints a row for each method; `binaries` is the folder of the programs. */
export async function besideFping(
  report: (line: string) => void,
  binaries: string,
): Promise<void> {
  const problem = await lanProblem();
  if (problem !== null) {
    report(`RTT on a LAN inside this machine (skipped: ${problem}; it takes root and iproute2)`);
    return;
  }
  const methods = await hasFping() ? [CLIENT, CONNECT, FPING] : [CLIENT, CONNECT];
  runCompiled(binaries);
  const measured = await measure(methods);
  runCompiled(null);
  report(
    `RTT on a LAN inside this machine, ${REPETITIONS} interleaved windows of ${PROBES} probes ` +
      `to each of ${HOSTS.length} hosts, ${GAP_MS} ms apart: ms, median (least to most)`,
  );
  report(`  ${"".padEnd(14)}     min                     p50`);
  const least = (method: Method): number[] => (measured.get(method) ?? []).map((it) => it.minMs);
  for (const method of methods) {
    const middle = (measured.get(method) ?? []).map((it) => it.p50Ms);
    const ratio = p50(least(CLIENT)) / p50(least(method));
    const versus = method === CLIENT ? "" : `client rtt: ${ratio.toFixed(1)} x that minimum`;
    report(
      `  ${method.name.padEnd(14)} ${spread(least(method)).padEnd(23)} ` +
        `${spread(middle).padEnd(23)} ${versus}`.trimEnd(),
    );
  }
  if (!methods.includes(FPING)) {
    report("  fping is not installed (Debian: apt-get install fping)");
  }
}

async function measure(methods: readonly Method[]): Promise<Map<Method, Rtts[]>> {
  const measured = new Map<Method, Rtts[]>(methods.map((method) => [method, []]));
  await using stack = new AsyncDisposableStack();
  const lan = stack.use(await Lan.create());
  for (const address of HOSTS) {
    const host = await lan.host({ home: `${address}/24` });
    stack.use(await host.server("--listen", `${address}:${PORT}`, "--join", "none"));
  }
  const from = await lan.host({ home: "10.1.0.9/24" });
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const method of methods) measured.get(method)?.push(...await method.measure(from));
  }
  return measured;
}

const CLIENT: Method = {
  name: "client rtt",
  measure: async (from) => {
    const servers = HOSTS.flatMap((host) => ["--server", `${host}:${PORT}`]);
    const probing = ["--count", `${PROBES}`, "--interval", `${GAP_MS / 1_000}`];
    await using client = from.client("rtt", ...probing, ...servers);
    const { err } = await client.ends();
    const events = client.events({ event: "rtt" });
    if (events.length !== HOSTS.length) throw new Error(`Cannot measure: ${err.join("; ")}`);
    return events.map((event) => ({
      minMs: Number(event["min_us"]) / 1_000,
      p50Ms: Number(event["p50_us"]) / 1_000,
    }));
  },
};

/** The system answers for the server, but the client waits for its own event loop. */
const CONNECT: Method = {
  name: "TCP connect",
  measure: async (from) => {
    const script = `
      for (const hostname of ${JSON.stringify(HOSTS)}) {
        const took = [];
        for (let probe = 0; probe < ${PROBES}; probe++) {
          await new Promise((resolve) => setTimeout(resolve, ${GAP_MS}));
          const since = performance.now();
          const conn = await Deno.connect({ hostname, port: ${PORT} });
          took.push(performance.now() - since);
          conn.close();
        }
        console.log(took.join(" "));
      }`;
    const { stdout } = await run(from, [Deno.execPath(), "eval", "--ext=js", script]);
    return windows(stdout);
  },
};

/** ICMP: the systems of both ends answer and measure, no program has to wake up. */
const FPING: Method = {
  name: "fping",
  measure: async (from) => {
    const args = ["-C", `${PROBES}`, "-p", `${GAP_MS}`, "-q", ...HOSTS];
    const { stderr } = await run(from, ["fping", ...args]);
    return windows(stderr.replaceAll(/^.* : /gm, ""));
  },
};

/** A line of samples for each host; `-` is one that is missing. */
function windows(text: string): Rtts[] {
  return text.trim().split("\n").map((line) => {
    const samples = line.split(" ").filter((sample) => sample !== "-").map(Number);
    return { minMs: Math.min(...samples), p50Ms: p50(samples) };
  });
}

async function run(
  host: Host,
  command: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const [by = "", ...args] = [...host.by, ...command];
  const { success, stdout, stderr } = await new Deno.Command(by, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  const said = { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  if (!success) throw new Error(`Cannot measure: ${said.stderr.trim()}`);
  return said;
}

async function hasFping(): Promise<boolean> {
  try {
    await new Deno.Command("fping", { args: ["--version"], stdout: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

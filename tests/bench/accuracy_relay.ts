/**
 * By how much the reported RTT exceeds the time that a relay really held the
 * echoes. The server, the client and the relay (in this program) are processes
 * of their own: none waits for another's event loop.
 *
 * @module
 */

import { WARMUP_PROBES } from "../../lib/core/probes.ts";
import { EchoRecord } from "../testing/echo_record.ts";
import { type Ended, type Json, run, ServerProgram } from "../testing/program.ts";
import { Relay, type Way } from "../testing/relay.ts";
import { figure, p50, spread } from "./accuracy_figures.ts";

const REPETITIONS = 5;
const PROBES = 20;
/** About that of a client that chooses its home. */
const GAP_MS = 4;
const DELAYS_MS = [0, 1, 5, 20, 100];

/** How long the relay is told to hold what goes each way. */
type Delays = Readonly<Record<Way, number>>;

/** A way that is measured: a server, and what measures the RTT to an address. */
interface Pair {
  readonly name: string;
  readonly server: ServerProgram;
  readonly measure: (address: string) => Promise<Rtts>;
}

/** What one window of probes says. */
interface Rtts {
  readonly minMs: number;
  readonly p50Ms: number;
  /** Samples that were taken while the client was late, and don't count. */
  readonly late: number;
}

/** One window, beside how long its echoes were really held. */
interface Measurement extends Rtts {
  readonly heldMinMs: number;
  readonly heldP50Ms: number;
}

/** One row of the table. */
interface Row {
  readonly pair: Pair;
  readonly delays: Delays;
  readonly measured: Measurement[];
}

/** Prints a row for each delay; `binaries` is the folder of the programs. */
export async function throughRelay(
  report: (line: string) => void,
  binaries: string,
): Promise<void> {
  await using ours = await ServerProgram.start([], { program: "p2p-rtt-server", binaries });
  await using bare = await ServerProgram.start([], { program: BARE });
  const client: Pair = { name: "client rtt", server: ours, measure: (to) => rtt(to, binaries) };
  const rows: Row[] = [
    ...DELAYS_MS.flatMap(ways).map((delays) => ({ pair: client, delays, measured: [] })),
    ...DELAYS_MS.map((ms) => ({
      pair: { name: "bare echo", server: bare, measure: ping },
      delays: { forth: ms, back: ms },
      measured: [],
    })),
  ];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const row of rows) row.measured.push(await measurement(row));
  }
  report(
    `RTT beside the time really held by a relay, ${REPETITIONS} interleaved windows of ` +
      `${PROBES} probes, ${GAP_MS} ms apart: ms, median (least to most)`,
  );
  report(
    "              delay      held            RTT             RTT - held              RTT - held",
  );
  report(
    "              there,back     min     p50     min     p50 of the minimum          of the p50          late",
  );
  for (const row of rows) report(`  ${line(row)}`);
}

/** All on both ways, all on the way there, all on the way back. */
function ways(ms: number): Delays[] {
  const symmetric = { forth: ms, back: ms };
  return ms === 0 ? [symmetric] : [symmetric, { forth: ms, back: 0 }, { forth: 0, back: ms }];
}

async function measurement({ pair, delays }: Row): Promise<Measurement> {
  await using relay = new Relay(portOf(pair.server.address));
  Object.assign(relay.delaysMs, delays);
  const record = new EchoRecord(relay);
  const rtts = await pair.measure(relay.address);
  const held = record.echoes().slice(WARMUP_PROBES).map(({ heldMs }) => heldMs);
  if (held.length !== PROBES) throw new Error(`The relay saw ${held.length} of ${PROBES} echoes`);
  return { ...rtts, heldMinMs: Math.min(...held), heldP50Ms: p50(held) };
}

async function rtt(address: string, binaries: string): Promise<Rtts> {
  const probing = ["--count", `${PROBES}`, "--interval", `${GAP_MS / 1_000}`];
  const args = ["rtt", "--json", ...probing, "--server", address];
  const said = answer(await run("p2p-rtt-client", args, { binaries })) as Json;
  return {
    minMs: Number(said["min_us"]) / 1_000,
    p50Ms: Number(said["p50_us"]) / 1_000,
    late: Number(said["late"]),
  };
}

async function ping(address: string): Promise<Rtts> {
  const args = ["ping", portOf(address), PROBES, GAP_MS].map(String);
  const samples = answer(await run(BARE, args)) as number[];
  return { minMs: Math.min(...samples), p50Ms: p50(samples), late: 0 };
}

/** What it printed: one line of JSON. */
function answer({ code, out, err }: Ended): unknown {
  if (code !== 0) throw new Error(`Cannot measure: ${err.join("; ")}`);
  return JSON.parse(out[0] ?? "");
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/**
 * The client tells no single samples, so the minimum of the RTTs is set against
 * the minimum of the times held in the same window. The echo whose RTT was the
 * minimum was held at least as long, so its own excess is no larger than the
 * one shown; and that of the echo that was held shortest is no smaller. (The
 * excess of the medians lies between those of single echoes too.)
 */
function line({ pair, delays, measured }: Row): string {
  const middle = (of: (measurement: Measurement) => number): string =>
    figure(p50(measured.map(of)));
  return [
    pair.name.padEnd(12),
    `${delays.forth},${delays.back}`.padEnd(8),
    middle(({ heldMinMs }) => heldMinMs),
    middle(({ heldP50Ms }) => heldP50Ms),
    middle(({ minMs }) => minMs),
    middle(({ p50Ms }) => p50Ms),
    spread(measured.map(({ minMs, heldMinMs }) => minMs - heldMinMs)).padEnd(23),
    spread(measured.map(({ p50Ms, heldP50Ms }) => p50Ms - heldP50Ms)).padEnd(23),
    `${measured.reduce((sum, { late }) => sum + late, 0)}`,
  ].join(" ");
}

/** Echoes without any program of ours. */
const BARE = "tests/bench/bare_echo";

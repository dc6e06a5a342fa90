/**
 * How the original client finds the fastest server.
 *
 * @module
 */

import { decode, kindOf } from "./original_frame.ts";
import { Wire } from "./original_wire.ts";

/** The server that an original client chose. */
export interface Choice {
  readonly fastest: number;
  /** Time of one echo, by port; of connecting, where none was answered. */
  readonly rttsMs: ReadonlyMap<number, number>;
  /** The connection to the fastest, which the original leaves open and unused. */
  readonly idle: Wire;
}

/** How an original client measures. */
export interface ChoiceOptions {
  readonly split?: number | undefined;
  /** How long it waits for an answer until it goes without. */
  readonly patienceMs: number;
}

interface Candidate {
  readonly port: number;
  readonly wire: Wire;
  readonly connectMs: number;
}

/**
 * Asks the server at `port` for the others, times one echo with each, and
 * takes leave of all but the fastest.
 *
 * @throws {Error} when one can't be reached or answers something else: the
 * original handles no error.
 */
export async function choose(
  port: number,
  options: ChoiceOptions,
): Promise<Choice> {
  const candidates: Candidate[] = [];
  const visit = async (port: number): Promise<Candidate> => {
    const candidate = await connect(port, options.split);
    candidates.push(candidate);
    return candidate;
  };
  try {
    const first = await visit(port);
    const listed = await ask(first.wire, 5, options);
    const rttsMs = new Map([[port, first.connectMs]]);
    if (listed !== null) {
      rttsMs.set(port, await echo(first, options));
      for (const other of portsOf(listed)) {
        rttsMs.set(other, await echo(await visit(other), options));
      }
    }
    const fastest = nearest(rttsMs) ?? port;
    const kept = candidates.find((each) => each.port === fastest) ?? first;
    for (const { wire } of candidates.filter((each) => each !== kept)) {
      await ask(wire, 7, options);
      await wire.close();
    }
    return { fastest, rttsMs, idle: kept.wire };
  } catch (error) {
    for (const { wire } of candidates) await wire.close();
    throw error;
  }
}

async function connect(port: number, split?: number): Promise<Candidate> {
  const start = performance.now();
  const wire = await Wire.dial(port, split);
  return { port, wire, connectMs: performance.now() - start };
}

async function echo(
  candidate: Candidate,
  options: ChoiceOptions,
): Promise<number> {
  const start = performance.now();
  const answer = await ask(candidate.wire, 6, options);
  return answer === null ? candidate.connectMs : performance.now() - start;
}

/** The payload of the answer; null when the server is of those that stay silent. */
async function ask(
  wire: Wire,
  type: 5 | 6 | 7,
  { patienceMs }: ChoiceOptions,
): Promise<string | null> {
  await wire.write({ type, subtype: 0, length: 0, sublength: 0 });
  const { promise: patience, resolve } = Promise.withResolvers<"silent">();
  const timer = setTimeout(() => resolve("silent"), patienceMs);
  const first = await Promise.race([wire.arrived(), patience]);
  clearTimeout(timer);
  if (first === "silent") return null;
  const header = await wire.readHeader();
  if (header === null) {
    throw new Error(`connection ended before the ${type}/1`);
  }
  if (kindOf(header) !== `${type}/1`) {
    throw new Error(`${kindOf(header)} where a ${type}/1 must come`);
  }
  return decode(await wire.readBytes(header.length));
}

/** What `[4010, 4020]` lists. */
function portsOf(list: string): number[] {
  const inside = /^\[((?:\d+(?:, \d+)*)?)\]$/.exec(list)?.[1];
  if (inside === undefined) {
    throw new Error(`malformed: 5/1 is ${JSON.stringify(list)}`);
  }
  return inside === "" ? [] : inside.split(", ").map(Number);
}

function nearest(rttsMs: ReadonlyMap<number, number>): number | undefined {
  return [...rttsMs].sort(([, a], [, b]) => a - b)[0]?.[0];
}

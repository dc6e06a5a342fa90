/**
 * Questions to a person at a terminal.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline/promises";
import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import { Interrupted } from "./interrupts.ts";
import { writeError } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** One question, and what ends the waiting for its answer. */
export interface Question {
  readonly text: string;
  /** What is wrong with an answer, for the one who is asked again; null: nothing. */
  readonly check: (answer: string) => string | null;
  /** What can't be done without an answer, such as `A name is missing`. */
  readonly missing: string;
  readonly interrupt: AbortSignal;
}

/** Whether a person is there to be asked. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

/**
 * Asks until an answer will do.
 *
 * @throws {UsageError} when the input ends instead.
 * @throws {Interrupted} by Ctrl-C or `interrupt`.
 */
export async function ask({ text, check, missing, interrupt }: Question): Promise<string> {
  while (true) {
    const answer = await answerTo(text, interrupt);
    if (answer === null) throw new UsageError(`${missing}: the input ended`);
    const problem = check(answer);
    if (problem === null) return answer;
    writeError(problem);
  }
}

/** Asks for one of the well-known ports by its index, as the original does. */
export async function askPort(whose: string, interrupt: AbortSignal): Promise<number> {
  const last = WELL_KNOWN_PORTS.length - 1;
  const answer = await ask({
    text: `${whose}? 0 to ${last} for port ${WELL_KNOWN_PORTS.join(", ")}: `,
    check: (typed) =>
      WELL_KNOWN_PORTS[indexIn(typed)] === undefined ? `Write a number from 0 to ${last}` : null,
    missing: "An index is missing",
    interrupt,
  });
  return WELL_KNOWN_PORTS[indexIn(answer)] as number;
}

function indexIn(answer: string): number {
  return /^\d+$/.test(answer) ? Number(answer) : NaN;
}

/** One line, without the space around it; null when the input ends instead. */
async function answerTo(question: string, interrupt: AbortSignal): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  let interrupted = false;
  lines.on("close", () => closed.abort());
  lines.on("SIGINT", () => {
    interrupted = true;
    lines.close();
  });
  try {
    const signal = AbortSignal.any([closed.signal, interrupt]);
    return (await lines.question(question, { signal })).trim();
  } catch (error) {
    if (interrupted || interrupt.aborted) throw new Interrupted();
    if (closed.signal.aborted) return null;
    throw error;
  } finally {
    lines.close();
  }
}

/**
 * Questions to a person at a terminal.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline/promises";
import { WELL_KNOWN_PORTS } from "../codec/wire.ts";

/** Whether a person is there to be asked. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

/** Asks one question; null when the person ends the input instead. */
export async function ask(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.on("close", () => ended.abort());
  try {
    return await lines.question(question, { signal: ended.signal });
  } catch {
    return null;
  } finally {
    lines.close();
  }
}

/** Asks until `check` finds nothing wrong (null); null when the input ends. */
export async function askUntil(
  question: string,
  check: (answer: string) => string | null,
): Promise<string | null> {
  while (true) {
    const answer = (await ask(question))?.trim() ?? null;
    if (answer === null) return null;
    const problem = check(answer);
    if (problem === null) return answer;
    Deno.stderr.writeSync(new TextEncoder().encode(`${problem}\n`));
  }
}

/** Asks for one of the well-known ports by its index, as the original does. */
export async function askPort(whose: string): Promise<number | null> {
  const last = WELL_KNOWN_PORTS.length - 1;
  const ports = WELL_KNOWN_PORTS.map((port, index) => `${index}: ${port}`).join(", ");
  const answer = await askUntil(
    `${whose}, 0 to ${last} (${ports}): `,
    (text) =>
      /^\d+$/.test(text) && Number(text) <= last ? null : `Write a number from 0 to ${last}`,
  );
  return answer === null ? null : WELL_KNOWN_PORTS[Number(answer)] ?? null;
}

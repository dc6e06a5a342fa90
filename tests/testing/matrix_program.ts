/**
 * The matrix of real servers, asked for by a real client.
 *
 * @module
 */

import { type Ended, type Json, run } from "./program.ts";

/** Servers that have just met need a few seconds to measure each other. */
const DEADLINE_MS = 30_000;

/**
 * Asks until what is told `fits`, and then each of the lines that are `shown` to
 * people, who ask the same server a moment later, stands in the answer.
 */
export async function matrixThat(
  what: string,
  args: readonly string[],
  fits: (events: readonly Json[]) => boolean,
  shown: readonly RegExp[] = [],
): Promise<Ended> {
  const deadline = performance.now() + DEADLINE_MS;
  while (true) {
    const { out } = await run("client", ["matrix", "--json", "--pin", ...args]);
    if (fits(out.map((line) => JSON.parse(line) as Json))) {
      const told = await run("client", ["matrix", "--pin", ...args]);
      if (shown.every((line) => told.out.some((text) => line.test(text)))) return told;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited in vain for a matrix that ${what}:\n${out.join("\n")}`);
    }
  }
}

/** Asks until each of so many servers has measured each other one. */
export async function measuredMatrix(args: readonly string[], servers: number): Promise<Ended> {
  const given = args.filter((word) => word !== "--json");
  await matrixThat(`is measured by ${servers} servers`, given, (events) => {
    const measured = events.filter(({ event, state }) => event === "cell" && state === "measured");
    return measured.length === servers * (servers - 1);
  });
  return await run("client", ["matrix", "--pin", ...args]);
}

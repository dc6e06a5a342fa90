import { whyNoTerminal } from "../testing/terminal.ts";

const noTerminal = await whyNoTerminal();

/** A test that needs a terminal; it says so where there is none. */
export function onTerminal(name: string, test: () => Promise<void>): void {
  const why = noTerminal === null ? "" : ` (skipped: ${noTerminal})`;
  Deno.test({ name: name + why, ignore: noTerminal !== null, fn: test });
}

/**
 * How accurate the reported RTT is: beside the time that a relay really held
 * the echoes, and beside `fping` on a LAN inside this machine.
 *
 * @module
 */

import { dirname } from "node:path";
import { besideFping } from "./accuracy_lan.ts";
import { throughRelay } from "./accuracy_relay.ts";
import type { Setting } from "./setting.ts";

/** Prints both tables, of the compiled programs. */
export async function accuracy(
  report: (line: string) => void,
  { binaries: [server], note }: Setting,
): Promise<void> {
  if (server === undefined) return note("accuracy is left out: it takes the compiled programs");
  const folder = dirname(server);
  await throughRelay(report, folder);
  await besideFping(report, folder);
}

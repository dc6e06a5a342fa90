/**
 * How accurate the reported RTT is: beside the time that a relay really held
 * the echoes, and beside `fping` on a LAN inside this machine.
 *
 * @module
 */

import { compileAll } from "../../lib/app/compile.ts";
import { writeOut } from "../../lib/app/output.ts";
import { withStub } from "../testing/denort.ts";
import { besideFping } from "./accuracy_lan.ts";
import { throughRelay } from "./accuracy_relay.ts";

/** Prints both tables. */
export async function accuracy(report: (line: string) => void): Promise<void> {
  const binaries = await Deno.makeTempDir();
  try {
    await withStub((env) => compileAll({ folder: `${binaries}/`, target: null, env }));
    await throughRelay(report, binaries);
    await besideFping(report, binaries);
  } finally {
    await Deno.remove(binaries, { recursive: true });
  }
}

if (import.meta.main) await accuracy((line) => void writeOut(line));

/**
 * The client: `client --help`.
 *
 * @module
 */

import { ExitCode } from "./lib/app/exit_code.ts";
import { interrupts } from "./lib/app/interrupts.ts";
import { runClient } from "./lib/app/run_client.ts";

if (import.meta.main) {
  Deno.exit(await runClient(Deno.args, interrupts(ExitCode.interrupted)));
}

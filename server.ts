/**
 * The server: `server --help`.
 *
 * @module
 */

import { ExitCode } from "./lib/app/exit_code.ts";
import { interrupts } from "./lib/app/interrupts.ts";
import { runServer } from "./lib/app/run_server.ts";

if (import.meta.main) {
  Deno.exit(await runServer(Deno.args, interrupts(ExitCode.interrupted)));
}

/**
 * What the two programs are called.
 *
 * @module
 */

/** One of the two programs. */
export type ProgramName = "server" | "client";

/** The file that each is compiled into. */
export const BINARIES: Readonly<Record<ProgramName, string>> = {
  server: "p2p-rtt-server",
  client: "p2p-rtt-client",
};

/** What people type to run a program: its binary, or a task from the sources. */
export function commandName(program: ProgramName): string {
  return Deno.build.standalone ? BINARIES[program] : program;
}

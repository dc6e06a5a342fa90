/**
 * Bytes that go over the connections of servers, as the system counts them.
 *
 * @module
 */

import { installed } from "./system.ts";

/**
 * Bytes sent and received so far on all connections that these ports accepted;
 * null without `ss`, which tells.
 */
export async function bytesOn(ports: readonly number[]): Promise<number | null> {
  if (installed("ss") === null) return null;
  const filter = ports.flatMap((port) => ["or", "sport", "=", `:${port}`]).slice(1);
  const { stdout } = await new Deno.Command("ss", {
    args: ["--tcp", "--info", "--no-header", "--numeric", ...filter],
    stdin: "null",
  }).output();
  const counts = new TextDecoder().decode(stdout).matchAll(/bytes_(?:sent|received):(\d+)/g);
  return counts.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/**
 * Echoes 6/0 and 6/1 without any program of ours, on the same runtime: what
 * these take is what the machine, the runtime and the relay take.
 *
 *     bare_echo.ts                         prints where it listens
 *     bare_echo.ts ping PORT COUNT GAP_MS  prints the RTTs, in ms, as JSON
 *
 * @module
 */

import { writeOut } from "../../lib/app/output.ts";
import { ECHO, ECHO_REPLY } from "../../lib/codec/wire.ts";
import { WARMUP_PROBES } from "../../lib/core/probes.ts";

const hostname = "127.0.0.1";

async function serve(): Promise<void> {
  const listener = Deno.listen({ hostname, port: 0 });
  writeOut(`listening on ${hostname}:${listener.addr.port}`);
  for await (const conn of listener) {
    conn.setNoDelay(true);
    while (await received(conn)) await conn.write(ECHO_REPLY);
    conn.close();
  }
}

async function ping(
  { port, count, gapMs }: { port: number; count: number; gapMs: number },
): Promise<void> {
  using conn = await Deno.connect({ hostname, port });
  conn.setNoDelay(true);
  const rttsMs: number[] = [];
  for (let sent = 0; sent < WARMUP_PROBES + count; sent++) {
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
    const sentAt = performance.now();
    await conn.write(ECHO);
    if (!await received(conn)) throw new Error("Cannot measure: the connection ended");
    rttsMs.push(performance.now() - sentAt);
  }
  writeOut(JSON.stringify(rttsMs.slice(WARMUP_PROBES)));
}

/** Reads one frame without a payload; false at the end. */
async function received(conn: Deno.TcpConn): Promise<boolean> {
  const buffer = new Uint8Array(ECHO.length);
  for (let length = 0; length < buffer.length;) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null) return false;
    length += count;
  }
  return true;
}

const [verb, ...args] = Deno.args;
const [port = 0, count = 0, gapMs = 0] = args.map(Number);
await (verb === "ping" ? ping({ port, count, gapMs }) : serve());

/**
 * A process that copies what comes on its first connection to its second, on
 * its third to its fourth, and looks at nothing; or, as `to-all`, what comes on
 * its first one to all others. What a load reaches through it is what the load
 * itself can do.
 *
 * @module
 */

import { writeAll } from "./dialect.ts";

const toAll = Deno.args.includes("to-all");
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${listener.addr.port}\n`));
let from: Deno.TcpConn | null = null;
let to: Deno.TcpConn[] = [];
for await (const conn of listener) {
  conn.setNoDelay(true);
  if (from === null) {
    from = conn;
    to = [];
    if (toAll) copy(from, to).then(() => from = null);
  } else {
    to.push(conn);
    if (toAll) continue;
    copy(from, to);
    from = null;
  }
}

async function copy(from: Deno.TcpConn, to: readonly Deno.TcpConn[]): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      const bytes = buffer.subarray(0, read);
      await Promise.all(to.map((conn) => writeAll(conn, bytes)));
    }
  } catch {
    // The run is over.
  }
  for (const conn of [from, ...to]) conn.close();
}

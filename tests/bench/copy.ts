/**
 * A process that copies what comes on its first connection to the next one, or
 * to as many as its argument says, and so on with those after them; it looks at
 * nothing. What a load reaches through it is what the load itself can do.
 *
 * @module
 */

import { writeAll } from "./dialect.ts";

const receivers = Number(Deno.args[0]);
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${listener.addr.port}\n`));
for (;;) {
  const from = await listener.accept();
  const to: Deno.TcpConn[] = [];
  while (to.length < receivers) to.push(await listener.accept());
  for (const conn of [from, ...to]) conn.setNoDelay(true);
  copy(from, to);
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

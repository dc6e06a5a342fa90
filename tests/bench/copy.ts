/**
 * A process that copies and looks at nothing: what a load reaches through it is
 * what the load, the runtime and the machine can do.
 *
 *     copy.ts to COUNT   from its first connection to the next COUNT, and so on
 *     copy.ts on PORT    from one connection after the other on to that port
 *
 * @module
 */

import { writeOut } from "../../lib/app/output.ts";
import { writeAll } from "./dialect.ts";

const hostname = "127.0.0.1";
const [verb] = Deno.args;
const number = Number(Deno.args[1]);
// What is copied on is connected before anybody can send: the next process
// takes its connections in their order.
let next = verb === "on" ? await Deno.connect({ hostname, port: number }) : null;
const listener = Deno.listen({ hostname, port: 0 });
writeOut(`listening on ${hostname}:${listener.addr.port}`);
for (;;) {
  const from = await listener.accept();
  const to: Deno.TcpConn[] = next === null ? [] : [next];
  while (next === null && to.length < number) to.push(await listener.accept());
  for (const conn of [from, ...to]) conn.setNoDelay(true);
  const copying = copy(from, to);
  if (next === null) continue;
  await copying;
  next = await Deno.connect({ hostname, port: number });
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

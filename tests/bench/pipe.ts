/**
 * The ceiling of the load generator: a process that copies what comes on its
 * first connection to its second, and looks at nothing.
 *
 * @module
 */

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${listener.addr.port}\n`));
while (true) {
  const from = await listener.accept();
  const to = await listener.accept();
  copy(from, to);
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      for (let left = buffer.subarray(0, read); left.length > 0;) {
        left = left.subarray(await to.write(left));
      }
    }
  } catch {
    // The run is over.
  }
  from.close();
  to.close();
}

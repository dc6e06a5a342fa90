/**
 * The least that a server does, without any program of ours: it listens, says
 * so, and is there. What that takes is what the runtime takes to start.
 *
 * @module
 */

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`listening on 127.0.0.1:${listener.addr.port}\n`));
for await (const conn of listener) conn.close();

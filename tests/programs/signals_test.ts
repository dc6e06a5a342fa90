import { assert, assertEquals } from "@std/assert";
import { enrol } from "../../lib/codec/enrolment.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { listen } from "../../lib/net/tcp.ts";
import { client, ServerProgram } from "../testing/program.ts";
import { RawPeer } from "../testing/raw_peer.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

Deno.test("a server that is told to end says goodbye, and ends with 0", async () => {
  await using stays = await ServerProgram.start([]);
  for (const signal of SIGNALS) {
    await using leaves = await ServerProgram.start(["--join", stays.address]);
    await leaves.logs("linked to server");
    const [, id = ""] = /server (\w+) started/.exec(await leaves.logs("started")) ?? [];
    leaves.signal(signal);
    const { code, err } = await leaves.ends();
    assertEquals(code, 0, signal);
    assert(err.at(-1)?.endsWith("left the clique"), err.join("\n"));
    await stays.logs(`server ${id} leaves the clique`);
  }
});

Deno.test("two signals at once are one: Ctrl-C under a task runner", async () => {
  await using server = await ServerProgram.start([]);
  server.signal("SIGINT");
  server.signal("SIGINT");
  const { code, err } = await server.ends();
  assertEquals(code, 0);
  assert(err.at(-1)?.endsWith("left the clique"), err.join("\n"));
});

Deno.test("a server that leaves waits for nobody who does not", async () => {
  await using server = await ServerProgram.start([]);
  const [hostname = "", port] = server.address.split(":");
  using _deaf = await Deno.connect({ hostname, port: Number(port) });
  server.signal("SIGTERM");
  assertEquals((await server.ends()).code, 0);
});

Deno.test("a client that is told to end gives its name up, and ends with 130", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["--name", "ada", "--server", server.address];
  for (const signal of SIGNALS) {
    for (const verb of ["listen", "chat"]) {
      // The one before has given the name up, or this one could not have it yet.
      await using ada = client([verb, ...args]);
      await ada.logs("attached");
      ada.signal(signal);
      ada.signal(signal);
      const { code, out, err } = await ada.ends();
      assertEquals([code, out, err.length], [130, [], 1], `${verb} ${signal} ${err.join("\n")}`);
    }
  }
});

Deno.test("whatever a client does, a signal ends it", async () => {
  await using server = await ServerProgram.start([]);
  using silent = listen({ hostname: "127.0.0.1", port: 0 });
  const mute = ["--server", `127.0.0.1:${silent.addr.port}`];
  const there = ["--server", server.address];

  await using choosing = client(["listen", "--name", "ada", ...mute]);
  const connection = await silent.accept();
  choosing.signal("SIGINT");
  await using reading = client(["send", "ada", "-", "--json", ...there]);
  await reading.type("one");
  await reading.event({ event: "receipt" });
  reading.signal("SIGINT");
  for (const program of [choosing, reading]) {
    assertEquals((await program.ends()).code, 130, program.name);
  }
  connection.close();
});

Deno.test("a server that leaves ends when its clients have moved", async () => {
  await using first = await ServerProgram.start([]);
  await using second = await ServerProgram.start(["--join", first.address]);
  await second.logs("linked to server");
  await using ada = client(["chat", "--json", "--name", "ada", "--server", first.address]);
  const { server: home } = await ada.event({ event: "attached" });
  const [leaves, stays] = home === first.address ? [first, second] : [second, first];
  leaves.signal("SIGTERM");
  assertEquals((await leaves.ends()).code, 0);
  const { server } = await ada.event({ event: "moved", from: home, reason: "leaving" });
  assertEquals(server, stays.address);
});

Deno.test("a server that leaves waits for clients that don't move no longer than it may", async () => {
  await using stays = await ServerProgram.start([]);
  await using leaves = await ServerProgram.start([
    "--join",
    stays.address,
    "--drain-timeout",
    "0.1",
  ]);
  await leaves.logs("linked to server");
  await using deaf = await RawPeer.dial(Number(leaves.address.split(":")[1]));
  const asEve = enrol({ name: "eve", session: 1, token: "secret", moves: 0 });
  await deaf.write(frame(Kind.Hello), asEve);
  await deaf.frame("13/1");
  const since = performance.now();
  leaves.signal("SIGTERM");
  assertEquals((await leaves.ends()).code, 0);
  // Unless told otherwise it would have waited for ten seconds.
  assert(performance.now() - since < 8_000);
});

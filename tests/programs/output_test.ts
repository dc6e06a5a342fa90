import { assert, assertEquals, assertMatch } from "@std/assert";
import { HostileServer } from "../testing/hostile_server.ts";
import { register } from "../../lib/codec/base.ts";
import { HEADER_BYTES } from "../../lib/codec/wire.ts";
import { client, commandOf, ROOT, run, ServerProgram } from "../testing/program.ts";

const ESC = "\u001b";
const C1_CSI = "\u009b";

/** Nothing in it that a terminal would obey. */
function assertHarmless(lines: readonly string[]): void {
  for (const line of lines) assert(!/[\p{Cc}\u202a-\u202e]/u.test(line), JSON.stringify(line));
}

Deno.test("a text from others can't drive the terminal", async () => {
  await using server = await ServerProgram.start([]);
  const there = ["--server", server.address];
  await using ada = client(["listen", "--name", "ada", ...there]);
  await using eve = client(["listen", "--name", "eve", "--json", ...there]);
  await ada.logs("attached");
  await eve.event({ event: "attached" });
  const text = `${ESC}]0;title\u0007${ESC}[2Jred${ESC}[31m ${C1_CSI}1mbold\u202eturned\r\nbob: hi`;
  assertEquals((await run("client", ["send", "*", text, "--name", "bob", ...there])).code, 0);
  assertEquals(await ada.says("red"), "bob (to all): red boldturned bob: hi");
  assertHarmless(ada.out);
  assertEquals((await eve.event({ event: "message" }))["text"], text);
  assertHarmless(eve.out);
});

Deno.test("nor can a server's label, names and reasons", async () => {
  const names = [`a${ESC}[31mda`, "b\u0001ob\u009b"];
  const refusal = `No${ESC}[2J\nway`;
  await using server = new HostileServer({ label: `${ESC}cattic`, names, refusal });
  const there = ["--server", server.address];

  const servers = await run("client", ["servers", ...there]);
  assertMatch(servers.out[1] ?? "", /^127\S+ +attic +2 +0123456789ab$/);
  const who = await run("client", ["who", ...there]);
  assertEquals(who.out.slice(1).map((line) => line.split(" ")[0]), ["ada", "bob"]);
  const listened = await run("client", ["listen", "--name", "eve", ...there]);
  assertEquals([listened.code, listened.err], [4, ["No way"]]);
  for (const { out, err } of [servers, who, listened]) assertHarmless([...out, ...err]);

  const json = await run("client", ["who", "--json", ...there]);
  assertHarmless(json.out);
  assertEquals(json.out.map((line) => JSON.parse(line)["name"]), names);
});

Deno.test("a server whose log nobody reads goes on, and writes all of it in the end", async () => {
  const [command = "", ...args] = commandOf("server");
  const log = ["--log-format", "json", "--log-level", "debug"];
  await using child = new Deno.Command(command, {
    args: [...args, "--listen", "127.0.0.1:0", "--join", "none", ...log],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = child.stdout.getReader();
  const { value } = await stdout.read();
  const port = Number(/:(\d+)/.exec(new TextDecoder().decode(value))?.[1]);
  using conn = await Deno.connect({ port });
  // Each is worth a line, all of them more than a pipe holds.
  for (let name = 0; name < 1000; name++) {
    await conn.write(register(`name${name}`));
    assertEquals(await conn.read(new Uint8Array(64)), HEADER_BYTES);
  }
  child.kill("SIGTERM");
  const lines = (await new Response(child.stderr).text()).trimEnd().split("\n");
  await stdout.cancel();
  const events = lines.map((line) => JSON.parse(line)["event"]);
  assertEquals(events.filter((event) => event === "client-registered").length, 1000);
  assertEquals([events[0], events.at(-1)], ["started", "left"]);
});

Deno.test("a client whose output nobody reads any more ends quietly", async () => {
  await using server = await ServerProgram.start([]);
  const there = ["--server", server.address];
  for (const verb of ["listen", "chat"]) {
    await using ada = client([verb, "--name", "ada", "--json", ...there]);
    await ada.event({ event: "attached" });
    ada.stopReading();
    // The first line that it can't write is how it learns.
    await run("client", ["send", "ada", "hello", ...there]);
    const { code, err } = await ada.ends();
    assertEquals([code, err], [0, []], verb);
  }
});

Deno.test("messages are sent whoever reads the receipts", async () => {
  await using server = await ServerProgram.start([]);
  const there = ["--server", server.address];
  await using ada = client(["listen", "--name", "ada", ...there]);
  await ada.logs("attached");
  await using bob = client(["send", "ada", "-", "--name", "bob", ...there]);
  bob.stopReading();
  for (const line of ["one", "two", "three"]) {
    await bob.type(line);
    await ada.says(`bob: ${line}`);
  }
  await bob.endInput();
  assertEquals((await bob.ends()).code, 0);
});

Deno.test("output that has no room: one line, and no success", async () => {
  await using server = await ServerProgram.start([]);
  const shell = "exec >/dev/full";
  for (
    const [program, args] of [
      ["client", ["--help"]],
      ["client", ["servers", "--server", server.address]],
      ["server", ["--version"]],
    ] as const
  ) {
    const { code, err } = await run(program, args, { shell });
    assertEquals([code, err], [1, ["Cannot write to standard output: No space left on device"]]);
  }
});

Deno.test("a log that has no room is no reason to end", async () => {
  await using server = await ServerProgram.start([], { shell: "exec 2>/dev/full" });
  assertEquals((await run("client", ["servers", "--server", server.address])).code, 0);
  server.signal("SIGTERM");
  assertEquals((await server.ends()).code, 0);
});

Deno.test("a server without descriptors left says so once, and recovers", async () => {
  await using server = await ServerProgram.start([], { shell: "ulimit -n 40" });
  const [hostname = "", port] = server.address.split(":");
  const connections: Deno.TcpConn[] = [];
  try {
    for (let count = 0; count < 60; count++) {
      connections.push(await Deno.connect({ hostname, port: Number(port) }));
    }
    await server.logs("Cannot accept connections: too many open files, trying again");
  } finally {
    for (const connection of connections) connection.close();
  }
  const { code, err } = await run("client", ["servers", "--server", server.address]);
  assertEquals([code, err], [0, []]);
});

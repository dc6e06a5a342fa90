/**
 * The compiled programs: each is one file that needs nothing else, and has
 * network permission and no other. Compiled once for all tests here, for this
 * platform.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile, compileAll } from "../../lib/app/compile.ts";
import { VERSION_TEXT } from "../../lib/app/version.ts";
import { withStub } from "../testing/denort.ts";
import { type Json, Program, run, ServerProgram } from "../testing/program.ts";
import { onTerminal, Terminal } from "../testing/terminal.ts";
import { Folder } from "./folder.ts";

const SERVER = Deno.build.os === "windows" ? "p2p-rtt-server.exe" : "p2p-rtt-server";
const CLIENT = Deno.build.os === "windows" ? "p2p-rtt-client.exe" : "p2p-rtt-client";
const PROBE = Deno.build.os === "windows" ? "probe.exe" : "probe";

/** Runs a command on a terminal of its own (util-linux; elsewhere it takes other options). */
const SCRIPT = "/usr/bin/script";
const hasScript = Deno.build.os === "linux" && await works(SCRIPT, "--version");
const hasSha256sum = await works("sha256sum", "--version");

/** At least what Deno appends to the runtime: our modules, packages and its options. */
const OWN_BYTES = 4_000_000;

let built: Folder;

Deno.test.beforeAll(async () => {
  built = await Folder.empty();
  const folder = `${built.path}/`;
  const probe = { entry: "tests/binaries/probe.ts", output: `${folder}${PROBE}`, target: null };
  await withStub(async (env) => {
    await compileAll({ folder, target: null, env });
    await compile(probe, env);
  });
});

Deno.test.afterAll(async () => {
  await built[Symbol.asyncDispose]();
});

Deno.test("the two files, alone and without an environment, are all that a clique needs", async () => {
  await using folder = await Folder.empty();
  for (const file of [SERVER, CLIENT]) {
    await Deno.copyFile(`${built.path}/${file}`, `${folder.path}/${file}`);
  }
  const there = { binaries: folder.path };

  await using servers = new AsyncDisposableStack();
  const clique = await cliqueOfThree(there, servers);
  const [first = "", second = "", third = ""] = clique.map(({ address }) => address);
  await measures(there, [first, second, third]);
  await sends(there, second, third);
  await chats(there, first, third);

  for (const server of clique) {
    server.signal("SIGTERM");
    assertEquals((await server.ends()).code, 0);
    assertEquals(server.log({ level: "error" }), []);
  }
  assertEquals(await folder.names(), [SERVER, CLIENT].sort());
});

Deno.test("the binaries say their version, their options, and what was wrong", async () => {
  const there = { binaries: built.path };
  for (const binary of [SERVER, CLIENT]) {
    assertEquals(await run(binary, ["--version"], there), {
      code: 0,
      out: [VERSION_TEXT],
      err: [],
    });
    const help = await run(binary, ["--help"], there);
    assertEquals([help.code, help.err], [0, []]);
    // Whoever has the binary types its name, and not that of a task.
    assertMatch(help.out[0] ?? "", new RegExp(`^Usage: ${binary.replace(".exe", "")} `));
    const wrong = await run(binary, ["--nonsense"], there);
    assertEquals([wrong.code, wrong.out], [2, []]);
    assertStringIncludes(wrong.err.join(), "--nonsense");
  }
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const noPort = await run(SERVER, ["--listen", address, "--join", "none"], there);
  assertEquals([noPort.code, noPort.out], [2, []], noPort.err.join());
});

Deno.test("a client that reaches nobody says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const args = ["who", "--server", server, "--json"];
  const { code, out } = await run(CLIENT, args, { binaries: built.path });
  const { event, code: reason } = JSON.parse(out.join()) as Json;
  assertEquals([code, event, reason], [3, "error", "unreachable"]);
});

Deno.test({
  name: `SHA256SUMS is what sha256sum checks${hasSha256sum ? "" : ": skipped, it is not here"}`,
  ignore: !hasSha256sum,
  fn: async () => {
    const { code, stdout } = await new Deno.Command("sha256sum", {
      args: ["-c", "SHA256SUMS"],
      cwd: built.path,
    }).output();
    assertEquals(code, 0);
    assertEquals(new TextDecoder().decode(stdout), `${SERVER}: OK\n${CLIENT}: OK\n`);
  },
});

Deno.test("our programs are permitted exactly what the probe is permitted", async () => {
  const probe = await permissionsIn(PROBE);
  assertEquals(await permissionsIn(SERVER), probe);
  assertEquals(await permissionsIn(CLIENT), probe);
  // An empty list stands for everything of that kind.
  const { allow_net, deny_import, prompt, allow_import: _default, ...others } = probe;
  assertEquals({ allow_net, deny_import, prompt }, {
    allow_net: [],
    deny_import: [],
    prompt: false,
  });
  assertEquals(Object.entries(others).filter(([, value]) => value !== null), []);
});

Deno.test("a program so compiled can use the network and nothing else", async () => {
  const { code, out, err } = await run(PROBE, probeArgs(), { binaries: built.path });
  assertEquals([code, err], [0, []]);
  assertProbe(JSON.parse(out.join()), false);
  await assertUntouched();
});

Deno.test({
  name: `on a terminal it asks for nothing, either${
    hasScript ? "" : `: skipped, no ${SCRIPT} here`
  }`,
  ignore: !hasScript,
  fn: async () => {
    const command = [`./${PROBE}`, ...probeArgs()].join(" ");
    const args = ["-qec", command, "/dev/null"];
    // Its input stays open, so a question would wait for an answer until the test fails.
    await using running = new Program(SCRIPT, args, { binaries: built.path });
    const { code, out } = await running.ends();
    assertEquals(code, 0, out.join());
    assertProbe(JSON.parse(out.join()), true);
    await assertUntouched();
  },
});

onTerminal("a chat on a terminal needs no permission, either", async () => {
  const there = { binaries: built.path };
  await using server = await ServerProgram.start([], { ...there, program: SERVER });
  const args = ["--server", server.address];
  await using ada = new Program(CLIENT, ["listen", "--name", "ada", ...args], there);
  await ada.logs("attached");
  await using bob = await Terminal.run([`${built.path}/${CLIENT}`, ...args]);
  await bob.ends("Your name:");
  await bob.line("bob");
  await bob.ends("Here: ada", "bob>");
  await bob.paste("ada over");
  await bob.press("C-z");
  await bob.resize(60);
  await bob.line(" and out");
  await ada.says(/^bob: over and out$/);
  await bob.ends(/-> ada: over and out \[delivered\]$/, "bob>");
  await bob.press("C-c");
  await bob.press("C-c");
  await bob.ended(130);
});

/** The folder that binaries run in. */
interface There {
  readonly binaries: string;
}

/** Three servers, of which the later ones know the first; each links with every other. */
async function cliqueOfThree(there: There, stack: AsyncDisposableStack): Promise<ServerProgram[]> {
  const servers: ServerProgram[] = [];
  for (const label of ["attic", "cellar", "garden"]) {
    const join = ["--join", servers[0]?.address ?? "none"];
    const args = [...join, "--label", label, "--log-format", "json"];
    const server = await ServerProgram.start(args, { ...there, program: SERVER });
    stack.use(server);
    assertMatch(server.address, /^127\.0\.0\.1:\d+$/);
    servers.push(server);
  }
  for (const server of servers) {
    await server.until("it is linked to both others", () => {
      return new Set(server.log({ event: "peer-linked" }).map(({ peer }) => peer)).size === 2;
    });
  }
  const addresses = servers.map(({ address }) => address);
  for (const address of addresses) {
    const { code, out } = await run(CLIENT, ["servers", "--server", address, "--json"], there);
    assertEquals(code, 0);
    const found = events(out).map((event) => event["address"]).sort();
    assertEquals(found, addresses.toSorted());
  }
  return servers;
}

/** `rtt` measures every server of the clique, and one is the nearest. */
async function measures(there: There, addresses: readonly string[]): Promise<void> {
  const few = ["--count", "5", "--interval", "0.01", "--json"];
  const { code, out } = await run(CLIENT, ["rtt", "--server", addresses[0] ?? "", ...few], there);
  const rows = events(out);
  assertEquals(code, 0);
  assertEquals(rows.map(({ server }) => server).sort(), addresses.toSorted());
  assertEquals(rows.filter(({ nearest }) => nearest).length, 1);
  for (const row of rows) {
    assertEquals([row["event"], row["sent"], row["received"], row["loss"]], ["rtt", 5, 5, 0]);
    assertEquals(Number(row["min_us"]) > 0, true, out.join());
  }
}

/** `send` to somebody at another server who does `listen`; to a name that nobody has. */
async function sends(there: There, from: string, to: string): Promise<void> {
  const at = (server: string): string[] => ["--server", server, "--pin", "--json"];
  await using ada = new Program(CLIENT, ["listen", "--name", "ada", ...at(to)], there);
  await ada.event({ event: "attached", server: to });

  const sent = await run(CLIENT, ["send", "ada", "hello", "--name", "bob", ...at(from)], there);
  assertEquals(sent.code, 0, sent.out.join());
  const [receipt] = events(sent.out);
  assertEquals([receipt?.["event"], receipt?.["status"]], ["receipt", "delivered"]);
  await ada.event({ event: "message", from: "bob", to: "ada", text: "hello" });

  const lost = await run(CLIENT, ["send", "nobody", "hello", ...at(from)], there);
  assertEquals(lost.code, 1, lost.out.join());
  assertEquals(events(lost.out)[0]?.["reason"], "no-such-name");

  const second = await run(CLIENT, ["listen", "--name", "ada", ...at(from)], there);
  assertEquals(second.code, 5, second.out.join());

  ada.signal("SIGINT");
  assertEquals((await ada.ends()).code, 130);
}

/** `chat` at both ends, at different servers, with lines from a pipe. */
async function chats(there: There, here: string, far: string): Promise<void> {
  const chat = (name: string, server: string): Program =>
    new Program(CLIENT, ["chat", "--name", name, "--server", server, "--pin", "--json"], there);
  await using ada = chat("ada", here);
  await using bob = chat("bob", far);
  await ada.event({ event: "attached", server: here });
  await bob.event({ event: "attached", server: far });
  for (const [from, to, names] of [[ada, bob, "ada bob"], [bob, ada, "bob ada"]] as const) {
    const [sender = "", receiver = ""] = names.split(" ");
    for (const text of ["one", "two: Grüße 👋"]) {
      await from.type(`${receiver} ${text}`);
      await to.event({ event: "message", from: sender, to: receiver, text });
    }
    await from.event({ event: "receipt", to: receiver, seq: 2, status: "delivered" });
  }
  for (const client of [ada, bob]) {
    await client.endInput();
    const { code, err } = await client.ends();
    assertEquals([code, err], [0, []]);
  }
}

/** What the probe tries to read, to write and to run. */
function probeArgs(): string[] {
  return ["SHA256SUMS", "written", `${built.path}/${CLIENT}`];
}

/** What the probe could do. */
function assertProbe({ isTerminal, outcomes }: Json, onTerminal: boolean): void {
  assertEquals(isTerminal, onTerminal);
  const allowed = Object.entries(outcomes as Json).filter(([, outcome]) => outcome !== "denied");
  assertEquals(allowed, [["use the network", "allowed"]]);
}

/** The probe neither removed what it was told to remove nor wrote what it was told to write. */
async function assertUntouched(): Promise<void> {
  assertEquals(await built.names(), ["SHA256SUMS", SERVER, CLIENT, PROBE].sort());
}

/** The permissions that a binary was compiled with, as Deno wrote them into it. */
async function permissionsIn(binary: string): Promise<Json> {
  const bytes = await Deno.readFile(`${built.path}/${binary}`);
  const text = new TextDecoder("latin1").decode(bytes.subarray(-OWN_BYTES));
  const [, json] = /"permissions":(\{"allow_[^}]*"prompt":[^}]*\})/.exec(text) ?? [];
  if (json === undefined) throw new Error(`Cannot find the permissions in ${binary}`);
  return JSON.parse(json) as Json;
}

function events(out: readonly string[]): Json[] {
  return out.map((line) => JSON.parse(line) as Json);
}

async function works(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The compiled programs: each is one file that needs nothing else, and has
 * network permission and no other. Compiled once for all tests here, for this
 * platform.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile, compileAll } from "../../lib/app/compile.ts";
import { VERSION_TEXT } from "../../lib/app/version.ts";
import { withStub } from "../testing/denort.ts";
import { Folder, type Json, Runner, type Running } from "./program.ts";

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
  await using runner = new Runner(folder.path);

  const { servers, addresses } = await cliqueOfThree(runner);
  const [first = "", second = "", third = ""] = addresses;
  await measures(runner, addresses);
  await sends(runner, second, third);
  await chats(runner, first, third);

  for (const server of servers) {
    server.signal("SIGTERM");
    const { code } = await server.ended();
    assertEquals(code, 0);
    assertEquals(server.log.filter(({ level }) => level === "error"), []);
  }
  assertEquals(await folder.names(), [SERVER, CLIENT].sort());
});

Deno.test("the binaries say their version, their options, and what was wrong", async () => {
  await using runner = new Runner(built.path);
  for (const [binary, program] of [[SERVER, "server"], [CLIENT, "client"]] as const) {
    assertEquals(await runner.run(binary, "--version"), said(0, `${VERSION_TEXT}\n`));
    const help = await runner.run(binary, "--help");
    assertEquals([help.code, help.err], [0, ""]);
    assertMatch(help.out, new RegExp(`^Usage: ${program} `));
    const wrong = await runner.run(binary, "--nonsense");
    assertEquals([wrong.code, wrong.out], [2, ""]);
    assertStringIncludes(wrong.err, "--nonsense");
  }
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const noPort = await runner.run(SERVER, "--listen", address, "--join", "none");
  assertEquals([noPort.code, noPort.out], [2, ""], noPort.err);
});

Deno.test("a client that reaches nobody says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  await using runner = new Runner(built.path);
  const { code, out } = await runner.run(CLIENT, "who", "--server", server, "--json");
  const { event, code: reason } = JSON.parse(out) as Json;
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
  await using runner = new Runner(built.path);
  const { code, out, err } = await runner.run(PROBE, ...probeArgs());
  assertEquals([code, err], [0, ""]);
  assertProbe(JSON.parse(out), false);
  await assertUntouched();
});

Deno.test({
  name: `on a terminal it asks for nothing, either${
    hasScript ? "" : `: skipped, no ${SCRIPT} here`
  }`,
  ignore: !hasScript,
  fn: async () => {
    await using runner = new Runner(built.path);
    const command = [`./${PROBE}`, ...probeArgs()].join(" ");
    // Its input stays open, so a question would wait for an answer until the test fails.
    const { code, out } = await runner.start(SCRIPT, "-qec", command, "/dev/null").ended();
    assertEquals(code, 0, out);
    assertProbe(JSON.parse(out), true);
    await assertUntouched();
  },
});

/** Three servers, of which the later ones know the first; each links with every other. */
async function cliqueOfThree(
  runner: Runner,
): Promise<{ servers: Running[]; addresses: string[] }> {
  const servers: Running[] = [];
  const addresses: string[] = [];
  for (const label of ["attic", "cellar", "garden"]) {
    const listen = ["--listen", "127.0.0.1:0", "--join", addresses[0] ?? "none"];
    const server = runner.start(SERVER, ...listen, "--label", label, "--log-format", "json");
    const line = await server.firstLine();
    assertMatch(line, /^listening on 127\.0\.0\.1:\d+$/);
    servers.push(server);
    addresses.push(line.replace("listening on ", ""));
  }
  for (const server of servers) {
    await server.until("it is linked to both others", () => {
      const linked = server.log.filter(({ event }) => event === "peer-linked");
      return new Set(linked.map(({ peer }) => peer)).size === 2;
    });
  }
  for (const address of addresses) {
    const { code, out } = await runner.run(CLIENT, "servers", "--server", address, "--json");
    assertEquals(code, 0);
    const found = events(out).map((event) => event["address"]).sort();
    assertEquals(found, addresses.toSorted());
  }
  return { servers, addresses };
}

/** `rtt` measures every server of the clique, and one is the nearest. */
async function measures(runner: Runner, addresses: readonly string[]): Promise<void> {
  const few = ["--count", "5", "--interval", "0.01"];
  const [first = ""] = addresses;
  const { code, out } = await runner.run(CLIENT, "rtt", "--server", first, ...few, "--json");
  const rows = events(out);
  assertEquals(code, 0);
  assertEquals(rows.map(({ server }) => server).sort(), addresses.toSorted());
  assertEquals(rows.filter(({ nearest }) => nearest).length, 1);
  for (const row of rows) {
    assertEquals([row["event"], row["sent"], row["received"], row["loss"]], ["rtt", 5, 5, 0]);
    assertEquals(Number(row["min_us"]) > 0, true, out);
  }
}

/** `send` to somebody at another server who does `listen`; to a name that nobody has. */
async function sends(runner: Runner, from: string, to: string): Promise<void> {
  const at = (server: string): string[] => ["--server", server, "--pin", "--json"];
  const ada = runner.start(CLIENT, "listen", "--name", "ada", ...at(to));
  await ada.event({ event: "attached", server: to });

  const sent = await runner.run(CLIENT, "send", "ada", "hello", "--name", "bob", ...at(from));
  assertEquals(sent.code, 0, sent.out);
  const [receipt] = events(sent.out);
  assertEquals([receipt?.["event"], receipt?.["status"]], ["receipt", "delivered"]);
  await ada.event({ event: "message", from: "bob", to: "ada", text: "hello" });

  const lost = await runner.run(CLIENT, "send", "nobody", "hello", ...at(from));
  assertEquals(lost.code, 1, lost.out);
  assertEquals(events(lost.out)[0]?.["reason"], "no-such-name");

  const second = await runner.run(CLIENT, "listen", "--name", "ada", ...at(from));
  assertEquals(second.code, 5, second.out);

  ada.signal("SIGINT");
  assertEquals((await ada.ended()).code, 130);
}

/** `chat` at both ends, at different servers, with lines from a pipe. */
async function chats(runner: Runner, here: string, there: string): Promise<void> {
  const chat = (name: string, server: string): Running =>
    runner.start(CLIENT, "chat", "--name", name, "--server", server, "--pin", "--json");
  const ada = chat("ada", here);
  const bob = chat("bob", there);
  await ada.event({ event: "attached", server: here });
  await bob.event({ event: "attached", server: there });
  for (const [from, to, names] of [[ada, bob, "ada bob"], [bob, ada, "bob ada"]] as const) {
    const [sender = "", receiver = ""] = names.split(" ");
    for (const text of ["one", "two: Grüße 👋"]) {
      await from.type(`${receiver} ${text}`);
      await to.event({ event: "message", from: sender, to: receiver, text });
    }
    await from.event({ event: "receipt", to: receiver, seq: 2, status: "delivered" });
  }
  for (const client of [ada, bob]) {
    await client.closeInput();
    const { code, err } = await client.ended();
    assertEquals([code, err], [0, ""]);
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

function events(out: string): Json[] {
  return out.trim().split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
}

function said(code: number, out: string): { code: number; out: string; err: string } {
  return { code, out, err: "" };
}

async function works(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

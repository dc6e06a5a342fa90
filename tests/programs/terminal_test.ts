import { assertEquals } from "@std/assert";
import { WELL_KNOWN_PORTS } from "../../lib/codec/wire.ts";
import { listen } from "../../lib/net/tcp.ts";
import { assertRefused, client, Program, run, ServerProgram } from "../testing/program.ts";
import { Terminal, whyNoTerminal } from "../testing/terminal.ts";

const noTerminal = await whyNoTerminal();

/** A test that needs a terminal; it says so where there is none. */
function onTerminal(name: string, test: () => Promise<void>): void {
  const why = noTerminal === null ? "" : ` (skipped: ${noTerminal})`;
  Deno.test({ name: name + why, ignore: noTerminal !== null, fn: test });
}

/** A test that needs all well-known ports; it says so where one is busy. */
function onWellKnownPorts(name: string, test: () => Promise<void>): void {
  const busy = WELL_KNOWN_PORTS.find((port) => !isFree(port));
  if (busy === undefined) onTerminal(name, test);
  else Deno.test({ name: `${name} (skipped: port ${busy} is busy)`, ignore: true, fn: test });
}

function isFree(port: number): boolean {
  try {
    listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

const PORTS = "0 to 4 for port 4000, 4010, 4020, 4030, 4040:";
const WHICH_SERVER = `Which server is this? ${PORTS}`;

onWellKnownPorts("a server asks for its index until the answer will do", async () => {
  using _taken = listen({ hostname: "127.0.0.1", port: 4010 });
  await using server = await Terminal.start("server", ["--join", "none"]);
  await server.ends(WHICH_SERVER);
  for (const answer of ["5", "-1", "one", ""]) {
    await server.line(answer);
    await server.ends(
      `${WHICH_SERVER} ${answer}`.trimEnd(),
      "Write a number from 0 to 4",
      WHICH_SERVER,
    );
  }
  await server.line("1");
  await server.ends("Cannot listen on 127.0.0.1:4010: the port is taken", WHICH_SERVER);
  await server.line("2");
  await server.shows("listening on 127.0.0.1:4020");
  await server.shows(/ server [0-9a-f]{12} started$/);
  const { code, out } = await run("client", ["servers", "--server", "127.0.0.1:4020"]);
  assertEquals([code, out.length], [0, 2]);
  await server.press("C-c");
  await server.ended(0);
  await server.shows(/left the clique$/);
});

onWellKnownPorts("a client asks for an index and a name, and again for a better one", async () => {
  await using server = await ServerProgram.start(["--listen", "127.0.0.1:4030"]);
  await using ada = client(["listen", "--name", "ada", "--server", server.address]);
  await ada.logs("attached");
  const question = `Which server to begin with? ${PORTS}`;
  await using bob = await Terminal.start("client");
  await bob.ends(question);
  await bob.line("x");
  await bob.ends("Write a number from 0 to 4", question);
  await bob.line("3");
  await bob.ends("Your name:");
  await bob.line("a b");
  await bob.ends(
    "Cannot take name 'a b': it has a space or another separator in it",
    "Your name:",
  );
  await bob.line("ada");
  const taken = "Cannot register ada: the name is taken. Another name:";
  await bob.ends(taken);
  await bob.line("/bob");
  await bob.ends("Cannot take name '/bob': it begins with '/', as commands do", taken);
  await bob.line("bob");
  await bob.shows(/^attached to 127\.0\.0\.1:4030 as bob \(/);
  await bob.ends("A line is NAME TEXT; /help shows more.", ">");
  await bob.line("ada hello");
  await ada.says(/^bob: hello$/);
  await bob.press("C-d");
  await bob.ended(0);
});

onWellKnownPorts("without a terminal nobody is asked", async () => {
  const nobody = await run("client", ["who"]);
  const ports = WELL_KNOWN_PORTS.join(", ");
  const line = `No server answers on 127.0.0.1, ports ${ports}: name one with --server HOST:PORT`;
  assertRefused(nobody, line, 3);

  using _taken = listen({ hostname: "127.0.0.1", port: 4000 });
  await using server = new Program("server", []);
  await server.says("listening on 127.0.0.1:4010");
  assertEquals((await run("client", ["servers"], { shell: "exec </dev/null" })).code, 0);
  // Nobody named the other ports, so it is no news that nobody answers there.
  server.signal("SIGTERM");
  const { err } = await server.ends();
  assertEquals(err.filter((text) => text.includes("cannot reach")), []);
});

onTerminal("Ctrl-C at a question ends with 130, Ctrl-D with 2", async () => {
  for (
    const [program, key, code] of [
      ["server", "C-c", 130],
      ["client", "C-c", 130],
      ["server", "C-d", 2],
      ["client", "C-d", 2],
    ] as const
  ) {
    await using asking = await Terminal.start(program);
    await asking.ends(/^Which server/);
    await asking.press(key);
    const [, ...rest] = await asking.ended(code);
    const said = code === 2 ? ["An index is missing: the input ended"] : [];
    assertEquals(rest.slice(0, said.length), said, `${program} ${key}`);
  }
});

onTerminal("chat shows what arrives above the line being typed", async () => {
  await using server = await ServerProgram.start([]);
  const there = ["--server", server.address];
  await using ada = client(["--name", "ada", ...there]);
  await ada.logs("attached");
  await using bob = await Terminal.start("client", ["--name", "bob", ...there]);
  await bob.ends("A line is NAME TEXT; /help shows more.", ">");

  await bob.type("ada half a li");
  await bob.ends("> ada half a li");
  await ada.type("bob one");
  await bob.ends("ada: one", "> ada half a li");
  await bob.press("Home");
  await ada.type("* two");
  await bob.ends("ada: one", "ada (to all): two", "> ada half a li");
  await bob.press("End");
  await bob.line("ne");
  await ada.says(/^bob: half a line$/);

  // Wider than the terminal, with letters of two columns, the cursor inside.
  const long = `${"日本語 and letters ".repeat(6)}.`;
  await bob.type(`ada ${long}`);
  const typed = (await bob.ends(/\.$/)).slice(-2);
  for (let count = 0; count < 12; count++) await bob.press("Left");
  await ada.type(`bob ${"three ".repeat(20)}`);
  await ada.type("bob four");
  const screen = await bob.ends("ada: four", ...typed);
  assertEquals(screen.filter((line) => line.startsWith("ada: three")).length, 1);
  assertEquals(screen.filter((line) => line === "> ada half a line").length, 1);
  await bob.line("!");
  await ada.says(`bob: ${long.slice(0, -12)}!${long.slice(-12)}`);
});

onTerminal("chat's commands", async () => {
  await using server = await ServerProgram.start(["--label", "attic"]);
  const there = ["--server", server.address];
  await using ada = client(["--name", "ada", ...there]);
  await ada.logs("attached");
  await using bob = await Terminal.start("client", ["--name", "bob", ...there]);
  await bob.ends(">");
  await bob.line("/who");
  await bob.ends("> /who", /^name +server$/, /^ada +127/, /^bob +127/, ">");
  await bob.line("/servers");
  await bob.ends("> /servers", /^server +label +clients +id$/, /^127.* attic /, ">");
  await bob.line("/rtt");
  await bob.ends(/^ {2}server +loss +min/, /^\* 127/, /^times in us, \* nearest/, ">");
  await bob.line("/help");
  await bob.ends(
    /^NAME TEXT +send/,
    /^\/who/,
    /^\/servers/,
    /^\/rtt/,
    /^\/name/,
    /^\/help/,
    /^\/quit/,
    ">",
  );
  await bob.line("/dance");
  await bob.ends("Unknown command '/dance': see /help", ">");
  await bob.line("zoe hello");
  await bob.ends("message 1 to zoe: not delivered: nobody has that name", ">");
  await bob.line("/name ada");
  await bob.ends("Cannot register ada: the name is taken", /^attached to .* as bob \(/, ">");
  await bob.line("/name rob");
  await bob.ends("> /name rob", /^attached to .* as rob \(/, ">");
  await bob.type("a");
  await bob.press("Tab");
  await bob.type("from Rob");
  await bob.press("Enter");
  await ada.says(/^rob: from Rob$/);
  await bob.line("/quit");
  await bob.ended(0);
});

onTerminal("Ctrl-C leaves a chat with 130, Ctrl-D with 0", async () => {
  await using server = await ServerProgram.start([]);
  for (const [key, code] of [["C-c", 130], ["C-d", 0]] as const) {
    await using ada = await Terminal.start("client", ["--name", "ada", "--server", server.address]);
    await ada.ends(">");
    await ada.press(key);
    await ada.ends(">", `[ended with ${code}]`);
  }
});

import { assertEquals } from "@std/assert";
import { WELL_KNOWN_PORTS } from "../../lib/codec/wire.ts";
import { listen } from "../../lib/net/tcp.ts";
import { assertRefused, client, Program, run, ServerProgram } from "../testing/program.ts";
import { onTerminal, Terminal } from "../testing/terminal.ts";

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
  await bob.ends("A line is NAME TEXT; /help shows more.", "Here: ada", "bob>");
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

onWellKnownPorts("answers to several questions in a row may be pasted ahead", async () => {
  await using server = await ServerProgram.start(["--listen", "127.0.0.1:4040"]);
  await using ada = await Terminal.start("client");
  await ada.ends(`Which server to begin with? ${PORTS}`);
  await ada.paste("9\n4\na b\nada\n/who\n/qu");
  await ada.ends(
    `Which server to begin with? ${PORTS} 9`,
    "Write a number from 0 to 4",
    `Which server to begin with? ${PORTS} 4`,
    "Your name: a b",
    "Cannot take name 'a b': it has a space or another separator in it",
    "Your name: ada",
    /^attached to 127\.0\.0\.1:4040 as ada \(/,
    "A line is NAME TEXT; /help shows more.",
    "ada> /who",
    "Nobody else is here yet.",
    /^name +server$/,
    /^ada +127/,
    "ada> /qu",
  );
  await ada.line("it");
  await ada.ended(0);
  assertEquals((await run("client", ["who", "--server", server.address])).out, ["nobody is here"]);
});

onTerminal("what was typed before a question may be lines as well", async () => {
  await using server = await ServerProgram.start([]);
  await using ada = client(["listen", "--name", "ada", "--server", server.address]);
  await ada.logs("attached");
  await using bob = await Terminal.start("client", ["--json", "--server", server.address]);
  await bob.ends("Your name:");
  await bob.paste("bob\nada one\nada two\n");
  await ada.says(/^bob: one$/);
  await ada.says(/^bob: two$/);
  await bob.line("ada three");
  await ada.says(/^bob: three$/);
  await bob.press("C-d");
  await bob.ended(0);
});

import { assertEquals } from "@std/assert";
import { listen } from "../../lib/net/tcp.ts";
import { HostileServer } from "../testing/hostile_server.ts";
import { freePort } from "../testing/network.ts";
import { assertRefused, client, run, ServerProgram } from "../testing/program.ts";

/** Arguments, and the line on standard error that answers them. */
type Mistakes = readonly (readonly [args: readonly string[], line: string])[];

/** All of them end with 2 before anything else happens. */
async function assertAllRefused(program: "server" | "client", mistakes: Mistakes): Promise<void> {
  await Promise.all(
    mistakes.map(async ([args, line]) => assertRefused(await run(program, args), line, 2)),
  );
}

Deno.test("mistakes on the server's command line", async () => {
  await assertAllRefused("server", [
    [
      ["--listen", "127.0.0.1:x"],
      "Cannot read address '127.0.0.1:x': the port 'x' is not a whole number",
    ],
    [
      ["--listen", ":65536"],
      "Cannot read address ':65536': the port is out of range, allowed are 0 to 65535",
    ],
    [["--lisen", ":0"], "Unknown option --lisen: did you mean --listen?"],
    [["start"], "Unknown verb 'start': allowed are service-unit, completion"],
    [["--log-level", "loud"], "Option --log-level is 'loud': allowed are debug, info, warn, error"],
    [["--listen", "p2p.invalid:0"], "Cannot listen on p2p.invalid:0: host name does not resolve"],
    [
      ["--listen", "192.0.2.1:0"],
      "Cannot listen on 192.0.2.1:0: address not available on this machine",
    ],
  ]);
});

Deno.test("a port that is taken", async () => {
  await using server = await ServerProgram.start([]);
  const { address } = server;
  const second = await run("server", ["--listen", address, "--join", "none"]);
  assertRefused(second, `Cannot listen on ${address}: the port is taken`, 2);
});

Deno.test("mistakes on the client's command line", async () => {
  await assertAllRefused("client", [
    [["shat"], "Unknown verb 'shat': did you mean chat?"],
    [
      ["dance"],
      "Unknown verb 'dance': allowed are chat, send, listen, who, servers, rtt, completion",
    ],
    [["--servr", "x"], "Unknown option --servr: did you mean --server?"],
    [
      ["--server", "localhost"],
      "Cannot read address 'localhost': the port is missing, write HOST:PORT",
    ],
    [["--timeout", "soon"], "Option --timeout is 'soon': allowed are seconds above 0, to 2147483"],
    [["rtt", "--count", "0"], "Option --count is '0': allowed are whole numbers from 1 to 1000000"],
    [["send", "ada"], "Verb send needs a text: send NAME TEXT, or - as TEXT to read stdin"],
    [["listen", "--server", "127.0.0.1:1"], "A name is missing: give one with --name NAME"],
  ]);
});

Deno.test("names that are none", async () => {
  const long = "x".repeat(65);
  const wrong: Mistakes = [
    [["a b"], "'a b': it has a space or another separator in it"],
    [["\u00adhidden"], "'hidden': it has a control or format character in it"],
    [["\u001b[31mred"], "'red': it has a control or format character in it"],
    [["two\nlines"], "'two lines': it has a control or format character in it"],
    [["/x"], "'/x': it begins with '/', as commands do"],
    [[long], `'${long}': it has 65 bytes, the limit is 64`],
  ];
  const there = ["--server", "127.0.0.1:1"];
  await Promise.all(wrong.map(async ([[name = ""], problem]) => {
    const taken = await run("client", ["listen", "--name", name, ...there]);
    assertRefused(taken, `Cannot take name ${problem}`, 2);
    const sent = await run("client", ["send", name, "hello", ...there]);
    assertRefused(sent, `Cannot send to ${problem}`, 2);
  }));
  await assertAllRefused("client", [
    [["listen", "--name", "*", ...there], "Cannot take name '*': '*' means everybody"],
    [["listen", "--name", "", ...there], "Option --name needs a value: --name NAME"],
    [["send", "", "hello", ...there], "Verb send needs a name: send NAME TEXT"],
  ]);
  // No program can be given NUL as an argument, but chat reads whatever comes.
  await using server = await ServerProgram.start([]);
  const { code, err } = await run("client", ["--name", "eve", "--server", server.address], {
    input: ["a\0b hi"],
  });
  assertEquals(code, 0);
  assertEquals(err.slice(1), ["Cannot send to 'ab': it has a control or format character in it"]);
});

Deno.test("a text that is too long", async () => {
  await using server = await ServerProgram.start([]);
  await using ada = client(["listen", "--name", "ada", "--server", server.address]);
  await ada.logs("attached");
  for (const [bytes, code] of [[32_605, 0], [32_606, 1]] as const) {
    const sent = await run("client", [
      "send",
      "ada",
      "x".repeat(bytes),
      "--server",
      server.address,
    ]);
    assertEquals([sent.code, sent.err], [code, []]);
    if (code === 1) {
      assertEquals(sent.out, ["message to ada: not delivered: the text has more than 32587 bytes"]);
    }
  }
});

Deno.test("a name that is taken, and nobody there to be asked for another", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["--name", "ada", "--server", server.address];
  await using ada = client(["listen", ...args]);
  await ada.logs("attached");
  for (const verb of [["listen"], ["chat"], ["send", "ada", "hello"]]) {
    const second = await run("client", [...verb, ...args]);
    assertRefused(second, "Cannot register ada: the name is taken", 5);
  }
});

Deno.test("a name that is lost to an older claim, and nobody there to take another", async () => {
  const refusal = "Cannot register ada: the name is taken";
  await using server = new HostileServer({ label: "", names: [], refusal, takesBack: true });
  for (const verb of ["listen", "chat"]) {
    await using ada = client([verb, "--name", "ada", "--server", server.address]);
    const { code, out, err } = await ada.ends();
    assertEquals([code, out, err.slice(1)], [5, [], [refusal]], verb);
  }
});

Deno.test("servers that can't be reached", async () => {
  const port = freePort();
  const places: readonly (readonly [string, string])[] = [
    [`127.0.0.1:${port}`, "connection refused"],
    ["p2p.invalid:4000", "host name does not resolve"],
  ];
  for (const [address, why] of places) {
    const line = `Cannot reach any server: ${address}: ${why}`;
    assertRefused(await run("client", ["who", "--server", address]), line, 3);
    const sent = await run("client", ["send", "ada", "hello", "--server", address]);
    assertRefused(sent, line, 3);
  }
});

Deno.test("a host that accepts and stays silent, and how long a verb may take", async () => {
  using silent = listen({ hostname: "127.0.0.1", port: 0 });
  const there = ["--server", `127.0.0.1:${silent.addr.port}`];
  await using server = await ServerProgram.start([]);
  const [who, listening, sent, rtt, listened] = await Promise.all([
    run("client", ["who", ...there]),
    run("client", ["listen", "--name", "ada", "--timeout", "1", ...there]),
    run("client", ["send", "ada", "hello", "--timeout", "0.1", ...there]),
    run("client", ["rtt", "--timeout", "0.1", "--json", ...there]),
    run("client", ["listen", "--name", "ada", "--timeout", "3", "--server", server.address]),
  ]);
  assertRefused(who, "Cannot list clients: an original server does not tell them", 4);
  assertRefused(listening, "Gave up: listen took longer than 1 s", 1);
  assertRefused(sent, "Gave up: send took longer than 0.1 s", 1);
  const message = "Gave up: rtt took longer than 0.1 s";
  const error = JSON.stringify({ schema: 1, event: "error", code: "timed-out", message });
  assertEquals([rtt.code, rtt.out, rtt.err], [1, [error], []]);
  // Listening goes on until somebody ends it, so that is an end like any other.
  assertEquals([listened.code, listened.out, listened.err.length], [0, [], 1]);
});

Deno.test("help and version are answers", async () => {
  for (const program of ["server", "client"] as const) {
    const help = await run(program, ["--help"]);
    assertEquals([help.code, help.err, help.out[0]?.split(" ").slice(0, 2)], [0, [], [
      "Usage:",
      program,
    ]]);
    const version = await run(program, ["--version"]);
    assertEquals([version.code, version.out.length], [0, 1]);
  }
});

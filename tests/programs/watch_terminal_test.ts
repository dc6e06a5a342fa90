/**
 * `rtt` and `rtt --watch` as people see them, on a real terminal.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { client, Clique, run, ServerProgram } from "../testing/program.ts";
import { onTerminal, Terminal, type TerminalOptions } from "../testing/terminal.ts";

/** A line without what differs from run to run. */
function reads(line: string): string {
  return line.replace(/127\.0\.0\.1:\d{4,5}/g, "SERVER")
    .replace(/[\u2581-\u2588!\u00d7]+$/, "BARS")
    .replace(/\u2581 .* to \u2588 \d+ \w+/, "SCALE")
    .replace(/ +\d+\.\d(?= |$)/g, " N");
}

const HEAD = /^ {2}server +loss +min/;
const FOOT = /each 0\.05 s; Ctrl-C ends$/;

/** Someone who watches one server. */
async function watching(options: TerminalOptions, more: readonly string[] = []): Promise<{
  server: ServerProgram;
  eve: Terminal;
}> {
  const server = await ServerProgram.start([]);
  const args = ["rtt", "--watch", "--interval", "0.05", "--server", server.address, ...more];
  return { server, eve: await Terminal.start("client", args, { reads, ...options }) };
}

onTerminal("watching draws in one place, and leaves the terminal as it was", async () => {
  const { server, eve } = await watching({});
  await using _server = server;
  await using _eve = eve;
  const rows = [HEAD, /^\* SERVER .* BARS$/];
  await eve.ends(...rows, FOOT);
  assertEquals((await eve.cursor()).shows, false);
  // Keys that are pressed meanwhile don't show.
  await eve.type("xyz");
  await eve.press("Enter");
  // The picture fills up: so it was drawn many times, and stands in the first lines still.
  await eve.shows(/BARS$/);
  const [head = "", row = ""] = await eve.screen();
  assertMatch(head, HEAD);
  assertMatch(row, /^\* SERVER/);
  await eve.press("C-c");
  const screen = await eve.ended(130);
  assertEquals(screen.filter((line) => HEAD.test(line)).length, 1, screen.join("\n"));
  assertEquals(screen.some((line) => line.includes("xyz")), false, screen.join("\n"));
  assertEquals((await eve.cursor()).shows, true);
  // What is typed shows again.
  await eve.type("hello");
  await eve.shows("hello");
});

onTerminal("a window that becomes narrower, or wider, is drawn anew", async () => {
  const { server, eve } = await watching({ columns: 80 });
  await using _server = server;
  await using _eve = eve;
  await eve.ends(HEAD, /^\* SERVER .* BARS$/, FOOT);
  await eve.resize(30);
  // There is no room for bars.
  await eve.shows(/^\* SERVER +\S+ \S+$/);
  await eve.resize(100);
  await eve.ends(/^ {2}server +loss +min +p50 +max$/, /^\* SERVER .* BARS$/, FOOT);
  const screen = await eve.screen();
  assertEquals(screen.filter((line) => HEAD.test(line)).length, 1, screen.join("\n"));
  await eve.press("C-c");
  await eve.ended(130);
});

onTerminal(
  "it ends after as many rounds as were asked for, and when its time is over",
  async () => {
    const { server, eve } = await watching({}, ["--count", "3"]);
    await using _server = server;
    await using _eve = eve;
    await eve.ended(0);
    const there = ["--server", server.address];
    await using ada = await Terminal.start("client", [
      ...["rtt", "--watch", "--interval", "0.05", "--timeout", "1"],
      ...there,
    ]);
    await ada.ended(0);
    assertEquals((await ada.cursor()).shows, true);
  },
);

onTerminal("whoever has had enough has the terminal back at once", async () => {
  const { server, eve } = await watching({});
  await using _server = server;
  await using _eve = eve;
  await eve.ends(HEAD, /^\* SERVER .* BARS$/, FOOT);
  // It waits a second for the server's goodbye, with the cursor.
  server.signal("SIGSTOP");
  await eve.press("C-c");
  await eve.until("the cursor shows", async () => (await eve.cursor()).shows);
  await eve.ended(130);
  server.signal("SIGCONT");
});

onTerminal(
  "a server that dies meanwhile is shown as such",
  async () => {
    await using clique = await Clique.of("attic", "cellar");
    const args = ["rtt", "--watch", "--interval", "0.05", ...clique.at(0)];
    await using eve = await Terminal.start("client", args, { reads });
    const measured = /^[* ] SERVER +0\.0%.*BARS$/;
    await eve.ends(HEAD, measured, measured, FOOT);
    clique.servers[1]?.signal("SIGKILL");
    await eve.shows(/^ {2}SERVER +\d.* BARS$/);
    await eve.shows(/ failed /);
    await eve.shows(/× no reply/);
    await eve.press("C-c");
    await eve.ended(130);
  },
);

onTerminal("numbers are coloured by value, where colours are wanted", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["rtt", "--count", "3", "--interval", "0", "--server", server.address];
  for (const colour of [true, false]) {
    await using eve = await Terminal.start("client", args, { colour });
    await eve.ended(0);
    const [, row = ""] = await eve.painted();
    // deno-lint-ignore no-control-regex
    assertEquals(/\u001b\[48;5;\d+m *\d/.test(row), colour, JSON.stringify(row));
  }
});

Deno.test("off a terminal watching prints a table each time, or a line for each server", async () => {
  await using clique = await Clique.of("attic", "cellar");
  const args = ["rtt", "--watch", "--count", "2", "--interval", "0.05", ...clique.at(0)];
  const text = await run("client", args);
  assertEquals([text.code, text.err], [0, []]);
  assertEquals(text.out.filter((line) => HEAD.test(line)).length, 2);
  assertEquals(text.out.length, 8);
  const json = await run("client", [...args, "--json"]);
  assertEquals([json.code, json.err], [0, []]);
  const servers = json.out.map((line) => JSON.parse(line) as Record<string, unknown>);
  assertEquals(servers.map((it) => it["event"]), ["rtt", "rtt", "rtt", "rtt"]);
  assertEquals(new Set(servers.map((it) => it["server"])), new Set(clique.addresses));
});

Deno.test("watching ends when nobody reads it, and with 130 when it is told to", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["rtt", "--watch", "--interval", "0.05", "--server", server.address];
  await using reader = client(args);
  await reader.says(HEAD);
  reader.stopReading();
  assertEquals((await reader.ends()).code, 0);
  await using other = client(args);
  await other.says(HEAD);
  other.signal("SIGINT");
  const { code, err } = await other.ends();
  assertEquals([code, err], [130, []]);
});

Deno.test("a server that can't be measured is a line of the table, and exit code 1", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["rtt", "--count", "2", "--interval", "0", "--server", server.address];
  const { code, out, err } = await run("client", [...args, "--server", "127.0.0.1:1"]);
  assertEquals([code, err], [1, ["Cannot reach 127.0.0.1:1: connection refused"]]);
  assertMatch(out[2] ?? "", /^ {2}127\.0\.0\.1:1 +\S+ +failed( +-){7}$/);
});

/**
 * `matrix` and `/matrix` as people see them: real servers, some of them behind
 * relays that make them slow or cut them off.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Servers } from "../soak/servers.ts";
import { matrixThat, measuredMatrix } from "../testing/matrix_program.ts";
import { client, Clique, run } from "../testing/program.ts";
import { onTerminal, Terminal } from "../testing/terminal.ts";

/** A line without what differs from run to run. */
function reads(line: string): string {
  return line.replace(/127\.0\.0\.1:\d{4,5}/g, "SERVER").replace(/ +\d[\d.]*[v!]?(?= |$)/g, " N");
}

Deno.test("a healthy clique, for people", async () => {
  await using clique = await Clique.of("attic", "cellar", "garden");
  const { code, out, err } = await measuredMatrix(clique.at(0), 3);
  assertEquals([code, err], [0, []]);
  assertEquals(out.slice(0, 4).map((line) => line.split(/\s+/)[0]), [
    ...["", "attic", "cellar", "garden"],
  ]);
  assertMatch(out[4] ?? "", /^medians in [um]s; row measures column; .*rows up to \d+ s old$/);
  const numbers = out.slice(1, 4).flatMap((line) => line.split(/\s+/).slice(1));
  assertEquals(numbers.length, 6);
  for (const number of numbers) assertMatch(number, /^[\d.]+!?$/);
});

onTerminal(
  "the matrix fits 80 columns and 40, and colours stand where they are wanted",
  async () => {
    await using clique = await Clique.of("attic", "cellar", "garden", "loft", "porch");
    await measuredMatrix(clique.at(0), 5);
    const args = ["matrix", ...clique.at(0)];
    for (
      const [columns, colour, head] of [
        [80, true, /^ {8}attic cellar garden {3}loft {2}porch$/],
        [80, false, /^ {8}attic cellar garden {3}loft {2}porch$/],
        [40, false, /^ +A +B +C +D +E$/],
      ] as const
    ) {
      await using eve = await Terminal.start("client", args, { columns, colour });
      const screen = await eve.ended(0);
      assertMatch(screen[0] ?? "", head);
      assert(screen.some((line) => line.startsWith("medians in ")), screen.join("\n"));
      for (const line of screen) assert(line.length <= columns, line);
      const [, row = ""] = await eve.painted();
      // deno-lint-ignore no-control-regex
      assertEquals(/\u001b\[48;5;\d+m *\d/.test(row), colour, JSON.stringify(row));
    }
  },
);

Deno.test("a slow server stands out, and the verdict names it", async () => {
  await using servers = await Servers.start(3, ["attic", "cellar", "garden"]);
  servers.slow(0, 40);
  const [, there = ""] = servers.addresses;
  // Samples from before that are soon outnumbered.
  const says =
    /^All others see attic slowly \(\d.* ms, typical is .*\), and it sees them so: suspect attic's/;
  const { code } = await matrixThat(
    "suspects the first server",
    ["--server", there],
    (events) =>
      events.some(({ kind, suspect, text }) =>
        kind === "slow-server" && String(suspect) === servers.addresses[0] && says.test(`${text}`)
      ),
    [says],
  );
  assertEquals(code, 0);
});

Deno.test("one way that is cut: a third server carries the link, the matrix shows it", async () => {
  await using servers = await Servers.start(3, ["attic", "cellar", "garden"]);
  const [first = "", second = "", third = ""] = servers.addresses;
  for (const [index, to] of [[0, 1], [1, 0], [0, 2], [1, 2]] as const) {
    await servers.linked(index, to, null);
  }
  await servers.begin({ kind: "cut", server: 0, other: 1, oneWay: true });
  const { code } = await matrixThat(
    "shows a carried link",
    ["--server", third],
    (events) =>
      events.filter(({ via }) => via === third).length === 2 &&
      events.some(({ kind, suspect }) =>
        kind === "carried" && Array.isArray(suspect) &&
        suspect.toSorted().join() === [first, second].sort().join()
      ),
    [
      /^attic .* \d[\d.]*v/,
      /^attic and cellar have no direct link, garden carries theirs/,
    ],
  );
  assertEquals(code, 0);
});

Deno.test("a server that is gone: exit code 1, and the verdict says so", async () => {
  await using clique = await Clique.of("attic", "cellar", "garden");
  await measuredMatrix(clique.at(0), 3);
  clique.servers[2]?.signal("SIGKILL");
  const { code, out } = await matrixThat(
    "finds a server down",
    clique.at(0),
    (events) => events.some(({ kind }) => kind === "down"),
    [/^No other server reaches garden: it is down, or its own link is\./],
  );
  assertEquals(code, 1);
  assertEquals(out.filter((line) => / fail/.test(line)).length, 2);
});

Deno.test("one server alone has nothing to compare", async () => {
  await using clique = await Clique.of("attic");
  const { code, out, err } = await run("client", ["matrix", ...clique.at(0)]);
  assertEquals([code, out, err], [0, ["Only attic is here: there is nothing to compare."], []]);
});

onTerminal("/rtt and /matrix answer above the line that is being typed", async () => {
  await using clique = await Clique.of("attic", "cellar");
  await measuredMatrix(clique.at(0), 2);
  await using ada = client(["listen", "--name", "ada", ...clique.at(0)]);
  await ada.logs("attached");
  const args = ["--name", "bob", ...clique.at(0)];
  await using bob = await Terminal.start("client", args, { reads });
  await bob.ends("Here: ada", "bob>");
  await bob.press("C-l");
  await bob.line("/rtt");
  await bob.ends(
    /^ {2}server +loss +min/,
    /^\* SERVER/,
    /^ {2}SERVER/,
    /^times in [um]s, \* nearest/,
    "bob>",
  );
  await bob.press("C-l");
  await bob.line("/matrix");
  await bob.type("ada half a li");
  const answer = [/^ {8}attic cellar$/, /^attic +N$/, /^cellar N$/, /^medians in /];
  for (const line of answer) await bob.shows(line);
  await bob.ends(/\.$/, "bob> ada half a li");
  await bob.line("ne");
  await ada.says(/^bob: half a line$/);
  await bob.press("C-l");
  await bob.line("/ma");
  await bob.ends("Unknown command '/ma': did you mean /matrix?", "bob>");
  await bob.type("/ma");
  await bob.press("Tab");
  await bob.ends("bob> /matrix");
});

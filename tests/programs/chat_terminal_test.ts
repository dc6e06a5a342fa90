/**
 * Chat as people see it: keys go into a real terminal, and its whole screen is
 * compared after each step.
 */

import { client, Clique, type Program, run, ServerProgram } from "../testing/program.ts";
import { onTerminal, Terminal, type TerminalOptions } from "../testing/terminal.ts";

/** A line without what differs from run to run. */
function reads(line: string): string {
  return line.replace(/^\d\d:\d\d /, "HH:MM ")
    .replace(/127\.0\.0\.1:\d{4,5}/g, "SERVER")
    .replace(/\([\d.]+ [um]s\)/, "(RTT)")
    .replace(/after [\d.]+ \w+/, "after a while");
}

/** Bob's chat at a terminal with nothing on it but his prompt, and Ada by pipe. */
async function talk(
  options: TerminalOptions,
  test: (bob: Terminal, ada: Program, server: ServerProgram) => Promise<void>,
): Promise<void> {
  await using server = await ServerProgram.start(["--label", "attic"]);
  const there = ["--server", server.address];
  await using ada = client(["--name", "ada", ...there]);
  await ada.logs("attached");
  await using bob = await Terminal.start("client", ["--name", "bob", ...there], {
    reads,
    ...options,
  });
  await bob.ends("Here: ada", "bob>");
  await bob.press("C-l");
  await bob.is("bob>");
  await test(bob, ada, server);
}

const WIDE = "日本語 and letters 日本語 and letters 日本語 and letters 日本語.";

/** How that line stands behind `bob> ada ` in so many columns. */
const WIDE_ROWS: Readonly<Record<number, readonly string[]>> = {
  80: ["bob> ada 日本語 and letters 日本語 and letters 日本語 and letters 日本語."],
  40: ["bob> ada 日本語 and letters 日本語 and", "letters 日本語 and letters 日本語."],
};

/** And as it was sent. */
const WIDE_SENT: Readonly<Record<number, readonly string[]>> = {
  80: [
    "HH:MM -> ada: 日本語 and letters 日本語 and letters 日本語 and letters 日本語!.",
    "      [delivered]",
  ],
  40: [
    "HH:MM -> ada: 日本語 and letters 日本語",
    "      and letters 日本語 and letters",
    "      日本語!. [delivered]",
  ],
};

const THREE = "a message that is too long for one row, even where there are 80 of them";

/** How it stands when it arrives. */
const THREE_ROWS: Readonly<Record<number, readonly string[]>> = {
  80: [
    "HH:MM ada: a message that is too long for one row, even where there are 80 of",
    "      them",
  ],
  40: [
    "HH:MM ada: a message that is too long",
    "      for one row, even where there are",
    "      80 of them",
  ],
};

for (const columns of [80, 40]) {
  onTerminal(
    `at ${columns} columns what arrives never garbles what is typed`,
    () =>
      talk({ columns }, async (bob, ada) => {
        await bob.type("ada half a li");
        await ada.type("bob one");
        await bob.is("HH:MM ada: one", "bob> ada half a li");
        await bob.press("Home");
        await ada.type("* two");
        const before = ["HH:MM ada: one", "HH:MM ada (to all): two"];
        await bob.is(...before, "bob> ada half a li");
        await bob.type("@");
        await bob.press("End");
        await bob.line("ne");
        await bob.is(...before, "HH:MM -> ada: half a line [delivered]", "bob>");
        await ada.says(/^bob: half a line$/);

        // Wide letters, the cursor among them, wrapped where there is less room.
        await bob.press("C-l");
        await bob.type(`ada ${WIDE}`);
        await bob.is(...WIDE_ROWS[columns] ?? []);
        for (let count = 0; count < 30; count++) await bob.press("Left");
        await ada.type(`bob ${THREE}`);
        await bob.is(...THREE_ROWS[columns] ?? [], ...WIDE_ROWS[columns] ?? []);
        await bob.press("End");
        await bob.press("Left");
        await bob.line("!");
        await bob.is(...THREE_ROWS[columns] ?? [], ...WIDE_SENT[columns] ?? [], "bob>");
      }),
  );

  onTerminal(
    `at ${columns} columns a line may end anywhere near the margin`,
    () =>
      talk({ columns }, async (bob, ada) => {
        // The last column stays free, so that it is clear in which row a cursor is.
        const typed = "x".repeat(columns - 1 - "bob> ".length - 2);
        await bob.type(typed);
        const above: string[] = [];
        for (let count = 0; count < 5; count++) {
          await ada.type(`bob ${count}`);
          above.push(`HH:MM ada: ${count}`);
          const line = `bob> ${typed}${"y".repeat(count)}`;
          await bob.is(
            ...above,
            ...[line.slice(0, columns - 1), line.slice(columns - 1)].filter((row) => row !== ""),
          );
          await bob.type("y");
        }
        for (let count = 5; count > 0; count--) await bob.press("BSpace");
        await ada.type("bob end");
        await bob.is(...above, "HH:MM ada: end", `bob> ${typed}`);
      }),
  );
}

onTerminal("where one is attached is broken between words, too", async () => {
  await using server = await ServerProgram.start([]);
  const args = ["--name", "bob", "--server", server.address];
  await using bob = await Terminal.start("client", args, { columns: 30, reads });
  await bob.is(
    "attached to SERVER as",
    "bob (RTT)",
    "A line is NAME TEXT; /help",
    "shows more.",
    "Nobody else is here yet.",
    "bob>",
  );
});

onTerminal(
  "a window that gets narrower, or wider, while somebody types",
  () =>
    talk({ columns: 60 }, async (bob, ada) => {
      const words = "ada one two three four five six seven eight nine ten eleven twelve";
      await bob.type(words);
      for (let count = 0; count < 3; count++) await bob.press("Left");
      for (const columns of [30, 45, 80]) {
        await bob.resize(columns);
        const line = `bob> ${words}`;
        const rows: string[] = [];
        for (let at = 0; at < line.length; at += columns - 1) {
          rows.push(line.slice(at, at + columns - 1).trimEnd());
        }
        await bob.is(...rows);
      }
      await bob.type("-");
      await ada.type("bob hi");
      await bob.is("HH:MM ada: hi", `bob> ${words.replace(/lve$/, "-lve")}`);
    }),
);

onTerminal(
  "a line of more rows than the screen has",
  () =>
    talk({ columns: 40, rows: 6 }, async (bob, ada) => {
      await bob.type(`ada ${"0123456789".repeat(30)}end`);
      await ada.type("bob hi");
      await bob.ends(/^HH:MM ada: hi$/, /^\d{39}$/, /^\d{39}$/, /^\d{39}$/, /^\d{39}$/, /^\d+end$/);
      await bob.press("Enter");
      await ada.says(/^bob: 0123.*789end$/);
      await bob.ends(/789end$/, "      [delivered]", "bob>");
    }),
);

onTerminal("what became of each message: in words, or as marks in colour", async () => {
  await talk({}, async (bob, ada) => {
    await bob.line("ada,@bob,zoe hi");
    await bob.is(
      "HH:MM bob: hi",
      "HH:MM -> ada, bob, zoe: hi [delivered to ada, bob] [not delivered to zoe: nobody",
      "      has that name]",
      "bob>",
    );
    await bob.press("C-l");
    await bob.line("* to all of you");
    await bob.is("HH:MM -> all: to all of you [delivered to 1]", "bob>");
    await bob.line("adda hi");
    const meant = "[not delivered: nobody has that name, did you mean ada?]";
    await bob.ends(`HH:MM -> adda: hi ${meant}`, "bob>");

    await bob.press("C-l");
    ada.signal("SIGSTOP");
    await bob.line("ada are you asleep?");
    const waits = "HH:MM -> ada: are you asleep? [on its way]";
    await bob.is(waits, "bob>");
    ada.signal("SIGCONT");
    await bob.shows(/^HH:MM -> ada: are you asleep\? \[delivered/);
    await ada.endInput();
    await ada.ends();
    await bob.ends("HH:MM ada left", "bob>");
    await bob.line("* anybody?");
    await bob.ends("HH:MM -> all: anybody? [nobody else is here]", "bob>");
  });
  await talk({ colour: true }, async (bob) => {
    await bob.line("ada hi");
    await bob.is("HH:MM → ada: hi ✓", "bob>");
    await bob.line("ada,zoe 日本");
    await bob.ends(
      "HH:MM → ada, zoe: 日本 ✓ to ada ✗ not delivered to zoe: nobody has that name",
      "bob>",
    );
    await bob.line("* hi");
    await bob.ends("HH:MM → all: hi ✓ to 1", "bob>");
  });
});

onTerminal(
  "a paste sends nothing by itself; each of its lines goes to the same name",
  () =>
    talk({}, async (bob, ada) => {
      await bob.type("ada ");
      await bob.paste("one\n* two\ttabs\nthree\n");
      await bob.is("bob> ada one↵* two tabs↵three");
      await bob.press("Enter");
      await bob.is(
        "HH:MM -> ada: one [delivered]",
        "HH:MM -> ada: * two tabs [delivered]",
        "HH:MM -> ada: three [delivered]",
        "bob>",
      );
      await ada.says(/^bob: three$/);
      await bob.press("C-l");
      await bob.paste("ada \u001b[31mred\u001b[0m");
      await bob.is("bob> ada [31mred[0m");
    }),
);

onTerminal(
  "history, completion, and keys that would do harm",
  () =>
    talk({}, async (bob, ada, server) => {
      await using _adam = await listening("adam", server);
      await bob.is("HH:MM adam joined", "bob>");
      await bob.press("C-l");
      await bob.type("a");
      await bob.press("Tab");
      await bob.is("bob> ada");
      await bob.press("Tab");
      await bob.is("ada  adam", "bob> ada");
      await bob.type("m,@a");
      await bob.press("Tab");
      await bob.is("ada  adam", "bob> adam,@ada");
      await bob.press("Tab");
      await bob.type("hello");
      await bob.is("ada  adam", "bob> adam,@ada hello");
      await bob.press("C-z");
      await bob.press("Enter");
      await bob.ends("HH:MM -> adam, ada: hello [delivered]", "bob>");
      await bob.type("/se");
      await bob.press("Tab");
      await bob.ends("bob> /servers");
      await bob.press("C-c");
      await bob.ends("HH:MM -> adam, ada: hello [delivered]", "bob>");
      await bob.press("Up");
      await bob.ends("bob> adam,@ada hello");
      await bob.line(" again");
      await ada.says(/^bob: hello again$/);
      await bob.press("Up");
      await bob.press("Up");
      await bob.ends("bob> adam,@ada hello");
      await bob.press("Down");
      await bob.ends("bob> adam,@ada hello again");
    }),
);

onTerminal("commands", () =>
  talk({}, async (bob, ada) => {
    await bob.line("/who");
    await bob.is("bob> /who", "name  server", "ada   SERVER", "bob   SERVER", "bob>");
    await bob.line("/servers");
    await bob.ends("bob> /servers", /^server +label +clients +id$/, /^SERVER +attic +2 /, "bob>");
    await bob.line("/rtt");
    await bob.ends(/^ {2}server +loss +min/, /^\* SERVER/, /^times in us, \* nearest/, "bob>");
    await bob.press("C-l");
    await bob.line("/help");
    await bob.is(
      "bob> /help",
      "NAME TEXT   send TEXT to NAME",
      "ada,bob HI  send HI to ada and to bob",
      "* TEXT      send TEXT to everybody",
      "/who        who is here",
      "/servers    the servers of the clique",
      "/rtt        how far away they are",
      "/matrix     how far from each other",
      "/name NAME  take another name",
      "/help       this",
      "/quit       leave, as Ctrl-D does",
      "bob>",
    );
    await bob.press("C-l");
    await bob.line("/dance");
    await bob.is("bob> /dance", "Unknown command '/dance': see /help", "bob>");
    await bob.line("ada");
    await bob.ends("bob> ada", "Nothing to send: write ada and then a text", "bob>");
    await bob.line("ada, bob hi");
    await bob.ends("Cannot send to 'ada,': write commas between names, and no space", "bob>");
    await bob.line("/name ada");
    await bob.ends(
      "Cannot register ada: the name is taken",
      "HH:MM attached to SERVER as bob (RTT)",
      "bob>",
    );
    await bob.line("/name 屋根裏");
    await bob.ends("bob> /name 屋根裏", "HH:MM attached to SERVER as 屋根裏 (RTT)", "屋根裏>");
    await bob.type("ada x");
    await ada.type("屋根裏 hi");
    await bob.ends("HH:MM ada: hi", "屋根裏> ada x");
    await bob.press("Enter");
    await ada.says(/^屋根裏: x$/);
    await bob.line("/quit");
    await bob.ends("屋根裏> /quit", "[ended with 0]");
  }));

onTerminal(
  "Ctrl-C clears a line, asks once, and leaves with 130; Ctrl-D leaves with 0",
  async () => {
    await talk({}, async (bob) => {
      await bob.type("ada never mind");
      await bob.is("bob> ada never mind");
      await bob.press("C-c");
      await bob.is("bob>");
      await bob.press("C-c");
      await bob.is("Ctrl-C again or /quit leaves", "bob>");
      await bob.line("bob hi");
      await bob.ends("HH:MM bob: hi", "HH:MM -> bob: hi [delivered]", "bob>");
      await bob.press("C-c");
      await bob.ends("Ctrl-C again or /quit leaves", "bob>");
      await bob.press("C-c");
      await bob.ends("Ctrl-C again or /quit leaves", "[ended with 130]");
    });
    await talk({}, async (bob) => {
      await bob.press("C-d");
      await bob.is("[ended with 0]");
    });
  },
);

onTerminal("who joins, who leaves, and that one moved, is said quietly", async () => {
  await using clique = await Clique.of("attic", "cellar");
  await using bob = await Terminal.start("client", ["--name", "bob", ...clique.at(0)], {
    columns: 100,
    reads,
  });
  await bob.ends("Nobody else is here yet.", "bob>");
  await bob.press("C-l");
  const home = await homeOf("bob", clique);
  await using ada = client(["listen", "--name", "ada", "--pin", ...clique.at(1 - home)]);
  await ada.logs("attached");
  await bob.is("HH:MM ada joined", "bob>");
  await bob.type("ada half a li");
  clique.servers[home]?.signal("SIGTERM");
  const moved = "HH:MM moved from SERVER to SERVER (RTT): the server stops";
  await bob.is("HH:MM ada joined", moved, "bob> ada half a li");
  await bob.line("ne");
  await ada.says(/^bob: half a line$/);
  ada.signal("SIGTERM");
  await ada.ends();
  await bob.ends("HH:MM -> ada: half a line [delivered]", "HH:MM ada left", "bob>");
  clique.servers[1 - home]?.signal("SIGTERM");
  await clique.servers[1 - home]?.ends();
  await bob.line("ada are you there?");
  await bob.ends("HH:MM -> ada: are you there? [waits for a server]", "bob>");
  await bob.line("/who");
  await bob.ends("Cannot list clients: there is no server at the moment", "bob>");
});

/** The index of the server that somebody is attached to. */
async function homeOf(name: string, clique: Clique): Promise<number> {
  const { out } = await run("client", ["who", "--json", ...clique.at(0)]);
  const line = out.find((text) => JSON.parse(text)["name"] === name) ?? "{}";
  return clique.addresses.indexOf(JSON.parse(line)["server"]);
}

/** Somebody else. */
async function listening(name: string, server: ServerProgram): Promise<Program> {
  const program = client(["listen", "--name", name, "--server", server.address]);
  await program.logs("attached");
  return program;
}

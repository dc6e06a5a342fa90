import { assert, assertEquals, assertMatch } from "@std/assert";
import { client, Clique, run, ServerProgram } from "../testing/program.ts";

Deno.test("a server says where it listens, and everything else on stderr", async () => {
  await using server = await ServerProgram.start([]);
  await server.logs("--listen :");
  server.signal("SIGTERM");
  const { code, out, err } = await server.ends();
  assertEquals(code, 0);
  assertEquals(out, [`listening on ${server.address}`]);
  assertMatch(err[0] ?? "", /^\d\d:\d\d:\d\d\.\d{3} info {2}server [0-9a-f]{12} started$/);
  assertMatch(err[1] ?? "", / info {2}only this machine can reach it; --listen :\d+ opens it/);
  assertEquals(err.length, 3, err.join("\n"));
});

Deno.test("a server that others can reach warns once that they can", async () => {
  await using server = await ServerProgram.start(["--listen", ":0"]);
  assertMatch(server.address, /^0\.0\.0\.0:\d+$/);
  const line = await server.logs(" warn  ");
  assert(
    line.endsWith("anybody on this network can join the clique and read what is sent through it"),
  );
});

Deno.test("servers say which address a peer has, and that it leaves", async () => {
  await using attic = await ServerProgram.start([]);
  await using cellar = await ServerProgram.start(["--join", attic.address]);
  await attic.logs(new RegExp(`linked to server [0-9a-f]{12} at ${cellar.address}$`));
  await cellar.logs(new RegExp(`linked to server [0-9a-f]{12} at ${attic.address}$`));
  attic.signal("SIGTERM");
  await cellar.logs(/server [0-9a-f]{12} leaves the clique$/);
});

Deno.test("every verb, for people, across three servers", async (test) => {
  await using clique = await Clique.of("attic", "cellar", "garden");
  await using ada = client(["listen", "--name", "ada", "--pin", ...clique.at(0)]);
  await using bob = client(["listen", "--name", "bob", "--pin", ...clique.at(1)]);
  await ada.logs(new RegExp(`^attached to ${clique.addresses[0]} as ada \\(.* us|ms\\)$`));
  await bob.logs("as bob");
  const far = ["--pin", ...clique.at(2)];

  await test.step("send: one text of several words", async () => {
    const sent = await run("client", ["send", "ada", "see", "you", "at six", ...far]);
    assertEquals([sent.code, sent.err], [0, []]);
    assertMatch(sent.out.join(), /^message 1 to ada: delivered in [\d.]+ (us|ms|s)$/);
    const line = await ada.says("see you");
    assertMatch(line, /^guest-[0-9a-f]{8}: see you at six$/);
  });

  await test.step("send -: a line a message, in order", async () => {
    const lines = ["one", "  two", "", "ärger 日本"];
    const sent = await run("client", ["send", "ada", "-", "--name", "eve", ...far], {
      input: lines,
    });
    assertEquals([sent.code, sent.out.length], [0, 4]);
    await ada.says("日本");
    assertEquals(
      ada.out.filter((line) => line.startsWith("eve: ")),
      lines.map((it) => `eve: ${it}`),
    );
  });

  await test.step("send to everybody", async () => {
    const sent = await run("client", ["send", "*", "hello", "--name", "eve", ...far]);
    assertEquals(sent.code, 0);
    assertMatch(sent.out.join(), /^message 1 to all: delivered to 2, not to 0 in /);
    for (const each of [ada, bob]) await each.says(/^eve \(to all\): hello$/);
  });

  await test.step("send to several, with or without @: one message each", async () => {
    const sent = await run("client", ["send", "@ada,bob", "both of you", "--name", "eve", ...far]);
    assertEquals(sent.code, 0);
    assertEquals(sent.out.map((line) => line.replace(/ in .*/, "")).sort(), [
      "message 1 to ada: delivered",
      "message 1 to bob: delivered",
    ]);
    for (const each of [ada, bob]) await each.says(/^eve: both of you$/);
  });

  await test.step("send to nobody", async () => {
    const sent = await run("client", ["send", "zoe", "hello", ...far]);
    assertEquals([sent.code, sent.err], [1, []]);
    assertEquals(sent.out, ["message 1 to zoe: not delivered: nobody has that name"]);
  });

  await test.step("who", async () => {
    const { code, out } = await run("client", ["who", ...far]);
    assertEquals(code, 0);
    const [first, second] = clique.addresses;
    assertEquals(out.map((line) => line.split(/\s+/)), [
      ["name", "server"],
      ["ada", first],
      ["bob", second],
    ]);
  });

  await test.step("servers", async () => {
    const { code, out } = await run("client", ["servers", ...clique.at(2)]);
    assertEquals(code, 0);
    const rows = out.map((line) => line.split(/\s+/));
    assertEquals(rows[0], ["server", "label", "clients", "id"]);
    assertEquals(
      rows.slice(1).map(([address, label, clients]) => [address, label, clients]).sort(),
      clique.addresses.map((address, index) => {
        return [address, ["attic", "cellar", "garden"][index], index < 2 ? "1" : "0"];
      }).sort(),
    );
  });

  await test.step("rtt", async () => {
    const probes = ["--count", "3", "--interval", "0"];
    const { code, out, err } = await run("client", ["rtt", ...probes, ...clique.at(0)]);
    assertEquals([code, err], [0, []]);
    assertMatch(out[0] ?? "", /^ {2}server +loss +min +mean +p50 +p95 +p99 +max +mdev +jitter$/);
    assertEquals(out.length, 5);
    assertEquals(out.filter((line) => line.startsWith("* ")).length, 1);
    // The machine that runs this may be busy.
    assertMatch(
      out[4] ?? "",
      /^times in us, \* nearest(; \d of 9 samples left out: this machine was busy)?$/,
    );
  });

  await test.step("chat by pipe", async () => {
    const typed = [
      "ada hello Ada",
      "ada",
      "/who",
      "/nope",
      "/name",
      "zoe hi",
      "",
      "* all",
      "@ada,bob two",
    ];
    const { code, out, err } = await run("client", ["--name", "eve", ...far], { input: typed });
    assertEquals(code, 0);
    await ada.says(/^eve: hello Ada$/);
    await bob.says(/^eve \(to all\): all$/);
    for (const each of [ada, bob]) await each.says(/^eve: two$/);
    assert(out.includes("message 1 to zoe: not delivered: nobody has that name"), out.join("\n"));
    assert(out.some((line) => /^eve +127/.test(line)), out.join("\n"));
    assertMatch(err[0] ?? "", /^attached to .* as eve \(/);
    assertEquals(err.slice(1), [
      "Nothing to send: write ada and then a text",
      "Unknown command '/nope': did you mean /name?",
      "Cannot take name '': it is empty",
    ]);
  });

  await test.step("rtt and servers say which server is missing", async () => {
    const args = ["rtt", "--count", "1", ...clique.at(0), "--server", "127.0.0.1:1"];
    const { code, err } = await run("client", args);
    assertEquals([code, err], [1, ["Cannot reach 127.0.0.1:1: connection refused"]]);
  });
});

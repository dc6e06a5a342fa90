import { assert, assertEquals } from "@std/assert";
import { measuredMatrix } from "../testing/matrix_program.ts";
import { client, Clique, type Json, run } from "../testing/program.ts";

/** Other programs are written against these: the keys of each event, in order. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  attached: ["schema", "event", "server", "name", "rtt_us"],
  message: ["schema", "event", "from", "to", "text"],
  moved: ["schema", "event", "from", "server", "rtt_us", "reason"],
  receipt: ["schema", "event", "to", "seq", "status", "reason", "latency_us"],
  client: ["schema", "event", "name", "server"],
  server: ["schema", "event", "address", "id", "label", "clients", "carried"],
  rtt: [
    ...["schema", "event", "server", "sent", "received", "loss", "min_us", "mean_us", "p50_us"],
    ...["p95_us", "p99_us", "max_us", "mdev_us", "jitter_us", "nearest", "late", "state"],
  ],
  cell: [
    ...["schema", "event", "from", "to", "state", "min_us", "p50_us", "jitter_us", "loss"],
    ...["age_ms", "via"],
  ],
  verdict: ["schema", "event", "kind", "suspect", "text"],
  error: ["schema", "event", "code", "message"],
};

/** What a receipt of a message to everybody has besides. */
const TALLY_KEYS = ["delivered", "failed"];

/** Where the time went: known of a message that was sent once and confirmed. */
const LEG_KEYS = ["home_us", "far_us", "receiver_us"];

/** Every line is an event of these kinds, with its keys. Returns them. */
function eventsOf(out: readonly string[], kinds: readonly string[]): Json[] {
  return out.map((line) => {
    const event = JSON.parse(line) as Json;
    const kind = String(event["event"]);
    assert(kinds.includes(kind), `unexpected: ${line}`);
    const tally = kind === "receipt" && event["to"] === "*" ? TALLY_KEYS : [];
    const legs = "home_us" in event ? LEG_KEYS : [];
    assertEquals(Object.keys(event), [...KEYS[kind] ?? [], ...legs, ...tally], line);
    assertEquals(event["schema"], 1);
    return event;
  });
}

/** An event without what differs from run to run. */
function withoutTimes(event: Json): Json {
  const times = Object.entries(event).filter(([key]) => key.endsWith("_us"));
  for (const [key, value] of times) {
    assert(Number(value) > 0 || key === "far_us", `${key}: ${value}`);
  }
  return Object.fromEntries(Object.entries(event).filter(([key]) => !key.endsWith("_us")));
}

Deno.test("every verb as JSON, across three servers", async (test) => {
  await using clique = await Clique.of("attic", "cellar", "garden");
  const [attic = "", cellar = "", garden = ""] = clique.addresses;
  const at = (index: number): string[] => ["--json", "--pin", ...clique.at(index)];
  await using ada = client(["listen", "--name", "ada", ...at(0)]);
  const attached = { schema: 1, event: "attached", server: attic, name: "ada" };
  assertEquals(withoutTimes(await ada.event({ event: "attached" })), attached);

  await test.step("send prints a receipt, and nothing else", async () => {
    const sent = await run("client", ["send", "ada", "hello", "--name", "bob", ...at(1)]);
    assertEquals(sent.code, 0);
    assertEquals(eventsOf(sent.out, ["receipt"]).map(withoutTimes), [
      { schema: 1, event: "receipt", to: "ada", seq: 1, status: "delivered", reason: null },
    ]);
    const { latency_us, home_us, far_us, receiver_us } = JSON.parse(sent.out[0] ?? "") as Json;
    const legs = Number(home_us) + Number(far_us) + Number(receiver_us);
    // Before it was sent, its home was asked who has the name.
    assert(legs > 0 && legs <= Number(latency_us) + 3, `${latency_us} has legs of ${legs}`);
    const message = { schema: 1, event: "message", from: "bob", to: "ada", text: "hello" };
    assertEquals(await ada.event({ event: "message" }), message);
  });

  await test.step("send - prints one for each line", async () => {
    const sent = await run("client", ["send", "ada", "-", ...at(2)], { input: ["one", "two"] });
    assertEquals(eventsOf(sent.out, ["receipt"]).map(({ seq }) => seq), [1, 2]);
  });

  await test.step("send to everybody", async () => {
    const sent = await run("client", ["send", "*", "hello", "--name", "bob", ...at(2)]);
    assertEquals(eventsOf(sent.out, ["receipt"]).map(withoutTimes), [{
      ...{ schema: 1, event: "receipt", to: "*", seq: 1, status: "delivered", reason: null },
      ...{ delivered: 1, failed: 0 },
    }]);
    await ada.event({ from: "bob", to: "*", text: "hello" });
  });

  await test.step("send to nobody", async () => {
    const sent = await run("client", ["send", "zoe", "hello", ...at(2)]);
    assertEquals(sent.code, 1);
    assertEquals(eventsOf(sent.out, ["receipt"]).map(withoutTimes), [
      { schema: 1, event: "receipt", to: "zoe", seq: 1, status: "failed", reason: "no-such-name" },
    ]);
  });

  await test.step("send of too long a text", async () => {
    const sent = await run("client", ["send", "ada", "x".repeat(32_768), ...at(2)]);
    assertEquals([sent.code, sent.err], [1, []]);
    const [receipt] = eventsOf(sent.out, ["receipt"]);
    assertEquals([receipt?.["status"], receipt?.["reason"]], ["failed", "too-long"]);
    assertEquals(receipt?.["latency_us"], null);
  });

  await test.step("who", async () => {
    const { code, out } = await run("client", ["who", ...at(2)]);
    assertEquals(code, 0);
    assertEquals(eventsOf(out, ["client"]), [
      { schema: 1, event: "client", name: "ada", server: attic },
    ]);
  });

  await test.step("servers", async () => {
    const { code, out } = await run("client", ["servers", "--json", ...clique.at(2)]);
    assertEquals(code, 0);
    const servers = eventsOf(out, ["server"]);
    const known = servers.map(({ address, label, clients }) => [address, label, clients]);
    assertEquals(
      known.sort(),
      [[attic, "attic", 1], [cellar, "cellar", 0], [garden, "garden", 0]].sort(),
    );
    for (const { id } of servers) assert(/^[0-9a-f]{12}$/.test(String(id)));
  });

  await test.step("rtt", async () => {
    const probes = ["--count", "4", "--interval", "0"];
    const { code, out } = await run("client", ["rtt", "--json", ...probes, ...clique.at(0)]);
    assertEquals(code, 0);
    const rtts = eventsOf(out, ["rtt"]);
    assertEquals(rtts.map(({ server }) => server).sort(), [attic, cellar, garden].sort());
    assertEquals(rtts.map(({ nearest }) => nearest), [true, false, false]);
    for (const { sent, received, loss, min_us, p50_us, max_us } of rtts) {
      assertEquals([sent, received, loss], [4, 4, 0]);
      assert(
        0 < Number(min_us) && Number(min_us) <= Number(p50_us) && Number(p50_us) <= Number(max_us),
      );
    }
  });

  await test.step("rtt of one probe: what needs two is null", async () => {
    const { out } = await run("client", ["rtt", "--count", "1", ...at(0)]);
    assertEquals(eventsOf(out, ["rtt"])[0]?.["jitter_us"], null);
  });

  await test.step("matrix", async () => {
    const { code, out } = await measuredMatrix(["--json", ...clique.at(0)], 3);
    assertEquals(code, 0);
    const events = eventsOf(out, ["cell", "verdict"]);
    const cells = events.slice(0, -1);
    const all = clique.addresses;
    assertEquals(
      cells.map(({ from, to }) => `${from} ${to}`).sort(),
      all.flatMap((from) => all.flatMap((to) => from === to ? [] : [`${from} ${to}`])).sort(),
    );
    for (const { state, min_us, p50_us, loss, age_ms, via } of cells) {
      assertEquals([state, loss, via], ["measured", 0, null]);
      assert(0 < Number(min_us) && Number(min_us) <= Number(p50_us));
      assert(Number.isInteger(age_ms) && Number(age_ms) >= 0);
    }
    const { event, suspect, text } = events.at(-1) ?? {};
    assertEquals([event, Array.isArray(suspect), typeof text], ["verdict", true, "string"]);
  });

  await test.step("chat", async () => {
    await using bob = client(["chat", "--name", "bob", ...at(1)]);
    await bob.event({ event: "attached" });
    await bob.type("ada hello there");
    await bob.event({ event: "receipt", to: "ada", status: "delivered" });
    await run("client", ["send", "bob", "hi", "--name", "cyd", ...at(2)]);
    await bob.event({ event: "message", from: "cyd" });
    for (const command of ["/help", "/nope", "/servers", "/rtt", "/matrix", "/who"]) {
      await bob.type(command);
    }
    await bob.event({ event: "client", name: "ada" });
    await bob.event({ event: "verdict" });
    await bob.endInput();
    const { code, out } = await bob.ends();
    assertEquals(code, 0);
    eventsOf(out, ["attached", "message", "receipt", "server", "rtt", "cell", "verdict", "client"]);
  });

  await test.step("chat: another name, or the old one still", async () => {
    await using bob = client(["--name", "bob", ...at(1)]);
    await bob.event({ event: "attached", name: "bob" });
    await bob.type("/name ada");
    await bob.event({ event: "error", code: "name-taken" });
    await bob.until(
      "it is bob again",
      () => bob.events({ event: "attached", name: "bob" }).length === 2,
    );
    await bob.type("/name rob");
    await bob.event({ event: "attached", name: "rob" });
    await bob.type("ada it is me");
    await ada.event({ from: "rob", text: "it is me" });
    await bob.endInput();
    assertEquals((await bob.ends()).code, 0);
    eventsOf(bob.out, ["attached", "error", "receipt"]);
  });

  await test.step("errors are events too", async () => {
    const taken = await run("client", ["listen", "--name", "ada", ...at(2)]);
    assertEquals([taken.code, taken.err], [5, []]);
    const message = "Cannot register ada: the name is taken";
    assertEquals(eventsOf(taken.out, ["error"]), [
      { schema: 1, event: "error", code: "name-taken", message },
    ]);
    const nobody = await run("client", ["who", "--json", "--server", "127.0.0.1:1"]);
    assertEquals([nobody.code, nobody.err], [3, []]);
    assertEquals(eventsOf(nobody.out, ["error"])[0]?.["code"], "unreachable");
  });

  await test.step("listen prints these, and nothing else", () => {
    eventsOf(ada.out, ["attached", "message"]);
  });
});

Deno.test("a client whose server leaves says where it moved", async () => {
  await using clique = await Clique.of("attic", "cellar", "garden");
  await using ada = client(["listen", "--name", "ada", "--json", ...clique.at(0)]);
  const { server: home } = await ada.event({ event: "attached" });
  clique.servers[clique.addresses.indexOf(String(home))]?.signal("SIGTERM");
  const moved = await ada.event({ event: "moved" });
  assertEquals([moved["from"], moved["reason"]], [home, "leaving"]);
  assert(clique.addresses.includes(String(moved["server"])) && moved["server"] !== home);
  const index = clique.addresses.indexOf(String(moved["server"]));
  const sent = await run("client", ["send", "ada", "still there?", "--json", ...clique.at(index)]);
  assertEquals(sent.code, 0);
  await ada.event({ event: "message", text: "still there?" });
  eventsOf(ada.out, ["attached", "moved", "message"]);
});

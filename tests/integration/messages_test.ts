/** Messages between clients at the servers of a clique, and the names they have. */

import { assert, assertEquals } from "@std/assert";
import { MAX_TEXT_BYTES } from "../../lib/codec/stream.ts";
import { Cluster, type ClusterClient, type ClusterServer } from "../testing/cluster.ts";

/** A clique of `count` servers. */
async function clique(cluster: Cluster, count: number): Promise<ClusterServer[]> {
  const servers: ClusterServer[] = [];
  for (let index = 0; index < count; index++) {
    const join = servers.slice(0, 1).map(({ address }) => address);
    servers.push(cluster.server({ label: `server ${index}`, join }));
  }
  await cluster.formed(count);
  return servers;
}

/** Two servers with a client each, whose names everyone knows. */
async function adaAndBob(
  cluster: Cluster,
): Promise<{ servers: ClusterServer[]; ada: ClusterClient; bob: ClusterClient }> {
  const servers = await clique(cluster, 2);
  const [first, second] = servers;
  assert(first !== undefined && second !== undefined);
  const ada = await cluster.clientAt(first, "ada");
  const bob = await cluster.clientAt(second, "bob");
  await cluster.knows("ada");
  await cluster.knows("bob");
  return { servers, ada, bob };
}

Deno.test("messages go to every other client, wherever it is, and to oneself", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 3);
  const clients: ClusterClient[] = [];
  for (const [index, server] of [...servers, ...servers].entries()) {
    clients.push(await cluster.clientAt(server, `client${index}`));
  }
  for (const { name } of clients) await cluster.knows(name);
  for (const from of clients) for (const to of clients) from.send(to.name, `to ${to.name}`);
  for (const from of clients) {
    for (const to of clients) {
      const receipt = await from.receipt(to.name, 1);
      assertEquals(receipt.status, "delivered");
      assertEquals(receipt.reason, null);
      assert((receipt.latencyMs ?? 0) > 0);
      assertEquals(to.texts(from.name), [`to ${to.name}`]);
    }
  }
});

Deno.test("a text arrives as it is, whatever is in it", async () => {
  await using cluster = new Cluster();
  const { ada, bob } = await adaAndBob(cluster);
  const texts = ["", " ", "a\0b", "ünï©ødé 🦕", "x".repeat(MAX_TEXT_BYTES), "\ufeff", "a\r\nb"];
  for (const text of texts) ada.send("bob", text);
  assertEquals((await ada.receipt("bob", texts.length)).status, "delivered");
  assertEquals(bob.texts("ada"), texts);
});

Deno.test("a text that is too long fails at once, and does not hold up the next", async () => {
  await using cluster = new Cluster();
  const { ada, bob } = await adaAndBob(cluster);
  ada.send("bob", "x".repeat(MAX_TEXT_BYTES + 1));
  ada.send("*", "é".repeat(MAX_TEXT_BYTES / 2 + 1));
  ada.send("bob", "short");
  for (const to of ["bob", "*"]) {
    const { status, reason } = await ada.receipt(to, 0);
    assertEquals({ status, reason }, { status: "failed", reason: "too-long" });
  }
  assertEquals((await ada.receipt("bob", 1)).status, "delivered");
  assertEquals(bob.texts("ada"), ["short"]);
});

Deno.test("a message to everybody is shown to everybody else once, and counted", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 3);
  const clients: ClusterClient[] = [];
  for (const [index, server] of [...servers, ...servers].entries()) {
    clients.push(await cluster.clientAt(server, `client${index}`));
  }
  for (const { name } of clients) await cluster.knows(name);
  for (const from of clients) from.send("*", `from ${from.name}`);
  for (const from of clients) {
    const { status, counts } = await from.receipt("*", 1);
    assertEquals({ status, counts }, { status: "delivered", counts: { delivered: 5, failed: 0 } });
  }
  for (const to of clients) {
    for (const from of clients) {
      assertEquals(to.texts(from.name), from === to ? [] : [`from ${from.name}`]);
    }
    assert(to.messages.every((message) => message.to === "*"));
  }
});

Deno.test("nobody is there to hear a message to everybody", async () => {
  await using cluster = new Cluster();
  const [server] = await clique(cluster, 1);
  assert(server !== undefined);
  const ada = await cluster.clientAt(server, "ada");
  ada.send("*", "hello?");
  const { status, counts } = await ada.receipt("*", 1);
  assertEquals({ status, counts }, { status: "delivered", counts: { delivered: 0, failed: 0 } });
});

Deno.test("a message to a name that nobody has fails", async () => {
  await using cluster = new Cluster();
  const { ada, bob } = await adaAndBob(cluster);
  ada.send("nobody", "hello");
  ada.send("no name at all", "hello");
  for (const to of ["nobody", "no name at all"]) {
    const { status, reason } = await ada.receipt(to, 1);
    assertEquals({ status, reason }, { status: "failed", reason: "no-such-name" });
  }
  ada.send("bob", "but this");
  await bob.received("ada", "but this");
});

Deno.test("a receiver that quits while messages are under way: some are shown, the rest fail", async () => {
  await using cluster = new Cluster();
  const { ada, bob } = await adaAndBob(cluster);
  const count = 200;
  bob.onMessage = (): void => {
    bob.onMessage = (): void => {};
    queueMicrotask(() => quitting.resolve(bob.quit()));
  };
  const quitting = Promise.withResolvers<void>();
  for (let index = 1; index <= count; index++) ada.send("bob", `${index}`);
  await quitting.promise;
  await ada.until("every message has a receipt", () => ada.openCount === 0);
  assertEquals(ada.receipts.length, count);
  const delivered = ada.receipts.filter(({ status }) => status === "delivered").length;
  assert(delivered >= 1);
  const shown = bob.texts("ada");
  // What was shown and not confirmed any more may be more than what was confirmed.
  assert(shown.length >= delivered);
  assertEquals(shown, shown.map((_, index) => `${index + 1}`));
  for (const { status, reason } of ada.receipts.slice(delivered)) {
    assertEquals(status, "failed");
    assert(reason === "no-such-name" || reason === "receiver-changed", reason ?? "none");
  }
});

Deno.test("a receiver that vanished keeps its name for a while, then messages to it fail", async () => {
  await using cluster = new Cluster();
  const { servers, ada, bob } = await adaAndBob(cluster);
  await bob[Symbol.asyncDispose]();
  await cluster.wantGone("bob");
  const [first] = servers;
  assert(first !== undefined);
  const other = cluster.client({ servers: [first.address], name: "bob", pin: true });
  await other.failed("name-taken");
  ada.send("bob", "are you there?");
  const { status, reason } = await ada.receipt("bob", 1);
  assertEquals({ status, reason }, { status: "failed", reason: "no-such-name" });
  other.attach("bob");
  await other.attached();
  ada.send("bob", "who is this?");
  await other.received("ada", "who is this?");
  assertEquals(other.texts("ada"), ["who is this?"]);
});

Deno.test("a sender is told when somebody else has taken the name", async () => {
  await using cluster = new Cluster();
  const { servers, ada, bob } = await adaAndBob(cluster);
  ada.send("bob", "for the first bob");
  await bob.received("ada", "for the first bob");
  await ada.receipt("bob", 1);
  await bob.quit();
  await cluster.wantGone("bob");
  const [first] = servers;
  assert(first !== undefined);
  const other = await cluster.clientAt(first, "bob");
  await cluster.knows("bob");
  ada.send("bob", "for the first bob, too");
  const { status, reason } = await ada.receipt("bob", 2);
  assertEquals({ status, reason }, { status: "failed", reason: "receiver-changed" });
  assertEquals(other.messages, []);
  ada.send("bob", "for whoever it is");
  await other.received("ada", "for whoever it is");
});

Deno.test("5,000 messages each way at once are shown once, in order", async () => {
  await using cluster = new Cluster();
  const { ada, bob } = await adaAndBob(cluster);
  const texts = Array.from({ length: 5_000 }, (_, index) => `message ${index}`);
  for (const text of texts) {
    ada.send("bob", text);
    bob.send("ada", text);
  }
  for (const [from, to] of [[ada, bob], [bob, ada]] as const) {
    await from.until("every message has a receipt", () => from.openCount === 0);
    assertEquals(to.texts(from.name), texts);
    assertEquals(from.receipts.length, texts.length);
    assert(from.receipts.every(({ status }) => status === "delivered"));
  }
});

Deno.test("200 messages to everybody from each of three are shown once, in order", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 3);
  const clients = await Promise.all(
    servers.map((server, index) => cluster.clientAt(server, `client${index}`)),
  );
  for (const { name } of clients) await cluster.knows(name);
  const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  for (const text of texts) for (const client of clients) client.send("*", text);
  for (const from of clients) {
    await from.until("every message has a receipt", () => from.openCount === 0);
    for (const { counts } of from.receipts) assertEquals(counts, { delivered: 2, failed: 0 });
    for (const to of clients.filter((to) => to !== from)) assertEquals(to.texts(from.name), texts);
  }
});

Deno.test("of two that ask for a name at two servers at once, one has it and one is told", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 2);
  const clients = servers.map(({ address }) => cluster.client({ servers: [address], pin: true }));
  const [first, second] = clients;
  assert(first !== undefined && second !== undefined);
  for (const client of clients) await client.gathered();
  for (let round = 1; round <= 5; round++) {
    const name = `name${round}`;
    for (const client of clients) client.attach(name);
    await cluster.until(
      "one has it and one is told",
      () =>
        clients.filter(({ home }) => home !== null).length === 1 &&
        first.told("error").length + second.told("error").length === round,
    );
    await cluster.knows(name);
    const [winner, loser] = first.home !== null ? [first, second] : [second, first];
    assertEquals(loser.told("error").at(-1)?.code, "name-taken");
    // The one without a name takes another, on the same connection.
    loser.attach(`other${round}`);
    await loser.attached();
    assertEquals(loser.told("attached").at(-1)?.name, loser.name);
    assertEquals(winner.told("attached").at(-1)?.name, name);
    loser.send(name, "well done");
    await winner.received(loser.name, "well done");
    for (const server of servers) assertEquals(server.names, [name, `other${round}`]);
  }
  for (const server of servers) {
    const { length } = server.connections;
    assertEquals(length, 2, "one client and one server");
  }
});

Deno.test("a name that is taken anywhere is refused everywhere, and another is taken instead", async () => {
  await using cluster = new Cluster();
  const { servers, ada } = await adaAndBob(cluster);
  for (const server of servers) {
    const client = cluster.client({ servers: [server.address], pin: true, name: "ada" });
    await client.failed("name-taken");
    client.attach("bob");
    await client.until("it is refused again", () => client.told("error").length === 2);
    client.attach("cy");
    await client.attached();
    await cluster.knows("cy");
    client.send("ada", "I'm not you");
    assertEquals((await client.receipt("ada", 1)).status, "delivered");
    await client.quit();
    await cluster.wantGone("cy");
  }
  assertEquals(ada.texts("cy"), ["I'm not you", "I'm not you"]);
});

Deno.test("a bad name is refused, and a good one is taken instead", async () => {
  await using cluster = new Cluster();
  const [server] = await clique(cluster, 1);
  assert(server !== undefined);
  const client = cluster.client({ servers: [server.address], name: "*" });
  const names = ["*", "", "/who", "a b", "a\u200bb", "a\nb", "x".repeat(65)];
  for (const [index, name] of names.entries()) {
    if (index > 0) client.attach(name);
    await client.until("it is refused", () => client.told("error").length === index + 1);
    assertEquals(client.told("error").at(-1)?.code, "bad-name", name);
  }
  client.attach("x".repeat(64));
  await client.attached();
});

Deno.test("who is there, at which server, and who comes and goes", async () => {
  await using cluster = new Cluster();
  const { servers, ada, bob } = await adaAndBob(cluster);
  const [first, second] = servers;
  assert(first !== undefined && second !== undefined);
  const watcher = cluster.client({ servers: [first.address] });
  await watcher.gathered();
  assertEquals((await watcher.who()).map(({ name, server }) => [name, server]).sort(), [
    ["ada", first.address],
    ["bob", second.address],
  ]);
  await ada.who({ watch: true });
  const cy = await cluster.clientAt(second, "cy");
  await ada.until("cy has come", () => ada.told("joined").some(({ name }) => name === "cy"));
  await cy.quit();
  await ada.until("cy has gone", () => ada.told("left").some(({ name }) => name === "cy"));
  await bob.quit();
  await ada.until("bob has gone", () => ada.told("left").some(({ name }) => name === "bob"));
  assertEquals(ada.told("joined").map(({ name }) => name), ["cy"]);
  assertEquals(ada.told("left").map(({ name }) => name), ["cy", "bob"]);
  assertEquals(watcher.told("joined"), []);
});

Deno.test("a client of one server knows them all, and what it measured of each", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 3);
  await cluster.clientAt(servers[2] as ClusterServer, "ada");
  await cluster.knows("ada");
  const [first] = servers;
  assert(first !== undefined);
  const client = cluster.client({ servers: [first.address], probes: 10 });
  await client.gathered();
  const cards = servers.map(({ address, id }, index) => ({
    kind: "server" as const,
    address,
    id,
    label: `server ${index}`,
    clients: index === 2 ? 1 : 0,
  }));
  const byAddress = (a: { address: string }, b: { address: string }): number =>
    a.address < b.address ? -1 : 1;
  assertEquals(client.servers().sort(byAddress), cards.sort(byAddress));
  const rtts = client.rtts();
  assertEquals(rtts.map(({ server }) => server).sort(), cards.map(({ address }) => address));
  for (const { summary } of rtts) {
    const { sent, received, minMs, p50Ms, maxMs } = summary;
    assertEquals({ sent, received }, { sent: 10, received: 10 });
    assert(minMs !== null && p50Ms !== null && maxMs !== null);
    assert(0 < minMs && minMs <= p50Ms && p50Ms <= maxMs);
  }
  assertEquals(rtts.filter(({ nearest }) => nearest).length, 1);
  client.attach("bob");
  await client.attached();
  assertEquals(client.home, rtts.find(({ nearest }) => nearest)?.server);
  await cluster.knows("bob");
  client.send("ada", "hello");
  assertEquals((await client.receipt("ada", 1)).status, "delivered");
});

Deno.test("a client whose server dies goes to another, with its name and its messages", async () => {
  await using cluster = new Cluster();
  const servers = await clique(cluster, 3);
  const [first, second, third] = servers;
  assert(first !== undefined && second !== undefined && third !== undefined);
  const addresses = servers.map(({ address }) => address);
  const ada = cluster.client({ servers: addresses, name: "ada" });
  await ada.attached();
  const home = servers.find(({ address }) => address === ada.home);
  const other = servers.find((server) => server !== home);
  assert(home !== undefined && other !== undefined);
  const bob = await cluster.clientAt(other, "bob");
  await cluster.knows("ada");
  await cluster.knows("bob");
  const texts = Array.from({ length: 500 }, (_, index) => `message ${index}`);
  for (const text of texts) {
    ada.send("bob", text);
    bob.send("ada", text);
  }
  await home[Symbol.asyncDispose]();
  await ada.until("it has moved", () => ada.told("moved").length === 1);
  assertEquals(ada.told("moved")[0]?.from, home.address);
  for (const [from, to] of [[ada, bob], [bob, ada]] as const) {
    await from.until("every message has a receipt", () => from.openCount === 0);
    assertEquals(to.texts(from.name), texts);
    assert(from.receipts.every(({ status }) => status === "delivered"));
  }
});

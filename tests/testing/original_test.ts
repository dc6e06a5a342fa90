/** The emulated programs with each other. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  freeFourDigitPort,
  OriginalClient,
  OriginalServer,
  type OriginalServerOptions,
  type OriginalVariant,
  RefusedError,
} from "./original.ts";

const VARIANTS: readonly OriginalVariant[] = ["plain", "without567", "join33"];

/** Starts servers that join through the first, each when the former has settled. */
async function startClique(
  stack: AsyncDisposableStack,
  all: readonly OriginalServerOptions[],
): Promise<OriginalServer[]> {
  const servers: OriginalServer[] = [];
  for (const options of all) {
    const wellKnown = servers.slice(0, 1).map((server) => server.port);
    servers.push(stack.use(await OriginalServer.start({ wellKnown, ...options })));
    for (const each of servers) {
      await each.waitFor(() => each.known.length === servers.length - 1);
    }
  }
  return servers;
}

/** Registers clients `client0`, `client1`, ..., one at each server. */
async function oneClientEach(
  stack: AsyncDisposableStack,
  servers: readonly OriginalServer[],
  split?: number,
): Promise<OriginalClient[]> {
  const clients: OriginalClient[] = [];
  for (const { port } of servers) {
    const name = `client${clients.length}`;
    const pieces = split === undefined ? {} : { split };
    clients.push(
      stack.use(await OriginalClient.connect({ port, name, stay: true, ...pieces })),
    );
  }
  return clients;
}

/** Sends a message from each to each other, and waits until all have come. */
async function everyoneToEveryone(clients: readonly OriginalClient[]): Promise<void> {
  for (const from of clients) {
    for (const to of clients) {
      if (from !== to) await from.send(to.name, `from ${from.name} to ${to.name}`);
    }
  }
  for (const to of clients) {
    await to.waitFor(() => to.messages.length === clients.length - 1);
    const senders = clients.filter((from) => from !== to);
    const expected = senders.map((from) => ({
      sender: from.name,
      receiver: to.name,
      text: `from ${from.name} to ${to.name}`,
    }));
    assertEquals(to.messages.toSorted(bySender), expected.toSorted(bySender));
  }
}

function bySender(a: { sender: string }, b: { sender: string }): number {
  return a.sender < b.sender ? -1 : 1;
}

function assertClean(...all: readonly (OriginalServer | OriginalClient)[]): void {
  for (const each of all) {
    assertEquals(each.crashes, []);
    assertEquals(each.desyncs, []);
    assertEquals(each.unread, 0);
    if (each instanceof OriginalClient) assertEquals(each.unexpected, []);
    else if (each.variant === "plain") assertEquals(each.unknownTypes, []);
  }
}

for (const split of [undefined, 1, 7]) {
  const pieces = split === undefined ? "whole" : `in pieces of ${split}`;
  const options = split === undefined ? {} : { split };

  for (const first of VARIANTS) {
    for (const second of VARIANTS) {
      // What such a pair lacks has a test of its own below.
      if (first === "join33" && second !== "join33") continue;
      // Pieces are slow, and the same for every pair.
      if (split !== undefined && first !== second) continue;
      for (const clientsFirst of [false, true]) {
        const when = clientsFirst ? "clients before" : "clients after";
        Deno.test(`${second} joins ${first}, ${when}, ${pieces}`, async () => {
          await using stack = new AsyncDisposableStack();
          const connect = async (server: OriginalServer, name: string): Promise<OriginalClient> =>
            stack.use(
              await OriginalClient.connect({ port: server.port, name, stay: true, ...options }),
            );
          const a = stack.use(await OriginalServer.start({ variant: first, ...options }));
          const early = clientsFirst ? [await connect(a, "ada")] : [];
          const b = stack.use(
            await OriginalServer.start({ variant: second, wellKnown: [a.port], ...options }),
          );
          await a.waitFor(() => a.known.includes(b.port));
          assertEquals(a.known, [b.port]);
          assertEquals(b.known, [a.port]);
          const late = clientsFirst ? [] : [await connect(a, "ada")];
          const clients = [...early, ...late, await connect(b, "bob"), await connect(b, "cy")];
          await everyoneToEveryone(clients);
          assertClean(a, b, ...clients);
        });
      }
    }
  }

  if (split === 1) continue;
  Deno.test(`five plain servers, ${pieces}`, async () => {
    await using stack = new AsyncDisposableStack();
    const servers = await startClique(stack, Array.from({ length: 5 }, () => options));
    const clients = await oneClientEach(stack, servers, split);
    await everyoneToEveryone(clients);
    assertClean(...servers, ...clients);
    for (const [index, server] of servers.entries()) {
      const dials = servers.map(({ port }) => server.connections.dialledBack.get(port));
      // Who joins through the first announces itself there twice.
      const expected = servers.map((_, other) => {
        if (other <= index) return undefined;
        return index === 0 ? 2 : 1;
      });
      assertEquals(dials, expected);
    }
  });
}

Deno.test("plain servers that understand 33/0 live with a join33", async () => {
  await using stack = new AsyncDisposableStack();
  const plain = { understands33: true };
  const servers = await startClique(stack, [plain, plain, { variant: "join33" }]);
  await everyoneToEveryone(await oneClientEach(stack, servers));
  assertClean(...servers);
});

Deno.test("three join33 servers need no dialling back", async () => {
  await using stack = new AsyncDisposableStack();
  const older = { variant: "join33" } as const;
  const servers = await startClique(stack, [older, older, older]);
  assertEquals(servers.map((server) => server.connections.accepted), [2, 1, 0]);
  assertEquals(servers.map((server) => server.connections.open), [2, 2, 2]);
  await everyoneToEveryone(await oneClientEach(stack, servers));
  assertClean(...servers);
});

Deno.test("a plain server that joined a join33 is heard, but doesn't hear it", async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await startClique(stack, [{ variant: "join33" }, {}]);
  const [older, plain] = await oneClientEach(stack, servers);
  assert(older !== undefined && plain !== undefined);
  await plain.send(older.name, "hello");
  await older.waitFor(() => older.messages.length === 1);
  await older.send(plain.name, "hello");
  await servers[1]?.waitFor((server) => server.unread > 0);
  assertEquals(plain.messages, []);
});

Deno.test("a server joins the first that answers, and never itself", async () => {
  await using a = await OriginalServer.start();
  await using b = await OriginalServer.start();
  const port = freeFourDigitPort();
  const wellKnown = [port, freeFourDigitPort(), b.port, a.port];
  await using server = await OriginalServer.start({ port, wellKnown });
  assertEquals(server.port, port);
  assertEquals([...server.connections.dialled], [[b.port, 1]]);
  assertEquals(server.known, [b.port]);
  assertEquals(a.known, []);
  assertClean(a, b, server);
});

Deno.test("a name is taken at one server only, and free when its client leaves", async () => {
  await using stack = new AsyncDisposableStack();
  const [a, b] = await startClique(stack, [{}, {}]);
  assert(a !== undefined && b !== undefined);
  const options = { name: "ada", stay: true };
  const connect = (server: OriginalServer): Promise<OriginalClient> =>
    OriginalClient.connect({ port: server.port, ...options });
  const ada = stack.use(await connect(a));
  const refused = await assertRejects(() => connect(a), RefusedError);
  assertEquals(refused.type, 30);
  stack.use(await connect(b));
  await ada[Symbol.asyncDispose]();
  await a.waitFor(() => a.clients.length === 0);
  stack.use(await connect(a));
  assertEquals(a.clients, ["ada"]);
});

Deno.test("a message for nobody is dropped once by every other server", async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await startClique(stack, [{}, {}, {}]);
  const [ada, bob] = await oneClientEach(stack, servers);
  assert(ada !== undefined && bob !== undefined);
  await ada.send("nobody", "hello");
  await ada.send(bob.name, "and after it");
  await bob.waitFor(() => bob.messages.length === 1);
  const last = servers[2];
  await last?.waitFor(() => last.dropped === 2);
  assertEquals(servers.map((server) => server.dropped), [0, 1, 2]);
  assertClean(...servers);
});

Deno.test("a text may be empty, or hold spaces and NULs", async () => {
  await using server = await OriginalServer.start();
  await using ada = await OriginalClient.connect({ port: server.port, name: "ada" });
  const texts = ["", " ", "a  b ", "a\0b"];
  for (const text of texts) await ada.send("ada", text);
  await ada.waitFor(() => ada.messages.length === texts.length);
  assertEquals(ada.messages.map((message) => message.text), texts);
  assertClean(server, ada);
});

Deno.test("a client registers at the fastest and takes leave of the others", async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await startClique(stack, [{}, {}, {}]);
  const port = servers[1]?.port ?? 0;
  const client = stack.use(await OriginalClient.connect({ port, name: "ada" }));
  const least = Math.min(...client.rttsMs.values());
  assertEquals(client.rttsMs.get(client.home), least);
  assertEquals(client.rttsMs.size, 3);
  assertEquals(client.idleOpen, true);
  for (const server of servers) {
    const home = server.port === client.home;
    const types = server.received.filter(({ type }) => type > 4).map(({ type }) => type);
    assertEquals(types, [...server.port === port ? [5] : [], 6, ...home ? [] : [7]]);
    assertEquals(server.clients, home ? ["ada"] : []);
  }
  assertClean(...servers, client);
});

Deno.test("a client gets by with a server that has no 5, 6 and 7", async () => {
  await using server = await OriginalServer.start({ variant: "without567" });
  const options = { port: server.port, name: "ada", patienceMs: 20 };
  await using client = await OriginalClient.connect(options);
  assertEquals(client.home, server.port);
  assertEquals([...client.rttsMs.keys()], [server.port]);
  assertEquals(server.unknownTypes.map(({ type }) => type), [5]);
  await client.send("ada", "to myself");
  await client.waitFor(() => client.messages.length === 1);
  assertClean(server, client);
});

Deno.test("a server that is gone ends its clients and crashes who forwards to it", async () => {
  await using stack = new AsyncDisposableStack();
  const servers = await startClique(stack, [{}, {}]);
  const [a, b] = servers;
  const [ada, bob] = await oneClientEach(stack, servers);
  assert(a !== undefined && b !== undefined && ada !== undefined && bob !== undefined);
  await b[Symbol.asyncDispose]();
  await bob.ended;
  assertEquals(bob.closed, true);
  await assertRejects(() => bob.send("ada", "hello"), Error, "connection is closed");
  await a.waitFor(() => a.connections.open === 1);
  await ada.send("bob", "hello");
  await a.waitFor(() => a.crashes.length > 0);
  assertEquals(a.crashes, ["4/0 to bob: connection is closed"]);
  assertEquals(ada.closed, false);
});

Deno.test("waiting in vain tells for what, and in which state", async () => {
  const server = await OriginalServer.start();
  const error = await assertRejects(() => server.waitFor((s) => s.dropped === 3, 1), Error);
  assertMatch(error.message, /in vain for 1 ms: .*dropped === 3.*"dropped":0/);
  const disposed = assertRejects(() => server.waitFor(() => false), Error, "disposed");
  await server[Symbol.asyncDispose]();
  await disposed;
  await assertRejects(() => server.waitFor(() => false), Error, "disposed");
  await server[Symbol.asyncDispose]();
});

Deno.test("disposing doesn't wait for those who don't read", async () => {
  const server = await OriginalServer.start();
  const { port } = server;
  await using ada = await OriginalClient.connect({ port, name: "ada", stay: true });
  const deaf = await Deno.connect({ hostname: "127.0.0.1", port });
  await deaf.write(Uint8Array.fromHex("020100030000626f62"));
  await server.waitFor(() => server.clients.length === 2);
  // More than the system keeps for two connections, so that a write is stuck.
  const text = "x".repeat(30_000);
  const sent = Promise.allSettled(Array.from({ length: 1000 }, () => ada.send("bob", text)));
  await assertRejects(() => server.waitFor(() => server.received.length === 1000, 200), Error);
  await server[Symbol.asyncDispose]();
  await ada.ended;
  deaf.close();
  await sent;
});

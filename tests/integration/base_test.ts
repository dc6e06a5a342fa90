/** Original programs and ours with each other, in every combination. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Cluster, type ClusterClient, type ClusterServer } from "../testing/cluster.ts";
import {
  type AnyClient,
  assertClean,
  assertModest,
  everyoneToEveryone,
  hasBase,
  mingled,
  shown,
  textsOf,
} from "../testing/mixed.ts";
import { lanAddress } from "../testing/network.ts";
import {
  onFourDigitPort,
  OriginalClient,
  OriginalServer,
  type OriginalVariant,
  RefusedError,
} from "../testing/original.ts";
import { RawPeer } from "../testing/raw_peer.ts";

const VARIANTS: readonly OriginalVariant[] = ["plain", "without567", "join33"];
const SPLITS: readonly (number | undefined)[] = [undefined, 1];

/** Everything that one test starts. */
class Scene implements AsyncDisposable {
  readonly cluster = new Cluster();
  readonly originals: OriginalServer[] = [];
  readonly clients: AnyClient[] = [];
  readonly #stack = new AsyncDisposableStack();

  /** One of our servers, where originals can dial it back. */
  ours(join: readonly number[] = [], options = {}): ClusterServer {
    const addresses = join.map((port) => `127.0.0.1:${port}`);
    return onFourDigitPort((port) => this.cluster.server({ port, join: addresses, ...options }));
  }

  /** An original server, which joins the first of `wellKnown` that answers. */
  async original(
    wellKnown: readonly number[] = [],
    options: { variant?: OriginalVariant; port?: number; split?: number } = {},
  ): Promise<OriginalServer> {
    const server = this.#stack.use(await OriginalServer.start({ wellKnown, ...options }));
    this.originals.push(server);
    return server;
  }

  /** One of our clients, which stays at that server. */
  async ourClient({ port }: { port: number }, name: string): Promise<ClusterClient> {
    const client = this.cluster.client({ servers: [`127.0.0.1:${port}`], name, pin: true });
    this.clients.push(client);
    await client.attached();
    return client;
  }

  /** An original client, which stays at that server. */
  async originalClient(
    { port }: { port: number },
    name: string,
    split?: number,
  ): Promise<OriginalClient> {
    const pieces = split === undefined ? {} : { split };
    const client = this.#stack.use(
      await OriginalClient.connect({ port, name, stay: true, ...pieces }),
    );
    this.clients.push(client);
    return client;
  }

  /** A client of each kind at each server; all of ours know all names. */
  async populate(): Promise<void> {
    for (const [index, server] of this.cluster.servers.entries()) {
      await this.ourClient(server, `ours${index}`);
      await this.originalClient(server, `guest${index}`);
      await this.cluster.knows(`ours${index}`);
      await this.cluster.knows(`guest${index}`);
    }
    for (const [index, server] of this.originals.entries()) {
      await this.originalClient(server, `theirs${index}`);
    }
  }

  /** Nobody had anything to complain of. */
  assertClean(): void {
    const clients = this.clients.filter((client) => client instanceof OriginalClient);
    assertClean(...this.originals, ...clients);
    assertModest(this.cluster, this.originals);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

// An original client at our server.

for (const split of SPLITS) {
  const pieces = split === undefined ? "whole" : "byte by byte";

  Deno.test(`original clients and ours at our servers talk, ${pieces}`, async () => {
    await using scene = new Scene();
    const first = scene.ours();
    const second = scene.ours([first.port]);
    await scene.cluster.formed(2);
    await scene.originalClient(first, "ada", split);
    await scene.originalClient(first, "bob", split);
    await scene.originalClient(second, "cy", split);
    const dot = await scene.ourClient(first, "dot");
    await scene.ourClient(second, "eve");
    for (const { name } of scene.clients) await scene.cluster.knows(name);
    await everyoneToEveryone(scene.clients);
    for (const name of ["ada", "cy"]) {
      assertEquals((await dot.receipt(name, 1)).status, "unconfirmed");
    }
    assertEquals((await dot.receipt("eve", 1)).status, "delivered");
    scene.assertClean();
  });

  Deno.test(`an original client chooses one of our servers by 5, 6 and 7, ${pieces}`, async () => {
    await using scene = new Scene();
    const first = scene.ours();
    const servers = [first, scene.ours([first.port]), scene.ours([first.port])];
    // Nobody could dial this one in the words of an original.
    scene.cluster.server({ join: [first.address] });
    await scene.cluster.formed(4);
    const wire = split === undefined ? {} : { split };
    await using ada = await OriginalClient.connect({ port: first.port, name: "ada", ...wire });
    assertEquals([...ada.rttsMs.keys()].sort(), servers.map(({ port }) => port).sort());
    assertEquals(ada.rttsMs.get(ada.home), Math.min(...ada.rttsMs.values()));
    await scene.cluster.knows("ada");
    const home = servers.find(({ port }) => port === ada.home);
    assertEquals(first.homeOf("ada"), home?.id);
    // To the others it said 7/0, was answered, and went; at home it has two connections.
    for (const server of servers) {
      const connections = server === home ? 5 : 3;
      await server.until("the others are gone", (it) => it.connections.length === connections);
    }
    assertEquals(ada.idleOpen, true);
    const bob = await scene.ourClient(first, "bob");
    bob.send("ada", "hello");
    await shown(ada, "bob", "hello");
    assertClean(ada);
  });
}

Deno.test("an original client is refused a name that is taken, wherever it is taken", async () => {
  await using scene = new Scene();
  const first = scene.ours();
  const second = scene.ours([first.port]);
  await scene.cluster.formed(2);
  await scene.originalClient(first, "ada");
  await scene.ourClient(second, "bob");
  await scene.cluster.knows("ada");
  await scene.cluster.knows("bob");
  for (const server of [first, second]) {
    for (const name of ["ada", "bob"]) {
      const refused = await assertRejects(() => scene.originalClient(server, name), RefusedError);
      assertEquals(refused.type, 30);
    }
    const ours = scene.cluster.client({ servers: [server.address], name: "ada", pin: true });
    await ours.failed("name-taken");
  }
  scene.assertClean();
});

Deno.test("an original client is refused a bad name, and may have its name again once it went", async () => {
  await using scene = new Scene();
  const server = scene.ours();
  for (const name of ["", "*", "/who", "a b", "a\0b", "a\nb", "x".repeat(65)]) {
    const refused = await assertRejects(() => scene.originalClient(server, name), RefusedError);
    assertEquals(refused.type, 30, JSON.stringify(name));
  }
  for (const _ of [1, 2]) {
    const ada = await scene.originalClient(server, "ada");
    await ada[Symbol.asyncDispose]();
    await scene.cluster.wantGone("ada");
  }
  scene.assertClean();
});

Deno.test("an original client may try another name on the same connection", async () => {
  await using scene = new Scene();
  const server = scene.ours();
  await scene.ourClient(server, "ada");
  await using raw = await RawPeer.dial(server.port);
  await raw.write("0201 0003 0000 616461", "0201 0003 0000 626f62");
  await raw.frame("2/0");
  assertEquals(raw.frames, [
    { kind: "30/0", payload: new Uint8Array() },
    { kind: "2/0", payload: new Uint8Array() },
  ]);
});

Deno.test("a text of an original client arrives as it is, whatever is in it", async () => {
  await using scene = new Scene();
  const server = scene.ours();
  const guest = await scene.originalClient(server, "guest");
  const other = await scene.originalClient(server, "other");
  const ours = await scene.ourClient(server, "ours");
  const texts = ["", " ", "a  b ", "a\0b", "*", "x".repeat(32_000)];
  for (const text of texts) {
    await guest.send("ours", text);
    await guest.send("other", text);
    ours.send("guest", text);
  }
  await other.waitFor(({ messages }) => messages.length === texts.length);
  await guest.waitFor(({ messages }) => messages.length === texts.length);
  await ours.until("all were shown", ({ messages }) => messages.length === texts.length);
  assertEquals(textsOf(ours, "guest"), texts);
  assertEquals(textsOf(other, "guest"), texts);
  assertEquals(textsOf(guest, "ours"), texts);
  scene.assertClean();
});

Deno.test("a message to everybody goes to and comes from original clients at our servers", async () => {
  await using scene = new Scene();
  const first = scene.ours();
  const second = scene.ours([first.port]);
  await scene.cluster.formed(2);
  for (const [index, server] of [first, second].entries()) {
    await scene.originalClient(server, `guest${index}`);
    await scene.ourClient(server, `ours${index}`);
  }
  for (const { name } of scene.clients) await scene.cluster.knows(name);
  for (const from of scene.clients) await from.send("*", `from ${from.name}`);
  for (const to of scene.clients) {
    for (const from of scene.clients) {
      if (from !== to) await shown(to, from.name, `from ${from.name}`);
    }
  }
  for (const to of scene.clients) assertEquals(to.messages.length, scene.clients.length - 1);
  scene.assertClean();
});

Deno.test("an original client's message to nobody is dropped, and the next one arrives", async () => {
  await using scene = new Scene();
  const server = scene.ours();
  const guest = await scene.originalClient(server, "guest");
  const ours = await scene.ourClient(server, "ours");
  await guest.send("nobody", "hello");
  await guest.send("ours", "but this");
  await ours.received("guest", "but this");
  assertEquals(server.drops("no-such-name"), 1);
  scene.assertClean();
});

// Our client at an original server.

// Towards clients the older variant is as the ones without 5, 6 and 7.
for (const variant of ["plain", "without567"] as const) {
  for (const split of SPLITS) {
    const pieces = split === undefined ? "whole" : "byte by byte";
    Deno.test(`our client talks at an original server (${variant}), ${pieces}`, async () => {
      await using scene = new Scene();
      const original = await scene.original([], {
        variant,
        ...split === undefined ? {} : { split },
      });
      const [ada, bob] = await Promise.all([
        scene.ourClient(original, "ada"),
        scene.ourClient(original, "bob"),
      ]);
      await scene.originalClient(original, "cy", split);
      assertEquals(ada.home, `127.0.0.1:${original.port}`);
      await everyoneToEveryone(scene.clients);
      for (const to of ["bob", "cy"]) {
        const { status, reason } = await ada.receipt(to, 1);
        assertEquals({ status, reason }, { status: "unconfirmed", reason: null });
      }
      await bob.quit();
      await original.waitFor(({ clients }) => clients.join() === "ada,cy");
      scene.assertClean();
    });
  }

  Deno.test(`our client is refused a name at an original server (${variant}), and takes another`, async () => {
    await using scene = new Scene();
    const original = await scene.original([], { variant });
    const ada = await scene.originalClient(original, "ada");
    const client = scene.cluster.client({ servers: [`127.0.0.1:${original.port}`], name: "ada" });
    await client.failed("name-taken");
    client.attach("bob");
    await client.attached();
    client.send("ada", "I'm not you");
    await shown(ada, "bob", "I'm not you");
    assertEquals(original.clients.toSorted(), ["ada", "bob"]);
    scene.assertClean();
  });

  Deno.test(`our client finds an original server (${variant}) again that was restarted`, async () => {
    await using scene = new Scene();
    const original = await scene.original([], { variant });
    const { port } = original;
    const ada = await scene.ourClient(original, "ada");
    await original[Symbol.asyncDispose]();
    await ada.until("its home is lost", ({ home }) => home === null);
    const again = await scene.original([], { variant, port });
    await ada.attached();
    assertEquals(again.clients, ["ada"]);
    ada.send("ada", "still here");
    await ada.received("ada", "still here");
    scene.assertClean();
  });
}

Deno.test("our client surveys several original servers, and takes leave of all but the nearest", async () => {
  await using scene = new Scene();
  const first = await scene.original();
  const second = await scene.original([first.port]);
  const third = await scene.original([first.port]);
  const servers = [first, second, third];
  for (const server of servers) await server.waitFor(({ known }) => known.length === 2);
  const links = servers.map(({ connections }) => connections.open);
  const address = ({ port }: { port: number }): string => `127.0.0.1:${port}`;
  const client = scene.cluster.client({ servers: [address(second)], probes: 10 });
  await client.gathered();
  assertEquals(client.rtts().map(({ server }) => server).sort(), servers.map(address).sort());
  // Late ones are taken again, up to thrice as many: this machine may be busy.
  for (const { summary: { sent, received, late } } of client.rtts()) {
    assert(received - late === 10 || sent === 30, `${received} of ${sent}, ${late} late`);
  }
  assertEquals(client.servers().map(({ id }) => id), [null, null, null]);
  client.attach("ada");
  await client.attached();
  assertEquals(client.home, client.rtts().find(({ nearest }) => nearest)?.server);
  for (const [index, server] of servers.entries()) {
    const home = address(server) === client.home;
    // 7/0 where it isn't attached, and on the connection that it had measured on.
    await server.waitFor(({ received }) => received.some(({ type }) => type === 7));
    const wanted = (links[index] ?? 0) + (home ? 1 : 0);
    await server.waitFor(({ connections }) => connections.open === wanted);
    assertEquals(server.clients, home ? ["ada"] : []);
  }
  scene.assertClean();
});

Deno.test("our client prefers a server of ours to an original, and finds one by the other", async () => {
  await using scene = new Scene();
  const original = await scene.original();
  const ours = scene.ours([original.port]);
  await mingled(scene.cluster, scene.originals);
  for (const { port } of [original, ours]) {
    const client = scene.cluster.client({ servers: [`127.0.0.1:${port}`], name: `at${port}` });
    await client.attached();
    assertEquals(client.home, ours.address);
    assertEquals(client.rtts().length, 2);
  }
  assertEquals(original.clients, []);
  scene.assertClean();
});

// Original servers and ours in one clique.

for (const variant of VARIANTS) {
  for (const split of SPLITS) {
    const pieces = split === undefined ? "whole" : "byte by byte";
    const options = { variant, ...split === undefined ? {} : { split } };

    Deno.test(`an original server (${variant}) joins ours, ${pieces}`, async () => {
      await using scene = new Scene();
      const ours = scene.ours();
      const early = await scene.ourClient(ours, "early");
      const original = await scene.original([ours.port], options);
      await mingled(scene.cluster, scene.originals);
      await scene.populate();
      await everyoneToEveryone(scene.clients);
      assertEquals((await early.receipt("theirs0", 1)).status, "unconfirmed");
      assertEquals(original.connections.dialledBack.size, 0);
      assertEquals([...original.connections.dialled], [[ours.port, 1]]);
      scene.assertClean();
    });

    Deno.test(`our server joins an original one (${variant}), ${pieces}`, async () => {
      await using scene = new Scene();
      const original = await scene.original([], options);
      const early = await scene.originalClient(original, "early", split);
      const ours = scene.ours([original.port]);
      await mingled(scene.cluster, scene.originals);
      await scene.populate();
      await everyoneToEveryone(scene.clients);
      assertEquals(early.closed, false);
      const back = variant === "join33" ? [] : [[ours.port, 1]];
      assertEquals([...original.connections.dialledBack], back);
      // It understands neither hello nor anything else that has a payload.
      assertEquals(original.received.filter(({ type }) => type === 0).length, 1);
      scene.assertClean();
    });
  }
}

/** Orders in which two originals (o) and two of ours (s) start. */
const ORDERS = ["ooss", "osos", "osso", "soos", "soso", "ssoo"];

for (const order of ORDERS) {
  Deno.test(`two originals and two of ours, in the order ${order}`, async () => {
    // At the same time, since servers of ours wait a moment before they dial.
    await Promise.all([mixInOrder(order, "first"), mixInOrder(order, "last")]);
  });
}

/** Each joins through the first, or the last, of those that are there. */
async function mixInOrder(order: string, through: "first" | "last"): Promise<void> {
  await using scene = new Scene();
  const ports: number[] = [];
  for (const kind of order) {
    const join = through === "first" ? ports.slice(0, 1) : ports.slice(-1);
    const server = kind === "o" ? await scene.original(join) : scene.ours(join);
    ports.push(server.port);
    await mingled(scene.cluster, scene.originals);
  }
  await scene.populate();
  await everyoneToEveryone(scene.clients);
  for (const original of scene.originals) {
    const others = ports.filter((port) => port !== original.port);
    assertEquals(original.known.toSorted(), others.toSorted());
  }
  scene.assertClean();
}

Deno.test("two originals and two of ours that start at once find each other", async () => {
  await using scene = new Scene();
  const first = scene.ours();
  scene.ours([first.port]);
  await Promise.all([scene.original([first.port]), scene.original([first.port])]);
  await mingled(scene.cluster, scene.originals);
  await scene.populate();
  await everyoneToEveryone(scene.clients);
  scene.assertClean();
});

Deno.test("two servers of the older variant and two of ours", async () => {
  await using scene = new Scene();
  const variant = "join33";
  const first = scene.ours();
  const second = scene.ours([first.port]);
  await scene.cluster.formed(2);
  const older = await scene.original([first.port], { variant });
  await mingled(scene.cluster, scene.originals);
  // It told the second one, which it learned of, with a 33/0.
  assert(older.connections.dialled.get(second.port) !== undefined);
  await scene.original([older.port], { variant });
  await mingled(scene.cluster, scene.originals);
  await scene.populate();
  await everyoneToEveryone(scene.clients);
  scene.assertClean();
});

Deno.test("a message to everybody stays among our servers, and one of theirs reaches all of ours", async () => {
  await using scene = new Scene();
  const first = scene.ours();
  scene.ours([first.port]);
  await scene.cluster.formed(2);
  const original = await scene.original([first.port]);
  await mingled(scene.cluster, scene.originals);
  await scene.populate();
  const byName = (name: string): AnyClient => {
    const client = scene.clients.find((client) => client.name === name);
    assert(client !== undefined);
    return client;
  };
  const ours = ["ours0", "guest0", "ours1", "guest1"];
  await byName("theirs0").send("*", "from theirs0");
  for (const name of ours) await shown(byName(name), "theirs0", "from theirs0");
  await byName("ours0").send("*", "from ours0");
  await byName("guest0").send("*", "from guest0");
  for (const name of ours) {
    if (name !== "ours0") await shown(byName(name), "ours0", "from ours0");
    if (name !== "guest0") await shown(byName(name), "guest0", "from guest0");
  }
  await everyoneToEveryone(scene.clients);
  for (const name of ours) {
    const texts = textsOf(byName(name), "theirs0");
    assertEquals(texts.filter((text) => text === "from theirs0").length, 1);
  }
  // The originals know no "*": nobody there has this name.
  assertEquals(original.received.filter(({ payload }) => payload.includes("\0*")), []);
  scene.assertClean();
});

for (const variant of VARIANTS) {
  Deno.test(`an original server (${variant}) is killed and restarted, and is found again`, async () => {
    await using scene = new Scene();
    const first = scene.ours();
    const second = scene.ours([first.port]);
    await scene.cluster.formed(2);
    const original = await scene.original([first.port], { variant });
    await mingled(scene.cluster, scene.originals);
    const { port } = original;
    for (const server of [first, second]) await hasBase(server, original);
    await original[Symbol.asyncDispose]();
    for (const server of [first, second]) await server.logged("base-server-lost");
    scene.originals.length = 0;
    // It joins nobody: ours have to come back to it.
    const again = await scene.original([], { variant, port });
    await mingled(scene.cluster, [again]);
    await scene.populate();
    await everyoneToEveryone(scene.clients);
    scene.assertClean();
  });
}

Deno.test("while an original server is gone, a message to its clients fails", async () => {
  await using scene = new Scene();
  const ours = scene.ours();
  const original = await scene.original([ours.port]);
  await mingled(scene.cluster, scene.originals);
  const ada = await scene.ourClient(ours, "ada");
  ada.send("theirs", "are you there?");
  assertEquals((await ada.receipt("theirs", 1)).status, "unconfirmed");
  await original[Symbol.asyncDispose]();
  await ours.logged("base-server-lost");
  ada.send("theirs", "and now?");
  const { status, reason } = await ada.receipt("theirs", 2);
  assertEquals({ status, reason }, { status: "failed", reason: "no-such-name" });
});

Deno.test("a server of ours that dies and comes back has itself dialled once more", async () => {
  await using scene = new Scene();
  const first = scene.ours();
  const second = scene.ours([first.port]);
  await scene.cluster.formed(2);
  const original = await scene.original([first.port]);
  await mingled(scene.cluster, scene.originals);
  const { port } = second;
  await second[Symbol.asyncDispose]();
  scene.ours([first.port], { port });
  await mingled(scene.cluster, scene.originals);
  await scene.populate();
  await everyoneToEveryone(scene.clients);
  // The one that died it had dialled by itself; the one that came asked it to.
  assertEquals(original.connections.dialled.get(port), 1);
  assertEquals(original.connections.dialledBack.get(port), 1);
  assertClean(original);
});

Deno.test("our server learns of an original by another of ours, and each reaches the other", async () => {
  await using scene = new Scene();
  const original = await scene.original();
  const first = scene.ours();
  const second = scene.ours([first.port]);
  await scene.cluster.formed(2);
  // Only the third one is told of the original.
  scene.ours([original.port, first.port]);
  await mingled(scene.cluster, scene.originals);
  await scene.populate();
  await everyoneToEveryone(scene.clients);
  assertEquals(original.connections.dialledBack.get(second.port), 1);
  scene.assertClean();
});

// What originals must never be told.

Deno.test("a server whose port has five digits says hello to an original and nothing else", async () => {
  await using scene = new Scene();
  const original = await scene.original();
  const limits = { helloMs: 100, echoMs: 50 };
  const first = scene.ours([original.port]);
  const fiveDigits = scene.cluster.server({ join: [first.address], limits });
  assert(fiveDigits.port > 9999);
  await fiveDigits.logged("link-closed", "no-welcome");
  await hasBase(first, original);
  const [hello, ...rest] = original.received.filter(({ payload }) => payload !== `${first.port}`);
  assertEquals(hello?.hex, "080000000000");
  assert(rest.every(({ hex }) => hex === "080000000000"));
  assertEquals(original.known, [first.port]);
  // Nor is an original told of it: it has no words for such a port.
  const other = await scene.original([first.port]);
  await other.waitFor(({ known }) => known.length === 2);
  assertEquals(other.known.toSorted(), [first.port, original.port].toSorted());
  scene.assertClean();
});

const lan = lanAddress();

for (const hostname of ["0.0.0.0", ...lan === null ? [] : [lan]]) {
  const where = hostname === lan ? "an address of the LAN" : hostname;
  Deno.test(`a server says hello to ${where} and nothing else`, async () => {
    await using scene = new Scene();
    using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    const { port } = listener.addr;
    const join = [`${hostname}:${port}`];
    onFourDigitPort((port) =>
      scene.cluster.server({ port, join, limits: { helloMs: 100, echoMs: 50 } })
    );
    using conn = await listener.accept();
    const bytes: number[] = [];
    const buffer = new Uint8Array(64);
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      bytes.push(...buffer.subarray(0, count));
    }
    assertEquals(new Uint8Array(bytes).toHex(), "080000000000");
  });
}

Deno.test({
  name: "an announcement from another machine's address is refused",
  ignore: lan === null,
  async fn(): Promise<void> {
    await using scene = new Scene();
    const host = lan ?? "";
    const server = scene.ours([], { host: "0.0.0.0" });
    for (const announcement of ["0000", "0200", "2100"]) {
      await using peer = await RawPeer.dial(server.port, { hostname: host });
      await peer.write(`${announcement} 0000 0000 34303130`);
      await peer.end();
    }
    // Likewise a forward as the first frame.
    await using peer = await RawPeer.dial(server.port, { hostname: host });
    await peer.write("0400 0009 0005 610062 20 6869", "000000");
    await peer.end();
    assertEquals(server.log.filter(({ event }) => event === "base-server-linked"), []);
  },
});

import { assert, assertEquals } from "@std/assert";
import type { ClientEvent } from "../../lib/core/events.ts";
import { BaseServer, type BaseServerOptions } from "../testing/base_server.ts";
import { welcome } from "../../lib/codec/handshake.ts";
import { Session } from "../../lib/core/session.ts";
import { type Machine, type SimClient, type SimServer, World } from "../testing/world.ts";

const SECOND = 1_000;

type Client = { readonly machine: Machine<Session>; readonly client: SimClient };

/** A clique of servers, 10.0.0.1:4000 and so on; the first is the farthest away. */
function clique(count: number): { world: World; servers: SimServer[] } {
  const world = new World(1);
  world.jitterMs = 0;
  world.delayMs = (from, to) => {
    const host = Number((to.startsWith("10.0.0.") ? to : from).split(".")[3]);
    return 20 / host;
  };
  const servers = Array.from({ length: count }, (_, index) =>
    world.server({
      host: `10.0.0.${index + 1}`,
      port: 4000,
      join: index === 0 ? [] : ["10.0.0.1:4000"],
    }));
  assert(
    world.runUntil(
      () => servers.every(({ node }) => node.peerIds.length === count - 1),
      10 * SECOND,
    ),
    "the clique forms",
  );
  return { world, servers };
}

/** An original server at 127.0.0.1:4000, and a client beside it. */
function originals(options: BaseServerOptions): { world: World; server: BaseServer } {
  const world = new World(1);
  const server = new BaseServer(options);
  world.listen(server, "127.0.0.1:4000");
  return { world, server };
}

function kinds(client: SimClient, ...wanted: ClientEvent["kind"][]): ClientEvent[] {
  return client.events.filter(({ kind }) => wanted.includes(kind));
}

function errors(client: SimClient): string[] {
  return client.events.flatMap((event) => event.kind === "error" ? [event.code] : []);
}

function attachedIn(world: World, ms: number, ...clients: Client[]): void {
  const attached = world.runUntil(() => clients.every(({ client }) => client.attached), ms);
  assert(attached, `attached within ${ms} ms`);
}

function say({ machine }: Client, to: string, text: string): void {
  machine.act((session, now) => session.send(to, text, now));
}

function texts({ client }: Client): string[] {
  return client.shown.map(({ text }) => text);
}

function receipts({ client }: Client): string[] {
  return client.receipts.map(({ seq, status, reason }) => `${seq} ${reason ?? status}`);
}

Deno.test("a client that knows one server learns of all, and attaches to the nearest", () => {
  const { world } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(ada.client.session.home?.address, "10.0.0.3:4000");
  world.run(2 * SECOND);
  assertEquals(ada.machine.ends.size, 1, "the other links are closed");
});

Deno.test("a pinned client stays with the server it was given, however near another is", () => {
  const { world } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada", pin: true });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(ada.client.session.home?.address, "10.0.0.1:4000");
  assertEquals(ada.client.session.servers().length, 1);
});

Deno.test("one server at two addresses is surveyed once", () => {
  const { world, servers } = clique(2);
  world.alias(servers[1] as SimServer, "10.0.0.7:4000");
  const given = ["10.0.0.1:4000", "10.0.0.7:4000", "10.0.0.2:4000"];
  const ada = world.client({ servers: given, name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(ada.client.session.servers().length, 2);
  world.run(2 * SECOND);
  assertEquals(ada.machine.ends.size, 1);
});

Deno.test("a taken name: the user is told, and takes another on the same connection", () => {
  const { world } = clique(1);
  const first = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, first);
  const second = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  world.runUntil(() => errors(second.client).length > 0, 5 * SECOND);
  const [link] = second.machine.ends.keys();
  attachedIn(world, 5 * SECOND, second);
  assertEquals(errors(second.client), ["name-taken"]);
  assertEquals([...second.machine.ends.keys()], [link as number]);
  assertEquals(kinds(second.client, "attached", "moved").length, 1);
});

Deno.test("with no server to reach the user is told, and it goes on trying", () => {
  const world = new World(1);
  const ada = world.client({ servers: ["10.0.0.1:4000", "10.0.0.2:4000"], name: "ada" });
  world.run(SECOND);
  const [error] = kinds(ada.client, "error");
  assert(error?.kind === "error" && error.code === "unreachable");
  assert(error.message.includes("10.0.0.1:4000: connection refused"), error.message);
  world.server({ host: "10.0.0.2", port: 4000 });
  attachedIn(world, 30 * SECOND, ada);
});

Deno.test("a server that says nothing at all is given up, and others are used meanwhile", () => {
  const world = new World(1);
  world.listen(new BaseServer({ kind: "frozen" }), "10.0.0.9:4000");
  const alone = world.client({ servers: ["10.0.0.9:4000"], name: "ada" });
  world.run(20 * SECOND);
  assert(errors(alone.client).includes("unreachable"));
  // One that asks what it is, and one that asks for a name.
  assert(alone.machine.ends.size <= 2, `${alone.machine.ends.size} links are open`);
  world.server({ host: "10.0.0.1", port: 4000 });
  const bob = world.client({ servers: ["10.0.0.9:4000", "10.0.0.1:4000"], name: "bob" });
  attachedIn(world, 5 * SECOND, bob);
  assertEquals(bob.client.session.home?.address, "10.0.0.1:4000");
});

Deno.test("at an original server it registers on a connection of its own, as originals do", () => {
  for (const kind of ["whole", "mute"] as const) {
    const { world, server } = originals({ kind });
    const ada = world.client({ host: "127.0.0.1", servers: ["127.0.0.1:4000"], name: "ada" });
    attachedIn(world, 5 * SECOND, ada);
    assertEquals([...server.names.values()], ["ada"]);
    server.deliver("orig", "ada", "hello");
    say(ada, "orig", "to you");
    world.run(60 * SECOND);
    // The first message woke the server's core, which delivered then.
    assertEquals([texts(ada), server.messages], [["hello"], ["orig to you"]]);
    assertEquals(receipts(ada), ["1 unconfirmed"]);
    assertEquals([ada.machine.ends.size, ada.client.attached], [1, true]);
    assertEquals(kinds(ada.client, "moved"), [], "it rests there");
  }
});

Deno.test("an original server's list leads to the others on its machine", () => {
  const { world } = originals({ ports: [4010] });
  world.listen(new BaseServer(), "127.0.0.1:4010");
  const ada = world.client({ host: "127.0.0.1", servers: ["127.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(ada.client.session.servers().length, 2);
});

Deno.test("a name that an original refuses: the user is told, and takes another", () => {
  const { world, server } = originals({ taken: ["ada"] });
  const ada = world.client({ host: "127.0.0.1", servers: ["127.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(errors(ada.client), ["name-taken"]);
  assertEquals([...server.names.values()], [ada.client.name]);
});

Deno.test("messages wait for their receipts, and each is shown once and in order", () => {
  const { world } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada", pin: true });
  const bob = world.client({ servers: ["10.0.0.2:4000"], name: "bob", pin: true });
  attachedIn(world, 5 * SECOND, ada, bob);
  const said = Array.from({ length: 200 }, (_, at) => `${at} ${"x".repeat(5_000)}`);
  for (const text of said) say(ada, "bob", text);
  assertEquals(ada.client.session.openCount, 200);
  world.run(10 * SECOND);
  assertEquals(texts(bob), said);
  assertEquals(receipts(ada), said.map((_, at) => `${at + 1} delivered`));
  assertEquals([ada.client.session.openCount, ada.client.session.queuedBytes], [0, 0]);
});

Deno.test("what is said before it is attached is sent as soon as it is", () => {
  const { world } = clique(1);
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob" });
  attachedIn(world, 5 * SECOND, bob);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  say(ada, "bob", "early");
  world.run(3 * SECOND);
  assertEquals([texts(bob), receipts(ada)], [["early"], ["1 delivered"]]);
});

Deno.test("a text that is too long fails at once, and the rest flows on", () => {
  const { world } = clique(1);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  for (const to of ["ada", "*"]) say(ada, to, "x".repeat(40_000));
  say(ada, "ada", "short");
  world.run(SECOND);
  assertEquals(receipts(ada), ["0 too-long", "0 too-long", "1 delivered"]);
});

Deno.test("a home that dies: it surveys again, moves, and resends what has no receipt", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob", pin: true });
  attachedIn(world, 5 * SECOND, ada, bob);
  assertEquals(ada.client.session.home?.address, "10.0.0.2:4000");
  for (let at = 1; at <= 20; at++) say(ada, "bob", `${at}`);
  world.run(1);
  world.kill((servers[1] as SimServer).machine);
  for (let at = 21; at <= 40; at++) say(ada, "bob", `${at}`);
  assertEquals(ada.client.session.home !== null, true, "it has not heard of it yet");
  world.run(20 * SECOND);
  assertEquals(ada.client.session.home?.address, "10.0.0.1:4000");
  assertEquals(texts(bob), Array.from({ length: 40 }, (_, at) => `${at + 1}`));
  assertEquals(receipts(ada), Array.from({ length: 40 }, (_, at) => `${at + 1} delivered`));
  const [moved] = kinds(ada.client, "moved");
  assert(moved?.kind === "moved");
  assertEquals([moved.from, moved.server, moved.reason], [
    "10.0.0.2:4000",
    "10.0.0.1:4000",
    "home-lost",
  ]);
});

Deno.test("a receiver that moves misses nothing and sees nothing twice", () => {
  const { world, servers } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada", pin: true });
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob" });
  attachedIn(world, 5 * SECOND, ada, bob);
  for (let at = 0; at < 100; at++) world.after(at * 10, () => say(ada, "bob", `${at}`));
  world.after(500, () => world.kill((servers[2] as SimServer).machine));
  world.run(30 * SECOND);
  assertEquals(bob.client.session.home?.address, "10.0.0.2:4000");
  assertEquals(texts(bob), Array.from({ length: 100 }, (_, at) => `${at}`));
  assertEquals(ada.client.receipts.every(({ status }) => status === "delivered"), true);
});

Deno.test("a home that falls silent is left after 15 s", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  // Its connections stay, but it does nothing any more.
  (servers[1] as SimServer).machine.alive = false;
  world.run(14 * SECOND);
  assertEquals(ada.client.session.home?.address, "10.0.0.2:4000");
  world.run(12 * SECOND);
  assertEquals(ada.client.session.home?.address, "10.0.0.1:4000");
});

Deno.test("quitting says goodbye, frees the name, and leaves nothing open", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  ada.machine.act((session, now) => {
    session.send("nobody-yet", "x", now);
    session.quit(now);
    session.attach("eve", now);
  });
  world.run(SECOND);
  assertEquals([ada.client.ended, ada.machine.ends.size], [true, 0]);
  assertEquals(servers.map(({ node }) => node.names), [[], []]);
  assertEquals(receipts(ada).length, 1, "every message ends in a receipt");
  assertEquals(ada.client.session.openCount, 0);
});

Deno.test("what nobody answered before it quit has its receipt too", () => {
  const { world, servers } = clique(1);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  (servers[0] as SimServer).machine.alive = false;
  for (const to of ["bob", "*"]) say(ada, to, "x");
  ada.machine.act((session, now) => session.quit(now));
  world.run(2 * SECOND);
  assertEquals([ada.client.ended, receipts(ada)], [true, ["1 timed-out", "1 timed-out"]]);
});

Deno.test("quitting in any moment ends once, and nothing happens afterwards", () => {
  for (let at = 0; at < 400; at += 5) {
    const { world, servers: nodes } = clique(2);
    attachedIn(world, 5 * SECOND, world.client({ servers: ["10.0.0.1:4000"], name: "bob" }));
    const name = at % 10 === 0 ? "ada" : "bob";
    const servers = ["10.0.0.1:4000", "10.0.0.9:4000"];
    const ada = world.client({ servers, name, probes: 1 });
    world.after(at, () => ada.machine.act((session, now) => session.quit(now)));
    world.run(at);
    assert(world.runUntil(() => ada.client.ended, 3 * SECOND), `ended, having quit at ${at} ms`);
    ada.client.ended = false;
    ada.machine.act((session, now) => {
      session.attach("eve", now);
      session.quit(now);
    });
    world.run(10 * SECOND);
    assertEquals([ada.client.ended, ada.machine.ends.size], [false, 0], `having quit at ${at} ms`);
    assertEquals(nodes.map(({ node }) => node.names.length), [1, 1]);
  }
});

Deno.test("a goodbye that a frozen server does not answer closes the link all the same", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  world.runUntil(() => ada.machine.ends.size === 2, SECOND);
  world.run(150);
  (servers[0] as SimServer).machine.alive = false;
  attachedIn(world, 5 * SECOND, ada);
  world.run(2 * SECOND);
  assertEquals(ada.machine.ends.size, 1);
});

Deno.test("who is there is answered, and who comes and goes is told, also at the next home", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  ada.machine.act((session) => assert(session.who(true)));
  world.run(SECOND);
  assertEquals(kinds(ada.client, "client"), [
    { kind: "client", name: "ada", server: "10.0.0.2:4000" },
  ]);
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob", pin: true });
  attachedIn(world, 5 * SECOND, bob);
  world.run(SECOND);
  assertEquals(kinds(ada.client, "joined"), [{ kind: "joined", name: "bob" }]);
  world.kill((servers[1] as SimServer).machine);
  world.run(20 * SECOND);
  bob.machine.act((session, now) => session.quit(now));
  world.run(SECOND);
  assertEquals(kinds(ada.client, "left"), [{ kind: "left", name: "bob" }]);
});

Deno.test("a session that loses its name in a race is told, and goes on under another", () => {
  const world = new World(3);
  world.delayMs = () => 40;
  const servers = ["10.0.0.1:4000", "10.0.0.2:4000"];
  for (const [at, host] of ["10.0.0.1", "10.0.0.2"].entries()) {
    world.server({ host, port: 4000, join: at === 0 ? [] : [servers[0] as string] });
  }
  world.run(2 * SECOND);
  const racers = servers.map((server) =>
    world.client({ servers: [server], name: "prize", pin: true })
  );
  world.run(10 * SECOND);
  const names = racers.map(({ client }) => client.name).sort();
  assertEquals(names[0], "prize");
  assert(names[1]?.startsWith("prize") && names[1] !== "prize");
  assertEquals(racers.flatMap(({ client }) => errors(client)), ["name-taken"]);
});

Deno.test("thousands of names that it once wrote to cost nothing later", () => {
  const { world } = clique(1);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  say(ada, "ada", "first");
  world.run(SECOND);
  for (let n = 0; n < 3_000; n++) say(ada, `nobody-${n}`, "x");
  world.run(10 * SECOND);
  say(ada, "ada", "second");
  say(ada, "ada", "third");
  world.run(SECOND);
  assertEquals(texts(ada), ["first", "second", "third"]);
  assertEquals(ada.client.session.openCount, 0);
});

Deno.test("when its home dies it goes to the next best by its last samples, at once", () => {
  const { world, servers } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  assertEquals(ada.client.session.home?.address, "10.0.0.3:4000");
  world.kill((servers[2] as SimServer).machine);
  world.runUntil(() => !ada.client.attached, SECOND);
  attachedIn(world, 200, ada);
  assertEquals(ada.client.session.home?.address, "10.0.0.2:4000");
  const [moved] = kinds(ada.client, "moved");
  assert(moved?.kind === "moved" && moved.reason === "home-lost");
  world.run(10 * SECOND);
  assertEquals([ada.machine.ends.size, kinds(ada.client, "moved").length], [1, 1]);
});

Deno.test("a next best that does not answer is passed over", () => {
  const { world, servers } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  servers[1]?.machine.freeze();
  world.kill((servers[2] as SimServer).machine);
  world.runUntil(() => !ada.client.attached, SECOND);
  attachedIn(world, 2 * SECOND, ada);
  assertEquals(ada.client.session.home?.address, "10.0.0.1:4000");
});

Deno.test("a home that leaves: the client moves first, nothing is lost, and the server goes", () => {
  const { world, servers } = clique(3);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob", pin: true });
  attachedIn(world, 5 * SECOND, ada, bob);
  const home = servers[2] as SimServer;
  for (let n = 1; n <= 50; n++) {
    world.after(n, () => {
      say(ada, "bob", `a${n}`);
      say(bob, "ada", `b${n}`);
    });
  }
  world.run(20);
  home.machine.act((node, now) => node.leave(now));
  assert(world.runUntil(() => home.left, 2 * SECOND), "it goes when its clients have gone");
  world.run(2 * SECOND);
  assertEquals(ada.client.session.home?.address, "10.0.0.2:4000");
  const numbers = Array.from({ length: 50 }, (_, at) => at + 1);
  assertEquals([texts(ada), texts(bob)], [
    numbers.map((n) => `b${n}`),
    numbers.map((n) => `a${n}`),
  ]);
  for (const client of [ada, bob]) {
    assertEquals(receipts(client), numbers.map((n) => `${n} delivered`));
    const slowest = Math.max(...client.client.receipts.map(({ latencyMs }) => latencyMs ?? 0));
    assert(slowest < SECOND, `none is late by more than the move: ${slowest} ms`);
  }
  const [moved] = kinds(ada.client, "moved");
  assert(moved?.kind === "moved" && moved.reason === "leaving");
});

Deno.test("a home that leaves while it takes the client in: the client moves as soon as it is in", () => {
  // Registration waits for the other server's answer, so the word that it leaves comes first.
  const { world, servers } = clique(2);
  const home = servers[1] as SimServer;
  const nearHost = home.machine.host;
  world.delayMs = (from, to) => from === "10.9.9.9" && to === nearHost ? 5 : 40;
  const ada = world.client({ servers: [home.address], name: "ada", probes: 1 });
  const isAsked = (): boolean => home.node.holds("ada");
  assert(world.runUntil(isAsked, 10 * SECOND));
  assertEquals(ada.client.attached, false);
  home.machine.act((node, now) => node.leave(now));
  assert(world.runUntil(() => home.left, 2 * SECOND), "it goes when its client has gone");
  world.run(SECOND);
  assertEquals(ada.client.session.home?.address, servers[0]?.address);
});

Deno.test("a server that was extended before and says nothing is not taken for an original", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  servers[0]?.machine.freeze();
  world.kill((servers[1] as SimServer).machine);
  world.run(20 * SECOND);
  assertEquals(ada.client.attached, false);
  servers[0]?.machine.thaw();
  attachedIn(world, 40 * SECOND, ada);
  say(ada, "ada", "extended");
  world.run(SECOND);
  assertEquals(receipts(ada), ["1 delivered"]);
});

Deno.test("three hundred clients of a server that dies are all at another one soon, and again at none", () => {
  const { world, servers } = clique(2);
  const crowd = Array.from(
    { length: 300 },
    (_, at) => world.client({ servers: ["10.0.0.1:4000"], name: `n${at}`, probes: 1 }),
  );
  attachedIn(world, 20 * SECOND, ...crowd);
  const [stays, dies] = servers as [SimServer, SimServer];
  world.kill(dies.machine);
  world.run(50);
  attachedIn(world, 2 * SECOND, ...crowd);
  assertEquals(stays.node.names.length, 300);
  world.run(10 * SECOND);
  assertEquals(crowd.filter(({ machine }) => machine.ends.size !== 1).length, 0);
});

Deno.test("a receipt tells how long each leg took", () => {
  const { world } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  const bob = world.client({ servers: ["10.0.0.1:4000"], name: "bob", pin: true });
  attachedIn(world, 5 * SECOND, ada, bob);
  say(ada, "bob", "hello");
  world.run(SECOND);
  say(ada, "bob", "how far is it?");
  world.run(SECOND);
  const { legsMs, latencyMs } = ada.client.receipts[1] as SimClient["receipts"][number];
  assert(legsMs !== undefined && latencyMs !== null);
  const { homeMs, farMs, receiverMs } = legsMs;
  assert(Math.abs(homeMs + farMs + receiverMs - latencyMs) < 1e-6);
  // One way it is 10 ms to the second server, and 20 ms to the first one.
  for (const [ms, wanted] of [[homeMs, 20], [receiverMs, 40]] as const) {
    assert(ms >= wanted && ms < wanted + 10, `${ms} ms, wanted ${wanted}`);
  }
});

Deno.test("a server that is only slow to answer is no original, whenever it wakes", () => {
  for (const frozenMs of [400, 550, 700, 1_200, 3_000]) {
    const { world, servers } = clique(1);
    servers[0]?.machine.freeze();
    const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
    world.run(frozenMs);
    servers[0]?.machine.thaw();
    attachedIn(world, 10 * SECOND, ada);
    say(ada, "ada", "extended");
    world.run(SECOND);
    assertEquals(receipts(ada), ["1 delivered"], `frozen for ${frozenMs} ms`);
  }
});

Deno.test("of two names that it asks for in a row it has the second, and knows it", () => {
  const { world, servers } = clique(2);
  const ada = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  attachedIn(world, 5 * SECOND, ada);
  ada.machine.act((core, now) => core.attach("first", now));
  ada.machine.act((core, now) => core.attach("second", now));
  world.run(SECOND);
  assertEquals(ada.client.name, "second");
  assertEquals(servers[0]?.node.names.map(({ name }) => name), ["second"]);
  say(ada, "second", "to myself");
  world.run(SECOND);
  assertEquals(receipts(ada), ["1 delivered"]);
});

Deno.test("a server known by a name for this machine tells of the others on it", () => {
  const session = new Session({
    servers: ["attic:4000"],
    session: 1,
    token: "t",
    random: () => 0.5,
    probes: 0,
  });
  session.start(0);
  const dialled = (): string[] =>
    session.takeActions().flatMap((action) =>
      action.kind === "dial" ? [`${action.dial} ${action.hostname}:${action.port}`] : []
    );
  assertEquals(dialled(), ["1 attic:4000"]);
  const local = { hostname: "127.0.0.1", port: 50_000 };
  const remote = { hostname: "127.0.0.1", port: 4000 };
  session.opened(1, { dial: 1, connectMs: 1, local, remote }, 1);
  const other = { id: "00000000000b", label: "", addresses: ["127.0.0.1:4010"] };
  const card = { id: "00000000000a", label: "", addresses: [], clients: 0, base: [] };
  session.receive(1, welcome({ ...card, members: [other] }), 2);
  assertEquals(dialled(), ["2 127.0.0.1:4010"]);
});

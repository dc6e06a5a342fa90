/** Connections that misbehave, while two clients talk through all of it. */

import { assert, assertEquals } from "@std/assert";
import { baseMessage } from "../../lib/codec/base.ts";
import { Status } from "../../lib/codec/status.ts";
import {
  type StreamAddress,
  streamFrameBytes,
  writeStreamMessage,
} from "../../lib/codec/stream.ts";
import { Kind } from "../../lib/codec/wire.ts";
import { Chat } from "../testing/chat.ts";
import { Cluster, type ClusterServer, type ServerOptions } from "../testing/cluster.ts";
import { freePort } from "../testing/network.ts";
import { seededRandom } from "../testing/random.ts";
import { RawPeer } from "../testing/raw_peer.ts";

const HELLO = "0800 0000 0000";
const ECHO = "0600 0000 0000";

/** Two servers, of which the first meets the bad ones, and a client at each: they talk. */
async function talking(
  cluster: Cluster,
  options: ServerOptions = {},
): Promise<{ server: ClusterServer; other: ClusterServer; chat: Chat }> {
  // The smallest id: it decides which links it takes.
  const server = cluster.server({ id: "000000000001", ...options });
  const other = cluster.server({ join: [server.address] });
  await cluster.formed(2);
  const ada = await cluster.clientAt(server, "ada");
  const bob = await cluster.clientAt(other, "bob");
  await cluster.knows("ada");
  await cluster.knows("bob");
  return { server, other, chat: new Chat(ada, bob) };
}

/** A control frame with this JSON. */
function json(kind: number, value: unknown): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(value));
  const { length } = payload;
  const header = [kind >> 8, kind & 0xff, length >> 8, length & 0xff, 0, 0];
  return new Uint8Array([...header, ...payload]);
}

/** An 11/0 or 11/1. */
function streamMessage(
  kind: number,
  { sender, receiver, sessions = [1, 2] }: {
    readonly sender: string;
    readonly receiver: string;
    readonly sessions?: readonly [sender: number, receiver: number];
  },
): Uint8Array {
  const [senderSession, receiverSession] = sessions;
  const encoder = new TextEncoder();
  const address: StreamAddress = {
    senderSession,
    receiverSession,
    senderName: encoder.encode(sender),
    receiverName: encoder.encode(receiver),
  };
  const text = encoder.encode("not what it seems");
  const bytes = new Uint8Array(streamFrameBytes(address, text.length));
  writeStreamMessage(bytes, 0, { kind, address, number: 1, floor: 1, text });
  return bytes;
}

/** Says hello and joins as a server that has this id. */
async function joinAs(peer: RawPeer, id: string): Promise<void> {
  await peer.write(HELLO, json(Kind.Join, { id, label: "raw", addresses: [] }));
}

/** The status in the first 12/1 that came. */
async function receiptStatus(peer: RawPeer): Promise<number | undefined> {
  return (await peer.frame("12/1")).payload[18];
}

/** Bytes for which a server closes the connection, and the reason that it gives. */
const CLOSING: readonly (readonly [what: string, bytes: string, reason: string])[] = [
  ["a frame that is too long", "0300 8000 0000", "frame-too-long"],
  ["a hello, then a frame that is too long", `${HELLO} 0b00 ffff 0000`, "frame-too-long"],
  ["an addressing part longer than its payload", "0300 0001 0002 61", "malformed"],
  ["an announcement without digits", "0000 0000 0000 61626364", "malformed"],
  [
    "a registration, then a message without a text",
    "0201 0001 0000 6d 0300 0003 0003 626f62",
    "malformed",
  ],
  ["a forward without a receiver", "0400 0003 0001 612062", "malformed"],
  ["a join that is no JSON", `${HELLO} 0900 0001 0000 7b`, "malformed"],
  ["a join without an id", `${HELLO} 0900 0002 0000 7b7d`, "malformed"],
  ["a stream message cut short", `${HELLO} 0b00 0004 0004 00000000`, "malformed"],
  ["an acknowledgement cut short", `${HELLO} 0c00 0001 0000 00`, "malformed"],
  ["a join before hello", "0900 0002 0000 7b7d", "unexpected-frame"],
  ["news of names from no peer", `${HELLO} 0a00 0002 0000 7b7d`, "unexpected-frame"],
  ["a stream forward from no peer", `${HELLO} 0b01 0000 0000`, "unexpected-frame"],
  ["a receipt from no peer", `${HELLO} 0c01 0000 0000`, "unexpected-frame"],
  ["a welcome that nobody asked for", "0801 0002 0000 7b7d", "unexpected-frame"],
  ["a clique reply that nobody asked for", "0100 0000 0000", "unexpected-frame"],
  ["a base message after hello", `${HELLO} 0300 0005 0003 626f622068`, "unexpected-frame"],
  ["a base forward after hello", `${HELLO} 0400 0005 0003 6100622068`, "unexpected-frame"],
];

Deno.test("a connection that breaks the rules is closed, and the reason said", async (t) => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  for (const [what, bytes, reason] of CLOSING) {
    await t.step(what, async () => {
      await using peer = await RawPeer.dial(server.port);
      await peer.write(bytes);
      const { fields } = await server.logged("link-closed", peer.address);
      assertEquals(fields["reason"], reason);
      if (bytes.startsWith(HELLO)) assertEquals((await peer.json("8/2"))["reason"], reason);
      await peer.end();
      await chat.flows();
    });
  }
  await chat.end();
});

Deno.test("a frame of an unknown type is skipped, by its length", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  await using peer = await RawPeer.dial(server.port);
  const unknown = "7f01 0000 0000  ff00 0000 0000  4242 0006 0000 060000000000";
  await peer.write(unknown, ECHO);
  await peer.frame("6/1");
  assertEquals(server.drops("unknown-type"), 3);
  await peer.write(unknown, HELLO, unknown, ECHO);
  await peer.frame("8/1");
  await chat.end();
  assertEquals(peer.ended, false);
});

Deno.test("a frame that is begun and not finished closes its connection; silence does not", async () => {
  await using cluster = new Cluster();
  const limits = { unfinishedMs: 50, echoMs: 50 };
  const { server, chat } = await talking(cluster, { limits });
  await using silent = await RawPeer.dial(server.port);
  await using echoing = await RawPeer.dial(server.port);
  await echoing.write(ECHO);
  for (const part of ["06", "0600 0000 00", "0300 0010 0003 626f62"]) {
    await using peer = await RawPeer.dial(server.port);
    await peer.write(ECHO, part);
    await server.logged("link-closed", `${peer.address}: unfinished-frame`);
    await peer.end();
    assertEquals(peer.frames.map(({ kind }) => kind), ["6/1"]);
    await chat.flows();
  }
  assertEquals([silent.ended, echoing.ended], [false, false]);
  await silent.write(ECHO);
  await silent.frame("6/1");
  await chat.end();
});

Deno.test("a connection that ends within a frame passes nothing on", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  const cy = await cluster.clientAt(server, "cy");
  const message = Uint8Array.fromHex("030000050002" + "6379206869");
  for (let cut = 1; cut < message.length; cut++) {
    await using peer = await RawPeer.dial(server.port);
    await peer.write("0201 0003 0000 6d616c");
    await peer.frame("2/0");
    await peer.write(message.subarray(0, cut));
    await peer[Symbol.asyncDispose]();
    await cluster.wantGone("mal");
  }
  await using peer = await RawPeer.dial(server.port);
  await peer.write("0201 0003 0000 6d616c", message);
  await cy.received("mal", "hi");
  assertEquals(cy.messages.length, 1);
  await chat.end();
});

Deno.test("garbage does no harm, whatever it is", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster, { limits: { unfinishedMs: 50, echoMs: 50 } });
  const random = seededRandom(1);
  const noise = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const garbage = [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Uint8Array.fromHex("16030100c8010000c40303"),
    new Uint8Array(1_000),
    new Uint8Array(1_000).fill(0xff),
    ...Array.from({ length: 20 }, () => noise(2_000)),
  ];
  const peers = await Promise.all(garbage.map(async (bytes) => {
    const peer = await RawPeer.dial(server.port);
    await peer.write(bytes);
    return peer;
  }));
  await chat.flows();
  for (const peer of peers) await peer[Symbol.asyncDispose]();
  await server.until("nothing is left of them", ({ connections }) => connections.length === 2);
  assertEquals(server.names, ["ada", "bob"]);
  await chat.end();
});

Deno.test("a peer that sends under another's name is told, and nothing is shown", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  const cy = await cluster.clientAt(server, "cy");
  await using peer = await RawPeer.dial(server.port);
  await joinAs(peer, "ffffffffffff");
  await peer.frame("9/1");
  const { clients } = await peer.json("10/0") as { clients: { name: string; session: number }[] };
  const session = clients.find(({ name }) => name === "cy")?.session;
  assert(session !== undefined);
  for (const sender of ["ada", "bob", "cy"]) {
    peer.frames.length = 0;
    await peer.write(
      streamMessage(Kind.StreamForward, { sender, receiver: "cy", sessions: [1, session] }),
    );
    assertEquals(await receiptStatus(peer), Status.SenderTaken);
  }
  assertEquals(server.drops("sender-taken"), 3);
  assertEquals(cy.messages, []);
  await chat.end();
});

Deno.test("a base server that forwards under another's name is not heard", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  const cy = await cluster.clientAt(server, "cy");
  await using peer = await RawPeer.dial(server.port);
  const forward = (sender: string): string =>
    `0400 0009 0006 ${new TextEncoder().encode(`${sender}\0cy hi`).toHex()}`;
  await peer.write(forward("ada"), forward("bob"), forward("eve"));
  await cy.received("eve", "hi");
  assertEquals(server.drops("sender-taken"), 2);
  assertEquals(cy.messages.length, 1);
  await chat.end();
});

Deno.test("a client that sends under another's name, or none, is not heard", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  const cy = await cluster.clientAt(server, "cy");
  await using peer = await RawPeer.dial(server.port);
  await peer.write(HELLO, streamMessage(Kind.StreamMessage, { sender: "mal", receiver: "cy" }));
  assertEquals(await receiptStatus(peer), Status.NotRegistered);
  peer.frames.length = 0;
  await peer.write(json(Kind.Enrol, { name: "mal", session: 1, token: "secret", moves: 0 }));
  await peer.frame("13/1");
  await peer.write(streamMessage(Kind.StreamMessage, { sender: "ada", receiver: "cy" }));
  assertEquals(await receiptStatus(peer), Status.NotRegistered);
  await using base = await RawPeer.dial(server.port);
  await base.write("0300 0005 0002 6379206869", ECHO);
  await base.frame("6/1");
  assertEquals(server.drops("not-registered"), 3);
  assertEquals(cy.messages, []);
  await chat.end();
});

Deno.test("a peer that never answers holds up a registration no longer than a while", async () => {
  await using cluster = new Cluster();
  const limits = { registrationMs: 50 };
  const { server, chat } = await talking(cluster, { limits });
  await using peer = await RawPeer.dial(server.port);
  await joinAs(peer, "ffffffffffff");
  await peer.frame("9/1");
  const cy = await cluster.clientAt(server, "cy");
  await peer.frame("10/1");
  cy.send("ada", "hello");
  assertEquals((await cy.receipt("ada", 1)).status, "delivered");
  await chat.flows();
  await chat.end();
});

for (const silent of ["nothing at all", "its join and then nothing"]) {
  Deno.test(`a peer that says ${silent} is given up`, async () => {
    await using cluster = new Cluster();
    const limits = { echoMs: 50, peerSilenceMs: 500, clientSilenceMs: 500, helloMs: 500 };
    const server = cluster.server({ id: "000000000001", limits });
    const ada = await cluster.clientAt(server, "ada");
    const bob = await cluster.clientAt(server, "bob");
    const chat = new Chat(ada, bob);
    await using peer = await RawPeer.dial(server.port);
    if (silent === "nothing at all") await peer.write(HELLO);
    else await joinAs(peer, "ffffffffffff");
    assertEquals((await peer.json("8/2"))["reason"], "silent");
    await server.until("it has no peer", ({ peerIds }) => peerIds.length === 0);
    await chat.end();
  });
}

/** More texts than the system keeps for a connection that nobody reads. */
const FLOOD = Array.from({ length: 600 }, (_, index) => `${index}`.padEnd(30_000, "x"));

/** Sends the flood to `sloth`, as a base client that need not wait for any receipt. */
async function flood(server: ClusterServer): Promise<void> {
  await using peer = await RawPeer.dial(server.port);
  await peer.write("0201 0003 0000 6d616c");
  await peer.frame("2/0");
  const frames = FLOOD.map((text) => baseMessage("sloth", text));
  for (const frame of frames) await peer.write(frame);
  await peer.write(ECHO);
  await peer.frame("6/1");
}

Deno.test("a base client that never reads loses what is for it, and nobody else does", async () => {
  await using cluster = new Cluster();
  const limits = { clientOutboxBytes: 256 * 1024 };
  const { server, other, chat } = await talking(cluster, { limits, writeDeadlineMs: 1_000 });
  const cy = await cluster.clientAt(other, "cy");
  await using sloth = await RawPeer.dial(server.port, { reads: false });
  await sloth.write("0201 0005 0000 736c6f7468");
  await cluster.knows("sloth");
  for (const text of FLOOD) cy.send("sloth", text);
  await server.until("something is dropped", () => server.drops("slow") > 0);
  await chat.flows();
  await gaveUp(server, "client sloth");
  await cluster.wantGone("sloth");
  // Each message of the flood has ended in a receipt, too.
  await cy.until("every message has a receipt", ({ openCount }) => openCount === 0);
  const outcomes = new Set(cy.receipts.map(({ status, reason }) => `${status} ${reason}`));
  assertEquals([...outcomes].sort(), ["failed no-such-name", "unconfirmed null"]);
  assertEquals(cy.receipts.length, FLOOD.length);
  await chat.end();
});

Deno.test("a client that never reads loses what is for it, and nobody else does", async () => {
  await using cluster = new Cluster();
  const limits = { clientOutboxBytes: 256 * 1024 };
  const { server, chat } = await talking(cluster, { limits, writeDeadlineMs: 1_000 });
  await using sloth = await RawPeer.dial(server.port, { reads: false });
  const enrolment = { name: "sloth", session: 1, token: "secret", moves: 0 };
  await sloth.write(HELLO, json(Kind.Enrol, enrolment));
  await cluster.knows("sloth");
  await flood(server);
  assert(server.drops("slow") > 0);
  await chat.flows();
  await gaveUp(server, "client sloth");
  await cluster.wantGone("sloth");
  await chat.end();
});

Deno.test("a peer that never reads loses what is for it, and nobody else does", async () => {
  await using cluster = new Cluster();
  const limits = { peerOutboxBytes: 256 * 1024, clientOutboxBytes: 256 * 1024, registrationMs: 50 };
  const { server, chat } = await talking(cluster, { limits, writeDeadlineMs: 1_000 });
  await using sloth = await RawPeer.dial(server.port, { reads: false });
  const id = "ffffffffffff";
  await joinAs(sloth, id);
  const claim = { name: "sloth", session: 9, token: "secret", stamp: 1, moves: 0, base: false };
  await sloth.write(json(Kind.Claim, { ref: 1, server: id, ...claim }));
  await server.until("it knows the name", ({ names }) => names.includes("sloth"));
  await flood(server);
  assert(server.drops("slow") > 0);
  await chat.flows();
  await gaveUp(server, `server ${id}`);
  await cluster.wantGone("sloth");
  await chat.end();
});

/** Waits until the server has closed the link to one that does not read. */
async function gaveUp(server: ClusterServer, whom: string): Promise<void> {
  const { fields } = await server.logged("link-lost", whom);
  assertEquals(fields["why"], "slow-consumer");
}

Deno.test("at the limit of connections the one silent longest that never spoke goes first", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster, { limits: { connections: 6 } });
  await using stack = new AsyncDisposableStack();
  const dial = async (): Promise<RawPeer> => {
    const peer = stack.use(await RawPeer.dial(server.port));
    await server.until(
      "it is there",
      ({ connections }) => connections.some((ends) => ends.endsWith(` ${peer.address}`)),
    );
    return peer;
  };
  const speaking = async (): Promise<RawPeer> => {
    const peer = await dial();
    await peer.write(ECHO);
    await peer.frame("6/1");
    return peer;
  };
  const first = await speaking();
  const silent = [await dial(), await dial()];
  const second = await speaking();
  // Two of the chat and four of these: the next ones are too many.
  const third = await speaking();
  await silent[0]?.end();
  assertEquals(silent[1]?.ended, false);
  const fourth = await speaking();
  await silent[1]?.end();
  // All have spoken now but the newest, so that is the one to go.
  const tooMany = stack.use(await RawPeer.dial(server.port));
  await tooMany.end();
  await server.until("it has room for six", ({ connections }) => connections.length === 6);
  for (const peer of [first, second, third, fourth]) {
    peer.frames.length = 0;
    await peer.write(ECHO);
    await peer.frame("6/1");
  }
  first.close();
  await server.until("one has gone", ({ connections }) => connections.length === 5);
  await speaking();
  await chat.end();
});

/** An address that nobody listens on, and what dialling it leads to. */
const UNREACHABLE = [
  [`127.0.0.1:${freePort()}`, "connection refused"],
  [`${"a".repeat(64)}:4000`, "host name does not resolve"],
  ["no such host:4000", "not a valid host name"],
] as const;

Deno.test("a server that is told to join what can't be reached says so, and serves", async () => {
  await using cluster = new Cluster();
  const limits = { helloMs: 100, echoMs: 50 };
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const join = [...UNREACHABLE.map(([address]) => address), `127.0.0.1:${silent.addr.port}`];
  const { server, chat } = await talking(cluster, { join, limits });
  for (const [address, why] of UNREACHABLE) {
    const { fields } = await server.logged("dial-failed", address);
    assertEquals(fields["why"], why);
  }
  // It dials the one that accepts and stays silent again and again.
  for (const _ of [1, 2, 3]) {
    using conn = await silent.accept();
    const buffer = new Uint8Array(64);
    while (await conn.read(buffer) !== null);
    await chat.flows();
  }
  await server.logged("link-closed", "no-welcome");
  await chat.end();
});

Deno.test("a client goes to the server that it can reach", async () => {
  await using cluster = new Cluster();
  const { server, chat } = await talking(cluster);
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const servers = [
    `127.0.0.1:${silent.addr.port}`,
    ...UNREACHABLE.map(([address]) => address),
    server.address,
  ];
  const cy = cluster.client({ servers, name: "cy" });
  await cy.attached();
  assert(cy.home !== servers[0]);
  const expected = UNREACHABLE.map(([address, why]) => ({ address, why }));
  assertEquals([...cy.failures], expected);
  await chat.end();
  const lost = cluster.client({ servers: expected.map(({ address }) => address), name: "lost" });
  const { message } = await lost.failed("unreachable");
  for (const { address, why } of expected) assert(message.includes(`${address}: ${why}`), message);
});

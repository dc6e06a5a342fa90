import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import * as handshake from "../../lib/codec/handshake.ts";
import {
  type Cell,
  decodeMatrixReply,
  decodeRow,
  matrixRequest,
  type Row,
  row,
} from "../../lib/codec/matrix.ts";
import type { MemberCard } from "../../lib/codec/members.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { HEARTBEAT_MS } from "../../lib/core/lag.ts";
import { NEWS_MS, ROW_MS } from "../../lib/core/measuring.ts";
import { Rows } from "../../lib/core/rows.ts";
import { NodeInHand, type Wire } from "../testing/node_in_hand.ts";
import { type SimServer, World } from "../testing/world.ts";

const SECOND = 1_000;
const [B, C] = ["00000000000b", "00000000000c"] as const;

/** The rows that the node told on this wire since the last look. */
function rowsHeard(wire: Wire): (readonly Cell[])[] {
  return wire.heard().filter(({ kind }) => kind === Kind.Row)
    .map(({ payload }) => decodeRow(payload).row.cells);
}

function statesHeard(wire: Wire): string[][] {
  return rowsHeard(wire).map((cells) => cells.map(({ to, state }) => `${to} ${state}`).sort());
}

/** Answers echoes after so many ms, for so long; others are read and not answered. */
function answerEchoes(hand: NodeInHand, wire: Wire, { afterMs, forMs }: {
  readonly afterMs: number;
  readonly forMs: number;
}): void {
  for (const until = hand.now + forMs; hand.now < until;) {
    const isAsked = wire.heard().some(({ kind }) => kind === Kind.Echo);
    hand.pass(isAsked ? afterMs : 1);
    if (isAsked) wire.say(frame(Kind.EchoReply));
  }
}

function cellOf(rows: readonly Row[], from: string, to: string): Cell | undefined {
  return rows.find((row) => row.from === from)?.cells.find((cell) => cell.to === to);
}

/** All that the node answers to somebody who asks. */
function matrixOf(wire: Wire): { servers: MemberCard[]; rows: Row[] } {
  wire.heard();
  wire.say(matrixRequest());
  const news = wire.heard().filter(({ kind }) => kind === Kind.MatrixReply)
    .map(({ payload }) => decodeMatrixReply(payload));
  assertEquals([news.at(0)?.reset, news.at(-1)?.done], [true, true]);
  return {
    servers: news.flatMap(({ servers }) => servers),
    rows: news.flatMap(({ row }) => row ?? []),
  };
}

/** Counts the calls of a method until it is disposed of. */
function callsOf<Name extends string>(
  // deno-lint-ignore no-explicit-any
  prototype: Record<Name, (...args: any[]) => any>,
  name: Name,
): Disposable & { readonly count: number } {
  const original = prototype[name];
  const calls = { count: 0, [Symbol.dispose]: () => void (prototype[name] = original) };
  prototype[name] = function (...args): unknown {
    calls.count++;
    return original.apply(this, args);
  };
  return calls;
}

function cell(to: string, ms: number): Cell {
  const numbers = { minMs: ms, p50Ms: ms, jitterMs: 0, loss: 0, ageMs: 100, via: null };
  return { to, state: "measured", ...numbers };
}

/** A clique of so many servers, each `delayMs` one way from each other. */
function clique(count: number, delayMs: number): { world: World; servers: SimServer[] } {
  const world = new World(1);
  world.jitterMs = 0;
  world.delayMs = () => delayMs;
  const join = ["10.0.0.1:4000"];
  const servers = Array.from(
    { length: count },
    (_, at) => world.server({ host: `10.0.0.${at + 1}`, port: 4000, join }),
  );
  const formed = (): boolean => servers.every(({ node }) => node.peerIds.length === count - 1);
  assert(world.runUntil(formed, 10 * SECOND), "the clique forms");
  return { world, servers };
}

/** Whether each server knows of each way that it is measured. */
function isKnownToAll(servers: readonly SimServer[]): boolean {
  return servers.every(({ node: { matrix } }) =>
    matrix.length === servers.length &&
    matrix.every(({ cells }) =>
      cells.length === servers.length - 1 && cells.every(({ state }) => state === "measured")
    )
  );
}

// Echoes.

Deno.test("whoever dialled, both ends of a link send an echo each second", () => {
  const hand = new NodeInHand({ join: ["10.0.0.3:4000"] });
  const accepted = hand.peer(B);
  const dialled = hand.connect();
  const card = { id: C, label: "", addresses: [], members: [], base: [], clients: 0 };
  dialled.say(handshake.welcome(card));
  for (const wire of [accepted, dialled]) wire.heard();
  for (let second = 0; second < 4; second++) {
    hand.pass(SECOND);
    for (const wire of [accepted, dialled]) {
      assertEquals(wire.heardKinds().filter((kind) => kind === "6/0").length, 1);
      wire.say(frame(Kind.EchoReply));
    }
  }
});

Deno.test("the echoes of thirty links, all begun at once, lie apart", () => {
  const hand = new NodeInHand();
  const wires = Array.from({ length: 30 }, (_, at) => hand.peer(`00000000${1_000 + at}`));
  for (const wire of wires) wire.heard();
  const times: number[] = [];
  for (let ms = 0; ms < 2 * SECOND; ms++) {
    hand.pass(1);
    for (const wire of wires) {
      times.push(...wire.heard().filter(({ kind }) => kind === Kind.Echo).map(() => hand.now));
    }
  }
  assertEquals(times.length, 60);
  const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
  assert(Math.min(...gaps) >= 10, `the closest two are ${Math.min(...gaps)} ms apart`);
});

Deno.test("both ends of a link measure what its delays are", () => {
  const { world, servers: [a, b] } = clique(2, 7);
  world.run(20 * SECOND);
  for (const [from, to] of [[a, b], [b, a]] as const) {
    const way = cellOf(from?.node.matrix ?? [], from?.node.id ?? "", to?.node.id ?? "");
    assertAlmostEquals(way?.minMs ?? 0, 14, 1e-6);
    assertEquals([way?.state, way?.loss], ["measured", 0]);
  }
});

Deno.test("a way that is slow in one direction is slow for both ends, and only for them", () => {
  const { world, servers } = clique(3, 7);
  const [slow] = world.wires.between("10.0.0.2", "10.0.0.3");
  Object.assign(slow as object, { delayMs: 57 });
  world.run(70 * SECOND);
  const [a, b, c] = servers.map(({ node }) => node.id) as [string, string, string];
  const rows = servers[0]?.node.matrix ?? [];
  for (const [from, to, ms] of [[b, c, 64], [c, b, 64], [a, c, 14], [c, a, 14]] as const) {
    assertAlmostEquals(cellOf(rows, from, to)?.minMs ?? 0, ms, 1e-3);
  }
});

Deno.test("the echo that decides between two links is a sample too, and confuses no other", () => {
  const hand = new NodeInHand();
  const older = hand.peer(B);
  older.heard();
  const newer = hand.guest("10.0.0.2");
  newer.say(handshake.join({ id: B, label: "", addresses: [] }));
  assertEquals(older.heardKinds(), ["6/0"]);
  hand.pass(30);
  older.say(frame(Kind.EchoReply));
  assert(newer.closed);
  answerEchoes(hand, older, { afterMs: 4, forMs: 3 * SECOND });
  const way = cellOf(hand.node.matrix, hand.node.id, B);
  assertEquals([way?.minMs, way?.p50Ms, way?.loss], [4, 4, 0]);
  assertAlmostEquals(way?.jitterMs ?? 0, 26 / 3, 1e-9);
});

Deno.test("a reply that was not asked for, from a peer or a client, means nothing", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  peer.say(frame(Kind.EchoReply));
  const guest = hand.guest();
  guest.say(frame(Kind.EchoReply));
  assertEquals([peer.closed, guest.closed], [false, false]);
  assertEquals(cellOf(hand.node.matrix, hand.node.id, B)?.state, "none");
});

Deno.test("what the program was late for is marked, and its lag stands in its row", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  answerEchoes(hand, peer, { afterMs: 2, forMs: 2 * SECOND });
  while (!peer.heard().some(({ kind }) => kind === Kind.Echo)) hand.pass(1);
  hand.settle();
  // The loop stands still, and then reads before it does anything else.
  hand.now += 300;
  peer.say(frame(Kind.EchoReply));
  const [own] = hand.node.matrix;
  const way = own?.cells[0];
  assertEquals([way?.minMs, way?.jitterMs, way?.loss], [2, 0, 0]);
  assertAlmostEquals(own?.lagMs ?? 0, 300 - HEARTBEAT_MS, 1);
});

Deno.test("a server that stood still is late by its own word, and its own samples are good", () => {
  const { world, servers } = clique(3, 2);
  world.run(10 * SECOND);
  const frozen = servers[0] as SimServer;
  // Whenever it has just asked, it stands still: the reply waits to be read.
  world.wires.onSent = ({ machine, host }, bytes) => {
    const isEcho = bytes.length === 6 && bytes[0] === 6 && bytes[1] === 0;
    if (!isEcho || host !== "10.0.0.1") return;
    machine.freeze();
    world.after(400, () => machine.thaw());
  };
  world.run(10 * SECOND);
  world.wires.onSent = null;
  world.run(ROW_MS);
  const rows = servers[1]?.node.matrix ?? [];
  const lags = servers.map(({ node: { id } }) => rows.find(({ from }) => from === id)?.lagMs ?? 0);
  assert((lags[0] ?? 0) > 100 && Math.max(...lags.slice(1)) < 5, `lags are ${lags}`);
  const slowest = rows.find(({ from }) => from === frozen.node.id)?.cells
    .map(({ p50Ms, jitterMs }) => (p50Ms ?? 0) + (jitterMs ?? 0));
  assert(Math.max(...slowest ?? [Infinity]) < 8, `its ways seem to take ${slowest} ms`);
});

Deno.test("while a reply is outstanding the node watches its loop, then it sleeps", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  while (!peer.heard().some(({ kind }) => kind === Kind.Echo)) hand.pass(1);
  assertEquals(hand.settle(), hand.now + HEARTBEAT_MS);
  peer.say(frame(Kind.EchoReply));
  assert(hand.settle() > hand.now + 100);
});

Deno.test("a link that takes nothing gets one echo, however long it takes nothing", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  for (let second = 0; second < 4; second++) {
    hand.pass(SECOND);
    peer.say(frame(Kind.Echo));
  }
  assertEquals(peer.heardKinds().filter((kind) => kind === "6/0").length, 1);
  assertEquals(cellOf(hand.node.matrix, hand.node.id, B)?.state, "failed");
});

Deno.test("nobody is woken for a link that is gone", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  hand.pass(2 * SECOND);
  peer.say(frame(Kind.Leaving));
  peer.hangUp();
  hand.pass(SECOND);
  let wakes = 0;
  for (const until = hand.now + 10 * SECOND; hand.now < until; wakes++) hand.now = hand.settle();
  assert(wakes <= 12, `it is woken ${wakes} times in 10 s`);
});

Deno.test("a peer that answers nothing any more has failed, a quiet moment is no failure", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  answerEchoes(hand, peer, { afterMs: 2, forMs: 2 * SECOND });
  const state = (): string | undefined => cellOf(hand.node.matrix, hand.node.id, B)?.state;
  hand.pass(1.5 * SECOND);
  peer.heard();
  assertEquals(state(), "measured");
  for (let second = 0; second < 4; second++) {
    hand.pass(SECOND);
    peer.heard();
    peer.say(frame(Kind.Echo));
  }
  assertEquals([state(), peer.closed], ["failed", false]);
});

// Rows.

Deno.test("a new peer is told the row at once, all others too, and each again after 5 s at most", () => {
  const hand = new NodeInHand();
  const first = hand.peer(B);
  first.heard();
  hand.pass(NEWS_MS);
  const second = hand.guest("10.0.0.3");
  second.say(handshake.join({ id: C, label: "c", addresses: [] }));
  assertEquals(statesHeard(second), [[`${B} none`, `${C} none`]]);
  assertEquals(statesHeard(first), [[`${B} none`, `${C} none`]]);
  for (let turn = 0; turn < 3; turn++) {
    for (let ms = 0; ms < ROW_MS; ms += SECOND) {
      hand.pass(SECOND);
      for (const wire of [first, second]) wire.say(frame(Kind.Echo));
    }
    assertEquals([first, second].map((wire) => rowsHeard(wire).length), [1, 1]);
  }
});

Deno.test("a new peer does not wait for the row until there may be news again", () => {
  const hand = new NodeInHand();
  hand.peer(B);
  hand.pass(NEWS_MS / 2);
  const wire = hand.guest("10.0.0.3");
  wire.say(handshake.join({ id: C, label: "c", addresses: [] }));
  assertEquals(statesHeard(wire), [[`${B} none`, `${C} none`]]);
});

Deno.test("the rows of a server go out to thirty peers one after the other", () => {
  const hand = new NodeInHand();
  const wires = Array.from({ length: 30 }, (_, at) => hand.peer(`00000000${1_000 + at}`));
  hand.pass(NEWS_MS);
  for (const wire of wires) wire.heard();
  let most = 0;
  let all = 0;
  for (let ms = 0; ms < ROW_MS; ms += 10) {
    hand.pass(10);
    const told = wires.reduce((sum, wire) => sum + rowsHeard(wire).length, 0);
    for (const wire of wires) wire.say(frame(Kind.Echo));
    most = Math.max(most, told);
    all += told;
  }
  assertEquals([all, most], [30, 1]);
});

Deno.test("a link that is lost is told at once", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer(B), hand.peer(C)];
  hand.pass(2 * NEWS_MS);
  b.heard();
  c.hangUp();
  assertEquals(statesHeard(b), [[`${B} none`, `${C} failed`]]);
});

Deno.test("the first sample of a link is news, the next ones are not", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer(B), hand.peer(C)];
  hand.pass(2 * NEWS_MS);
  c.heard();
  b.say(frame(Kind.EchoReply));
  assertEquals(statesHeard(c), [], "nobody had asked");
  for (const told of [[[`${B} measured`, `${C} none`]], []]) {
    while (!b.heard().some(({ kind }) => kind === Kind.Echo)) hand.pass(1);
    hand.pass(2);
    c.heard();
    b.say(frame(Kind.EchoReply));
    assertEquals(statesHeard(c), told);
  }
});

Deno.test("much news is told together, the last of it included", () => {
  const hand = new NodeInHand();
  const peer = hand.peer(B);
  hand.pass(NEWS_MS);
  peer.heard();
  const others = Array.from({ length: 20 }, (_, at) => hand.peer(`00000000${1_000 + at}`));
  hand.pass(NEWS_MS / 2);
  assertEquals(rowsHeard(peer).map((cells) => cells.length), [2]);
  for (const other of others) other.hangUp();
  assertEquals(rowsHeard(peer).length, 0);
  hand.pass(NEWS_MS / 2);
  const told = statesHeard(peer);
  assertEquals(told.map((states) => states.length), [21]);
  assertEquals(told[0]?.filter((state) => state.endsWith("failed")).length, 20);
});

Deno.test("every server knows the whole matrix 5 s after the clique has formed", () => {
  const { world, servers } = clique(5, 3);
  assert(world.runUntil(() => isKnownToAll(servers), ROW_MS + 2 * SECOND));
});

Deno.test("what a peer says of itself is its row, and only that", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer(B), hand.peer(C)];
  b.say(row({ lagMs: 3, cells: [cell(C, 5)] })[0] as Uint8Array);
  hand.pass(700);
  c.say(row({ lagMs: 0, cells: [] })[0] as Uint8Array);
  const lie = { reset: true, from: C, id: C, lag: 9, cells: [] };
  b.say(frame(Kind.Row, new TextEncoder().encode(JSON.stringify(lie))));
  const rows = hand.node.matrix;
  assertEquals(rows.map(({ from, lagMs }) => [from, lagMs]), [
    [hand.node.id, rows[0]?.lagMs],
    [B, 0.009],
    [C, 0],
  ]);
});

Deno.test("a row is taken from a peer only, and one that is too long or no row closes the link", () => {
  const hand = new NodeInHand();
  const guest = hand.guest();
  guest.say(row({ lagMs: 0, cells: [] })[0] as Uint8Array);
  const peer = hand.peer(B);
  const cells = Array.from({ length: 800 }, () => ({ to: "x", state: "none" }));
  const long = frame(Kind.Row, new TextEncoder().encode(JSON.stringify({ lag: 0, cells })));
  peer.say(row({ lagMs: 0, cells: [] })[0] as Uint8Array, long);
  assertEquals(peer.closed, false);
  peer.say(long);
  hand.peer(C).say(frame(Kind.Row, new TextEncoder().encode("{}")));
  assertEquals(hand.closeReasons, ["unexpected-frame", "malformed", "malformed"]);
});

Deno.test("the row of a server that left is gone; of one that vanished it is old news", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer(B), hand.peer(C)];
  for (const wire of [b, c]) {
    wire.say(row({ lagMs: 0, cells: [cell(hand.node.id, 5)] })[0] as Uint8Array);
  }
  b.say(frame(Kind.Leaving));
  b.hangUp();
  c.hangUp();
  assertEquals(hand.node.matrix.map(({ from }) => from), [hand.node.id, C]);
  assertEquals(hand.node.matrix[0]?.cells.map(({ to, state }) => [to, state]), [[C, "failed"]]);
  assertEquals(cellOf(hand.node.matrix, C, hand.node.id)?.state, "measured");
  hand.pass(16 * SECOND);
  assertEquals(cellOf(hand.node.matrix, C, hand.node.id)?.state, "stale");
});

Deno.test("rows go one hop: what a peer told is told to nobody who does not ask", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer(B), hand.peer(C)];
  b.say(row({ lagMs: 0, cells: [cell("far away", 5)] })[0] as Uint8Array);
  hand.pass(4 * SECOND);
  assert(rowsHeard(c).every((cells) => cells.every(({ to }) => to === B || to === C)));
});

// Who asks.

Deno.test("who asks is told all rows with their ages, and who the servers are", () => {
  const hand = new NodeInHand();
  const b = hand.peer(B);
  hand.peer(C);
  b.say(row({ lagMs: 3, cells: [cell(C, 5)] })[0] as Uint8Array);
  hand.pass(2 * SECOND);
  const { servers, rows } = matrixOf(hand.guest());
  assertEquals(servers.map(({ id, label }) => [id, label]), [
    [hand.node.id, "in hand"],
    [B, B],
    [C, C],
  ]);
  assertEquals(servers[0]?.addresses, ["10.0.0.1:4000"]);
  assertEquals(rows.map(({ from, ageMs }) => [from, ageMs]), [[hand.node.id, 0], [B, 2 * SECOND]]);
  assertEquals(cellOf(rows, B, C)?.ageMs, 2_100);
});

Deno.test("a freshly started server answers too: with itself", () => {
  const { servers, rows } = matrixOf(new NodeInHand().guest());
  assertEquals([servers.length, rows.map(({ cells }) => cells)], [1, [[]]]);
});

Deno.test("whoever asks on the LAN is told no loopback address", () => {
  const hand = new NodeInHand();
  const local = hand.guest("127.0.0.1");
  local.say(handshake.join({ id: B, label: "b", addresses: ["127.0.0.1:4010"] }));
  assertEquals(matrixOf(hand.guest("10.0.0.3")).servers[1]?.addresses, []);
});

Deno.test("who asks many times at once is told as often, and costs the work of once", () => {
  const hand = new NodeInHand();
  hand.peer(B);
  const wire = hand.guest();
  using looks = callsOf(Rows.prototype, "all");
  wire.say(concat(Array.from({ length: 100 }, matrixRequest)));
  const answers = wire.heard().filter(({ payload }) => decodeMatrixReply(payload).done);
  assertEquals([answers.length, looks.count], [100, 1]);
  // A moment later it may be told something else.
  hand.pass(1);
  wire.say(matrixRequest());
  assertEquals(looks.count, 2);
});

Deno.test("who asks before hello is no client of this kind", () => {
  const hand = new NodeInHand();
  hand.accept().say(matrixRequest());
  assertEquals(hand.closeReasons, ["unexpected-frame"]);
});

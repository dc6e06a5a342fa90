import { assert, assertEquals } from "@std/assert";
import { bye as byeFrame } from "../../lib/codec/bye.ts";
import * as handshake from "../../lib/codec/handshake.ts";
import { decodeNoWay, decodeVia, noWay, via } from "../../lib/codec/via.ts";
import { frame, Kind, kindText } from "../../lib/codec/wire.ts";
import type { Session } from "../../lib/core/session.ts";
import { message, NodeInHand, type Wire } from "../testing/node_in_hand.ts";
import { type Machine, type SimClient, type SimServer, World } from "../testing/world.ts";

const SECOND = 1_000;
const SELF = "00000000000a";
const CARRIER = "00000000000b";
const FAR = "00000000000c";
const ALSO = "00000000000d";

/** What a peer on `wire` gets carried from the node, without the signs of life. */
function carriedOn(wire: Wire): { to: string; from: string; kind: string }[] {
  return wire.heard().filter(({ kind }) => kind === Kind.Via).map(({ payload, sublength }) => {
    const { inner, ...ends } = decodeVia(payload, sublength);
    return { ...ends, kind: kindText((inner[0] as number) << 8 | (inner[1] as number)) };
  });
}

Deno.test("a carried frame is passed on as it is, to the server that it is for", () => {
  const hand = new NodeInHand();
  const [one, other] = [hand.peer(CARRIER), hand.peer(FAR)];
  other.heard();
  const whole = via({ to: FAR, from: CARRIER, inner: frame(Kind.Hello) });
  one.say(whole);
  const { payload, sublength } = other.heardOne(Kind.Via);
  assertEquals(decodeVia(payload, sublength), {
    to: FAR,
    from: CARRIER,
    inner: frame(Kind.Hello),
  });
  assertEquals(carriedOn(one), []);
});

Deno.test("where there is no way, the sender is told", () => {
  const hand = new NodeInHand();
  const one = hand.peer(CARRIER);
  one.say(via({ to: FAR, from: CARRIER, inner: frame(Kind.Hello) }));
  assertEquals(decodeNoWay(one.heardOne(Kind.NoWay).payload), FAR);
});

Deno.test("a carried frame is passed on once only, and from peers only", () => {
  const inner = frame(Kind.Hello);
  const hand = new NodeInHand();
  const [one, other] = [hand.peer(CARRIER), hand.peer(FAR)];
  other.heard();
  one.say(via({ to: FAR, from: ALSO, inner }));
  assertEquals(other.heard(), []);
  const guest = hand.guest();
  guest.say(via({ to: FAR, from: ALSO, inner }));
  assertEquals(hand.closeReasons, ["unexpected-frame", "unexpected-frame"]);
});

Deno.test("messages that the next server has no room for are dropped, what keeps the clique is not", () => {
  const hand = new NodeInHand({ limits: { peerOutboxBytes: 600, clientOutboxBytes: 600 } });
  const [one, other] = [hand.peer(CARRIER), hand.peer(FAR)];
  other.heard();
  const inner = message({
    kind: Kind.StreamForward,
    from: 7,
    sender: "ada",
    to: "bob",
    session: 8,
    text: "x".repeat(150),
  });
  for (let n = 0; n < 4; n++) one.say(via({ to: FAR, from: CARRIER, inner }));
  one.say(via({ to: FAR, from: CARRIER, inner: frame(Kind.Accept) }));
  assertEquals(hand.node.drops.get("slow"), 2);
  assertEquals(carriedOn(other).map(({ kind }) => kind), ["9/1", "11/1", "11/1"]);
});

Deno.test("who is hailed by way of a third server answers, and becomes a peer by the same way", () => {
  // The other one has the smaller id, so it begins, and it decides.
  const hand = new NodeInHand({ id: FAR });
  const carrier = hand.accept("10.0.0.2");
  carrier.say(
    frame(Kind.Hello),
    handshake.join({ id: CARRIER, label: "b", addresses: [] }),
    frame(Kind.Accept),
  );
  carrier.heard();
  const say = (inner: Uint8Array): void => carrier.say(via({ to: FAR, from: SELF, inner }));
  say(frame(Kind.Hello));
  assertEquals(carriedOn(carrier), [{ to: SELF, from: FAR, kind: "8/1" }]);
  say(handshake.join({ id: SELF, label: "a", addresses: ["10.0.0.1:4000"] }));
  say(frame(Kind.Accept));
  assertEquals(hand.node.peerIds, [SELF, CARRIER]);
  assertEquals(carriedOn(carrier).map(({ kind }) => kind), ["9/2", "10/0", "17/0"]);
  const ways = hand.node.matrix[0]?.cells.map(({ to, via }) => [to, via]).sort();
  assertEquals(ways, [[SELF, CARRIER], [CARRIER, null]], "the matrix shows who carries");
  // What is carried is a link like any other: an echo is answered on it.
  say(frame(Kind.Echo));
  assertEquals(carriedOn(carrier), [{ to: SELF, from: FAR, kind: "6/1" }]);
  // The other end begins anew: the old link is gone.
  say(frame(Kind.Hello));
  assertEquals(hand.node.peerIds, [CARRIER]);
  assertEquals(carriedOn(carrier).at(-1)?.kind, "8/1");
});

Deno.test("a carried link ends with its carrier, and when there is no way any more", () => {
  for (const ends of ["carrier", "no way"]) {
    const hand = new NodeInHand({ id: FAR });
    const carrier = hand.accept("10.0.0.2");
    const join = (id: string): Uint8Array => handshake.join({ id, label: id, addresses: [] });
    carrier.say(frame(Kind.Hello), join(CARRIER), frame(Kind.Accept));
    for (const inner of [frame(Kind.Hello), join(SELF), frame(Kind.Accept)]) {
      carrier.say(via({ to: FAR, from: SELF, inner }));
    }
    assertEquals(hand.node.peerIds, [SELF, CARRIER]);
    if (ends === "carrier") carrier.hangUp();
    else carrier.say(noWay(SELF));
    assertEquals(hand.node.peerIds, ends === "carrier" ? [] : [CARRIER]);
  }
});

Deno.test("who writes on a carried link that is not known any more is told so", () => {
  const hand = new NodeInHand();
  const carrier = hand.peer(CARRIER);
  carrier.heard();
  carrier.say(via({ to: SELF, from: FAR, inner: frame(Kind.Echo) }));
  assertEquals(carriedOn(carrier), [{ to: FAR, from: SELF, kind: "8/2" }]);
  // Two that forgot a link do not tell each other so for ever.
  const bye = byeFrame("carrier-lost", "this link is not carried any more");
  carrier.say(via({ to: SELF, from: FAR, inner: bye }));
  assertEquals(carrier.heard(), []);
});

/** Servers at 10.0.0.1 and so on, all linked, each of which knows the address of every other. */
function clique(count: number): { world: World; servers: SimServer[] } {
  const world = new World(7);
  const addresses = Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:4000`);
  const servers = addresses.map((_, index) =>
    world.server({ host: `10.0.0.${index + 1}`, port: 4000, join: addresses.slice(0, index) })
  );
  const isFull = (): boolean => servers.every(({ node }) => node.peerIds.length === count - 1);
  assert(world.runUntil(isFull, 10 * SECOND), "the clique is formed");
  // Every row has been told by then.
  world.run(10 * SECOND);
  return { world, servers };
}

type Client = { readonly machine: Machine<Session>; readonly client: SimClient };

function clientAt(world: World, server: SimServer, name: string): Client {
  const it = world.client({ servers: [server.address], name, pin: true });
  assert(world.runUntil(() => it.client.attached, 5 * SECOND));
  return it;
}

/** Nothing gets from one to the other any more, or again. */
function separate(world: World, a: SimServer, b: SimServer, how: "cut" | "heal"): void {
  const [one, other] = [a.machine.host, b.machine.host];
  world.wires[how](one, other);
  world.wires[how](other, one);
}

function areLinked(a: SimServer, b: SimServer): boolean {
  return a.node.peerIds.includes(b.node.id) && b.node.peerIds.includes(a.node.id);
}

/** Whether there is a connection from one to the other. */
function isDirect(a: SimServer, b: SimServer): boolean {
  return [...a.machine.ends.values()].some(({ peer, open }) =>
    open && peer?.machine === b.machine as unknown
  );
}

/** Runs until the link of the two is lost, and then until there is one again. */
function goesAround(world: World, a: SimServer, b: SimServer): void {
  assert(world.runUntil(() => !areLinked(a, b), 20 * SECOND), "the broken link is noticed");
  assert(world.runUntil(() => areLinked(a, b), 10 * SECOND), "there is a way around");
}

Deno.test("around a broken link and back: each message once, in order, and none is lost", () => {
  const { world, servers: [a, b, c] } = clique(3);
  assert(a !== undefined && b !== undefined && c !== undefined);
  const [ada, bob] = [clientAt(world, a, "ada"), clientAt(world, b, "bob")];
  const carol = clientAt(world, c, "carol");
  let sent = 0;
  const talk = (): void => {
    sent++;
    ada.machine.act((core, now) => core.send("bob", `${sent}`, now));
    bob.machine.act((core, now) => core.send("ada", `${sent}`, now));
    if (sent < 600) world.after(100, talk);
  };
  talk();
  world.run(2 * SECOND);
  separate(world, a, b, "cut");
  goesAround(world, a, b);
  world.run(5 * SECOND);
  assertEquals(isDirect(a, b), false);
  assertEquals([a.node.names, b.node.names], [c.node.names, c.node.names]);
  // A name that is new, to both sides, and everybody.
  const dan = clientAt(world, b, "dan");
  const [home] = dan.client.session.servers();
  assert(home?.kind === "server");
  assertEquals(home.carried, [{ to: a.address, via: c.address }]);
  carol.machine.act((core, now) => core.send("*", "all", now));
  ada.machine.act((core, now) => core.send("*", "all of you", now));
  world.run(SECOND);
  assertEquals(dan.client.shown.map(({ text }) => text), ["all", "all of you"]);
  assertEquals(ada.client.receipts.find(({ to }) => to === "*")?.counts, {
    delivered: 3,
    failed: 0,
  });
  separate(world, a, b, "heal");
  assert(world.runUntil(() => isDirect(a, b), 31 * SECOND), "the direct way is back");
  assert(world.runUntil(() => sent === 600, 60 * SECOND));
  world.run(5 * SECOND);
  assert(areLinked(a, b) && isDirect(a, b));
  const numbers = Array.from({ length: 600 }, (_, at) => `${at + 1}`);
  for (const { client } of [ada, bob]) {
    const texts = client.shown.filter(({ to }) => to !== "*").map(({ text }) => text);
    assertEquals(texts, numbers);
    const receipts = client.receipts.filter(({ to }) => to !== "*");
    assertEquals(receipts.map(({ status }) => status), numbers.map(() => "delivered"));
  }
});

Deno.test("when the carrier dies another one carries, and when none is left names are gone", () => {
  const { world, servers } = clique(4);
  const [a, b, c, d] = servers;
  assert(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  const [ada, bob] = [clientAt(world, a, "ada"), clientAt(world, b, "bob")];
  separate(world, a, b, "cut");
  goesAround(world, a, b);
  world.kill(c.machine);
  world.run(12 * SECOND);
  assert(areLinked(a, b));
  ada.machine.act((core, now) => core.send("bob", "by the other one", now));
  world.run(3 * SECOND);
  assertEquals(bob.client.shown.map(({ text }) => text), ["by the other one"]);
  world.kill(d.machine);
  assert(world.runUntil(() => !areLinked(a, b), 10 * SECOND));
  world.run(6 * SECOND);
  assertEquals(a.node.names.map(({ name }) => name), ["ada"]);
});

Deno.test("a member that is dead is no reason to look for ways around", () => {
  const { world, servers } = clique(4);
  const [a, , , dead] = servers;
  assert(a !== undefined && dead !== undefined);
  world.kill(dead.machine);
  world.run(10 * SECOND);
  let carried = 0;
  world.wires.onSent = (_end, bytes) => void (carried += bytes[0] === Kind.Via >> 8 ? 1 : 0);
  world.run(60 * SECOND);
  assertEquals(carried, 0);
});

/** A node with the largest id, and a carrier that is its peer. */
function withCarrier(): { readonly hand: NodeInHand; readonly carrier: Wire } {
  const hand = new NodeInHand({ id: "ffffffffffff" });
  const carrier = hand.accept("10.0.0.2");
  const join = handshake.join({ id: CARRIER, label: "b", addresses: [] });
  carrier.say(frame(Kind.Hello), join, frame(Kind.Accept));
  carrier.heard();
  return { hand, carrier };
}

Deno.test("at the far end of a carried link is the server that it is carried to, and no other", () => {
  const { hand, carrier } = withCarrier();
  const say = (inner: Uint8Array): void =>
    carrier.say(via({ to: hand.node.id, from: SELF, inner }));
  say(frame(Kind.Hello));
  say(handshake.join({ id: ALSO, label: "d", addresses: [] }));
  assertEquals(hand.closeReasons, ["unexpected-frame"]);
  assertEquals(carriedOn(carrier).map(({ to, kind }) => [to, kind]), [[SELF, "8/1"], [
    SELF,
    "8/2",
  ]]);
});

Deno.test("a peer that opens carried links without end is refused", () => {
  const { hand, carrier } = withCarrier();
  const idOf = (at: number): string => at.toString(16).padStart(12, "0");
  const hails = Array.from(
    { length: 1_100 },
    (_, at) => via({ to: hand.node.id, from: idOf(0x1000 + at), inner: frame(Kind.Hello) }),
  );
  carrier.say(...hails);
  const kinds = carriedOn(carrier).map(({ kind }) => kind);
  assertEquals(kinds.filter((kind) => kind === "8/1").length, 1_024);
  assertEquals(kinds.filter((kind) => kind === "8/2").length, 1_100 - 1_024);
});

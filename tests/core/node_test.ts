import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  baseForward,
  baseJoin,
  baseMessage,
  cliqueReply,
  cliqueRequest,
  decodeDelivery,
  register,
} from "../../lib/codec/base.ts";
import { decodeBye } from "../../lib/codec/bye.ts";
import {
  type Claim,
  claim as claimFrame,
  claimed,
  decodeClaim,
  decodeGone,
  decodePresence,
  gone,
  presence as presenceFrames,
} from "../../lib/codec/claims.ts";
import * as enrolment from "../../lib/codec/enrolment.ts";
import * as handshake from "../../lib/codec/handshake.ts";
import {
  decodeMembers,
  type MemberCard,
  members as memberFrames,
} from "../../lib/codec/members.ts";
import { ackFrame, decodeAck } from "../../lib/codec/receipt.ts";
import { decodeResolved, resolve } from "../../lib/codec/resolve.ts";
import { DROP_REASONS, Status } from "../../lib/codec/status.ts";
import { decodeStreamMessage } from "../../lib/codec/stream.ts";
import { decodeTally } from "../../lib/codec/tally.ts";
import { decodeNames, who } from "../../lib/codec/who.ts";
import { frame, HEADER_BYTES, Kind } from "../../lib/codec/wire.ts";
import { message, NodeInHand, type Wire } from "../testing/node_in_hand.ts";
import { pick, seededRandom } from "../testing/random.ts";

const ADA = 101;
const BOB = 102;
const FAR = 201;

const SECOND = 1_000;
const HOUR = 3_600_000;

const encoder = new TextEncoder();

/** Why the node says that it closes the link. */
function byeReason(wire: Wire): string {
  assert(wire.closed, "the link is closed");
  return decodeBye(wire.heardOne(Kind.Bye).payload).reason;
}

/** What the node says became of the one message that was just sent. */
function receiptReason(wire: Wire): string | undefined {
  const { status } = decodeAck(wire.heardOne(Kind.Receipt).payload);
  return status === Status.Unconfirmed ? "unconfirmed" : DROP_REASONS[status];
}

/** The texts of the messages heard since the last time. */
function texts(wire: Wire): string[] {
  return wire.heard().flatMap(({ kind, payload, sublength }) => {
    switch (kind) {
      case Kind.StreamMessage:
      case Kind.StreamForward:
        return [decodeStreamMessage(payload, sublength).text];
      case Kind.Message:
      case Kind.Forward:
        return [decodeDelivery(payload, sublength).text];
      default:
        return [];
    }
  });
}

function presence(...names: [name: string, session: number][]): Uint8Array {
  const server = "00000000000b";
  const claims = names.map(([name, session]) => ({
    name,
    session,
    token: `token of ${session}`,
    stamp: 1,
    server,
    moves: 0,
    base: false,
  }));
  return presenceFrames(claims)[0] as Uint8Array;
}

/** A frame of which the header declares these lengths. */
function declared(length: number, sublength: number, payload = 0): Uint8Array {
  const bytes = new Uint8Array(6 + payload);
  bytes.set([0x0b, 0, length >> 8, length & 0xff, sublength >> 8, sublength & 0xff]);
  return bytes;
}

// Frames that break the rules.

Deno.test("a frame longer than the cap closes the link at its header, and says why", () => {
  const hand = new NodeInHand();
  const wire = hand.guest();
  wire.say(declared(32_768, 0));
  assertEquals(byeReason(wire), "frame-too-long");
  assertEquals(hand.closeReasons, ["frame-too-long"]);
});

Deno.test("an original is not told why: it could not read it", () => {
  const hand = new NodeInHand();
  const wire = hand.accept();
  wire.say(declared(65_535, 0));
  assertEquals([wire.closed, wire.heard()], [true, []]);
  assertEquals(hand.closeReasons, ["frame-too-long"]);
});

Deno.test("an addressing part longer than the payload closes the link as malformed", () => {
  const wire = new NodeInHand().guest();
  wire.say(declared(4, 5, 4));
  assertEquals(byeReason(wire), "malformed");
});

Deno.test("a frame of unknown type is skipped by its length, and counted", () => {
  const hand = new NodeInHand();
  const wire = hand.guest();
  wire.say(frame(0x5a5a, new Uint8Array(1_000)), frame(Kind.Echo));
  assertEquals(wire.heardKinds(), ["6/1"]);
  assertEquals(hand.node.drops.get("unknown-type"), 1);
});

Deno.test("control frames that are no JSON, or lack a key, are malformed", () => {
  for (const payload of ["{", "[]", "{}", '{"name":7}']) {
    const wire = new NodeInHand().guest();
    wire.say(frame(Kind.Enrol, encoder.encode(payload)));
    assertEquals(byeReason(wire), "malformed");
  }
});

Deno.test("an addressing part that does not add up is malformed", () => {
  const wire = new NodeInHand().client("ada", ADA);
  const bytes = message({ from: ADA, sender: "ada", to: "bob", session: BOB });
  bytes[6 + 32] = 9;
  wire.heard();
  wire.say(bytes);
  assertEquals(byeReason(wire), "malformed");
});

Deno.test("what only a peer may say closes the link of a client that says it", () => {
  for (
    const bytes of [
      message({ kind: Kind.StreamForward, from: ADA, sender: "ada", to: "bob", session: BOB }),
      presence(["eve", 9]),
      gone(ADA, true),
      frame(Kind.Leaving),
      memberFrames({ members: [], base: [], left: ["00000000000c"] })[0] as Uint8Array,
      frame(Kind.Accept),
      ackFrame(Kind.Receipt, {
        to: BOB,
        from: ADA,
        number: 1,
        status: Status.Delivered,
        everybody: false,
        homeStamp: 0,
        farStamp: 0,
      }),
    ]
  ) {
    const wire = new NodeInHand().client("ada", ADA);
    wire.heard();
    wire.say(bytes);
    assertEquals(byeReason(wire), "unexpected-frame");
  }
});

Deno.test("extended frames before hello close the link", () => {
  const enrol = enrolment.enrol({ name: "ada", session: ADA, token: "t", moves: 0 });
  for (const bytes of [enrol, message({ from: ADA, sender: "ada", to: "bob", session: BOB })]) {
    const hand = new NodeInHand();
    hand.accept().say(bytes);
    assertEquals(hand.closeReasons, ["unexpected-frame"]);
  }
});

// Silence.

Deno.test("half a header and then nothing: closed after 5 s", () => {
  const hand = new NodeInHand();
  const wire = hand.accept();
  hand.pass(10 * SECOND);
  wire.say(new Uint8Array(3));
  hand.pass(5 * SECOND - 1);
  assertEquals(wire.closed, false);
  hand.pass(SECOND + 1);
  assertEquals(hand.closeReasons, ["unfinished-frame"]);
});

Deno.test("a frame that is finished in time, byte by byte, closes nothing", () => {
  const hand = new NodeInHand();
  const wire = hand.accept();
  for (const byte of register("ada")) {
    wire.say(Uint8Array.of(byte));
    hand.pass(500);
  }
  hand.pass(HOUR);
  assertEquals([wire.closed, wire.heardKinds()], [false, ["2/0"]]);
});

Deno.test("a base connection may be silent for hours", () => {
  const hand = new NodeInHand();
  const thinking = hand.accept();
  const registered = hand.baseClient("ada");
  hand.pass(12 * HOUR);
  assertEquals([thinking.closed, registered.closed], [false, false]);
  thinking.say(register("bob"));
  assertEquals(hand.node.names.map(({ name }) => name), ["ada", "bob"]);
});

Deno.test("an extended client that is silent for 15 s is closed, an echo keeps it", () => {
  const hand = new NodeInHand();
  const wire = hand.client("ada", ADA);
  hand.pass(14 * SECOND);
  wire.say(frame(Kind.Echo));
  hand.pass(14 * SECOND);
  assertEquals(wire.closed, false);
  hand.pass(2 * SECOND);
  assertEquals(byeReason(wire), "silent");
});

Deno.test("a new peer is told of names that are moving, wherever they were, and for how long", () => {
  const hand = new NodeInHand();
  const dying = hand.peer();
  dying.say(presence(["ada", ADA]));
  hand.pass(SECOND);
  dying.hangUp();
  hand.pass(2 * SECOND);
  const fresh = hand.guest("10.0.0.3");
  fresh.say(handshake.join({ id: "00000000000c", label: "c", addresses: [] }));
  const { payload } = fresh.heardOne(Kind.Presence);
  const { claims, moving } = decodePresence(payload);
  assertEquals(claims, []);
  assertEquals(moving.map(({ claim, movingMs }) => [claim.name, movingMs]), [["ada", 3 * SECOND]]);
});

Deno.test("a name that a peer says is moving is nobody's after the rest of its time", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const claimOf = (name: string, session: number): Claim => {
    const [claim] = decodePresence(presence([name, session]).subarray(6)).claims;
    assert(claim !== undefined);
    return claim;
  };
  peer.say(...presenceFrames([claimOf("ada", ADA)], [
    { claim: claimOf("bob", BOB), movingMs: 4 * SECOND },
    { claim: claimOf("eve", FAR), movingMs: SECOND },
    // It is not taken for one that is moving: who holds it is known.
    { claim: claimOf("ada", ADA), movingMs: 4 * SECOND },
  ]));
  const reason = (name: string): unknown => {
    const client = hand.guest();
    client.say(resolve(name));
    const { session, reason } = decodeResolved(client.heardOne(Kind.Resolved).payload);
    return session ?? reason;
  };
  assertEquals(["ada", "bob", "eve"].map(reason), [ADA, "moving", "moving"]);
  // Nobody else gets it meanwhile.
  const thief = hand.client("bob", 999);
  assertEquals(enrolment.decodeRefused(thief.heardOne(Kind.Refused).payload).reason, "name-taken");
  hand.pass(2 * SECOND);
  assertEquals(["ada", "bob", "eve"].map(reason), [ADA, "moving", "no-such-name"]);
});

Deno.test("a peer that is silent for 5 s is closed, and its names are moving", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  peer.say(presence(["far", FAR]));
  hand.pass(6 * SECOND);
  assertEquals(byeReason(peer), "silent");
  const wire = hand.guest();
  wire.say(resolve("far"));
  assertEquals(decodeResolved(wire.heardOne(Kind.Resolved).payload).reason, "moving");
});

Deno.test("a server that was dialled and says nothing is closed with no-welcome after 5 s", () => {
  const hand = new NodeInHand({ join: ["10.0.0.7:4000"] });
  const wire = hand.connect();
  assertEquals(wire.heardKinds(), ["8/0"]);
  hand.pass(6 * SECOND);
  assertEquals(hand.closeReasons[0], "no-welcome");
  hand.pass(SECOND);
  assertEquals(hand.dials.length, 1, "it is dialled again");
  // It is said once; a program of another kind would fill the log for ever.
  hand.connect();
  hand.pass(6 * SECOND);
  const closings = hand.logs.filter(({ event }) => event === "link-closed");
  assertEquals(closings.map(({ level }) => level), ["warn", "debug"]);
});

Deno.test("at the limit the connection that never said anything goes, the oldest first", () => {
  const hand = new NodeInHand({ limits: { connections: 3 } });
  const talking = hand.guest();
  const [older, newer] = [hand.accept(), hand.accept()];
  const newest = hand.accept();
  assertEquals([talking, older, newer, newest].map(({ closed }) => closed), [
    false,
    true,
    false,
    false,
  ]);
  newer.say(frame(Kind.Echo));
  newest.say(frame(Kind.Echo));
  assert(hand.accept().closed, "all others have spoken, so the newest goes");
  assertEquals(hand.closeReasons, ["full", "full"]);
});

// Joining.

Deno.test("told to join itself, it notices and does not dial itself again", () => {
  const hand = new NodeInHand({ join: ["10.0.0.1:4000"] });
  const wire = hand.connect();
  const { id } = hand.node;
  const card = { id, label: "", addresses: [], members: [], base: [], clients: 0 };
  wire.say(handshake.welcome(card));
  assertEquals(hand.closeReasons, ["self"]);
  hand.pass(HOUR);
  assertEquals(hand.dials, []);
});

Deno.test("towards the LAN only hello is said; on loopback also the port, for originals", () => {
  const listen = { hostname: "127.0.0.1", port: 4010 };
  const local = new NodeInHand({ listen, join: ["127.0.0.1:4000"] });
  assertEquals(local.connect().heardKinds(), ["8/0", "0/0"]);
  const far = new NodeInHand({ join: ["10.0.0.2:4000"] });
  assertEquals(far.connect().heardKinds(), ["8/0"]);
  const fiveDigits = { hostname: "127.0.0.1", port: 40_100 };
  const odd = new NodeInHand({ listen: fiveDigits, join: ["127.0.0.1:4000"] });
  assertEquals(odd.connect().heardKinds(), ["8/0"]);
});

Deno.test("crossed dials end with one link, and the names come with it", () => {
  const hand = new NodeInHand({ join: ["10.0.0.2:4000"] });
  const accepted = hand.peer();
  assertEquals(hand.node.peerIds, ["00000000000b"]);
  const dialled = hand.connect();
  const card = { id: "00000000000b", label: "b", addresses: ["10.0.0.2:4000"] };
  dialled.say(handshake.welcome({ ...card, members: [], base: [], clients: 0 }));
  assertEquals(accepted.heardKinds(), ["6/0"], "the older link is probed");
  accepted.say(frame(Kind.EchoReply), presence(["far", FAR]));
  assertEquals(byeReason(dialled), "duplicate");
  assertEquals(hand.node.peerIds, ["00000000000b"]);
  assertEquals(hand.node.names, [{ name: "far", server: "00000000000b" }]);
});

Deno.test("a server that answers at a seed is not dialled a second time", () => {
  const hand = new NodeInHand({ join: ["attic.example:4000"] });
  const dialled = hand.connect();
  const card = { id: "00000000000b", label: "b", addresses: ["10.0.0.2:4000", "10.0.0.3:4000"] };
  dialled.say(handshake.welcome({ ...card, members: [], base: [], clients: 0 }));
  assertEquals(hand.node.peerIds, ["00000000000b"]);
  hand.pass(SECOND);
  assertEquals(hand.dials, []);
});

Deno.test("what is news at the same time is told to each peer in one frame", () => {
  const hand = new NodeInHand();
  const [b, c] = [hand.peer("00000000000b"), hand.peer("00000000000c")];
  for (const peer of [b, c]) peer.heard();
  const cardOf = (id: string): MemberCard => ({
    id,
    label: "",
    addresses: [`10.0.0.${parseInt(id, 16)}:4000`],
  });
  const news = (...members: MemberCard[]): Uint8Array[] =>
    memberFrames({ members, base: [], left: [] });
  const [d, e, f] = ["d", "e", "f"].map((digit) => cardOf(digit.padStart(12, "0")));
  assert(d !== undefined && e !== undefined && f !== undefined);
  b.say(...news(d), ...news(e), ...news({ ...e, addresses: ["10.1.0.1:4000"] }), ...news(d, f));
  const told = decodeMembers(c.heardOne(Kind.Members).payload);
  assertEquals(told.members.map(({ id }) => id), [d.id, e.id, f.id]);
  assertEquals(told.members[1]?.addresses, ["10.0.0.14:4000", "10.1.0.1:4000"]);
  assertEquals(b.heardKinds(), [], "who told it knows it");
});

Deno.test("what is news when a server goes is told first", () => {
  const hand = new NodeInHand();
  const [, c] = [hand.peer("00000000000b"), hand.peer("00000000000c")];
  c.heard();
  const d = { id: "00000000000d", label: "d", addresses: ["10.0.0.4:4000"] };
  // Both in one round: the first link is that of b.
  for (const news of memberFrames({ members: [d], base: [], left: [] })) {
    hand.node.receive(1, news, hand.now);
  }
  hand.node.leave(hand.now);
  hand.settle();
  assertEquals(c.heardKinds(), ["9/3", "9/2", "8/2"]);
});

Deno.test("others are told that a member has left once that is believed", () => {
  const hand = new NodeInHand();
  const [gone, b, c] = ["d", "b", "c"].map((digit) => hand.peer(digit.padStart(12, "0")));
  assert(gone !== undefined && b !== undefined && c !== undefined);
  b.say(...memberFrames({ members: [], base: [], left: ["00000000000d"] }));
  for (const peer of [b, c]) peer.heard();
  gone.hangUp();
  hand.pass(SECOND);
  const { left } = decodeMembers(c.heardOne(Kind.Members).payload);
  assertEquals(left, ["00000000000d"]);
});

Deno.test("who is said to have left while it comes anew is not taken for gone", () => {
  const left = memberFrames({ members: [], base: [], left: ["00000000000b"] });
  for (const saidFirst of [true, false]) {
    const hand = new NodeInHand();
    const [old, c] = [hand.peer("00000000000b"), hand.peer("00000000000c")];
    if (saidFirst) c.say(...left);
    // It does not wait for the old link, which has died at the other end.
    const fresh = hand.guest("10.0.0.2");
    fresh.say(handshake.join({ id: "00000000000b", label: "b", addresses: ["10.0.0.2:4000"] }));
    if (!saidFirst) c.say(...left);
    c.heard();
    old.hangUp();
    assertEquals(fresh.heardKinds()[0], "9/1");
    assertEquals(hand.node.memberIds, ["00000000000b", "00000000000c"]);
    assertEquals(c.heardKinds().includes("9/2"), false);
  }
});

Deno.test("who is said to have left before its first link is accepted is not taken for gone", () => {
  const hand = new NodeInHand({ id: "00000000000f" });
  const [c, b] = ["00000000000c", "00000000000b"].map((id) => {
    const wire = hand.guest("10.0.0.2");
    wire.say(handshake.join({ id, label: id, addresses: ["10.0.0.2:4000"] }));
    return wire;
  });
  assert(b !== undefined && c !== undefined);
  c.say(frame(Kind.Accept));
  c.say(...memberFrames({ members: [], base: [], left: ["00000000000b"] }));
  b.say(frame(Kind.Accept));
  assertEquals(hand.node.peerIds, ["00000000000b", "00000000000c"]);
  assertEquals(hand.node.memberIds, ["00000000000b", "00000000000c"]);
});

Deno.test("who is at an address that is being dialled is not known yet, whoever says it is his", () => {
  const hand = new NodeInHand({ join: ["10.0.0.2:4000"] });
  hand.peer("00000000000b").say(presence());
  const ada = hand.client("ada", ADA);
  const reason = (): string | null => {
    ada.say(resolve("bob"));
    return decodeResolved(ada.heardOne(Kind.Resolved).payload).reason;
  };
  assertEquals(reason(), "moving");
  hand.refuseDial();
  assertEquals(reason(), "no-such-name");
});

Deno.test("a link that died at the other end alone gives way to the new one", () => {
  const hand = new NodeInHand();
  const dead = hand.peer();
  dead.say(presence(["old", FAR]));
  const fresh = hand.guest("10.0.0.2");
  fresh.say(handshake.join({ id: "00000000000b", label: "b", addresses: [] }));
  assertEquals(fresh.heard(), []);
  hand.pass(SECOND);
  assertEquals(byeReason(dead), "replaced");
  assertEquals(fresh.heardKinds().slice(0, 1), ["9/1"]);
  fresh.say(presence(["new", FAR + 1]));
  assertEquals(hand.node.names.map(({ name }) => name), ["new"]);
});

Deno.test("who is accepted is told of everyone: members, and all clients here", () => {
  const hand = new NodeInHand();
  hand.client("ada", ADA);
  hand.peer("00000000000b");
  const wire = hand.guest("10.0.0.3");
  wire.say(handshake.join({ id: "00000000000c", label: "c", addresses: [] }));
  const heard = wire.heard();
  const news = heard.find(({ kind }) => kind === Kind.Members)?.payload as Uint8Array;
  assertEquals(decodeMembers(news).members.map(({ id }) => id), ["00000000000b"]);
  const clients = heard.find(({ kind }) => kind === Kind.Presence)?.payload as Uint8Array;
  assertEquals(decodePresence(clients).claims.map(({ name }) => name), ["ada"]);
});

Deno.test("a loopback address is not told over the LAN", () => {
  const hand = new NodeInHand();
  const local = hand.guest("127.0.0.1");
  local.say(handshake.join({ id: "00000000000b", label: "b", addresses: ["127.0.0.1:4010"] }));
  const far = hand.guest("10.0.0.3");
  far.say(handshake.join({ id: "00000000000c", label: "c", addresses: [] }));
  const news = far.heardOne(Kind.Members).payload;
  assertEquals(decodeMembers(news).members[0]?.addresses, []);
});

Deno.test("a server that leaves is not dialled again, and others are told", () => {
  const hand = new NodeInHand();
  const leaving = hand.peer("00000000000b");
  const staying = hand.peer("00000000000c");
  staying.heard();
  leaving.say(frame(Kind.Leaving));
  const news = staying.heardOne(Kind.Members).payload;
  assertEquals(decodeMembers(news).left, ["00000000000b"]);
  leaving.hangUp();
  hand.pass(4 * SECOND);
  assertEquals(hand.dials, []);
  assertEquals(hand.node.peerIds, ["00000000000c"]);
});

Deno.test("when another server answers at a member's address, the others are told that the member is gone", () => {
  const hand = new NodeInHand();
  const old = hand.peer("00000000000b");
  const other = hand.peer("00000000000c");
  hand.pass(SECOND);
  other.say(frame(Kind.Echo));
  old.hangUp();
  hand.pass(SECOND);
  other.heard();
  const anew = hand.connect();
  const card = { id: "00000000000d", label: "d", addresses: ["10.0.0.2:4000"] };
  anew.say(handshake.welcome({ ...card, members: [], base: [], clients: 0 }));
  const told = other.heard().filter(({ kind }) => kind === Kind.Members)
    .flatMap(({ payload }) => decodeMembers(payload).left);
  assertEquals(told, ["00000000000b"]);
});

Deno.test("leaving says so to peers and clients, and takes no one new", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const client = hand.client("ada", ADA);
  const guest = hand.guest();
  const base = hand.baseClient("orig");
  for (const wire of [peer, client, guest]) wire.heard();
  hand.node.leave(hand.now);
  hand.settle();
  for (const wire of [peer, client, guest]) assertEquals(wire.heardKinds()[0], "9/3");
  assertEquals([base.closed, client.closed, hand.hasLeft], [true, false, false]);
  assertEquals(hand.accept().closed, true);
  guest.say(enrolment.enrol({ name: "bob", session: BOB, token: "t", moves: 0 }));
  const { reason } = enrolment.decodeRefused(guest.heardOne(Kind.Refused).payload);
  assertEquals(reason, "leaving");
});

Deno.test("a server that leaves goes when its clients have gone", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const client = hand.client("ada", ADA);
  hand.node.leave(hand.now);
  hand.pass(SECOND);
  assertEquals(peer.closed, false);
  client.say(frame(Kind.Close));
  client.hangUp();
  hand.settle();
  assertEquals(byeReason(peer), "leaving");
  peer.hangUp();
  hand.settle();
  assert(hand.hasLeft);
});

Deno.test("a server that leaves goes after 10 s whoever stays, at once if there is no other server", () => {
  for (const [peers, waits] of [[1, 10 * SECOND], [0, 0]] as const) {
    const hand = new NodeInHand();
    const peer = peers > 0 ? hand.peer() : null;
    const client = hand.client("ada", ADA);
    client.heard();
    hand.node.leave(hand.now);
    for (let left = waits; left > 0; left -= SECOND) {
      assertEquals(client.closed, false);
      peer?.say(frame(Kind.Echo));
      client.say(frame(Kind.Echo));
      client.heard();
      hand.pass(SECOND);
    }
    hand.settle();
    assertEquals(client.closed, true);
  }
});

Deno.test("a server that leaves, and is alone before its clients have gone, waits no longer", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const client = hand.client("ada", ADA);
  hand.node.leave(hand.now);
  hand.pass(SECOND);
  assertEquals(client.closed, false);
  peer.hangUp();
  hand.settle();
  assertEquals(client.closed, true);
});

Deno.test("a thousand clients that register at once are all taken in, a few at a time", () => {
  const hand = new NodeInHand();
  const clients = Array.from({ length: 1_000 }, (_, at) => {
    const wire = hand.guest();
    wire.heard();
    return { wire, name: `n${at}`, session: 1_000 + at };
  });
  for (const { wire, name, session } of clients) {
    wire.say(enrolment.enrol({ name, session, token: `t${session}`, moves: 0 }));
  }
  assert(hand.node.names.length < 100);
  hand.pass(SECOND);
  assertEquals(hand.node.names.length, 1_000);
  for (const { wire } of clients) assertEquals(wire.heardKinds().includes("13/1"), true);
});

Deno.test("who asks again for the name that it has keeps it meanwhile", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const client = hand.client("ada", ADA);
  peer.heard();
  client.say(enrolment.enrol({ name: "ada", session: ADA, token: `token of ${ADA}`, moves: 5 }));
  assertEquals(peer.heardKinds(), ["10/1"]);
});

// Names.

Deno.test("bad names are refused, to extended clients with the reason, to originals with 30/0", () => {
  const bad = ["", "x".repeat(65), "a b", "a\0b", "a\u0007", "a\u200d", "*", "/x", "a\u2028"];
  for (const name of bad) {
    const hand = new NodeInHand();
    const wire = hand.client(name, ADA);
    const refusal = enrolment.decodeRefused(wire.heardOne(Kind.Refused).payload);
    assertEquals([refusal.reason, wire.closed], ["bad-name", false], JSON.stringify(name));
    assertEquals(hand.baseClient(name).heardKinds(), ["30/0"]);
    assertEquals(hand.node.names, []);
  }
});

Deno.test("a name that is not UTF-8 is refused", () => {
  const hand = new NodeInHand();
  const wire = hand.accept();
  wire.say(frame(Kind.Register, Uint8Array.of(0xc3, 0x28)));
  assertEquals(wire.heardKinds(), ["30/0"]);
});

Deno.test("64 bytes are a name, also in letters of several bytes", () => {
  const hand = new NodeInHand();
  assertEquals(hand.baseClient("é".repeat(32)).heardKinds(), ["2/0"]);
});

Deno.test("a taken name is refused, and another one is taken on the same connection", () => {
  const hand = new NodeInHand();
  hand.client("ada", ADA);
  const wire = hand.client("ada", BOB);
  assertEquals(enrolment.decodeRefused(wire.heardOne(Kind.Refused).payload).reason, "name-taken");
  wire.say(enrolment.enrol({ name: "bob", session: BOB, token: "t", moves: 1 }));
  assertEquals(enrolment.decodeEnrolled(wire.heardOne(Kind.Enrolled).payload), "bob");
  const original = hand.baseClient("ada");
  original.say(register("eve"));
  assertEquals(original.heardKinds(), ["30/0", "2/0"]);
});

Deno.test("a client that takes another name on its connection gives up the first", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const wire = hand.client("ada", ADA);
  peer.heard();
  wire.say(enrolment.enrol({ name: "eve", session: ADA, token: `token of ${ADA}`, moves: 1 }));
  assertEquals(hand.node.names.map(({ name }) => name), ["eve"]);
  assertEquals(peer.heardKinds(), ["10/3", "10/1"]);
});

Deno.test("whoever watches who comes and goes still does after he took another name", () => {
  const hand = new NodeInHand();
  const wire = hand.client("ada", ADA);
  wire.say(who(true));
  wire.say(enrolment.enrol({ name: "eve", session: ADA, token: `token of ${ADA}`, moves: 1 }));
  wire.heard();
  hand.client("bob", BOB);
  const news = decodeNames(wire.heardOne(Kind.Names).payload);
  assertEquals(news.joined.map(({ name }) => name), ["bob"]);
});

Deno.test("a session that registers again here replaces its older link, under any name", () => {
  for (const name of ["ada", "eve"]) {
    const hand = new NodeInHand();
    const older = hand.client("ada", ADA);
    const newer = hand.client(name, ADA, { moves: 1 });
    assertEquals(byeReason(older), "moved");
    assertEquals(newer.heardKinds(), ["13/1"]);
    assertEquals(hand.node.names.map((it) => it.name), [name]);
    newer.hangUp();
    hand.pass(6 * SECOND);
    assertEquals(hand.node.names, []);
  }
});

Deno.test("a session number that is somebody else's is no enrolment", () => {
  const hand = new NodeInHand();
  hand.client("ada", ADA);
  const thief = hand.guest();
  thief.say(enrolment.enrol({ name: "eve", session: ADA, token: "guessed", moves: 9 }));
  assertEquals(byeReason(thief), "malformed");
});

Deno.test("registration is answered when every peer has acknowledged the claim", () => {
  const hand = new NodeInHand();
  const peers = [hand.peer("00000000000b"), hand.peer("00000000000c")];
  for (const peer of peers) peer.heard();
  const wire = hand.client("ada", ADA);
  for (const peer of peers) {
    assertEquals(wire.heard(), []);
    const { ref, claim } = decodeClaim(peer.heardOne(Kind.Claim).payload);
    assertEquals(claim.name, "ada");
    peer.say(claimed(ref));
  }
  assertEquals(wire.heardKinds(), ["13/1"]);
});

Deno.test("registration waits 500 ms for a peer, and not at all for one that is lost", () => {
  const slow = new NodeInHand();
  slow.peer();
  const patient = slow.client("ada", ADA);
  slow.pass(499);
  assertEquals(patient.heard(), []);
  slow.pass(1);
  assertEquals(patient.heardKinds(), ["13/1"]);
  const lost = new NodeInHand();
  const peer = lost.peer();
  const wire = lost.client("ada", ADA);
  peer.hangUp();
  assertEquals(wire.heardKinds(), ["13/1"]);
});

Deno.test("of two that claim a name at once the older claim holds it, the other may choose again", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const wire = hand.client("ada", ADA);
  const older = { stamp: 0, server: "00000000000b", moves: 0, base: false };
  peer.heard();
  peer.say(claimFrame(7, { name: "ada", session: FAR, token: "far", ...older }));
  assertEquals(peer.heardKinds(), ["10/3", "10/2"], "the loser is withdrawn before the answer");
  assertEquals(enrolment.decodeRefused(wire.heardOne(Kind.Refused).payload).reason, "name-taken");
  assertEquals(hand.node.names, [{ name: "ada", server: "00000000000b" }]);
  hand.pass(SECOND);
  assertEquals([wire.closed, wire.heardKinds().includes("13/1")], [false, false]);
});

Deno.test("an original that loses the race before it is answered is told 30/0, later it is closed", () => {
  for (const answered of [false, true]) {
    const hand = new NodeInHand();
    const peer = hand.peer();
    const wire = hand.baseClient("ada");
    if (answered) hand.pass(500);
    assertEquals(wire.heardKinds(), answered ? ["2/0"] : []);
    const older = { stamp: 0, server: "00000000000b", moves: 0, base: false };
    peer.say(claimFrame(7, { name: "ada", session: FAR, token: "far", ...older }));
    assertEquals([wire.heardKinds(), wire.closed], [answered ? [] : ["30/0"], answered]);
  }
});

Deno.test("who holds the token takes the name here at once, a stranger is refused", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  peer.say(presence(["ada", ADA]));
  const stranger = hand.client("ada", BOB);
  assertEquals(
    enrolment.decodeRefused(stranger.heardOne(Kind.Refused).payload).reason,
    "name-taken",
  );
  hand.client("ada", ADA, { moves: 1 });
  assertEquals(hand.node.names, [{ name: "ada", server: hand.node.id }]);
  const { claim } = decodeClaim(peer.heardOne(Kind.Claim).payload);
  assertEquals([claim.stamp, claim.server, claim.moves], [1, "00000000000b", 1]);
});

Deno.test("the name of a client that vanished is refused to strangers for 5 s, not to its session", () => {
  const hand = new NodeInHand();
  hand.client("ada", ADA).hangUp();
  const stranger = hand.client("ada", BOB);
  assertEquals(stranger.heardKinds(), ["13/2"]);
  assertEquals(hand.client("ada", ADA, { moves: 1 }).heardKinds(), ["13/1"]);
  const other = new NodeInHand();
  other.client("ada", ADA).hangUp();
  other.pass(6 * SECOND);
  assertEquals(other.client("ada", BOB).heardKinds(), ["13/1"]);
});

Deno.test("a registration from before the last move is stale", () => {
  const hand = new NodeInHand();
  hand.peer().say(presence(["ada", ADA]));
  const wire = hand.client("ada", ADA);
  assertEquals(enrolment.decodeRefused(wire.heardOne(Kind.Refused).payload).reason, "stale-move");
});

Deno.test("a client that moved away is neither refused nor closed, and its name never leaves", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const wire = hand.client("ada", ADA);
  hand.pass(500);
  wire.heard();
  const { claim } = decodeClaim(peer.heardOne(Kind.Claim).payload);
  peer.say(claimFrame(1, { ...claim, moves: 1 }));
  assertEquals([wire.heard(), wire.closed], [[], false]);
  const gone = decodeGone(peer.heardOne(Kind.Gone).payload);
  assertEquals(gone.released, false, "a third server may hear of this before it hears of the move");
});

Deno.test("goodbye is answered behind everything, and frees the name at once", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const bob = hand.client("bob", BOB);
  ada.heard();
  bob.say(message({ from: BOB, sender: "bob", to: "ada", session: ADA }));
  ada.say(frame(Kind.Close));
  assertEquals(ada.heardKinds(), ["11/0", "7/1"]);
  assertEquals(hand.client("ada", FAR).heardKinds(), ["13/1"]);
  const ack = { to: BOB, from: ADA, number: 1, status: Status.Delivered, everybody: false };
  bob.heard();
  ada.say(ackFrame(Kind.Ack, { ...ack, homeStamp: 0, farStamp: 0 }));
  assertEquals(bob.heardKinds(), ["12/0"], "what it read it may still acknowledge");
});

// Messages.

Deno.test("a message from a client that never registered: not-registered", () => {
  const wire = new NodeInHand().guest();
  wire.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(wire), "not-registered");
});

Deno.test("a client may not send under another name or session than its own", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const bob = hand.client("bob", BOB);
  for (const [from, sender] of [[BOB, "ada"], [ADA, "bob"], [BOB, "bob"]] as const) {
    ada.heard();
    ada.say(message({ from, sender, to: "bob", session: BOB }));
    assertEquals(receiptReason(ada), "not-registered");
  }
  assertEquals(texts(bob), []);
});

Deno.test("nobody may acknowledge for another", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const eve = hand.client("eve", 666);
  ada.heard();
  const ack = { to: ADA, from: BOB, number: 1, status: Status.Delivered, everybody: false };
  eve.say(ackFrame(Kind.Ack, { ...ack, homeStamp: 0, farStamp: 0 }));
  assertEquals([ada.heard(), hand.node.drops.get("not-registered")], [[], 1]);
});

Deno.test("a message arrives as it was sent, and its acknowledgement comes back", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const bob = hand.client("bob", BOB);
  ada.heard();
  bob.heard();
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB, number: 5, floor: 4 }));
  const { payload, sublength } = bob.heardOne(Kind.StreamMessage);
  const { sender, receiver, number, floor, text } = decodeStreamMessage(payload, sublength);
  assertEquals([sender, receiver, number, floor, text], ["ada", "bob", 5, 4, "hi"]);
  const ack = { to: ADA, from: BOB, number: 5, status: Status.Delivered, everybody: false };
  bob.say(ackFrame(Kind.Ack, { ...ack, homeStamp: 0, farStamp: 0 }));
  assertEquals(decodeAck(ada.heardOne(Kind.Ack).payload).number, 5);
});

Deno.test("to a name that nobody has: no-such-name; to one that somebody else has: receiver-changed", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  ada.heard();
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(ada), "no-such-name");
  hand.client("bob", BOB + 1);
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(ada), "receiver-changed");
});

Deno.test("a receiver that vanished is moving for 5 s, then there is no such name", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const bob = hand.client("bob", BOB);
  ada.heard();
  bob.hangUp();
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(ada), "moving");
  hand.pass(6 * SECOND);
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(ada), "no-such-name");
});

Deno.test("before a client was told that it has its name, nothing is passed to it", () => {
  const hand = new NodeInHand();
  hand.peer();
  const ada = hand.client("ada", ADA);
  hand.pass(500);
  const waiting = hand.client("bob", BOB);
  const original = hand.baseClient("orig");
  ada.heard();
  ada.say(message({ from: ADA, sender: "ada", to: "bob", session: BOB }));
  assertEquals(receiptReason(ada), "moving");
  ada.say(message({ from: ADA, sender: "ada", to: "*", session: 0 }));
  assertEquals(decodeTally(ada.heardOne(Kind.Tally).payload).reached, 0);
  assertEquals([waiting.heard(), original.heard()], [[], []]);
});

Deno.test("a slow reader's full outbox: slow, told to its sender alone, and others flow on", () => {
  const hand = new NodeInHand({ limits: { clientOutboxBytes: 10_000 } });
  const ada = hand.client("ada", ADA);
  hand.client("slow", BOB);
  const quick = hand.client("quick", FAR);
  const reasons: (string | undefined)[] = [];
  for (let number = 1; number <= 20; number++) {
    const text = "x".repeat(900);
    quick.heard();
    ada.heard();
    ada.say(message({ from: ADA, sender: "ada", to: "slow", session: BOB, number, text }));
    const receipts = ada.heard().filter(({ kind }) => kind === Kind.Receipt);
    reasons.push(...receipts.map(({ payload }) => DROP_REASONS[decodeAck(payload).status]));
    ada.say(message({ from: ADA, sender: "ada", to: "quick", session: FAR, number, text }));
    assertEquals(texts(quick).length, 1);
  }
  assert(reasons.length >= 9 && reasons.every((reason) => reason === "slow"), reasons.join());
  assertEquals(hand.node.drops.get("slow"), reasons.length);
});

Deno.test("a peer may leave more unread than a client, whoever of the two dialled", () => {
  const hand = new NodeInHand({ limits: { clientOutboxBytes: 10_000, peerOutboxBytes: 100_000 } });
  const peer = hand.peer();
  const ada = hand.client("ada", ADA);
  peer.say(presence(["far", FAR]));
  peer.heard();
  ada.heard();
  for (let number = 1; number <= 50; number++) {
    const text = "x".repeat(900);
    ada.say(message({ from: ADA, sender: "ada", to: "far", session: FAR, number, text }));
  }
  assertEquals([texts(peer).length, ada.heardKinds().includes("12/1")], [50, false]);
});

Deno.test("to everybody: each client but the sender, each peer, and a tally for the sender", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const ada = hand.client("ada", ADA);
  const bob = hand.client("bob", BOB);
  const original = hand.baseClient("orig");
  hand.pass(500);
  for (const wire of [peer, ada, bob, original]) wire.heard();
  ada.say(message({ from: ADA, sender: "ada", to: "*", session: 0 }));
  const { peers, reached, unconfirmed, dropped } = decodeTally(ada.heardOne(Kind.Tally).payload);
  assertEquals([peers, reached, unconfirmed, dropped], [1, 1, 1, 0]);
  assertEquals([peer, bob, original].map(texts), [["hi"], ["hi"], ["hi"]]);
});

Deno.test("what comes from a peer goes to clients here, and never to another peer", () => {
  const hand = new NodeInHand();
  const from = hand.peer("00000000000b");
  const other = hand.peer("00000000000c");
  const ada = hand.client("ada", ADA);
  hand.pass(500);
  from.say(presence(["far", FAR]));
  other.say(frame(Kind.Echo));
  for (const wire of [from, other, ada]) wire.heard();
  const kind = Kind.StreamForward;
  from.say(message({ kind, from: FAR, sender: "far", to: "ada", session: ADA, text: "one" }));
  from.say(message({ kind, from: FAR, sender: "far", to: "*", session: 0, text: "all" }));
  assertEquals(texts(ada), ["one", "all"]);
  assertEquals(other.heard(), []);
  assertEquals(decodeTally(from.heardOne(Kind.Tally).payload).peers, 0);
});

Deno.test("a forward for a client that is at a third server by now: moving, not passed on", () => {
  const hand = new NodeInHand();
  const from = hand.peer("00000000000b");
  const third = hand.peer("00000000000c");
  third.say(presence(["eve", 9]));
  for (const wire of [from, third]) wire.heard();
  const kind = Kind.StreamForward;
  from.say(message({ kind, from: FAR, sender: "far", to: "eve", session: 9 }));
  assertEquals([receiptReason(from), third.heard()], ["moving", []]);
});

Deno.test("an acknowledgement from a peer for somebody at a third server is dropped", () => {
  const hand = new NodeInHand();
  const from = hand.peer("00000000000b");
  const third = hand.peer("00000000000c");
  third.say(presence(["eve", 9]));
  third.heard();
  const ack = { to: 9, from: FAR, number: 1, status: Status.Delivered, everybody: false };
  from.say(ackFrame(Kind.Ack, { ...ack, homeStamp: 0, farStamp: 0 }));
  assertEquals([third.heard(), hand.node.drops.get("sender-gone")], [[], 1]);
});

Deno.test("a forward under a name that somebody else holds: sender-taken", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const ada = hand.client("ada", ADA);
  hand.client("bob", BOB);
  hand.pass(500);
  for (const [from, sender] of [[FAR, "bob"], [BOB, "eve"]] as const) {
    peer.heard();
    ada.heard();
    peer.say(message({ kind: Kind.StreamForward, from, sender, to: "ada", session: ADA }));
    assertEquals([receiptReason(peer), texts(ada)], ["sender-taken", []]);
  }
});

// Originals.

Deno.test("an original's message reaches extended clients, and theirs reach it, unconfirmed", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  const original = hand.baseClient("orig");
  ada.heard();
  original.say(baseMessage("ada", "to ada"));
  assertEquals(texts(ada), ["to ada"]);
  ada.say(resolve("orig"));
  const { session } = decodeResolved(ada.heardOne(Kind.Resolved).payload);
  ada.say(message({ from: ADA, sender: "ada", to: "orig", session: session ?? 0, text: "back" }));
  assertEquals(receiptReason(ada), "unconfirmed");
  assertEquals(texts(original), ["back"]);
});

Deno.test("an original that sends before it has a name is not heard", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  hand.accept().say(baseMessage("ada", "psst"));
  assertEquals([texts(ada), hand.node.drops.get("not-registered")], [[], 1]);
});

Deno.test("a base message without a space after the receiver closes the link", () => {
  const hand = new NodeInHand();
  hand.baseClient("orig").say(frame(Kind.Message, encoder.encode("ada"), 3));
  assertEquals(hand.closeReasons, ["malformed"]);
});

Deno.test("base messages read at once arrive as those read byte by byte do", () => {
  const random = seededRandom(7);
  const receivers = ["a", "ada", "adb", "zoe", "nobody"];
  const said = Array.from({ length: 200 }, () => {
    const receiver = random() < 0.8 ? "ada" : pick(random, receivers);
    return baseMessage(receiver, "x".repeat(random() < 0.8 ? 9 : Math.floor(random() * 300)));
  });
  const heard = [said.map((each) => [...each]), [[...concat(said)]]].map((pieces) => {
    const near = new NodeInHand({ limits: { clientOutboxBytes: 6_000 } });
    const peer = near.peer();
    peer.say(...presenceFrames([{
      ...{ name: "zoe", session: FAR, token: "far", stamp: 9, moves: 0, base: true },
      server: "00000000000b",
    }]));
    const wires = ["a", "ada"].map((name) => near.baseClient(name));
    wires.push(near.client("adb", BOB), peer);
    const original = near.baseClient("orig");
    for (const wire of wires) wire.heard();
    for (const piece of pieces) original.say(new Uint8Array(piece));
    return [wires.map((wire) => wire.heard()), near.node.drops.get("no-such-name")];
  });
  assertEquals(heard[0], heard[1]);
});

Deno.test("a run of forwards to originals ends where sender, receiver or number is another", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const claims = [FAR, FAR + 1].map((session) => ({
    ...{ name: `far${session}`, session, token: `t${session}`, stamp: 9, moves: 0, base: true },
    server: "00000000000b",
  }));
  peer.say(...presenceFrames(claims));
  const receivers = ["ada", "bob"].map((name) => {
    const wire = hand.baseClient(name);
    peer.say(claimed(decodeClaim(peer.heardOne(Kind.Claim).payload).ref));
    wire.heard();
    return { wire, name, session: decodeResolved(resolved(hand, name)).session ?? 0 };
  });
  const random = seededRandom(9);
  const said = Array.from({ length: 300 }, (_, at) => ({
    to: receivers[random() < 0.8 ? 0 : 1] as typeof receivers[number],
    from: random() < 0.8 ? FAR : FAR + 1,
    number: random() < 0.9 ? 0 : at,
    text: String(at).padStart(random() < 0.9 ? 3 : 5),
  }));
  peer.say(concat(said.map(({ to, from, number, text }) =>
    message({
      ...{ kind: Kind.StreamForward, from, sender: `far${from}`, to: to.name, number, text },
      session: to.session,
    })
  )));
  for (const { wire } of receivers) {
    assertEquals(texts(wire), said.filter(({ to }) => to.wire === wire).map(({ text }) => text));
  }
  const numbered = said.map(({ number }) => number).filter((number) => number > 0);
  const receipts = peer.heard().map(({ payload }) => decodeAck(payload).number);
  assertEquals(receipts, numbered);
});

Deno.test("a run of base messages ends where one has no space after the receiver", () => {
  const hand = new NodeInHand();
  const ada = hand.baseClient("ada");
  ada.heard();
  const good = baseMessage("ada", "hello");
  const bad = good.slice();
  bad[HEADER_BYTES + 3] = 0x2e;
  hand.baseClient("orig").say(concat([good, good, bad, good]));
  assertEquals(texts(ada), ["hello", "hello"]);
  assertEquals(hand.closeReasons, ["malformed"]);
});

Deno.test("a run of base messages to a slow reader: those without room are counted, one by one", () => {
  const hand = new NodeInHand({ limits: { clientOutboxBytes: 1000 } });
  const ada = hand.baseClient("ada");
  ada.heard();
  const run = Array.from({ length: 30 }, () => baseMessage("ada", "x".repeat(100)));
  hand.baseClient("orig").say(concat(run));
  const arrived = texts(ada).length;
  assert(arrived > 0 && arrived < 30);
  assertEquals(hand.node.drops.get("slow"), 30 - arrived);
});

Deno.test("a base message that its sender's name makes too long is dropped and counted", () => {
  const hand = new NodeInHand();
  const ada = hand.baseClient("ada");
  const original = hand.baseClient("orig");
  original.say(baseMessage("ada", "x".repeat(32_767 - 4)));
  assertEquals(hand.node.drops.get("too-long"), 1);
  original.say(baseMessage("ada", "x".repeat(32_767 - 4 - 5)));
  assertEquals(texts(ada)[0]?.length, 32_767 - 4 - 5);
});

Deno.test("a base server is dialled back, told who can be reached, and sent what nobody here has", () => {
  const hand = new NodeInHand({ listen: { hostname: "127.0.0.1", port: 4010 } });
  const asker = hand.accept("127.0.0.1");
  asker.say(baseJoin(4020), cliqueRequest(4020));
  const { payload } = asker.heardOne(Kind.CliqueReply);
  assertMatch(new TextDecoder().decode(payload), /127\.0\.0\.1:4020/);
  assertEquals(
    hand.dials.map(({ port }) => port),
    [4020],
    "once, though it announced itself twice",
  );
  const back = hand.connect();
  assertEquals(back.heard(), []);
  const ada = hand.client("ada", ADA);
  ada.heard();
  ada.say(message({ from: ADA, sender: "ada", to: "far", session: 0, text: "hello" }));
  assertEquals([receiptReason(ada), texts(back)], ["unconfirmed", ["hello"]]);
});

Deno.test("1/0 in answer to a dial: a base server, and those it names are dialled", () => {
  const listen = { hostname: "127.0.0.1", port: 4010 };
  const hand = new NodeInHand({ listen, join: ["127.0.0.1:4000"] });
  const wire = hand.connect();
  wire.heard();
  const ports = [4010, 4020, 40_200];
  wire.say(cliqueReply(ports.map((port) => ({ hostname: "127.0.0.1", port }))));
  hand.pass(SECOND);
  assertEquals(hand.dials.map(({ port }) => port).sort(), [4020, 40_200]);
  assertEquals([wire.closed, wire.heard()], [false, []]);
});

Deno.test("a base forward is delivered to our own client or nobody, and only from this machine", () => {
  const hand = new NodeInHand();
  const peer = hand.peer();
  const ada = hand.client("ada", ADA);
  hand.pass(500);
  peer.say(presence(["far", FAR]));
  peer.heard();
  ada.heard();
  const server = hand.accept("127.0.0.1");
  server.say(baseForward({ sender: "orig", receiver: "ada", text: "hello" }));
  server.say(baseForward({ sender: "orig", receiver: "far", text: "hello" }));
  server.say(baseForward({ sender: "far", receiver: "ada", text: "false" }));
  assertEquals([texts(ada), texts(peer)], [["hello"], []]);
  assertEquals(hand.node.drops.get("no-such-name"), 1);
  assertEquals(hand.node.drops.get("sender-taken"), 1);
  const elsewhere = hand.accept("10.0.0.9");
  elsewhere.say(baseForward({ sender: "orig", receiver: "ada", text: "hello" }));
  assertEquals([elsewhere.closed, texts(ada)], [true, []]);
});

Deno.test("a base forward from a name that no frame of ours has room for is dropped", () => {
  const hand = new NodeInHand();
  const ada = hand.client("ada", ADA);
  hand.pass(500);
  ada.heard();
  const server = hand.accept("127.0.0.1");
  server.say(baseForward({ sender: "o".repeat(300), receiver: "*", text: "hello" }));
  server.say(baseForward({ sender: "o".repeat(64), receiver: "*", text: "fits" }));
  assertEquals(texts(ada), ["fits"]);
  assertEquals(hand.node.drops.get("bad-name"), 1);
});

Deno.test("a server on all IPv4 interfaces tells no IPv6 address", () => {
  const told = (local: string, remote: string): readonly string[] => {
    const hand = new NodeInHand({ listen: { hostname: "0.0.0.0", port: 4000 } });
    const wire = hand.accept(remote, local);
    wire.say(frame(Kind.Hello));
    return handshake.decodeWelcome(wire.heardOne(Kind.Welcome).payload).addresses;
  };
  assertEquals(told("10.0.0.1", "10.0.0.2"), ["10.0.0.1:4000"]);
  assertEquals(told("::1", "::1"), ["127.0.0.1:4000"]);
  assertEquals(told("2001:db8::1", "2001:db8::2"), []);
});

Deno.test("goodbyes that nobody reads the answers to are not kept without end", () => {
  const hand = new NodeInHand({ limits: { clientOutboxBytes: 1_000 } });
  const wire = hand.accept();
  const goodbyes = concat(Array<Uint8Array>(200_000).fill(frame(Kind.Close)));
  wire.say(goodbyes);
  assert(hand.node.queuedBytes < 1_100_000, `${hand.node.queuedBytes} bytes are kept`);
});

// Cost.

Deno.test("an idle node sleeps until its next sweep", () => {
  const hand = new NodeInHand();
  hand.peer();
  for (let n = 0; n < 50; n++) hand.client(`n${n}`, 1_000 + n);
  hand.pass(SECOND);
  const next = hand.settle();
  assert(next > hand.now && next <= hand.now + SECOND, `${next - hand.now} ms`);
});

/** What a client is answered who asks for the holder of a name. */
function resolved(hand: NodeInHand, name: string): Uint8Array {
  const asker = hand.guest();
  asker.say(resolve(name));
  return asker.heardOne(Kind.Resolved).payload;
}

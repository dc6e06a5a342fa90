import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import * as extended from "../../lib/codec/extended.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { Kind, kindText, MAX_PAYLOAD_BYTES, ProtocolError } from "../../lib/codec/wire.ts";
import { pick, randomBytes, seededRandom } from "../testing/random.ts";
import { joined, naiveFrame, naiveFrames, utf8 } from "./naive_codec.ts";

const MAX_SESSION = 2 ** 48 - 1;

/** Random values of every shape that frames carry. */
class Values {
  constructor(readonly random: () => number) {}

  text(): string {
    const letters = ["a", "Z", "é", "屋", "🦊", '"', "\\", "\n", "\u2028", "{", "\0", "\ufeff"];
    return this.list(() => pick(this.random, letters), 20).join("");
  }

  session(): number {
    const any = Math.floor(this.random() * 2 ** 48);
    return pick(this.random, [1, 2 ** 32, MAX_SESSION, any]);
  }

  whole(): number {
    return pick(this.random, [0, 1, 2 ** 48 + 1, Number.MAX_SAFE_INTEGER]);
  }

  flag(): boolean {
    return this.random() < 0.5;
  }

  list<Item>(item: () => Item, most = 4): Item[] {
    return Array.from({ length: Math.floor(this.random() * (most + 1)) }, item);
  }

  card(): extended.MemberCard {
    return { id: this.text(), label: this.text(), addresses: this.list(() => this.text(), 16) };
  }

  claim(): extended.Claim {
    return {
      name: this.text(),
      session: this.session(),
      token: this.text(),
      stamp: this.whole(),
      server: this.text(),
      moves: this.whole(),
      base: this.flag(),
    };
  }

  nameCard(): extended.NameCard {
    return { name: this.text(), server: this.text() };
  }
}

/** The payload of the one frame that `bytes` are, which must be of this kind. */
function payloadOf(kind: number, bytes: Uint8Array): Uint8Array {
  const reader = new FrameReader("server");
  reader.feed(bytes);
  assert(reader.next());
  assertEquals([kindText(reader.kind), reader.sublength], [kindText(kind), 0]);
  const payload = reader.payload();
  assertEquals(reader.end, bytes.length);
  return payload;
}

/** The payload as other programs would read it. */
function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(6)));
}

/** For each kind: a random value, once as it was and once there and back. */
const ROUND_TRIPS: Readonly<
  Record<string, (values: Values) => { readonly sent: unknown; readonly came: unknown }>
> = {
  welcome: (values) => {
    const body = {
      ...values.card(),
      members: values.list(() => values.card()),
      base: values.list(() => values.text()),
      clients: values.whole(),
      carried: values.list(() => ({ id: values.text(), via: values.text() })),
    };
    const came = extended.decodeWelcome(payloadOf(Kind.Welcome, extended.welcome(body)));
    return { sent: { protocol: extended.PROTOCOL_VERSION, ...body }, came };
  },
  bye: (values) => {
    const message = values.text() + "x".repeat(1_000);
    const came = extended.decodeBye(payloadOf(Kind.Bye, extended.bye("silent", message)));
    return { sent: { reason: "silent", message }, came };
  },
  join: (values) => {
    const sent = values.card();
    return { sent, came: extended.decodeJoin(payloadOf(Kind.Join, extended.join(sent))) };
  },
  members: (values) => {
    const sent = {
      members: [values.card(), ...values.list(() => values.card())],
      base: values.list(() => values.text()),
      left: values.list(() => values.text()),
    };
    const [frame, ...more] = extended.members(sent);
    assertEquals(more.length, 0);
    assert(frame !== undefined);
    return { sent, came: extended.decodeMembers(payloadOf(Kind.Members, frame)) };
  },
  presence: (values) => {
    const claims = values.list(() => values.claim());
    const moving = values.list(() => ({ claim: values.claim(), movingMs: values.whole() }));
    const [frame, ...more] = extended.presence(claims, moving);
    assertEquals(more.length, 0);
    assert(frame !== undefined);
    const came = extended.decodePresence(payloadOf(Kind.Presence, frame));
    return { sent: { reset: true, claims, moving }, came };
  },
  claim: (values) => {
    const sent = { ref: values.whole(), claim: values.claim() };
    const frame = extended.claim(sent.ref, sent.claim);
    return { sent, came: extended.decodeClaim(payloadOf(Kind.Claim, frame)) };
  },
  claimed: (values) => {
    const sent = values.whole();
    return { sent, came: extended.decodeClaimed(payloadOf(Kind.Claimed, extended.claimed(sent))) };
  },
  gone: (values) => {
    const sent = { session: values.session(), released: values.flag() };
    const frame = extended.gone(sent.session, sent.released);
    return { sent, came: extended.decodeGone(payloadOf(Kind.Gone, frame)) };
  },
  enrol: (values) => {
    const sent = {
      name: values.text(),
      session: values.session(),
      token: values.text(),
      moves: values.whole(),
    };
    return { sent, came: extended.decodeEnrol(payloadOf(Kind.Enrol, extended.enrol(sent))) };
  },
  enrolled: (values) => {
    const sent = values.text();
    const frame = extended.enrolled(sent);
    return { sent, came: extended.decodeEnrolled(payloadOf(Kind.Enrolled, frame)) };
  },
  refused: (values) => {
    const reason = pick(values.random, ["name-taken", "bad-name", "stale-move", "leaving"]);
    const sent = { name: values.text(), reason: reason as extended.RefusalReason, message: "m" };
    return { sent, came: extended.decodeRefused(payloadOf(Kind.Refused, extended.refused(sent))) };
  },
  resolve: (values) => {
    const sent = values.text();
    return { sent, came: extended.decodeResolve(payloadOf(Kind.Resolve, extended.resolve(sent))) };
  },
  resolved: (values) => {
    const name = values.text();
    const sent = pick<extended.Resolved>(values.random, [
      { name, session: values.session(), reason: null },
      { name, session: 0, reason: null },
      { name, session: null, reason: "moving" },
      { name, session: null, reason: "no-such-name" },
    ]);
    const frame = extended.resolved(sent);
    return { sent, came: extended.decodeResolved(payloadOf(Kind.Resolved, frame)) };
  },
  who: (values) => {
    const sent = values.flag();
    return { sent, came: extended.decodeWho(payloadOf(Kind.Who, extended.who(sent))) };
  },
  names: (values) => {
    const clients = values.list(() => values.nameCard());
    const came = extended.names(clients).map((frame) =>
      extended.decodeNames(payloadOf(Kind.Names, frame))
    );
    const none = { joined: [], left: [] };
    const sent = [
      { reset: true, done: false, clients, ...none },
      { reset: false, done: true, clients: [], ...none },
    ];
    return { sent, came };
  },
  "name news": (values) => {
    const change = pick(values.random, ["joined", "left"] as const);
    const client = values.nameCard();
    const frame = extended.nameNews(change, client);
    const none = { reset: false, done: false, clients: [], joined: [], left: [] };
    const came = extended.decodeNames(payloadOf(Kind.Names, frame));
    return { sent: { ...none, [change]: [client] }, came };
  },
};

for (const [what, roundTrip] of Object.entries(ROUND_TRIPS)) {
  Deno.test(`${what}: random values come back as they went`, () => {
    const values = new Values(seededRandom(what.length));
    for (let run = 0; run < 200; run++) {
      const { sent, came } = roundTrip(values);
      assertEquals(came, sent, `run ${run}`);
    }
  });
}

/** A good object for each decoder; the keys that must be there come first. */
const CARD = { id: "0123456789ab", label: "attic", addresses: ["192.0.2.1:4000"] };
const CLAIM = {
  name: "ada",
  session: 7,
  token: "secret",
  stamp: 3,
  server: "0123456789ab",
  moves: 1,
  base: true,
};
const DECODERS: Readonly<
  Record<string, { decode: (payload: Uint8Array) => unknown; body: object; kind: string }>
> = {
  welcome: {
    decode: extended.decodeWelcome,
    body: { ...CARD, protocol: 1, members: [CARD], base: ["127.0.0.1:4010"], clients: 2 },
    kind: "8/1",
  },
  bye: { decode: extended.decodeBye, body: { reason: "silent", message: "why" }, kind: "8/2" },
  join: { decode: extended.decodeJoin, body: CARD, kind: "9/0" },
  members: {
    decode: extended.decodeMembers,
    body: { members: [CARD, { base: "127.0.0.1:4010" }, { left: "0123456789ab" }] },
    kind: "9/2",
  },
  presence: {
    decode: extended.decodePresence,
    body: { reset: true, clients: [CLAIM] },
    kind: "10/0",
  },
  claim: { decode: extended.decodeClaim, body: { ref: 1, ...CLAIM }, kind: "10/1" },
  claimed: { decode: extended.decodeClaimed, body: { ref: 1 }, kind: "10/2" },
  gone: { decode: extended.decodeGone, body: { session: 7, released: true }, kind: "10/3" },
  enrol: {
    decode: extended.decodeEnrol,
    body: { name: "ada", session: 7, token: "secret", moves: 0 },
    kind: "13/0",
  },
  enrolled: { decode: extended.decodeEnrolled, body: { name: "ada" }, kind: "13/1" },
  refused: {
    decode: extended.decodeRefused,
    body: { name: "ada", reason: "name-taken", message: "why" },
    kind: "13/2",
  },
  resolve: { decode: extended.decodeResolve, body: { name: "ada" }, kind: "14/0" },
  resolved: {
    decode: extended.decodeResolved,
    body: { name: "ada", session: 7, reason: null },
    kind: "14/1",
  },
  who: { decode: extended.decodeWho, body: { watch: true }, kind: "15/0" },
  names: {
    decode: extended.decodeNames,
    body: { reset: true, clients: [{ name: "ada", server: "0123456789ab" }] },
    kind: "15/1",
  },
};

function decode(what: string, body: unknown): unknown {
  return DECODERS[what]?.decode(utf8(JSON.stringify(body)));
}

for (const [what, { body, kind }] of Object.entries(DECODERS)) {
  Deno.test(`${what}: unknown keys are ignored`, () => {
    const more = { ...body, zzz: { deep: [1, null] }, "": true, __proto__x: 1 };
    assertEquals(decode(what, more), decode(what, body));
  });

  Deno.test(`${what}: what is no JSON object is malformed`, () => {
    for (const wrong of [null, 1, "a", [body], []]) {
      const error = assertThrows(() => decode(what, wrong), ProtocolError);
      assertEquals(error.message, `Cannot decode frame ${kind}: it is not a JSON object`);
    }
    const { decode: decoder } = DECODERS[what] as (typeof DECODERS)[string];
    const error = assertThrows(() => decoder(utf8("{")), ProtocolError);
    assertEquals(error.message, `Cannot decode frame ${kind}: it is not JSON in UTF-8`);
  });
}

const WHOLE = "is not a whole number from 0 to 9007199254740991";
const SESSION = "is not a whole number from 0 to 281474976710655";
const TEXT = "is not a string";
const LIST = "is not a list";

/** Decoder, key, a value that is wrong there, and what the error says of it. */
const WRONG: readonly (readonly [string, string, unknown, string])[] = [
  ["welcome", "id", 1, TEXT],
  ["welcome", "label", undefined, TEXT],
  ["welcome", "addresses", "192.0.2.1:4000", LIST],
  ["welcome", "protocol", "1", WHOLE],
  ["welcome", "members", {}, LIST],
  ["welcome", "base", null, LIST],
  ["welcome", "clients", -1, WHOLE],
  ["welcome", "carried", "all", LIST],
  ["bye", "reason", null, TEXT],
  ["bye", "message", [], TEXT],
  ["join", "id", null, TEXT],
  ["join", "label", 5, TEXT],
  ["join", "label", "x".repeat(256), "has 256 characters, limit is 255"],
  ["join", "addresses", [1], "holds something that is not a string of at most 255 characters"],
  ["members", "members", "all", LIST],
  ["presence", "clients", null, LIST],
  ["claim", "ref", undefined, WHOLE],
  ["claim", "name", 1, TEXT],
  ["claim", "session", 2 ** 48, SESSION],
  ["claim", "session", "7", SESSION],
  ["claim", "token", null, TEXT],
  ["claim", "stamp", 1.5, WHOLE],
  ["claim", "stamp", 2 ** 53, WHOLE],
  ["claim", "server", 9, TEXT],
  ["claim", "moves", -1, WHOLE],
  ["claimed", "ref", "1", WHOLE],
  ["gone", "session", undefined, SESSION],
  ["gone", "session", 2 ** 48, SESSION],
  ["enrol", "name", undefined, TEXT],
  ["enrol", "name", "x".repeat(300), "has 300 characters, limit is 255"],
  ["enrol", "session", 2 ** 48, SESSION],
  ["enrol", "session", -1, SESSION],
  ["enrol", "session", 0.5, SESSION],
  ["enrol", "token", 4, TEXT],
  ["enrol", "token", "x".repeat(256), "has 256 characters, limit is 255"],
  ["enrol", "moves", null, WHOLE],
  ["enrolled", "name", undefined, TEXT],
  ["refused", "name", null, TEXT],
  ["refused", "reason", 1, TEXT],
  ["refused", "message", undefined, TEXT],
  ["resolve", "name", ["ada"], TEXT],
  ["resolved", "name", undefined, TEXT],
  ["resolved", "session", "7", SESSION],
  ["resolved", "session", 2 ** 48, SESSION],
  ["resolved", "reason", 17, TEXT],
  ["names", "clients", {}, LIST],
  ["names", "joined", "ada", LIST],
  ["names", "left", 1, LIST],
];

for (const [what, key, value, problem] of WRONG) {
  const shown = JSON.stringify(value)?.slice(0, 20) ?? "missing";
  Deno.test(`${what}: ${key} ${shown} is malformed, and the message says so`, () => {
    const { body, kind } = DECODERS[what] as (typeof DECODERS)[string];
    decode(what, body);
    const error = assertThrows(() => decode(what, { ...body, [key]: value }), ProtocolError);
    assertEquals(error.reason, "malformed");
    assertEquals(error.message, `Cannot decode frame ${kind}: '${key}' ${problem}`);
  });
}

Deno.test("wrong types inside lists are malformed", () => {
  const bad: readonly [string, object, string][] = [
    ["members", { members: [{ ...CARD, id: 1 }] }, "9/2: 'id' is not a string"],
    ["members", { members: [{ base: 4010 }] }, "9/2: 'base' is not a string"],
    ["members", { members: [{ left: {} }] }, "9/2: 'left' is not a string"],
    ["members", { members: [1] }, "9/2: it is not a JSON object"],
    ["presence", { clients: [{ ...CLAIM, moving_ms: -1 }] }, `10/0: 'moving_ms' ${WHOLE}`],
    ["presence", { clients: [{ ...CLAIM, stamp: "3" }] }, `10/0: 'stamp' ${WHOLE}`],
    ["presence", { clients: [{ ...CLAIM, session: 2 ** 48 }] }, `10/0: 'session' ${SESSION}`],
    ["names", { joined: [{ name: "ada" }] }, "15/1: 'server' is not a string"],
  ];
  for (const [what, body, message] of bad) {
    assertThrows(() => decode(what, body), ProtocolError, `Cannot decode frame ${message}`);
  }
});

Deno.test("keys that may be missing", () => {
  const { base: _, ...extendedClaim } = CLAIM;
  assertEquals(decode("claim", { ref: 1, ...extendedClaim }), {
    ref: 1,
    claim: { ...CLAIM, base: false },
  });
  assertEquals(decode("presence", {}), { reset: false, claims: [], moving: [] });
  assertEquals(decode("gone", { session: 7 }), { session: 7, released: false });
  assertEquals(decode("who", {}), false);
  assertEquals(decode("members", {}), { members: [], base: [], left: [] });
  const bare = { id: "0123456789ab", label: "" };
  assertEquals(decode("join", bare), { ...bare, addresses: [] });
  assertEquals(decode("welcome", { ...bare, protocol: 2, clients: 0 }), {
    ...bare,
    addresses: [],
    protocol: 2,
    members: [],
    base: [],
    clients: 0,
    carried: [],
  });
});

Deno.test("what a newer server may say of members and names is passed over", () => {
  const news = { members: [{ rtt: [1] }, CARD] };
  assertEquals(decode("members", news), { members: [CARD], base: [], left: [] });
  const odd = { name: "ada", session: null, reason: "on-holiday" };
  assertEquals(decode("resolved", odd), { name: "ada", session: null, reason: "no-such-name" });
});

Deno.test("of a server's addresses the first sixteen are taken", () => {
  const addresses = Array.from({ length: 20 }, (_, at) => `192.0.2.${at}:4000`);
  assertEquals(decode("join", { ...CARD, addresses }), {
    ...CARD,
    addresses: addresses.slice(0, 16),
  });
});

Deno.test("a welcome says the limits", () => {
  const body = { ...CARD, members: [], base: [], clients: 0 };
  assertEquals(jsonOf(extended.welcome(body)), {
    protocol: 1,
    ...body,
    limits: { payload: 32_767, name: 64 },
  });
});

Deno.test("a welcome names as many members as one frame has room for", () => {
  const members = Array.from({ length: 1_000 }, (_, at) => ({ ...CARD, id: `id-${at}` }));
  const frame = extended.welcome({ ...CARD, members, base: [], clients: 0 });
  const told = extended.decodeWelcome(payloadOf(Kind.Welcome, frame)).members;
  assertEquals(told, members.slice(0, told.length));
  assertGreater(frame.length, MAX_PAYLOAD_BYTES * 0.85);
  const few = members.slice(0, 300);
  const all = extended.welcome({ ...CARD, members: few, base: [], clients: 0 });
  assertEquals(extended.decodeWelcome(payloadOf(Kind.Welcome, all)).members, few);
});

Deno.test("whatever a frame brings fits the frames that tell it on", () => {
  // As long as it may be, of characters that JSON writes in six bytes each.
  const word = "\u0001".repeat(255);
  const enrolment = { name: word, session: MAX_SESSION, token: word, moves: 2 ** 53 - 1 };
  const { name, ...asked } = extended.decodeEnrol(payloadOf(Kind.Enrol, extended.enrol(enrolment)));
  const claim = { name, ...asked, stamp: 2 ** 53 - 1, server: word, base: false };
  extended.claim(2 ** 53 - 1, claim);
  assertEquals(extended.presence([claim, claim]).length, 1);
  const message = `Cannot take name ${JSON.stringify(name)}: it is too long`;
  const refused = payloadOf(
    Kind.Refused,
    extended.refused({ name, reason: "bad-name", message }),
  );
  assertEquals(extended.decodeRefused(refused).message, message);
  extended.resolved({ name, session: null, reason: "no-such-name" });
  assertEquals(extended.names([{ name, server: word }]).length, 2);
  const card = { id: word, label: word, addresses: Array.from({ length: 16 }, () => word) };
  const joined = extended.decodeJoin(payloadOf(Kind.Join, extended.join(card)));
  assertEquals(extended.members({ members: [joined, joined], base: [], left: [] }).length, 2);
  extended.welcome({ ...CARD, members: [joined, joined], base: [], clients: 0 });
});

Deno.test("ten thousand clients: chunks that fit, the first resets, none is empty", () => {
  const values = new Values(seededRandom(8));
  const claims = Array.from({ length: 10_000 }, (_, at) => ({
    ...values.claim(),
    name: `client-${at}-${"屋".repeat(at % 9)}`,
  }));
  const frames = extended.presence(claims);
  assertGreater(frames.length, 30);
  const told: extended.Claim[] = [];
  frames.forEach((frame, index) => {
    assert(frame.length <= 6 + MAX_PAYLOAD_BYTES);
    const chunk = extended.decodePresence(payloadOf(Kind.Presence, frame));
    assertEquals(chunk.reset, index === 0);
    assertGreater(chunk.claims.length, 0);
    told.push(...chunk.claims);
  });
  assertEquals(told.length, claims.length);
  assertEquals(told, claims);
  // Ten thousand in one stream are cut into the same frames by anybody else.
  assertEquals(naiveFrames(joined(frames), "server").frames.length, frames.length);
});

Deno.test("ten thousand names: as presence, with an end that is marked", () => {
  const clients = Array.from({ length: 10_000 }, (_, at) => ({
    name: `client-${at}`,
    server: "0123456789ab",
  }));
  const frames = extended.names(clients);
  const news = frames.map((frame) => extended.decodeNames(payloadOf(Kind.Names, frame)));
  assert(frames.every((frame) => frame.length <= 6 + MAX_PAYLOAD_BYTES));
  assertEquals(news.map(({ reset }) => reset), news.map((_, at) => at === 0));
  assertEquals(news.map(({ done }) => done), news.map((_, at) => at === news.length - 1));
  assert(news.slice(0, -1).every((chunk) => chunk.clients.length > 0));
  assertEquals(news.flatMap((chunk) => chunk.clients), clients);
});

Deno.test("nobody is a whole too", () => {
  assertEquals(extended.presence([]), [
    naiveFrame([10, 0], utf8('{"reset":true,"clients":[]}')),
  ]);
  assertEquals(extended.names([]).length, 2);
  assertEquals(extended.members({ members: [], base: [], left: [] }), []);
});

Deno.test("the news of many members come in chunks that add up", () => {
  const members = Array.from({ length: 1_000 }, (_, at) => ({ ...CARD, id: `id-${at}` }));
  const left = Array.from({ length: 500 }, (_, at) => `left-${at}`);
  const frames = extended.members({ members, base: ["127.0.0.1:4010"], left });
  const news = frames.map((frame) => extended.decodeMembers(payloadOf(Kind.Members, frame)));
  assertGreater(frames.length, 1);
  assertEquals(news.flatMap((chunk) => chunk.members), members);
  assertEquals(news.flatMap((chunk) => chunk.base), ["127.0.0.1:4010"]);
  assertEquals(news.flatMap((chunk) => chunk.left), left);
});

Deno.test("damaged payloads do no more harm than a ProtocolError", () => {
  const random = seededRandom(9);
  let refused = 0;
  for (let run = 0; run < 400; run++) {
    for (const { decode: decoder, body } of Object.values(DECODERS)) {
      const payload = utf8(JSON.stringify(body)).slice();
      const damage = randomBytes(random, 1 + Math.floor(random() * 3));
      payload.set(damage, Math.floor(random() * (payload.length - damage.length)));
      const cut = random() < 0.3 ? Math.floor(random() * payload.length) : payload.length;
      try {
        decoder(payload.subarray(0, cut));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        assertEquals(error.reason, "malformed");
        refused++;
      }
    }
  }
  assertGreater(refused, 1_000);
});

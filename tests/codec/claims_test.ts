import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  type Claim,
  claim,
  claimed,
  decodeClaim,
  decodeClaimed,
  decodeGone,
  decodePresence,
  gone,
  presence,
} from "../../lib/codec/claims.ts";
import { Kind, MAX_PAYLOAD_BYTES } from "../../lib/codec/wire.ts";
import { seededRandom } from "../testing/random.ts";
import {
  assertAllMalformed,
  jsonPayload,
  LIST,
  payloadOf,
  SESSION,
  testDecoder,
  testRoundTrip,
  TEXT,
  Values,
  WHOLE,
} from "./control_frames.ts";
import { joined, naiveFrame, naiveFrames, utf8 } from "./naive_codec.ts";

/** A good claim. */
const CLAIM = {
  name: "ada",
  session: 7,
  token: "secret",
  stamp: 3,
  server: "0123456789ab",
  moves: 1,
  base: true,
};

function randomClaim(values: Values): Claim {
  return {
    name: values.text(),
    session: values.session(),
    token: values.text(),
    stamp: values.whole(),
    server: values.text(),
    moves: values.whole(),
    base: values.flag(),
  };
}

testRoundTrip("presence", (values) => {
  const claims = values.list(() => randomClaim(values));
  const moving = values.list(() => ({ claim: randomClaim(values), movingMs: values.whole() }));
  const [frame, ...more] = presence(claims, moving);
  assertEquals(more.length, 0);
  assert(frame !== undefined);
  const came = decodePresence(payloadOf(Kind.Presence, frame));
  return { sent: { reset: true, claims, moving }, came };
});

testRoundTrip("claim", (values) => {
  const sent = { ref: values.whole(), claim: randomClaim(values) };
  const frame = claim(sent.ref, sent.claim);
  return { sent, came: decodeClaim(payloadOf(Kind.Claim, frame)) };
});

testRoundTrip("claimed", (values) => {
  const sent = values.whole();
  return { sent, came: decodeClaimed(payloadOf(Kind.Claimed, claimed(sent))) };
});

testRoundTrip("gone", (values) => {
  const sent = { session: values.session(), released: values.flag() };
  const frame = gone(sent.session, sent.released);
  return { sent, came: decodeGone(payloadOf(Kind.Gone, frame)) };
});

testDecoder("presence", {
  decode: decodePresence,
  body: { reset: true, clients: [CLAIM] },
  kind: "10/0",
  wrong: [["clients", null, LIST]],
});

testDecoder("claim", {
  decode: decodeClaim,
  body: { ref: 1, ...CLAIM },
  kind: "10/1",
  wrong: [
    ["ref", undefined, WHOLE],
    ["name", 1, TEXT],
    ["session", 2 ** 48, SESSION],
    ["session", "7", SESSION],
    ["token", null, TEXT],
    ["stamp", 1.5, WHOLE],
    ["stamp", 2 ** 53, WHOLE],
    ["server", 9, TEXT],
    ["moves", -1, WHOLE],
  ],
});

testDecoder("claimed", {
  decode: decodeClaimed,
  body: { ref: 1 },
  kind: "10/2",
  wrong: [["ref", "1", WHOLE]],
});

testDecoder("gone", {
  decode: decodeGone,
  body: { session: 7, released: true },
  kind: "10/3",
  wrong: [
    ["session", undefined, SESSION],
    ["session", 2 ** 48, SESSION],
  ],
});

Deno.test("wrong types inside the list of a presence are malformed", () => {
  assertAllMalformed(decodePresence, [
    [{ clients: [{ ...CLAIM, moving_ms: -1 }] }, `10/0: 'moving_ms' ${WHOLE}`],
    [{ clients: [{ ...CLAIM, stamp: "3" }] }, `10/0: 'stamp' ${WHOLE}`],
    [{ clients: [{ ...CLAIM, session: 2 ** 48 }] }, `10/0: 'session' ${SESSION}`],
  ]);
});

Deno.test("keys of claims that may be missing", () => {
  const { base: _, ...extendedClaim } = CLAIM;
  assertEquals(decodeClaim(jsonPayload({ ref: 1, ...extendedClaim })), {
    ref: 1,
    claim: { ...CLAIM, base: false },
  });
  assertEquals(decodePresence(jsonPayload({})), { reset: false, claims: [], moving: [] });
  assertEquals(decodeGone(jsonPayload({ session: 7 })), { session: 7, released: false });
});

Deno.test("ten thousand clients: chunks that fit, the first resets, none is empty", () => {
  const values = new Values(seededRandom(8));
  const claims = Array.from({ length: 10_000 }, (_, at) => ({
    ...randomClaim(values),
    name: `client-${at}-${"屋".repeat(at % 9)}`,
  }));
  const frames = presence(claims);
  assertGreater(frames.length, 30);
  const told: Claim[] = [];
  frames.forEach((frame, index) => {
    assert(frame.length <= 6 + MAX_PAYLOAD_BYTES);
    const chunk = decodePresence(payloadOf(Kind.Presence, frame));
    assertEquals(chunk.reset, index === 0);
    assertGreater(chunk.claims.length, 0);
    told.push(...chunk.claims);
  });
  assertEquals(told.length, claims.length);
  assertEquals(told, claims);
  // Ten thousand in one stream are cut into the same frames by anybody else.
  assertEquals(naiveFrames(joined(frames), "server").frames.length, frames.length);
});

Deno.test("no client is a whole presence too", () => {
  assertEquals(presence([]), [
    naiveFrame([10, 0], utf8('{"reset":true,"clients":[]}')),
  ]);
});

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { claim, presence } from "../../lib/codec/claims.ts";
import { decodeEnrol, decodeRefused, enrol, refused } from "../../lib/codec/enrolment.ts";
import { decodeJoin, join, welcome } from "../../lib/codec/handshake.ts";
import { chunkedFrames, decodeFields, Fields, jsonFrame } from "../../lib/codec/json.ts";
import { members } from "../../lib/codec/members.ts";
import { resolved } from "../../lib/codec/resolve.ts";
import { names } from "../../lib/codec/who.ts";
import { Kind, MAX_PAYLOAD_BYTES, ProtocolError } from "../../lib/codec/wire.ts";
import { CARD, MAX_SESSION, payloadOf } from "./control_frames.ts";
import { fromHex, naiveFrame, utf8 } from "./naive_codec.ts";

const PREFIX = "Cannot decode frame 13/0: ";

/** What a wrong value is answered with: a close reason, and one clear message. */
function assertMalformed(read: () => unknown, problem: string): void {
  const error = assertThrows(read, ProtocolError);
  assertEquals([error.reason, error.message], ["malformed", PREFIX + problem]);
}

function fields(values: unknown): Fields {
  return new Fields(Kind.Enrol, values);
}

Deno.test("a payload that is not one JSON object is malformed", () => {
  const decode = (text: string): Fields => decodeFields(Kind.Enrol, utf8(text));
  for (const text of ["", "{", "{}x", "nul", "{'a':1}", '{"a":}', "\0", "{} {}"]) {
    assertMalformed(() => decode(text), "it is not JSON in UTF-8");
  }
  for (const text of ["[]", "null", "1", '"a"', "true", "[{}]"]) {
    assertMalformed(() => decode(text), "it is not a JSON object");
  }
  for (const hex of ["7b 22 ff 22 3a 31 7d", "ff", "c3"]) {
    assertMalformed(
      () => decodeFields(Kind.Enrol, fromHex(hex)),
      "it is not JSON in UTF-8",
    );
  }
  assertEquals(decode(' {"a":"b"} ').text("a"), "b");
});

Deno.test("a payload nested as deep as it can be is no more than malformed", () => {
  const depth = (MAX_PAYLOAD_BYTES - 6) / 2 | 0;
  const nested = "[".repeat(depth) + "]".repeat(depth);
  const members = decodeFields(Kind.Enrol, utf8(`{"a":${nested}}`));
  assertMalformed(() => members.objects("a"), "it is not a JSON object");
  assertMalformed(
    () => decodeFields(Kind.Enrol, utf8("[".repeat(MAX_PAYLOAD_BYTES))),
    "it is not JSON in UTF-8",
  );
});

Deno.test("a string", () => {
  assertEquals(fields({ a: "" }).text("a"), "");
  for (const wrong of [undefined, null, 1, true, [], {}]) {
    assertMalformed(() => fields({ a: wrong }).text("a"), "'a' is not a string");
  }
  assertMalformed(() => fields({}).text("a"), "'a' is not a string");
});

Deno.test("a string is not so long that it can't be told on", () => {
  assertEquals(fields({ a: "x".repeat(255) }).text("a").length, 255);
  const long = fields({ a: "x".repeat(256) });
  assertMalformed(() => long.text("a"), "'a' has 256 characters, limit is 255");
  assertEquals(long.text("a", 256).length, 256);
});

Deno.test("a whole number", () => {
  for (const right of [0, 1, 2 ** 48, Number.MAX_SAFE_INTEGER]) {
    assertEquals(fields({ a: right }).whole("a"), right);
  }
  for (const wrong of [undefined, null, "1", true, [1], -1, 0.5, 2 ** 53, 1e300, NaN]) {
    assertMalformed(
      () => fields({ a: wrong }).whole("a"),
      "'a' is not a whole number from 0 to 9007199254740991",
    );
  }
  assertEquals(fields({ a: 9 }).whole("a", 9), 9);
  assertMalformed(() => fields({ a: 10 }).whole("a", 9), "'a' is not a whole number from 0 to 9");
});

Deno.test("a flag is set by true alone", () => {
  assertEquals(fields({ a: true }).flag("a"), true);
  for (const other of [undefined, null, false, 1, "true", {}]) {
    assertEquals(fields({ a: other }).flag("a"), false);
  }
});

Deno.test("a key is there unless it is null", () => {
  assertEquals(fields({ a: 0 }).has("a"), true);
  assertEquals(fields({ a: "" }).has("a"), true);
  assertEquals(fields({ a: null }).has("a"), false);
  assertEquals(fields({}).has("a"), false);
});

Deno.test("lists: empty without the key, all of one type with it", () => {
  assertEquals(fields({}).texts("a"), []);
  assertEquals(fields({ a: ["b", ""] }).texts("a"), ["b", ""]);
  assertEquals(fields({}).objects("a"), []);
  assertEquals(
    fields({ a: [{ b: "c" }, {}] }).objects("a").map((one) => one.has("b")),
    [true, false],
  );
  for (const wrong of [null, 1, "b", {}, true]) {
    assertMalformed(() => fields({ a: wrong }).texts("a"), "'a' is not a list");
    assertMalformed(() => fields({ a: wrong }).objects("a"), "'a' is not a list");
  }
  for (const wrong of [1, null, "x".repeat(256)]) {
    assertMalformed(
      () => fields({ a: ["b", wrong] }).texts("a"),
      "'a' holds something that is not a string of at most 255 characters",
    );
  }
  assertMalformed(() => fields({ a: [{}, 1] }).objects("a"), "it is not a JSON object");
});

Deno.test("a control frame is one JSON object in UTF-8", () => {
  assertEquals(
    jsonFrame(Kind.Resolve, { name: "émile" }),
    naiveFrame([14, 0], utf8('{"name":"émile"}')),
  );
  assertThrows(
    () => jsonFrame(Kind.Resolve, { name: "x".repeat(MAX_PAYLOAD_BYTES) }),
    RangeError,
    "Cannot encode frame: payload is 32778 bytes, limit is 32767",
  );
});

Deno.test("no news is no frame, an empty whole is one", () => {
  const nothing = { key: "clients", values: [] };
  assertEquals(chunkedFrames(Kind.Presence, nothing, false), []);
  assertEquals(chunkedFrames(Kind.Presence, nothing, true), [
    naiveFrame([10, 0], utf8('{"reset":true,"clients":[]}')),
  ]);
});

Deno.test("chunks are full, whole, in order, and the first alone resets", () => {
  const values = Array.from({ length: 3_000 }, (_, at) => ({ at, text: "屋".repeat(at % 40) }));
  for (const reset of [true, false]) {
    const frames = chunkedFrames(Kind.Names, { key: "clients", values }, reset);
    assertGreater(frames.length, 5);
    const told: unknown[] = [];
    frames.forEach((frame, index) => {
      assert(frame.length <= 6 + MAX_PAYLOAD_BYTES);
      // Whatever comes next would not have fitted.
      if (index < frames.length - 1) assertGreater(frame.length, MAX_PAYLOAD_BYTES - 300);
      const body = JSON.parse(new TextDecoder().decode(frame.subarray(6)));
      assertEquals(body.reset, reset && index === 0 ? true : undefined);
      assertGreater(body.clients.length, 0);
      told.push(...body.clients);
    });
    assertEquals(told, values);
  }
});

Deno.test("items that fill a chunk to the last byte", () => {
  for (let length = 32_600; length < 32_720; length++) {
    const values = [{ a: "" }, { a: "x".repeat(length - 9) }];
    const frames = chunkedFrames(Kind.Names, { key: "clients", values }, true);
    assert(frames.every((frame) => frame.length <= 6 + MAX_PAYLOAD_BYTES), String(length));
    assert(frames.every((frame) => frame.length > 6 + 24), `${length}: an empty chunk`);
  }
});

Deno.test("whatever a frame brings fits the frames that tell it on", () => {
  // As long as it may be, of characters that JSON writes in six bytes each.
  const word = "\u0001".repeat(255);
  const enrolment = { name: word, session: MAX_SESSION, token: word, moves: 2 ** 53 - 1 };
  const { name, ...asked } = decodeEnrol(payloadOf(Kind.Enrol, enrol(enrolment)));
  const long = { name, ...asked, stamp: 2 ** 53 - 1, server: word, base: false };
  claim(2 ** 53 - 1, long);
  assertEquals(presence([long, long]).length, 1);
  const message = `Cannot take name ${JSON.stringify(name)}: it is too long`;
  const refusal = payloadOf(Kind.Refused, refused({ name, reason: "bad-name", message }));
  assertEquals(decodeRefused(refusal).message, message);
  resolved({ name, session: null, reason: "no-such-name" });
  assertEquals(names([{ name, server: word }]).length, 2);
  const card = { id: word, label: word, addresses: Array.from({ length: 16 }, () => word) };
  const joined = decodeJoin(payloadOf(Kind.Join, join(card)));
  assertEquals(members({ members: [joined, joined], base: [], left: [] }).length, 2);
  welcome({ ...CARD, members: [joined, joined], base: [], clients: 0 });
});

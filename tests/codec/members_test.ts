import { assert, assertEquals, assertGreater } from "@std/assert";
import { decodeMembers, members } from "../../lib/codec/members.ts";
import { Kind } from "../../lib/codec/wire.ts";
import {
  assertAllMalformed,
  CARD,
  jsonPayload,
  LIST,
  payloadOf,
  testDecoder,
  testRoundTrip,
} from "./control_frames.ts";

testRoundTrip("members", (values) => {
  const sent = {
    members: [values.card(), ...values.list(() => values.card())],
    base: values.list(() => values.text()),
    left: values.list(() => values.text()),
  };
  const [frame, ...more] = members(sent);
  assertEquals(more.length, 0);
  assert(frame !== undefined);
  return { sent, came: decodeMembers(payloadOf(Kind.Members, frame)) };
});

testDecoder("members", {
  decode: decodeMembers,
  body: { members: [CARD, { base: "127.0.0.1:4010" }, { left: "0123456789ab" }] },
  kind: "9/2",
  wrong: [["members", "all", LIST]],
});

Deno.test("wrong types inside the list of members are malformed", () => {
  assertAllMalformed(decodeMembers, [
    [{ members: [{ ...CARD, id: 1 }] }, "9/2: 'id' is not a string"],
    [{ members: [{ base: 4010 }] }, "9/2: 'base' is not a string"],
    [{ members: [{ left: {} }] }, "9/2: 'left' is not a string"],
    [{ members: [1] }, "9/2: it is not a JSON object"],
  ]);
});

Deno.test("the list of members may be missing", () => {
  assertEquals(decodeMembers(jsonPayload({})), { members: [], base: [], left: [] });
});

Deno.test("what a newer server may say of members is passed over", () => {
  const news = { members: [{ rtt: [1] }, CARD] };
  assertEquals(decodeMembers(jsonPayload(news)), { members: [CARD], base: [], left: [] });
});

Deno.test("no news of members is no frame", () => {
  assertEquals(members({ members: [], base: [], left: [] }), []);
});

Deno.test("the news of many members come in chunks that add up", () => {
  const many = Array.from({ length: 1_000 }, (_, at) => ({ ...CARD, id: `id-${at}` }));
  const left = Array.from({ length: 500 }, (_, at) => `left-${at}`);
  const frames = members({ members: many, base: ["127.0.0.1:4010"], left });
  const news = frames.map((frame) => decodeMembers(payloadOf(Kind.Members, frame)));
  assertGreater(frames.length, 1);
  assertEquals(news.flatMap((chunk) => chunk.members), many);
  assertEquals(news.flatMap((chunk) => chunk.base), ["127.0.0.1:4010"]);
  assertEquals(news.flatMap((chunk) => chunk.left), left);
});

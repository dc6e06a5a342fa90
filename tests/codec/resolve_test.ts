import { assertEquals } from "@std/assert";
import {
  decodeResolve,
  decodeResolved,
  resolve,
  type Resolved,
  resolved,
} from "../../lib/codec/resolve.ts";
import { Kind } from "../../lib/codec/wire.ts";
import { pick } from "../testing/random.ts";
import {
  jsonPayload,
  payloadOf,
  SESSION,
  testDecoder,
  testRoundTrip,
  TEXT,
} from "./control_frames.ts";

testRoundTrip("resolve", (values) => {
  const sent = values.text();
  return { sent, came: decodeResolve(payloadOf(Kind.Resolve, resolve(sent))) };
});

testRoundTrip("resolved", (values) => {
  const name = values.text();
  const sent = pick<Resolved>(values.random, [
    { name, session: values.session(), reason: null },
    { name, session: 0, reason: null },
    { name, session: null, reason: "moving" },
    { name, session: null, reason: "no-such-name" },
  ]);
  const frame = resolved(sent);
  return { sent, came: decodeResolved(payloadOf(Kind.Resolved, frame)) };
});

testDecoder("resolve", {
  decode: decodeResolve,
  body: { name: "ada" },
  kind: "14/0",
  wrong: [["name", ["ada"], TEXT]],
});

testDecoder("resolved", {
  decode: decodeResolved,
  body: { name: "ada", session: 7, reason: null },
  kind: "14/1",
  wrong: [
    ["name", undefined, TEXT],
    ["session", "7", SESSION],
    ["session", 2 ** 48, SESSION],
    ["reason", 17, TEXT],
  ],
});

Deno.test("what a newer server may say of a name is passed over", () => {
  const odd = { name: "ada", session: null, reason: "on-holiday" };
  assertEquals(decodeResolved(jsonPayload(odd)), {
    name: "ada",
    session: null,
    reason: "no-such-name",
  });
});

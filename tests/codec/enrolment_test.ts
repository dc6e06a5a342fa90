import {
  decodeEnrol,
  decodeEnrolled,
  decodeRefused,
  enrol,
  enrolled,
  type RefusalReason,
  refused,
} from "../../lib/codec/enrolment.ts";
import { Kind } from "../../lib/codec/wire.ts";
import { pick } from "../testing/random.ts";
import { payloadOf, SESSION, testDecoder, testRoundTrip, TEXT, WHOLE } from "./control_frames.ts";

testRoundTrip("enrol", (values) => {
  const sent = {
    name: values.text(),
    session: values.session(),
    token: values.text(),
    moves: values.whole(),
  };
  return { sent, came: decodeEnrol(payloadOf(Kind.Enrol, enrol(sent))) };
});

testRoundTrip("enrolled", (values) => {
  const sent = values.text();
  const frame = enrolled(sent);
  return { sent, came: decodeEnrolled(payloadOf(Kind.Enrolled, frame)) };
});

testRoundTrip("refused", (values) => {
  const reason = pick(values.random, ["name-taken", "bad-name", "stale-move", "leaving"]);
  const sent = { name: values.text(), reason: reason as RefusalReason, message: "m" };
  return { sent, came: decodeRefused(payloadOf(Kind.Refused, refused(sent))) };
});

testDecoder("enrol", {
  decode: decodeEnrol,
  body: { name: "ada", session: 7, token: "secret", moves: 0 },
  kind: "13/0",
  wrong: [
    ["name", undefined, TEXT],
    ["name", "x".repeat(300), "has 300 characters, limit is 255"],
    ["session", 2 ** 48, SESSION],
    ["session", -1, SESSION],
    ["session", 0.5, SESSION],
    ["token", 4, TEXT],
    ["token", "x".repeat(256), "has 256 characters, limit is 255"],
    ["moves", null, WHOLE],
  ],
});

testDecoder("enrolled", {
  decode: decodeEnrolled,
  body: { name: "ada" },
  kind: "13/1",
  wrong: [["name", undefined, TEXT]],
});

testDecoder("refused", {
  decode: decodeRefused,
  body: { name: "ada", reason: "name-taken", message: "why" },
  kind: "13/2",
  wrong: [
    ["name", null, TEXT],
    ["reason", 1, TEXT],
    ["message", undefined, TEXT],
  ],
});

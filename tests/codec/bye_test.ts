import { bye, decodeBye } from "../../lib/codec/bye.ts";
import { Kind } from "../../lib/codec/wire.ts";
import { payloadOf, testDecoder, testRoundTrip, TEXT } from "./control_frames.ts";

testRoundTrip("bye", (values) => {
  const message = values.text() + "x".repeat(1_000);
  const came = decodeBye(payloadOf(Kind.Bye, bye("silent", message)));
  return { sent: { reason: "silent", message }, came };
});

testDecoder("bye", {
  decode: decodeBye,
  body: { reason: "silent", message: "why" },
  kind: "8/2",
  wrong: [
    ["reason", null, TEXT],
    ["message", [], TEXT],
  ],
});

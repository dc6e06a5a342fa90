import { assertEquals, assertThrows } from "@std/assert";
import { MAX_TEXT_BYTES, writeStreamMessage } from "../../lib/codec/stream.ts";
import { decodeNoWay, decodeVia, isServerId, kindOf, noWay, via } from "../../lib/codec/via.ts";
import {
  frame,
  HEADER_BYTES,
  Kind,
  MAX_CARRIED_PAYLOAD_BYTES,
  MAX_PAYLOAD_BYTES,
  ProtocolError,
} from "../../lib/codec/wire.ts";

const ENDS = { to: "3f9a0c51d2e4", from: "00000000000b" };

/** What a 16/0 with these bytes behind the ids carries. */
function carried(inner: Uint8Array, sublength = 12): ReturnType<typeof decodeVia> {
  return decodeVia(via({ ...ENDS, inner }).subarray(HEADER_BYTES), sublength);
}

Deno.test("a carried frame comes through as it is, with both ends", () => {
  const inner = frame(Kind.Bye, new Uint8Array([1, 2, 3]));
  const whole = via({ ...ENDS, inner });
  assertEquals([kindOf(whole), whole.length], [Kind.Via, HEADER_BYTES + 12 + inner.length]);
  assertEquals(decodeVia(whole.subarray(HEADER_BYTES), 12), { ...ENDS, inner });
});

Deno.test("the longest message, with the longest names, can be carried", () => {
  const name = new Uint8Array(64).fill(0x61);
  const text = new Uint8Array(MAX_TEXT_BYTES);
  const inner = new Uint8Array(HEADER_BYTES + MAX_CARRIED_PAYLOAD_BYTES);
  writeStreamMessage(inner, 0, {
    kind: Kind.StreamForward,
    address: { senderSession: 1, receiverSession: 2, senderName: name, receiverName: name },
    number: 1,
    floor: 1,
    text,
  });
  const whole = via({ ...ENDS, inner });
  assertEquals(whole.length, HEADER_BYTES + MAX_PAYLOAD_BYTES);
  assertEquals(decodeVia(whole.subarray(HEADER_BYTES), 12).inner.length, inner.length);
});

Deno.test("what is not one whole frame is not carried", () => {
  const echo = frame(Kind.Echo);
  const two = new Uint8Array([...echo, ...echo]);
  for (const inner of [new Uint8Array(0), echo.subarray(1), two]) {
    assertThrows(() => carried(inner), ProtocolError, "Cannot decode 16/0");
  }
  assertThrows(() => carried(echo, 11), ProtocolError, "it needs 12 bytes of ids, and a frame");
  assertThrows(
    () => carried(two),
    ProtocolError,
    "the frame in it is 12 bytes, its header says 6",
  );
});

Deno.test("a carried frame carries none", () => {
  const inner = via({ ...ENDS, inner: frame(Kind.Echo) });
  assertThrows(() => carried(inner), ProtocolError, "a frame is carried once only");
});

Deno.test("no way, and for whom", () => {
  assertEquals(decodeNoWay(noWay(ENDS.to).subarray(HEADER_BYTES)), ENDS.to);
  assertThrows(() => decodeNoWay(new Uint8Array([0x7b, 0x7d])), ProtocolError, "'to'");
});

Deno.test("only twelve hexadecimal digits have room in a frame", () => {
  assertEquals(
    ["3f9a0c51d2e4", "3F9A0C51D2E4", "3f9a0c51d2e", "3f9a0c51d2e4f", "somebody", ""].map(
      isServerId,
    ),
    [true, false, false, false, false, false],
  );
});

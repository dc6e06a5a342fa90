import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkLength,
  frame,
  HEADER_BYTES,
  Kind,
  kindText,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
  ProtocolError,
  unexpected,
  WELL_KNOWN_PORTS,
  writeHeader,
} from "../../lib/codec/wire.ts";
import { fromHex, naiveFrame, toHex, utf8 } from "./naive_codec.ts";

Deno.test("the numbers of the wire", () => {
  assertEquals(HEADER_BYTES, 6);
  assertEquals(MAX_PAYLOAD_BYTES, 32_767);
  assertEquals(MAX_FRAME_BYTES, 32_777);
  assertEquals([...WELL_KNOWN_PORTS], [4000, 4010, 4020, 4030, 4040]);
});

Deno.test("every kind is one type and one subtype", () => {
  const kinds = Object.fromEntries(
    Object.entries(Kind).map(([name, kind]) => [name, kindText(kind)]),
  );
  assertEquals(kinds, {
    CliqueRequest: "0/0",
    CliqueReply: "1/0",
    JoinOrRegistered: "2/0",
    Register: "2/1",
    Message: "3/0",
    Forward: "4/0",
    ServersRequest: "5/0",
    ServersReply: "5/1",
    Echo: "6/0",
    EchoReply: "6/1",
    Close: "7/0",
    CloseReply: "7/1",
    NameTaken: "30/0",
    Join33: "33/0",
    Hello: "8/0",
    Welcome: "8/1",
    Bye: "8/2",
    Join: "9/0",
    Accept: "9/1",
    Members: "9/2",
    Leaving: "9/3",
    Presence: "10/0",
    Claim: "10/1",
    Claimed: "10/2",
    Gone: "10/3",
    StreamMessage: "11/0",
    StreamForward: "11/1",
    Ack: "12/0",
    Receipt: "12/1",
    Tally: "12/2",
    Enrol: "13/0",
    Enrolled: "13/1",
    Refused: "13/2",
    Resolve: "14/0",
    Resolved: "14/1",
    Who: "15/0",
    Names: "15/1",
    Via: "16/0",
    NoWay: "16/1",
    Row: "17/0",
    MatrixRequest: "17/1",
    MatrixReply: "17/2",
  });
  assertEquals(new Set(Object.values(Kind)).size, Object.values(Kind).length);
});

Deno.test("a header is six big-endian bytes, and nothing beside them is touched", () => {
  const bytes = new Uint8Array(10).fill(0xee);
  writeHeader(bytes, 2, 0x1e0f, { length: 0x7fff, sublength: 0x0102 });
  assertEquals(toHex(bytes), "ee ee 1e 0f 7f ff 01 02 ee ee");
});

Deno.test("a frame is a header and the payload", () => {
  assertEquals(frame(Kind.Echo), fromHex("06 00 00 00 00 00"));
  assertEquals(frame(Kind.Register, utf8("ada")), fromHex("02 01 00 03 00 00 61 64 61"));
  assertEquals(frame(Kind.Message, utf8("bob hi"), 3), naiveFrame([3, 0], utf8("bob hi"), 3));
});

Deno.test("the longest payload fits, one byte more does not", () => {
  const longest = frame(Kind.Presence, new Uint8Array(MAX_PAYLOAD_BYTES));
  assertEquals(longest.length, HEADER_BYTES + MAX_PAYLOAD_BYTES);
  assertEquals(toHex(longest.subarray(0, 6)), "0a 00 7f ff 00 00");
  assertThrows(
    () => frame(Kind.Presence, new Uint8Array(MAX_PAYLOAD_BYTES + 1)),
    RangeError,
    "Cannot encode frame: payload is 32768 bytes, limit is 32767",
  );
});

Deno.test("a broken rule has a close reason and says what the rule is", () => {
  const error = unexpected("accept", "the server with the smaller id decides");
  assert(error instanceof ProtocolError);
  assertEquals(error.name, "ProtocolError");
  assertEquals(error.reason, "unexpected-frame");
  assertEquals(error.message, "Cannot take accept: the server with the smaller id decides");
  assertEquals(new ProtocolError("silent", "why").reason, "silent");
});

Deno.test("a payload that always has the same length may not have another", () => {
  checkLength("receipt", 28, 28);
  const error = assertThrows(() => checkLength("receipt", 27, 28), ProtocolError);
  assertEquals(error.reason, "malformed");
  assertEquals(error.message, "Cannot decode receipt: it has 27 bytes in place of 28");
});

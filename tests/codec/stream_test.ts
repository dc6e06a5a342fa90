import { assertEquals, assertThrows } from "@std/assert";
import { writeU32 } from "../../lib/codec/big_endian.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import {
  At,
  checkAddressing,
  decodeStreamMessage,
  MAX_TEXT_BYTES,
  streamFrameBytes,
  type StreamMessage,
  writeStreamMessage,
} from "../../lib/codec/stream.ts";
import {
  HEADER_BYTES,
  Kind,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
} from "../../lib/codec/wire.ts";
import { pick, randomU32, randomU48, seededRandom } from "../testing/random.ts";
import { fromHex, naiveMessage, readNaiveMessage, toHex, utf8 } from "./naive_codec.ts";
import { testRandomPayloads } from "./random_payloads.ts";

/** Written by hand from the layout: every field has bytes of its own. */
const MESSAGE_HEX = `
  0b 00 00 2a 00 28
  01 02 03 04 05 06
  11 12 13 14 15 16
  21 22 23 24 25 26
  31 32 33 34 35 36
  00 00 00 00
  00 00 00 00
  03 03
  61 64 61
  62 6f 62
  68 69`;

/** A message as a frame of its own. */
function encode(
  kind: number,
  message: Omit<StreamMessage, "homeStamp" | "farStamp">,
): Uint8Array {
  const address = {
    senderSession: message.senderSession,
    receiverSession: message.receiverSession,
    senderName: utf8(message.sender),
    receiverName: utf8(message.receiver),
  };
  const text = utf8(message.text);
  const bytes = new Uint8Array(streamFrameBytes(address, text.length));
  const { number, floor } = message;
  writeStreamMessage(bytes, 0, { kind, address, number, floor, text });
  return bytes;
}

Deno.test("a message lies at its exact offsets", () => {
  const message = {
    senderSession: 0x010203040506,
    receiverSession: 0x111213141516,
    number: 0x212223242526,
    floor: 0x313233343536,
    sender: "ada",
    receiver: "bob",
    text: "hi",
  };
  const bytes = fromHex(MESSAGE_HEX);
  assertEquals(toHex(encode(Kind.StreamMessage, message)), toHex(bytes));
  assertEquals(decodeStreamMessage(bytes.subarray(6), 40), {
    ...message,
    homeStamp: 0,
    farStamp: 0,
  });
  bytes[1] = 1;
  assertEquals(encode(Kind.StreamForward, message), bytes);
});

Deno.test("the stamps that servers write into a message lie at 24 and 28", () => {
  const payload = fromHex(MESSAGE_HEX).subarray(6);
  writeU32(payload, At.HomeStamp, 0x41424344);
  writeU32(payload, At.FarStamp, 0xf1f2f3f4);
  assertEquals(toHex(payload.subarray(24, 32)), "41 42 43 44 f1 f2 f3 f4");
  const { homeStamp, farStamp } = decodeStreamMessage(payload, 40);
  assertEquals([homeStamp, farStamp], [0x41424344, 0xf1f2f3f4]);
});

Deno.test("a message is written where it is told, and nothing beside it is touched", () => {
  const address = {
    senderSession: 1,
    receiverSession: 2,
    senderName: utf8("a"),
    receiverName: utf8("b"),
  };
  const message = { kind: Kind.StreamMessage, address, number: 1, floor: 1, text: utf8("x") };
  const size = streamFrameBytes(address, 1);
  assertEquals(size, 6 + 34 + 2 + 1);
  const bytes = new Uint8Array(size + 7).fill(0xee);
  writeStreamMessage(bytes, 3, message);
  const alone = new Uint8Array(size);
  writeStreamMessage(alone, 0, message);
  assertEquals(bytes.subarray(3, 3 + size), alone);
  assertEquals(toHex(bytes.subarray(0, 3)), "ee ee ee");
  assertEquals(toHex(bytes.subarray(3 + size)), "ee ee ee ee");
});

Deno.test("random messages agree with the naive codec", () => {
  const random = seededRandom(11);
  const word = (most: number): string =>
    Array.from({ length: Math.floor(random() * most) }, () => pick(random, ["a", "é", "屋", "🦊"]))
      .join("");
  for (let run = 0; run < 3_000; run++) {
    const message = {
      senderSession: randomU48(random),
      receiverSession: randomU48(random),
      number: randomU48(random),
      floor: randomU48(random),
      sender: word(12),
      receiver: word(12),
      text: word(60),
    };
    const bytes = encode(Kind.StreamForward, message);
    assertEquals(bytes, naiveMessage(1, { ...message, homeStamp: 0, farStamp: 0 }));
    writeU32(bytes, HEADER_BYTES + At.HomeStamp, randomU32(random));
    writeU32(bytes, HEADER_BYTES + At.FarStamp, randomU32(random));
    const sublength = (bytes[4] as number) * 256 + (bytes[5] as number);
    const decoded = decodeStreamMessage(bytes.subarray(6), sublength);
    assertEquals(decoded, readNaiveMessage(bytes.subarray(6)));
  }
});

Deno.test("the longest text, between the longest names, fits exactly a frame that can be carried", () => {
  assertEquals(MAX_TEXT_BYTES, 32_587);
  const name = "n".repeat(64);
  const message = {
    senderSession: 1,
    receiverSession: 2,
    number: 3,
    floor: 1,
    sender: name,
    receiver: name,
    text: "x".repeat(MAX_TEXT_BYTES),
  };
  const bytes = encode(Kind.StreamMessage, message);
  assertEquals(bytes.length, HEADER_BYTES + MAX_CARRIED_PAYLOAD_BYTES);
  const reader = new FrameReader("server");
  reader.feed(bytes);
  assertEquals(reader.next(), true);
  assertEquals(decodeStreamMessage(reader.payload(), reader.sublength).text, message.text);
});

Deno.test("a text keeps a byte order mark, and bytes that are not UTF-8 do no harm", () => {
  const payload = (text: Uint8Array): Uint8Array => {
    const fixed = new Uint8Array(34 + 2 + text.length);
    fixed.set([1, 1, 0x61, 0x62], 32);
    fixed.set(text, 36);
    return fixed;
  };
  assertEquals(decodeStreamMessage(payload(utf8("\ufeffhi")), 36).text, "\ufeffhi");
  assertEquals(decodeStreamMessage(payload(fromHex("61 ff 62")), 36).text, "a\ufffdb");
});

Deno.test("an addressing part that does not add up is malformed", () => {
  const payload = fromHex(MESSAGE_HEX).subarray(6);
  const refused = (bytes: Uint8Array, sublength: number): void => {
    const error = assertThrows(
      () => decodeStreamMessage(bytes, sublength),
      ProtocolError,
      `Cannot decode message: its addressing part of ${sublength} bytes does not add up`,
    );
    assertEquals(error.reason, "malformed");
  };
  for (const sublength of [0, 33, 34, 39, 41, 42]) refused(payload, sublength);
  refused(new Uint8Array(0), 0);
  refused(payload.subarray(0, 33), 33);
  const longSender = payload.slice();
  longSender[At.SenderLength] = 255;
  refused(longSender, 40);
  // The names may be empty as far as the layout goes.
  checkAddressing(new Uint8Array(34), 0, 34);
  checkAddressing(fromHex(MESSAGE_HEX), 6, 40);
});

testRandomPayloads((payload, random) =>
  decodeStreamMessage(payload, Math.floor(random() * (payload.length + 1)))
);

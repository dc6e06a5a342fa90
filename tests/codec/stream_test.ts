import { assertEquals, assertThrows } from "@std/assert";
import { FrameReader } from "../../lib/codec/reader.ts";
import {
  type Ack,
  ACK_BYTES,
  ackFrame,
  At,
  checkAddressing,
  checkLength,
  decodeAck,
  decodeStreamMessage,
  decodeTally,
  DROP_REASONS,
  MAX_TEXT_BYTES,
  readU32,
  readU48,
  Status,
  streamFrameBytes,
  type StreamMessage,
  type Tally,
  TALLY_BYTES,
  tallyFrame,
  writeStreamMessage,
  writeU32,
  writeU48,
} from "../../lib/codec/stream.ts";
import {
  HEADER_BYTES,
  Kind,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
} from "../../lib/codec/wire.ts";
import { pick, randomBytes, seededRandom } from "../testing/random.ts";
import {
  fromHex,
  getU48,
  naiveAck,
  naiveMessage,
  naiveTally,
  readNaiveMessage,
  setU48,
  toHex,
  utf8,
} from "./naive_codec.ts";

const U48 = 2 ** 48 - 1;
const U32 = 2 ** 32 - 1;

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

const ACK_HEX = `
  0c 00 00 1c 00 1c
  01 02 03 04 05 06
  11 12 13 14 15 16
  21 22 23 24 25 26
  02
  01
  41 42 43 44
  f1 f2 f3 f4`;

const TALLY_HEX = `
  0c 02 00 20 00 20
  01 02 03 04 05 06
  0a bb cc dd ee ff
  21 22 23 24 25 26
  fe dc
  41 42 43 44
  51 52 53 54
  f1 f2 f3 f4`;

const ACK: Ack = {
  to: 0x010203040506,
  from: 0x111213141516,
  number: 0x212223242526,
  status: Status.Skipped,
  everybody: true,
  homeStamp: 0x41424344,
  farStamp: 0xf1f2f3f4,
};

const TALLY: Tally = {
  to: 0x010203040506,
  server: "0abbccddeeff",
  number: 0x212223242526,
  peers: 0xfedc,
  reached: 0x41424344,
  unconfirmed: 0x51525354,
  dropped: 0xf1f2f3f4,
};

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

Deno.test("an acknowledgement and a receipt lie at their exact offsets", () => {
  const bytes = fromHex(ACK_HEX);
  assertEquals(toHex(ackFrame(Kind.Ack, ACK)), toHex(bytes));
  assertEquals(decodeAck(bytes.subarray(6)), ACK);
  bytes[1] = 1;
  assertEquals(ackFrame(Kind.Receipt, ACK), bytes);
  const own = { ...ACK, everybody: false };
  assertEquals(decodeAck(ackFrame(Kind.Ack, own).subarray(6)), own);
});

Deno.test("a tally lies at its exact offsets", () => {
  const bytes = fromHex(TALLY_HEX);
  assertEquals(toHex(tallyFrame(TALLY)), toHex(bytes));
  assertEquals(decodeTally(bytes.subarray(6)), TALLY);
});

Deno.test("random messages, acknowledgements and tallies agree with the naive codec", () => {
  const random = seededRandom(11);
  const u48 = (): number =>
    pick(random, [0, 1, 2 ** 31, U32, 2 ** 32, 2 ** 47, U48, Math.floor(random() * 2 ** 48)]);
  const u32 = (): number => pick(random, [0, 1, 2 ** 31, U32, Math.floor(random() * 2 ** 32)]);
  const word = (most: number): string =>
    Array.from({ length: Math.floor(random() * most) }, () => pick(random, ["a", "é", "屋", "🦊"]))
      .join("");
  for (let run = 0; run < 3_000; run++) {
    const message = {
      senderSession: u48(),
      receiverSession: u48(),
      number: u48(),
      floor: u48(),
      sender: word(12),
      receiver: word(12),
      text: word(60),
    };
    const bytes = encode(Kind.StreamForward, message);
    assertEquals(bytes, naiveMessage(1, { ...message, homeStamp: 0, farStamp: 0 }));
    writeU32(bytes, HEADER_BYTES + At.HomeStamp, u32());
    writeU32(bytes, HEADER_BYTES + At.FarStamp, u32());
    const sublength = (bytes[4] as number) * 256 + (bytes[5] as number);
    const decoded = decodeStreamMessage(bytes.subarray(6), sublength);
    assertEquals(decoded, readNaiveMessage(bytes.subarray(6)));
    const ack = {
      to: u48(),
      from: u48(),
      number: u48(),
      status: Math.floor(random() * 256),
      everybody: random() < 0.5,
      homeStamp: u32(),
      farStamp: u32(),
    };
    assertEquals(ackFrame(Kind.Receipt, ack), naiveAck(1, ack));
    assertEquals(decodeAck(naiveAck(0, ack).subarray(6)), ack);
    const tally = {
      to: u48(),
      server: u48().toString(16).padStart(12, "0"),
      number: u48(),
      peers: pick(random, [0, 1, 255, 256, 65_535]),
      reached: u32(),
      unconfirmed: u32(),
      dropped: u32(),
    };
    assertEquals(tallyFrame(tally), naiveTally(tally));
    assertEquals(decodeTally(naiveTally(tally).subarray(6)), tally);
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

Deno.test("fixed payloads of another length are malformed", () => {
  assertEquals([ACK_BYTES, TALLY_BYTES], [28, 32]);
  for (const length of [0, 27, 29]) {
    const message = `Cannot decode acknowledgement: it has ${length} bytes in place of 28`;
    const error = assertThrows(() => decodeAck(new Uint8Array(length)), ProtocolError, message);
    assertEquals(error.reason, "malformed");
  }
  for (const length of [0, 31, 33]) {
    const message = `Cannot decode tally: it has ${length} bytes in place of 32`;
    assertThrows(() => decodeTally(new Uint8Array(length)), ProtocolError, message);
  }
  checkLength("receipt", 28, 28);
});

Deno.test("numbers of six and of four bytes, at their edges", () => {
  const edges = [0, 1, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, U32];
  for (const value of edges) {
    const bytes = new Uint8Array(6).fill(0xee);
    writeU32(bytes, 1, value);
    assertEquals(toHex(bytes), `ee ${toHex(fromHex(value.toString(16).padStart(8, "0")))} ee`);
    assertEquals(readU32(bytes, 1), value);
  }
  const wide = [...edges, 2 ** 32, 2 ** 32 + 1, 2 ** 40 - 1, 2 ** 47, 2 ** 47 + 2 ** 31, U48];
  for (const value of wide) {
    const bytes = new Uint8Array(8).fill(0xee);
    const naive = bytes.slice();
    writeU48(bytes, 1, value);
    setU48(new DataView(naive.buffer), 1, value);
    assertEquals(bytes, naive, String(value));
    assertEquals(readU48(bytes, 1), value);
    assertEquals(getU48(new DataView(naive.buffer), 1), value);
  }
});

Deno.test("a difference of stamps is right across the turn of their 32 bits", () => {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, 5 - U32);
  assertEquals(readU32(bytes, 0), 6);
});

Deno.test("random payloads do no more harm than a ProtocolError", () => {
  const random = seededRandom(12);
  let refused = 0;
  for (let run = 0; run < 3_000; run++) {
    const payload = randomBytes(random, Math.floor(random() * 60));
    for (
      const decode of [
        () => decodeStreamMessage(payload, Math.floor(random() * (payload.length + 1))),
        () => decodeAck(payload),
        () => decodeTally(payload),
      ]
    ) {
      try {
        decode();
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused++;
      }
    }
  }
  assertEquals(refused > 8_000, true);
});

Deno.test("the statuses, and the drop reasons that receipts carry", () => {
  assertEquals<Record<string, number>>({ ...Status }, {
    Delivered: 0,
    Gap: 1,
    Skipped: 2,
    Unconfirmed: 16,
    NoSuchName: 17,
    Moving: 18,
    Slow: 19,
    LinkLost: 20,
    ReceiverChanged: 21,
    TooLong: 22,
    NotRegistered: 23,
    SenderTaken: 24,
  });
  assertEquals({ ...DROP_REASONS }, {
    17: "no-such-name",
    18: "moving",
    19: "slow",
    20: "link-lost",
    21: "receiver-changed",
    22: "too-long",
    23: "not-registered",
    24: "sender-taken",
  });
});

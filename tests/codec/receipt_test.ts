import { assertEquals, assertThrows } from "@std/assert";
import { type Ack, ACK_BYTES, ackFrame, decodeAck } from "../../lib/codec/receipt.ts";
import { Status } from "../../lib/codec/status.ts";
import { Kind, ProtocolError } from "../../lib/codec/wire.ts";
import { randomU32, randomU48, seededRandom } from "../testing/random.ts";
import { fromHex, naiveAck, toHex } from "./naive_codec.ts";
import { testRandomPayloads } from "./random_payloads.ts";

/** Written by hand from the layout: every field has bytes of its own. */
const ACK_HEX = `
  0c 00 00 1c 00 1c
  01 02 03 04 05 06
  11 12 13 14 15 16
  21 22 23 24 25 26
  02
  01
  41 42 43 44
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

Deno.test("an acknowledgement and a receipt lie at their exact offsets", () => {
  const bytes = fromHex(ACK_HEX);
  assertEquals(toHex(ackFrame(Kind.Ack, ACK)), toHex(bytes));
  assertEquals(decodeAck(bytes.subarray(6)), ACK);
  bytes[1] = 1;
  assertEquals(ackFrame(Kind.Receipt, ACK), bytes);
  const own = { ...ACK, everybody: false };
  assertEquals(decodeAck(ackFrame(Kind.Ack, own).subarray(6)), own);
});

Deno.test("random acknowledgements and receipts agree with the naive codec", () => {
  const random = seededRandom(11);
  for (let run = 0; run < 3_000; run++) {
    const ack = {
      to: randomU48(random),
      from: randomU48(random),
      number: randomU48(random),
      status: Math.floor(random() * 256),
      everybody: random() < 0.5,
      homeStamp: randomU32(random),
      farStamp: randomU32(random),
    };
    assertEquals(ackFrame(Kind.Receipt, ack), naiveAck(1, ack));
    assertEquals(decodeAck(naiveAck(0, ack).subarray(6)), ack);
  }
});

Deno.test("an acknowledgement of another length is malformed", () => {
  assertEquals(ACK_BYTES, 28);
  for (const length of [0, 27, 29]) {
    const message = `Cannot decode acknowledgement: it has ${length} bytes in place of 28`;
    const error = assertThrows(() => decodeAck(new Uint8Array(length)), ProtocolError, message);
    assertEquals(error.reason, "malformed");
  }
});

testRandomPayloads(decodeAck);

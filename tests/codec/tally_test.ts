import { assertEquals, assertThrows } from "@std/assert";
import { decodeTally, type Tally, TALLY_BYTES, tallyFrame } from "../../lib/codec/tally.ts";
import { ProtocolError } from "../../lib/codec/wire.ts";
import { pick, randomU32, randomU48, seededRandom } from "../testing/random.ts";
import { fromHex, naiveTally, toHex } from "./naive_codec.ts";
import { testRandomPayloads } from "./random_payloads.ts";

/** Written by hand from the layout: every field has bytes of its own. */
const TALLY_HEX = `
  0c 02 00 20 00 20
  01 02 03 04 05 06
  0a bb cc dd ee ff
  21 22 23 24 25 26
  fe dc
  41 42 43 44
  51 52 53 54
  f1 f2 f3 f4`;

const TALLY: Tally = {
  to: 0x010203040506,
  server: "0abbccddeeff",
  number: 0x212223242526,
  peers: 0xfedc,
  reached: 0x41424344,
  unconfirmed: 0x51525354,
  dropped: 0xf1f2f3f4,
};

Deno.test("a tally lies at its exact offsets", () => {
  const bytes = fromHex(TALLY_HEX);
  assertEquals(toHex(tallyFrame(TALLY)), toHex(bytes));
  assertEquals(decodeTally(bytes.subarray(6)), TALLY);
});

Deno.test("random tallies agree with the naive codec", () => {
  const random = seededRandom(11);
  for (let run = 0; run < 3_000; run++) {
    const tally = {
      to: randomU48(random),
      server: randomU48(random).toString(16).padStart(12, "0"),
      number: randomU48(random),
      peers: pick(random, [0, 1, 255, 256, 65_535]),
      reached: randomU32(random),
      unconfirmed: randomU32(random),
      dropped: randomU32(random),
    };
    assertEquals(tallyFrame(tally), naiveTally(tally));
    assertEquals(decodeTally(naiveTally(tally).subarray(6)), tally);
  }
});

Deno.test("a tally of another length is malformed", () => {
  assertEquals(TALLY_BYTES, 32);
  for (const length of [0, 31, 33]) {
    const message = `Cannot decode tally: it has ${length} bytes in place of 32`;
    assertThrows(() => decodeTally(new Uint8Array(length)), ProtocolError, message);
  }
});

testRandomPayloads(decodeTally);

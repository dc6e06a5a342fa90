/**
 * What a decoder of binary frames makes of payloads that mean nothing.
 *
 * @module
 */

import { assertGreater } from "@std/assert";
import { ProtocolError } from "../../lib/codec/wire.ts";
import { randomBytes, seededRandom } from "../testing/random.ts";

/** Decodes many random payloads: nearly all are refused, and only with a `ProtocolError`. */
export function testRandomPayloads(
  decode: (payload: Uint8Array, random: () => number) => unknown,
): void {
  Deno.test("random payloads do no more harm than a ProtocolError", () => {
    const random = seededRandom(12);
    let refused = 0;
    for (let run = 0; run < 3_000; run++) {
      const payload = randomBytes(random, Math.floor(random() * 60));
      try {
        decode(payload, random);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused++;
      }
    }
    assertGreater(refused, 2_900);
  });
}

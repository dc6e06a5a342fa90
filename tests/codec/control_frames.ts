/**
 * What the tests of all control frames share: random values of every shape that
 * frames carry, and what each decoder must take and refuse.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import type { MemberCard } from "../../lib/codec/members.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { kindText, ProtocolError } from "../../lib/codec/wire.ts";
import { pick, randomBytes, seededRandom } from "../testing/random.ts";
import { utf8 } from "./naive_codec.ts";

/** The largest session: six bytes. */
export const MAX_SESSION = 2 ** 48 - 1;

/** A good card. */
export const CARD = { id: "0123456789ab", label: "attic", addresses: ["192.0.2.1:4000"] };

/** What errors say of a value that is wrong. */
export const WHOLE = "is not a whole number from 0 to 9007199254740991";
export const SESSION = "is not a whole number from 0 to 281474976710655";
export const TEXT = "is not a string";
export const LIST = "is not a list";

/** Random values of every shape that frames carry. */
export class Values {
  constructor(readonly random: () => number) {}

  text(): string {
    const letters = ["a", "Z", "é", "屋", "🦊", '"', "\\", "\n", "\u2028", "{", "\0", "\ufeff"];
    return this.list(() => pick(this.random, letters), 20).join("");
  }

  session(): number {
    const any = Math.floor(this.random() * 2 ** 48);
    return pick(this.random, [1, 2 ** 32, MAX_SESSION, any]);
  }

  whole(): number {
    return pick(this.random, [0, 1, 2 ** 48 + 1, Number.MAX_SAFE_INTEGER]);
  }

  flag(): boolean {
    return this.random() < 0.5;
  }

  list<Item>(item: () => Item, most = 4): Item[] {
    return Array.from({ length: Math.floor(this.random() * (most + 1)) }, item);
  }

  card(): MemberCard {
    return { id: this.text(), label: this.text(), addresses: this.list(() => this.text(), 16) };
  }
}

/** The payload of the one frame that `bytes` are, which must be of this kind. */
export function payloadOf(kind: number, bytes: Uint8Array): Uint8Array {
  const reader = new FrameReader("server");
  reader.feed(bytes);
  assert(reader.next());
  assertEquals([kindText(reader.kind), reader.sublength], [kindText(kind), 0]);
  const payload = reader.payload();
  assertEquals(reader.end, bytes.length);
  return payload;
}

/** A payload, as other programs would write it. */
export function jsonPayload(body: unknown): Uint8Array {
  return utf8(JSON.stringify(body));
}

/** Tests random values; `roundTrip` makes one, as it was and as it came there and back. */
export function testRoundTrip(
  what: string,
  roundTrip: (values: Values) => { readonly sent: unknown; readonly came: unknown },
): void {
  Deno.test(`${what}: random values come back as they went`, () => {
    const values = new Values(seededRandom(what.length));
    for (let run = 0; run < 200; run++) {
      const { sent, came } = roundTrip(values);
      assertEquals(came, sent, `run ${run}`);
    }
  });
}

/** One decoder, and what it says of payloads. */
export interface DecoderCase {
  readonly decode: (payload: Uint8Array) => unknown;
  /** A good object. */
  readonly body: object;
  /** The frame, as errors call it. */
  readonly kind: string;
  /** A key, a value that is wrong there, and what the error says of it. */
  readonly wrong: readonly (readonly [key: string, value: unknown, problem: string])[];
}

/** Tests what every decoder of JSON must take and refuse. */
export function testDecoder(what: string, { decode, body, kind, wrong }: DecoderCase): void {
  Deno.test(`${what}: unknown keys are ignored`, () => {
    const more = { ...body, zzz: { deep: [1, null] }, "": true, __proto__x: 1 };
    assertEquals(decode(jsonPayload(more)), decode(jsonPayload(body)));
  });

  Deno.test(`${what}: what is no JSON object is malformed`, () => {
    for (const wrong of [null, 1, "a", [body], []]) {
      const error = assertThrows(() => decode(jsonPayload(wrong)), ProtocolError);
      assertEquals(error.message, `Cannot decode frame ${kind}: it is not a JSON object`);
    }
    const error = assertThrows(() => decode(utf8("{")), ProtocolError);
    assertEquals(error.message, `Cannot decode frame ${kind}: it is not JSON in UTF-8`);
  });

  for (const [key, value, problem] of wrong) {
    const shown = JSON.stringify(value)?.slice(0, 20) ?? "missing";
    Deno.test(`${what}: ${key} ${shown} is malformed, and the message says so`, () => {
      decode(jsonPayload(body));
      const wrong = jsonPayload({ ...body, [key]: value });
      const error = assertThrows(() => decode(wrong), ProtocolError);
      assertEquals(error.reason, "malformed");
      assertEquals(error.message, `Cannot decode frame ${kind}: '${key}' ${problem}`);
    });
  }

  Deno.test(`${what}: damaged payloads do no more harm than a ProtocolError`, () => {
    const random = seededRandom(9);
    let refused = 0;
    for (let run = 0; run < 400; run++) {
      const payload = jsonPayload(body).slice();
      const damage = randomBytes(random, 1 + Math.floor(random() * 3));
      payload.set(damage, Math.floor(random() * (payload.length - damage.length)));
      const cut = random() < 0.3 ? Math.floor(random() * payload.length) : payload.length;
      try {
        decode(payload.subarray(0, cut));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        assertEquals(error.reason, "malformed");
        refused++;
      }
    }
    assertGreater(refused, 300);
  });
}

/** Objects that are wrong further in, and what the error says of each. */
export function assertAllMalformed(
  decode: (payload: Uint8Array) => unknown,
  bad: readonly (readonly [body: object, message: string])[],
): void {
  for (const [body, message] of bad) {
    const payload = jsonPayload(body);
    assertThrows(() => decode(payload), ProtocolError, `Cannot decode frame ${message}`);
  }
}

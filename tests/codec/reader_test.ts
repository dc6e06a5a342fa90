import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { DIGITS_BYTES, FrameReader, type Reading } from "../../lib/codec/reader.ts";
import {
  type CloseReason,
  HEADER_BYTES,
  Kind,
  kindText,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
  ProtocolError,
} from "../../lib/codec/wire.ts";
import { pick, randomBytes, seededRandom } from "../testing/random.ts";
import {
  fromHex,
  joined,
  naiveFrame,
  naiveFrames,
  naiveHeader,
  toHex,
  utf8,
} from "./naive_codec.ts";

/** A frame as the reader showed it, copied. */
interface Shown {
  readonly kind: string;
  readonly sublength: number;
  readonly payload: Uint8Array;
}

/** What a reader made of a stream. */
interface Read {
  readonly frames: Shown[];
  readonly unfinished: number;
  readonly broken: CloseReason | null;
}

/** Feeds a reader one piece after the other, until it ends or breaks. */
function read(pieces: readonly Uint8Array[], reading: Reading): Read {
  const reader = new FrameReader(reading);
  const frames: Shown[] = [];
  try {
    for (const piece of pieces) {
      reader.feed(piece);
      while (reader.next()) {
        const { kind, sublength } = reader;
        frames.push({ kind: kindText(kind), sublength, payload: reader.payload().slice() });
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { frames, unfinished: 0, broken: error.reason };
  }
  return { frames, unfinished: reader.unfinishedBytes, broken: null };
}

/** What the naive codec makes of the same bytes. */
function expected(bytes: Uint8Array, reading: Reading): Read {
  const { frames, unfinished, broken } = naiveFrames(bytes, reading);
  const shown = frames.map(({ type, subtype, sublength, payload }) => ({
    kind: `${type}/${subtype}`,
    sublength,
    payload,
  }));
  return { frames: shown, unfinished, broken };
}

/** Cuts bytes into pieces of random lengths below `most`, empty ones included. */
function cut(bytes: Uint8Array, random: () => number, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Math.floor(random() * most);
    // A copy: what a driver passes is gone after the call.
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return pieces;
}

/** How `run` allocates byte arrays: the largest one, and all together. */
function allocations(run: () => void): { largest: number; total: number } {
  const original = globalThis.Uint8Array;
  const seen = { largest: 0, total: 0 };
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, args): object {
      const array: Uint8Array = Reflect.construct(target, args);
      if (typeof args[0] === "number") {
        seen.largest = Math.max(seen.largest, array.length);
        seen.total += array.length;
      }
      return array;
    },
  });
  try {
    run();
  } finally {
    globalThis.Uint8Array = original;
  }
  return seen;
}

/** A few frames of every shape: bare, with payload, with addressing, with digits. */
const MIXED = joined([
  naiveFrame([6, 0]),
  naiveFrame([2, 1], utf8("ada")),
  fromHex("00 00 00 00 00 00 34 30 31 30"),
  naiveFrame([3, 0], utf8("bob hello there"), 3),
  fromHex("21 00 00 00 00 00 34 30 32 30"),
  naiveFrame([127, 255], fromHex("00"), 1),
  naiveFrame([255, 128]),
  fromHex("02 00 00 00 00 00 34 30 33 30"),
  naiveFrame([11, 0], randomBytes(seededRandom(3), 700), 700),
  naiveFrame([7, 0]),
]);

Deno.test("whole, and as borrowed views of the chunk itself", () => {
  const reader = new FrameReader("server");
  reader.feed(MIXED);
  const kinds: string[] = [];
  let start = 0;
  while (reader.next()) {
    assert(reader.bytes === MIXED);
    assertEquals(reader.start, start);
    assertEquals(reader.payloadStart, start + 6);
    start = reader.end;
    kinds.push(kindText(reader.kind));
  }
  const all = ["6/0", "2/1", "0/0", "3/0", "33/0", "127/255", "255/128", "2/0", "11/0", "7/0"];
  assertEquals(kinds, all);
  assertEquals(start, MIXED.length);
  assertEquals(read([MIXED], "server"), expected(MIXED, "server"));
});

Deno.test("a byte at a time", () => {
  const pieces = Array.from(MIXED, (byte) => Uint8Array.of(byte));
  assertEquals(read(pieces, "server"), expected(MIXED, "server"));
});

Deno.test("split at every place, in two and in three", () => {
  const whole = expected(MIXED, "server");
  for (let at = 0; at <= MIXED.length; at++) {
    const [first, second] = [MIXED.slice(0, at), MIXED.slice(at)];
    assertEquals(read([first, second], "server"), whole, `at ${at}`);
    const middle = Math.floor(second.length / 2);
    const three = [first, second.slice(0, middle), second.slice(middle)];
    assertEquals(read(three, "server"), whole, `at ${at}, in three`);
  }
});

Deno.test("empty pieces change nothing", () => {
  const empty = new Uint8Array(0);
  const pieces = [empty, MIXED.slice(0, 3), empty, empty, MIXED.slice(3), empty];
  assertEquals(read(pieces, "server"), expected(MIXED, "server"));
});

Deno.test("trailing bytes wait for the rest of their frame", () => {
  const reader = new FrameReader("server");
  reader.feed(joined([naiveFrame([6, 0]), fromHex("06 00 00")]));
  assertEquals(reader.next(), true);
  assertEquals(reader.next(), false);
  assertEquals(reader.unfinishedBytes, 3);
  assertEquals(reader.next(), false);
  assertEquals(reader.unfinishedBytes, 3);
  reader.feed(joined([fromHex("00 00 00"), naiveFrame([7, 0]), fromHex("05")]));
  assertEquals([reader.next(), reader.kind], [true, Kind.Echo]);
  assertEquals([reader.next(), reader.kind], [true, Kind.Close]);
  assertEquals(reader.next(), false);
  assertEquals(reader.unfinishedBytes, 1);
});

Deno.test("100,000 random frames in random splits agree with the naive codec", () => {
  const random = seededRandom(20);
  const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 30, 33, 127, 128, 255];
  const lengthOf = (): number => {
    const dice = random();
    if (dice < 0.3) return 0;
    if (dice < 0.9998) return Math.floor(random() * 60);
    return pick(random, [MAX_PAYLOAD_BYTES, Math.floor(random() * MAX_PAYLOAD_BYTES)]);
  };
  const pool = randomBytes(random, 2 * MAX_PAYLOAD_BYTES);
  const payloadOf = (length: number): Uint8Array => {
    const at = Math.floor(random() * MAX_PAYLOAD_BYTES);
    return pool.subarray(at, at + length);
  };
  for (let batch = 0; batch < 200; batch++) {
    const reading = pick(random, ["server", "client"] as const);
    const parts: Uint8Array[] = [];
    for (let count = 0; count < 500; count++) {
      const [type, subtype] = [pick(random, types), Math.floor(random() * 3)];
      const payload = payloadOf(lengthOf());
      parts.push(naiveFrame([type, subtype], payload, Math.floor(random() * (payload.length + 1))));
      const hasDigits = subtype === 0 && [0, 2, 33].includes(type) && reading === "server";
      if (hasDigits) parts.push(utf8("4010"));
    }
    const bytes = joined(parts);
    const whole = naiveFrames(bytes, reading);
    assertEquals([whole.frames.length, whole.unfinished, whole.broken], [500, 0, null]);
    const most = pick(random, [4, 9, 50, 200, 9_000, 100_000]);
    const found = read(cut(bytes, random, most), reading);
    assertEquals([found.frames.length, found.unfinished, found.broken], [500, 0, null]);
    whole.frames.forEach((frame, index) => {
      const shown = found.frames[index];
      if (shown === undefined || !isSame(frame, shown)) {
        throw new Error(`frame ${index} of batch ${batch} differs`);
      }
    });
  }
});

Deno.test("random bytes never crash it, and break it where they break the naive codec", () => {
  for (let seed = 0; seed < 3_000; seed++) {
    const random = seededRandom(seed);
    const bytes = randomBytes(random, Math.floor(random() * 600));
    // Every other stream has small lengths, or hardly any would get past its first header.
    if (seed % 2 === 0) { for (let at = 2; at < bytes.length; at += 2) bytes[at] = 0; }
    const reading = pick(random, ["server", "client"] as const);
    let found: Read | null = null;
    const { largest } = allocations(() => {
      found = read(cut(bytes, random, pick(random, [2, 8, 700])), reading);
    });
    assertEquals(found, expected(bytes, reading), `seed ${seed}`);
    assertLessOrEqual(largest, Math.max(64, 2 * bytes.length), `seed ${seed}`);
  }
});

Deno.test("it holds what arrived, not what was declared", () => {
  const reader = new FrameReader("server");
  const begun = joined([naiveHeader([11, 0], MAX_PAYLOAD_BYTES, 40), new Uint8Array(10)]);
  const { total } = allocations(() => {
    reader.feed(begun);
    assertEquals(reader.next(), false);
  });
  assertEquals(reader.unfinishedBytes, 16);
  assertLessOrEqual(total, 64);
});

Deno.test("the longest frame takes no more than twice its bytes, however it comes", () => {
  const longest = joined([
    naiveFrame([0, 0], randomBytes(seededRandom(4), MAX_PAYLOAD_BYTES)),
    utf8("4010"),
  ]);
  assertEquals(longest.length, MAX_FRAME_BYTES);
  const pieces = cut(longest, seededRandom(5), 100);
  const { largest } = allocations(() => {
    assertEquals(read(pieces, "server").frames.length, 1);
  });
  assertLessOrEqual(largest, 2 * MAX_FRAME_BYTES);
});

Deno.test("a link that read a long frame gives the room back, a short one keeps it", () => {
  const reader = new FrameReader("server");
  const readInTwo = (frame: Uint8Array): number =>
    allocations(() => {
      for (const piece of [frame.subarray(0, 8), frame.subarray(8)]) {
        reader.feed(piece);
        while (reader.next());
      }
    }).total;
  const short = naiveFrame([2, 1], utf8("ada"));
  assertEquals([readInTwo(short), readInTwo(short), readInTwo(short)], [64, 0, 0]);
  readInTwo(naiveFrame([10, 0], new Uint8Array(5_000)));
  assertEquals([readInTwo(short), readInTwo(short)], [64, 0]);
});

Deno.test("a length above the limit is refused at the header, digits or not", () => {
  for (const length of [32_768, 40_000, 65_535]) {
    for (const kind of [[11, 0], [0, 0], [99, 1]] as const) {
      const reader = new FrameReader("server");
      reader.feed(naiveHeader(kind, length, 0));
      const error = assertThrows(
        () => reader.next(),
        ProtocolError,
        `Cannot decode frame ${kind[0]}/${kind[1]}: length is ${length}, limit is 32767`,
      );
      assertEquals(error.reason, "frame-too-long");
    }
  }
});

Deno.test("a length above the limit is refused when its header comes in pieces", () => {
  const header = naiveHeader([3, 0], 65_535, 3);
  assertEquals(
    read(Array.from(header, (byte) => Uint8Array.of(byte)), "client").broken,
    "frame-too-long",
  );
  // Before the header is there, nobody knows.
  assertEquals(read([header.subarray(0, 5)], "client"), {
    frames: [],
    unfinished: 5,
    broken: null,
  });
});

Deno.test("a sublength above the length is malformed", () => {
  for (const [length, sublength] of [[0, 1], [5, 6], [0, 65_535], [32_767, 32_768]] as const) {
    const reader = new FrameReader("client");
    reader.feed(naiveHeader([3, 0], length, sublength));
    const error = assertThrows(
      () => reader.next(),
      ProtocolError,
      `Cannot decode frame 3/0: sublength is ${sublength}, but the payload has only ${length} bytes`,
    );
    assertEquals(error.reason, "malformed");
  }
  assertEquals(read([naiveFrame([3, 0], utf8("abcde"), 5)], "client").frames.length, 1);
});

Deno.test("a broken stream stays broken, and what came before it was read", () => {
  const reader = new FrameReader("server");
  reader.feed(joined([naiveFrame([6, 0]), naiveHeader([6, 0], 65_535, 0), naiveFrame([7, 0])]));
  assertEquals([reader.next(), reader.kind], [true, Kind.Echo]);
  assertThrows(() => reader.next(), ProtocolError);
  assertThrows(() => reader.next(), ProtocolError);
});

Deno.test("the four digits that nobody counts come towards a server only", () => {
  for (const kind of [[0, 0], [2, 0], [33, 0]] as const) {
    const bytes = joined([naiveFrame(kind), utf8("4010"), naiveFrame([6, 0])]);
    const [announced, echo] = read([bytes], "server").frames;
    assertEquals(toHex(announced?.payload ?? bytes), "34 30 31 30");
    assertEquals(echo?.kind, "6/0");
    // A client takes them for the next header, as the original client would.
    assertEquals(read([naiveFrame(kind), naiveFrame([6, 1])], "client").frames.length, 2);
    assertEquals(read([bytes], "client").frames[1]?.kind ?? "none", "none");
    // Without its digits the frame is not there yet.
    assertEquals(read([bytes.subarray(0, 9)], "server"), {
      frames: [],
      unfinished: 9,
      broken: null,
    });
  }
  for (const kind of [[0, 1], [1, 0], [2, 1], [3, 0], [33, 1], [8, 0]] as const) {
    assertEquals(read([naiveFrame(kind), naiveFrame([6, 0])], "server").frames.length, 2);
  }
  assertEquals(DIGITS_BYTES, 4);
});

Deno.test("digits follow the payload when there is one", () => {
  const bytes = joined([naiveFrame([0, 0], utf8("xyz")), utf8("4010"), naiveFrame([6, 0])]);
  const { frames } = read([bytes], "server");
  assertEquals(frames.map(({ kind }) => kind), ["0/0", "6/0"]);
  assertEquals(frames[0]?.payload, utf8("xyz4010"));
});

function isSame(
  frame: ReturnType<typeof naiveFrames>["frames"][number],
  shown: Shown,
): boolean {
  return shown.kind === `${frame.type}/${frame.subtype}` &&
    shown.sublength === frame.sublength &&
    shown.payload.length === frame.payload.length &&
    shown.payload.every((byte, at) => byte === frame.payload[at]);
}

Deno.test("again moves on if the next whole frame begins alike, and stays if one byte differs", () => {
  const payload = utf8("ada: one");
  const first = naiveFrame([3, 0], payload, 3);
  const prefix = HEADER_BYTES + 5;
  const second = naiveFrame([3, 0], utf8("ada: two"), 3);
  const shows = (bytes: Uint8Array): string | null => {
    const reader = new FrameReader("server");
    reader.feed(bytes);
    assert(reader.next());
    const moved = reader.again(prefix);
    const text = new TextDecoder().decode(reader.payload());
    assertEquals(text, moved ? "ada: two" : "ada: one");
    if (!moved) assertEquals(reader.start, 0);
    return moved ? text : null;
  };
  assertEquals(shows(joined([first, second])), "ada: two");
  assertEquals(shows(first), null);
  for (let length = 0; length < second.length; length++) {
    assertEquals(shows(joined([first, second.subarray(0, length)])), null);
  }
  for (let at = 0; at < prefix; at++) {
    const other = second.slice();
    other[at] = (other[at] as number) ^ 1;
    assertEquals(shows(joined([first, other])), null, `byte ${at}`);
  }
});

Deno.test("next goes on behind what again moved to, and again not from one piece into another", () => {
  const frames = ["a 1", "a 2", "a 3", "b 4"].map((text) => naiveFrame([3, 0], utf8(text), 1));
  const stream = joined(frames);
  for (let split = 0; split <= stream.length; split++) {
    const reader = new FrameReader("server");
    const texts: string[] = [];
    for (const piece of [stream.subarray(0, split), stream.subarray(split)]) {
      reader.feed(piece);
      while (reader.next()) {
        do texts.push(new TextDecoder().decode(reader.payload())); while (
          reader.again(HEADER_BYTES + 2)
        );
      }
    }
    assertEquals(texts, ["a 1", "a 2", "a 3", "b 4"], `split at ${split}`);
  }
});

import { assert, assertEquals } from "@std/assert";
import { MAX_WRITE_BYTES, Outbox } from "../../lib/core/outbox.ts";
import { seededRandom } from "../testing/random.ts";

/** A frame of `size` bytes, all of them `mark`. */
function marked(mark: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(mark);
}

/** All that the outbox has to write, as the marks of its frames' bytes in order. */
function marks(outbox: Outbox): number[] {
  const seen: number[] = [];
  for (let bytes = outbox.pull(); bytes !== null; bytes = outbox.pull()) {
    for (const byte of bytes) if (seen.at(-1) !== byte) seen.push(byte);
  }
  return seen;
}

Deno.test("an outbox without anything to write has nothing to pull", () => {
  const outbox = new Outbox(100);
  assertEquals(outbox.pull(), null);
  assertEquals(outbox.bytes, 0);
});

Deno.test("control frames are written before messages, each lane in its order", () => {
  const outbox = new Outbox(1_000);
  outbox.message(marked(1, 10));
  outbox.message(marked(2, 10));
  outbox.control(marked(8, 10));
  outbox.control(marked(9, 10));
  assertEquals(marks(outbox), [8, 9, 1, 2]);
});

Deno.test("a message that does not fit is refused whole, and what waits stays whole", () => {
  const outbox = new Outbox(25);
  assert(outbox.message(marked(1, 20)));
  assertEquals(outbox.message(marked(2, 6)), false);
  assertEquals(outbox.reserve(6), -1);
  assert(outbox.message(marked(3, 5)));
  assertEquals(outbox.bytes, 25);
  assertEquals(marks(outbox), [1, 3]);
});

Deno.test("control frames have room of their own when messages fill the outbox, but not without end", () => {
  const outbox = new Outbox(10);
  assert(outbox.message(marked(1, 10)));
  let taken = 0;
  while (outbox.control(marked(9, 1_000))) taken++;
  assert(taken > 1_000 && taken < 1_100, `${taken} control frames were taken`);
});

Deno.test("the last word is taken even by a full outbox, behind all messages", () => {
  const outbox = new Outbox(10);
  outbox.message(marked(1, 10));
  outbox.last(marked(7, 6));
  assertEquals(marks(outbox), [1, 7]);
});

Deno.test("bytes being written count until the next pull", () => {
  const outbox = new Outbox(100);
  outbox.message(marked(1, 30));
  outbox.pull();
  outbox.message(marked(2, 5));
  assertEquals(outbox.bytes, 35);
  outbox.pull();
  assertEquals(outbox.bytes, 5);
  outbox.pull();
  assertEquals(outbox.bytes, 0);
});

Deno.test("pulled bytes stay as they are while other frames are queued and another link writes", () => {
  const outbox = new Outbox(1_000_000);
  outbox.message(marked(1, 600));
  const pulled = outbox.pull();
  const other = new Outbox(1_000_000);
  for (let n = 0; n < 300; n++) {
    outbox.message(marked(2, 600));
    other.message(marked(3, 600));
  }
  while (other.pull() !== null);
  assertEquals(pulled, marked(1, 600));
});

Deno.test("no write is longer than 64 KiB or cuts a frame, whatever the sizes", () => {
  const random = seededRandom(4);
  const outbox = new Outbox(64 * 1024 * 1024);
  const sizes: number[] = [];
  for (let n = 0; n < 500; n++) {
    const size = 1 + Math.floor(random() ** 3 * 32_773);
    sizes.push(size);
    outbox.message(marked(n % 251, size));
  }
  let total = 0;
  let at = 0;
  for (let bytes = outbox.pull(); bytes !== null; bytes = outbox.pull()) {
    assert(bytes.length <= MAX_WRITE_BYTES, `a write of ${bytes.length} bytes`);
    total += bytes.length;
    for (let left = bytes.length; left > 0; at++) {
      assertEquals(bytes[bytes.length - left], at % 251);
      left -= sizes[at] as number;
      assert(left >= 0, "a frame is cut");
    }
  }
  assertEquals([at, total], [500, sizes.reduce((sum, size) => sum + size, 0)]);
});

Deno.test("what a busy link has to write in a turn is one write, from its second turn on", () => {
  const outbox = new Outbox(1024 * 1024);
  const turn = (messages: number): number[] => {
    for (let message = 0; message < messages; message++) outbox.message(new Uint8Array(500));
    const writes: number[] = [];
    for (let bytes = outbox.pull(); bytes !== null; bytes = outbox.pull()) {
      writes.push(bytes.length);
    }
    return writes;
  };
  assertEquals(turn(100), [1000, 8000, 41_000]);
  assertEquals(turn(100), [50_000]);
  assertEquals(turn(2), [1000]);
  assertEquals(turn(4), [1000, 1000]);
});

Deno.test("an outbox that may hold more takes what it refused before", () => {
  const outbox = new Outbox(10);
  assertEquals(outbox.message(marked(1, 20)), false);
  outbox.allow(20);
  assert(outbox.message(marked(1, 20)));
});

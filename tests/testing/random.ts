/**
 * Seeded randomness for tests: the same seed, the same run.
 *
 * @module
 */

/** A generator of numbers uniform in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `items`, at random. */
export function pick<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("Cannot pick: there is nothing to pick from");
  return item;
}

/** Random bytes. */
export function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** A number of four bytes; the edges are likely. */
export function randomU32(random: () => number): number {
  return pick(random, [0, 1, 2 ** 31, U32, Math.floor(random() * 2 ** 32)]);
}

/** A number of six bytes; the edges are likely. */
export function randomU48(random: () => number): number {
  const any = Math.floor(random() * 2 ** 48);
  return pick(random, [0, 1, 2 ** 31, U32, 2 ** 32, 2 ** 47, 2 ** 48 - 1, any]);
}

const U32 = 2 ** 32 - 1;

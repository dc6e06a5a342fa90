import { assertEquals } from "@std/assert";
import { readU32, readU48, writeU32, writeU48 } from "../../lib/codec/big_endian.ts";
import { fromHex, getU48, setU48, toHex } from "./naive_codec.ts";

const U48 = 2 ** 48 - 1;
const U32 = 2 ** 32 - 1;

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

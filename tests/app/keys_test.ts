import { assertEquals } from "@std/assert";
import { Keys, LINE_MARK, Pastes } from "../../lib/app/keys.ts";

const BEGIN = "\u001b[200~";
const END = "\u001b[201~";

/** What keys gave to their reader so far. */
function read(keys: Keys): string {
  const chunk: Uint8Array | null = keys.read();
  return chunk === null ? "" : new TextDecoder().decode(chunk);
}

Deno.test("what is typed ahead waits for whoever asks", () => {
  const keys = new Keys(() => {});
  keys.typed("2\rada\rbo");
  assertEquals(read(keys), "");
  keys.give("a line");
  assertEquals(read(keys), "2\r");
  keys.typed("b\r\nrest");
  assertEquals(read(keys), "");
  keys.give("a line");
  assertEquals(read(keys), "ada\r");
  keys.give("a line");
  assertEquals(read(keys), "bob\r\n");
  keys.give("a line");
  assertEquals(read(keys), "rest");
  keys.typed(" of it\nmore");
  assertEquals(read(keys), " of it\n");
  keys.give("everything");
  keys.typed("\r\r");
  assertEquals(read(keys), "more\r\r");
  keys.give("nothing");
  keys.typed("left over");
  assertEquals([read(keys), keys.unfollow()], ["", "left over"]);
  keys.destroy();
});

Deno.test("keys end when the terminal does, after the last of them was read", async () => {
  const keys = new Keys(() => {});
  let ended = false;
  keys.on("end", () => ended = true);
  await keys.follow(ReadableStream.from([new TextEncoder().encode("ada\rx")]));
  keys.give("a line");
  assertEquals([read(keys), ended], ["ada\r", false]);
  keys.give("a line");
  keys.resume();
  await new Promise((resolve) => keys.on("close", resolve));
  assertEquals(ended, true);
});

Deno.test("a paste is one line, whatever is in it", () => {
  const cases: readonly [string, string][] = [
    ["plain", "plain"],
    [`a${BEGIN}b${END}c`, "abc"],
    [`${BEGIN}one\rtwo\r\nthree\nfour${END}`, ["one", "two", "three", "four"].join(LINE_MARK)],
    [`${BEGIN}\r\nline\r${END}`, "line"],
    [`${BEGIN}a\tb\u001b[2J\u0003\u0004${END}`, "a b[2J"],
    [`${BEGIN}${END}x\r`, "x\r"],
    [`${BEGIN}a${END}${BEGIN}b${END}`, "ab"],
    ["\u001b[A\u001b[2~\u001b", "\u001b[A\u001b[2~\u001b"],
  ];
  for (const [typed, taken] of cases) {
    assertEquals(new Pastes().take(typed), taken);
    // However the terminal's bytes are cut, but not in the first two of a mark outside a paste.
    for (let cut = 1; cut < typed.length; cut++) {
      const begun = typed.slice(0, cut);
      const isEarly = begun.endsWith("\u001b") || begun.endsWith("\u001b[");
      if (isEarly && /^\[?200~/.test(typed.slice(cut))) continue;
      const pastes = new Pastes();
      assertEquals(pastes.take(begun) + pastes.take(typed.slice(cut)), taken, `${cut} ${typed}`);
    }
  }
});

Deno.test("a paste that has no end yet holds everything back", () => {
  const pastes = new Pastes();
  assertEquals(pastes.take(`x${BEGIN}one\r`), "x");
  assertEquals(pastes.take("two\r"), "");
  assertEquals(pastes.take(`${END}y`), `one${LINE_MARK}twoy`);
});

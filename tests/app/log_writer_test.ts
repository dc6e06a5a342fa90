import { assertEquals } from "@std/assert";
import { LogWriter } from "../../lib/app/log_writer.ts";

/** A reader that takes bytes when it is told to. */
class SlowReader {
  readonly dropped: number[] = [];
  readonly writer: LogWriter;
  text = "";
  #bytes: Uint8Array = new Uint8Array(0);
  #taken: ((count: number) => void) | null = null;

  constructor(maxQueuedBytes: number) {
    this.writer = new LogWriter({
      maxQueuedBytes,
      flushMs: 20,
      write: (bytes) => {
        this.#bytes = bytes;
        return new Promise((resolve) => this.#taken = resolve);
      },
      onDropped: (lines) => {
        this.dropped.push(lines);
        this.writer.write(`dropped ${lines}`);
      },
    });
  }

  /** Takes so many bytes of what is being written, or all. */
  async read(most = Infinity): Promise<string> {
    while (this.#taken === null) await settled();
    const count = Math.min(most, this.#bytes.length);
    const text = new TextDecoder().decode(this.#bytes.subarray(0, count));
    this.text += text;
    this.#bytes = this.#bytes.subarray(count);
    this.#taken?.(count);
    this.#taken = null;
    return text;
  }
}

/** All microtasks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("lines of one turn leave together, later ones behind them", async () => {
  const reader = new SlowReader(1000);
  for (const line of ["one", "two"]) reader.writer.write(line);
  await settled();
  reader.writer.write("three");
  reader.writer.write("four");
  assertEquals(await reader.read(), "one\ntwo\n");
  assertEquals(await reader.read(), "three\nfour\n");
  await reader.writer[Symbol.asyncDispose]();
});

Deno.test("a write that takes a part goes on where it stopped", async () => {
  const reader = new SlowReader(1000);
  reader.writer.write("one");
  await reader.read(2);
  reader.writer.write("two");
  await reader.read(1);
  await reader.read(1);
  await reader.read();
  assertEquals(reader.text, "one\ntwo\n");
  await reader.writer[Symbol.asyncDispose]();
});

Deno.test("what nobody reads is dropped beyond the limit, and counted where it would stand", async () => {
  const reader = new SlowReader(20);
  reader.writer.write("first");
  await settled();
  for (let line = 0; line < 5; line++) reader.writer.write(`line${line}`);
  assertEquals(await reader.read(), "first\n");
  assertEquals(await reader.read(), "line0\nline1\nline2\n");
  reader.writer.write("later");
  assertEquals(await reader.read(), "dropped 2\nlater\n");
  assertEquals(reader.dropped, [2]);
  await reader.writer[Symbol.asyncDispose]();
});

Deno.test("the end waits until all is written, or for so long", async () => {
  const reader = new SlowReader(1000);
  reader.writer.write("one");
  await settled();
  reader.writer.write("two");
  const end = reader.writer[Symbol.asyncDispose]();
  await reader.read();
  await reader.read();
  await end;
  assertEquals(reader.text, "one\ntwo\n");
  reader.writer.write("nobody reads this");
  await reader.writer[Symbol.asyncDispose]();
  assertEquals(reader.text, "one\ntwo\n");
});

Deno.test("a reader that went away stops nobody", async () => {
  let writes = 0;
  await using writer = new LogWriter({
    write: () => {
      writes++;
      return Promise.reject(new Deno.errors.BrokenPipe());
    },
    onDropped: () => {},
  });
  writer.write("one");
  await settled();
  writer.write("two");
  while (writes < 2) await settled();
});

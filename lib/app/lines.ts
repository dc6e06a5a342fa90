/**
 * Standard input as lines.
 *
 * @module
 */

/**
 * The lines of a stream of UTF-8, without their ends; the last may lack one.
 * What was read before, if anything, stands before them.
 */
export async function* lines(
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
  before = "",
): AsyncIterableIterator<string> {
  const [last = "", ...first] = before.split("\n").toReversed();
  yield* first.toReversed();
  let rest = last;
  const reader = input.pipeThrough(new TextDecoderStream()).getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) yield line.replace(/\r$/, "");
    }
    if (rest !== "" && !signal.aborted) yield rest;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Lines on their way out of a program that must not wait for their reader.
 *
 * @module
 */

/** What waits for a slow reader at most: some thousand lines of log. */
export const MAX_QUEUED_BYTES = 1024 * 1024;

/** How long the end of a program waits for somebody to read the last lines. */
export const FLUSH_MS = 1_000;

/**
 * From one write to the next. A write takes 11 us of the server's thread, and
 * with each 2 ms they took 6 us of the 200 that taking in a client takes.
 */
const GATHER_MS = 20;

/** What lines are written to, and what happens when nobody reads them. */
export interface LogWriterOptions {
  /** Takes some of the bytes, as soon as their reader does; returns how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** So many lines did not fit: called once there is room again, where they would stand. */
  readonly onDropped: (lines: number) => void;
  /** In place of {@linkcode MAX_QUEUED_BYTES}. */
  readonly maxQueuedBytes?: number;
  /** In place of {@linkcode FLUSH_MS}. */
  readonly flushMs?: number;
}

/**
 * Writes lines in their order, without ever waiting. A pipe that is full because
 * nobody reads it stops a program that writes in the usual way; here lines wait,
 * and those beyond a limit are dropped and counted. Lines that come one soon after
 * the other leave together in one write.
 */
export class LogWriter implements AsyncDisposable {
  readonly #options: Required<LogWriterOptions>;
  #queue: string[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | null = null;

  /** Writes nothing yet. */
  constructor(options: LogWriterOptions) {
    this.#options = { maxQueuedBytes: MAX_QUEUED_BYTES, flushMs: FLUSH_MS, ...options };
  }

  /** Takes one line, without its line end. */
  write(line: string): void {
    // A letter takes up to three bytes; nobody minds which of them are counted.
    if (this.#queuedBytes + line.length > this.#options.maxQueuedBytes) {
      this.#dropped++;
      return;
    }
    this.#queue.push(line);
    this.#queuedBytes += line.length + 1;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all lines are written, though not for ever. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#writing === null) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.flushMs);
    await Promise.race([this.#writing, late]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    // Whatever else is said in this turn of the event loop goes with it.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#writeWhole(this.#takeAll());
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
    this.#writing = null;
  }

  #takeAll(): Uint8Array {
    const bytes = encoder.encode(`${this.#queue.join("\n")}\n`);
    this.#queue = [];
    this.#queuedBytes = 0;
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#options.onDropped(dropped);
    return bytes;
  }

  async #writeWhole(bytes: Uint8Array): Promise<void> {
    try {
      for (let left = bytes; left.length > 0;) {
        left = left.subarray(await this.#options.write(left));
      }
    } catch {
      // A full disk, or a reader that went away: there is nowhere left to say so.
    }
  }
}

const encoder = new TextEncoder();

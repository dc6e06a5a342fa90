/**
 * A flood of numbered messages from one connection to another, in one process
 * that keeps a bounded number of bytes on their way: the servers measured drop
 * what nobody reads, and nothing may be lost.
 *
 * @module
 */

/** Bytes on their way at once. */
const WINDOW_BYTES = 1024 * 1024;

/** Bytes of one write. */
const BATCH_BYTES = 64 * 1024;

/** Digits of a message's number, at the start of its text. */
export const NUMBER_DIGITS = 10;

/** How one kind of server is spoken to. */
export interface Wire {
  /** Connects the sender and the receiver, ready to send. */
  connect(): Promise<{ readonly sender: Deno.TcpConn; readonly receiver: Deno.TcpConn }>;
  /** One message as it is sent; the number's digits are written over later. */
  readonly sent: Uint8Array;
  /** Where its digits begin. */
  readonly sentDigitsAt: number;
  /** Bytes of one message as it arrives, and where its digits begin. */
  readonly receivedBytes: number;
  readonly receivedDigitsAt: number;
}

/**
 * Sends `count` messages and checks that each arrives once and in order.
 * Returns messages per second.
 *
 * @throws {Error} when a message is missing, repeated or out of order.
 */
export async function flood(wire: Wire, count: number): Promise<number> {
  const { sender, receiver } = await wire.connect();
  try {
    const progress = new Progress();
    const started = performance.now();
    await Promise.all([
      send(sender, { wire, count, progress }),
      receive(receiver, {
        wire,
        count,
        progress,
      }),
    ]);
    return count / (performance.now() - started) * 1000;
  } finally {
    sender.close();
    receiver.close();
  }
}

/** How many messages have arrived, for the sender to wait on. */
class Progress {
  received = 0;
  #wake: (() => void) | null = null;

  advance(received: number): void {
    this.received = received;
    this.#wake?.();
    this.#wake = null;
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}

interface Run {
  readonly wire: Wire;
  readonly count: number;
  readonly progress: Progress;
}

async function send(conn: Deno.TcpConn, { wire, count, progress }: Run): Promise<void> {
  const size = wire.sent.length;
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / size));
  const window = Math.max(perBatch, Math.floor(WINDOW_BYTES / size));
  const batch = new Uint8Array(perBatch * size);
  for (let slot = 0; slot < perBatch; slot++) batch.set(wire.sent, slot * size);
  for (let next = 0; next < count;) {
    const messages = Math.min(perBatch, count - next);
    while (next + messages - progress.received > window) await progress.next();
    for (let slot = 0; slot < messages; slot++) {
      writeNumber(batch, slot * size + wire.sentDigitsAt, next + slot);
    }
    await writeAll(conn, batch.subarray(0, messages * size));
    next += messages;
  }
}

async function receive(conn: Deno.TcpConn, { wire, count, progress }: Run): Promise<void> {
  const size = wire.receivedBytes;
  const buffer = new Uint8Array(BATCH_BYTES + size);
  let filled = 0;
  let next = 0;
  while (next < count) {
    const read = await conn.read(buffer.subarray(filled));
    if (read === null) throw new Error(`Cannot go on: closed after ${next} of ${count} messages`);
    filled += read;
    let at = 0;
    for (; filled - at >= size; at += size, next++) {
      const number = readNumber(buffer, at + wire.receivedDigitsAt);
      if (number !== next) throw new Error(`Cannot go on: message ${number} came for ${next}`);
    }
    buffer.copyWithin(0, at, filled);
    filled -= at;
    progress.advance(next);
  }
}

/** Writes all of `bytes`. */
export async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let left = bytes; left.length > 0;) left = left.subarray(await conn.write(left));
}

function writeNumber(bytes: Uint8Array, at: number, number: number): void {
  for (let digit = NUMBER_DIGITS - 1; digit >= 0; digit--) {
    bytes[at + digit] = 48 + number % 10;
    number = Math.floor(number / 10);
  }
}

function readNumber(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let digit = 0; digit < NUMBER_DIGITS; digit++) {
    number = number * 10 + (bytes[at + digit] as number) - 48;
  }
  return number;
}

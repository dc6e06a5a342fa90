/**
 * Load on a server: lanes that each have one sender, and receivers that check
 * that nothing is lost, repeated or out of order. All run in this process; what
 * is on its way is bounded, because the servers drop what nobody reads.
 *
 * @module
 */

import { readU32, readU48, writeU32, writeU48 } from "../../lib/codec/big_endian.ts";
import { AckAt } from "../../lib/codec/receipt.ts";
import { At } from "../../lib/codec/stream.ts";
import { HEADER_BYTES, Kind } from "../../lib/codec/wire.ts";
import { concat } from "@std/bytes/concat";
import { Batch, BATCH_BYTES } from "./batch.ts";
import { type Dialect, type Member, type Shape, writeAll } from "./dialect.ts";
import { ownFrameBytes } from "./dialect_base.ts";

/** A load that gets nowhere for so long has lost something. */
const STALL_MS = 10_000;

/** One sender, and who reads what it sends. */
export interface LaneOptions {
  readonly sender: Member;
  /** Each gets the next message in turn, or every message gets to all of them. */
  readonly receivers: readonly Member[];
  readonly everybody?: boolean;
  /** So many of the last receivers read nothing; they are sent their share, but don't count. */
  readonly frozen?: number;
}

/** What is sent, and for how long. */
export interface LoadOptions {
  readonly dialect: Dialect;
  readonly lanes: readonly LaneOptions[];
  readonly textBytes: number;
  readonly seconds: number;
  /** Messages of one lane on their way at once; with 1 the time of each is taken. */
  readonly window: number;
}

/** What came of it. */
export interface Loaded {
  /** Messages that arrived. */
  readonly messages: number;
  /** Until the last one was settled. */
  readonly seconds: number;
  /** From before a message was written until it was read, in us; with a window of 1. */
  readonly arrivalsUs: readonly number[];
  /** Likewise until the sender had the receipt. */
  readonly receiptsUs: readonly number[];
}

/**
 * Sends for so long, waits for the rest, and closes all connections.
 *
 * @throws {Error} when a message is missing, repeated, out of order or refused.
 */
export function load(options: LoadOptions): Promise<Loaded> {
  return new Load(options).run();
}

/** What one receiver gets from one lane. */
interface Stream {
  readonly lane: Lane;
  readonly ack: Uint8Array | null;
  /** The number that came last, and the one that the lane was told last. */
  number: number;
  told: number;
  /** Where the last frame begins in the read buffer. */
  lastAt: number;
}

/** What one receiver reads: the streams of all lanes that send to it, by their byte. */
interface Inbox {
  readonly member: Member;
  readonly arriving: Shape["arriving"];
  readonly streams: Stream[];
}

interface Lane extends LaneOptions {
  readonly shapes: readonly Shape[];
  /** Deliveries begun, and those known to have arrived. */
  sent: number;
  settled: number;
  sentAt: number;
  wake: (() => void) | null;
}

class Load {
  readonly #options: LoadOptions;
  readonly #arrivalsUs: number[] = [];
  readonly #receiptsUs: number[] = [];
  readonly #failure = Promise.withResolvers<never>();
  #endsAt = 0;
  #over = false;
  #progress = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async run(): Promise<Loaded> {
    const { seconds } = this.#options;
    const watch = this.#watch();
    try {
      const lanes = await Promise.race([this.#prepared(), this.#failure.promise]);
      const startedAt = performance.now();
      this.#endsAt = startedAt + seconds * 1000;
      this.#start(lanes);
      await Promise.race([
        Promise.all(lanes.map((lane) => this.#send(lane))),
        this.#failure.promise,
      ]);
      return {
        messages: lanes.reduce((sum, { settled }) => sum + settled, 0),
        seconds: (performance.now() - startedAt) / 1000,
        arrivalsUs: this.#arrivalsUs,
        receiptsUs: this.#receiptsUs,
      };
    } finally {
      this.#over = true;
      clearInterval(watch);
      for (const { sender, receivers } of this.#options.lanes) {
        for (const { conn } of [sender, ...receivers]) closeOnce(conn);
      }
    }
  }

  /** One after the other: a receiver may have to answer while it is asked about. */
  async #prepared(): Promise<Lane[]> {
    const { dialect, lanes, textBytes } = this.#options;
    const prepared: Lane[] = [];
    for (const [stream, lane] of lanes.entries()) {
      const { sender, receivers, everybody } = lane;
      const shapes: Shape[] = [];
      for (const receiver of everybody ? [null] : receivers) {
        shapes.push(await dialect.shape({ sender, receiver, textBytes, stream }));
      }
      prepared.push({ ...lane, shapes, sent: 0, settled: 0, sentAt: 0, wake: null });
    }
    return prepared;
  }

  #start(lanes: readonly Lane[]): void {
    const inboxes = new Map<Member, Inbox>();
    for (const [index, lane] of lanes.entries()) {
      const reading = lane.receivers.slice(0, lane.receivers.length - (lane.frozen ?? 0));
      for (const [place, member] of reading.entries()) {
        const shape = (lane.shapes[place] ?? lane.shapes[0]) as Shape;
        const inbox = inboxes.get(member) ?? { member, arriving: shape.arriving, streams: [] };
        inboxes.set(member, inbox);
        const ack = shape.ack?.slice() ?? null;
        if (ack !== null) writeU48(ack, HEADER_BYTES + AckAt.From, member.session);
        inbox.streams[index] = { lane, ack, number: 0, told: 0, lastAt: 0 };
      }
      if (lane.shapes[0]?.ack) this.#run(this.#readAcks(lane));
    }
    for (const inbox of inboxes.values()) this.#run(this.#receive(inbox));
  }

  async #send(lane: Lane): Promise<void> {
    const { conn } = lane.sender;
    const batch = new Batch(lane.shapes, this.#options.window);
    const { length } = lane.receivers;
    const perMessage = lane.everybody ? length : 1;
    const deliveries = batch.messages * perMessage / length * (length - (lane.frozen ?? 0));
    const most = this.#options.window * perMessage;
    while (performance.now() < this.#endsAt) {
      if (lane.sent - lane.settled + deliveries > most) {
        await new Promise<void>((resolve) => lane.wake = resolve);
        continue;
      }
      lane.sent += deliveries;
      batch.renumber();
      lane.sentAt = performance.now();
      await writeAll(conn, batch.bytes);
    }
    while (lane.settled < lane.sent) await new Promise<void>((resolve) => lane.wake = resolve);
  }

  async #receive({ member: { conn }, arriving, streams }: Inbox): Promise<void> {
    const { bytes: size, mark, numberAt, streamAt } = arriving;
    const { other } = this.#options.dialect;
    const buffer = new Uint8Array(BATCH_BYTES + size);
    for (let filled = 0;;) {
      const read = await conn.read(buffer.subarray(filled));
      if (read === null) throw new Error("Cannot go on: the server closed a receiver's connection");
      filled += read;
      let at = 0;
      while (at < filled) {
        if (buffer[at] !== mark) {
          const skipped = other(buffer, at, filled);
          if (skipped === 0) break;
          at += skipped;
          continue;
        }
        if (filled - at < size) break;
        const stream = streams[buffer[at + streamAt] as number] as Stream;
        const number = readU32(buffer, at + numberAt);
        if (number !== ++stream.number) {
          throw new Error(`Cannot go on: message ${number} came for ${stream.number}`);
        }
        stream.lastAt = at;
        at += size;
      }
      await this.#tell(conn, streams, buffer);
      buffer.copyWithin(0, at, filled);
      filled -= at;
    }
  }

  /** Tells the lanes what came in one read: through the server where there are receipts. */
  async #tell(conn: Deno.TcpConn, streams: readonly Stream[], buffer: Uint8Array): Promise<void> {
    const now = performance.now();
    const acks: Uint8Array[] = [];
    for (const stream of streams) {
      // A lane that does not send to this receiver left a hole.
      if (stream === undefined || stream.number === stream.told) continue;
      const { lane, ack } = stream;
      if (this.#options.window === 1) this.#arrivalsUs.push((now - lane.sentAt) * 1000);
      if (ack === null) this.#settle(lane, stream.number - stream.told);
      else {
        const stamps = stream.lastAt + HEADER_BYTES + At.HomeStamp;
        ack.set(buffer.subarray(stamps, stamps + 8), HEADER_BYTES + AckAt.HomeStamp);
        // A message to everybody is confirmed by itself, in a stream all up to the last one.
        const first = lane.everybody ? stream.told + 1 : stream.number;
        for (let number = first; number <= stream.number; number++) {
          writeU32(ack, HEADER_BYTES + AckAt.Number + 2, number);
          acks.push(ack.slice());
        }
      }
      stream.told = stream.number;
    }
    if (acks.length > 0) await writeAll(conn, concat(acks));
  }

  async #readAcks(lane: Lane): Promise<void> {
    const { conn } = lane.sender;
    const buffer = new Uint8Array(BATCH_BYTES);
    const acked = new Map(lane.receivers.map(({ session }) => [session, 0]));
    for (let filled = 0;;) {
      const read = await conn.read(buffer.subarray(filled));
      if (read === null) throw new Error("Cannot go on: the server closed a sender's connection");
      filled += read;
      let at = 0;
      let settled = 0;
      for (let size = 0; (size = ownFrameBytes(buffer, at, filled)) > 0; at += size) {
        const kind = (buffer[at] as number) << 8 | (buffer[at + 1] as number);
        const payload = at + HEADER_BYTES;
        if (kind === Kind.Receipt || (kind === Kind.Ack && buffer[payload + AckAt.Status])) {
          const status = buffer[payload + AckAt.Status];
          throw new Error(`Cannot go on: a message was refused with status ${status}`);
        }
        if (kind !== Kind.Ack) continue;
        const from = readU48(buffer, payload + AckAt.From);
        const number = readU48(buffer, payload + AckAt.Number);
        settled += lane.everybody ? 1 : number - (acked.get(from) ?? 0);
        acked.set(from, number);
      }
      buffer.copyWithin(0, at, filled);
      filled -= at;
      if (settled === 0) continue;
      const now = performance.now();
      if (this.#options.window === 1) this.#receiptsUs.push((now - lane.sentAt) * 1000);
      this.#settle(lane, settled);
    }
  }

  #settle(lane: Lane, deliveries: number): void {
    lane.settled += deliveries;
    this.#progress += deliveries;
    lane.wake?.();
    lane.wake = null;
  }

  /** Readers run until the connections are closed under them. */
  async #run(reading: Promise<void>): Promise<void> {
    try {
      await reading;
    } catch (error) {
      if (!this.#over) this.#failure.reject(error);
    }
  }

  #watch(): ReturnType<typeof setInterval> {
    let before = -1;
    return setInterval(() => {
      if (this.#progress === before) {
        this.#failure.reject(new Error(`Cannot go on: nothing came for ${STALL_MS} ms`));
      }
      before = this.#progress;
    }, STALL_MS);
  }
}

function closeOnce(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // In two lanes, or gone already.
  }
}

/**
 * What one link still has to write: bounded bytes, whole frames only, control
 * before messages.
 *
 * @module
 */

/** The most bytes that one write takes: a larger one can't be let go of. */
export const MAX_WRITE_BYTES = 64 * 1024;

/** Bytes a client may leave unread before its messages are dropped as `slow`. */
export const CLIENT_OUTBOX_BYTES = 4 * 1024 * 1024;

/** The same for a peer, which carries the messages of many clients. */
export const PEER_OUTBOX_BYTES = 64 * 1024 * 1024;

/** Room for control frames beyond the limit for messages. */
const CONTROL_ROOM_BYTES = 1024 * 1024;

/**
 * Chunks go from link to link: making one of 64 KiB costs as much as routing a
 * hundred messages, and most links are idle most of the time. Of each size so
 * many are kept that a message to a thousand clients makes few new ones, and
 * that all kept ones together take no more than 9 MiB.
 */
const SIZES: readonly Size[] = [
  { bytes: 1024, mostSpares: 1024, spares: [] },
  { bytes: 8 * 1024, mostSpares: 512, spares: [] },
  { bytes: MAX_WRITE_BYTES, mostSpares: 64, spares: [] },
];

interface Size {
  readonly bytes: number;
  readonly mostSpares: number;
  readonly spares: Chunk[];
}

interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Which of the sizes it has. */
  readonly size: number;
  length: number;
}

/**
 * A bounded queue of bytes in two lanes. A frame is taken whole or not at all,
 * and no write takes a part of one, so that the lanes can alternate.
 */
export class Outbox {
  /** Where the frame goes for which `reserve` returned an offset. */
  room: Uint8Array<ArrayBuffer> = EMPTY.bytes;
  /** The same room, to write several bytes at a time. */
  view: DataView = EMPTY.view;

  #limit: number;
  readonly #control = new Lane();
  readonly #messages = new Lane();
  #bytes = 0;
  #writing: Chunk | null = null;

  /** Empty at first; `limitBytes` bounds all that waits, but for some room kept for control frames. */
  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Bytes that wait, those being written included. */
  get bytes(): number {
    return this.#bytes + (this.#writing?.length ?? 0);
  }

  /** The other end turned out to be one that may leave more, or less, unread. */
  allow(limitBytes: number): void {
    this.#limit = limitBytes;
  }

  /**
   * Makes room for one frame of `size` bytes in the message lane: the offset
   * in `room` where the caller writes it at once; -1 when the outbox is full.
   */
  reserve(size: number): number {
    if (this.#bytes + size > this.#limit) return -1;
    const chunk = this.#messages.tailFor(size);
    const at = chunk.length;
    chunk.length = at + size;
    this.#bytes += size;
    this.room = chunk.bytes;
    this.view = chunk.view;
    return at;
  }

  /** Queues a frame behind all messages; false when the outbox is full. */
  message(frame: Uint8Array): boolean {
    const at = this.reserve(frame.length);
    if (at < 0) return false;
    this.room.set(frame, at);
    return true;
  }

  /** Queues a frame before all messages; false when even that is too much. */
  control(frame: Uint8Array): boolean {
    if (this.#bytes + frame.length > this.#limit + CONTROL_ROOM_BYTES) {
      return false;
    }
    this.#append(this.#control, frame);
    return true;
  }

  /** Queues a frame behind everything, in the room of control frames: the last word on a link. */
  last(frame: Uint8Array): void {
    if (this.#bytes + frame.length > this.#limit + CONTROL_ROOM_BYTES) return;
    this.#append(this.#messages, frame);
  }

  /**
   * The next bytes to write, or null. They stay as they are until the next
   * call, which says that they were written.
   */
  pull(): Uint8Array | null {
    if (this.#writing !== null) recycle(this.#writing);
    this.#writing = this.#control.shift() ?? this.#messages.shift();
    if (this.#writing === null) {
      // An idle link keeps no chunk alive.
      this.room = EMPTY.bytes;
      this.view = EMPTY.view;
      return null;
    }
    this.#bytes -= this.#writing.length;
    return this.#writing.bytes.subarray(0, this.#writing.length);
  }

  #append(lane: Lane, frame: Uint8Array): void {
    const chunk = lane.tailFor(frame.length);
    chunk.bytes.set(frame, chunk.length);
    chunk.length += frame.length;
    this.#bytes += frame.length;
  }
}

/** Chunks in order. An idle link has none. */
class Lane {
  readonly #chunks: Chunk[] = [];
  #tail: Chunk | null = null;
  /**
   * Of which size the first chunk is made: as the last write would have needed
   * it. So what a busy link has to write is one write, and an idle one's is small.
   */
  #first = 0;

  /** The chunk that has room for a frame of so many bytes behind all others. */
  tailFor(bytes: number): Chunk {
    const tail = this.#tail;
    if (tail !== null && tail.length + bytes <= tail.bytes.length) return tail;
    const size = sizeFor(bytes, tail === null ? this.#first : tail.size + 1);
    const chunk = SIZES[size]?.spares.pop() ?? freshChunk(size);
    this.#chunks.push(chunk);
    this.#tail = chunk;
    return chunk;
  }

  /** Takes the first chunk out; null when there is none. */
  shift(): Chunk | null {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    if (chunk === this.#tail) this.#tail = null;
    // Where another one follows, it was too small.
    this.#first = sizeFor(chunk.length, this.#tail === null ? 0 : chunk.size + 1);
    return chunk;
  }
}

/** The smallest size from `least` on that holds so many bytes. */
function sizeFor(bytes: number, least: number): number {
  let size = Math.min(least, SIZES.length - 1);
  while (bytes > (SIZES[size]?.bytes ?? Infinity)) size++;
  return size;
}

function freshChunk(size: number): Chunk {
  const bytes = new Uint8Array(SIZES[size]?.bytes ?? MAX_WRITE_BYTES);
  return { bytes, view: new DataView(bytes.buffer), size, length: 0 };
}

function recycle(chunk: Chunk): void {
  const { spares, mostSpares } = SIZES[chunk.size] as Size;
  if (spares.length >= mostSpares) return;
  chunk.length = 0;
  spares.push(chunk);
}

const EMPTY = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

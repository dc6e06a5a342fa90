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

/** An idle link has no chunk; a first one is small, the next ones whole writes. */
const SMALL_CHUNK_BYTES = 1024;

/** Chunks kept for the next link that has something to write, of each size. */
const MAX_SPARE_CHUNKS = 64;

interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/**
 * A bounded queue of bytes in two lanes. A frame is taken whole or not at all,
 * and no write takes a part of one, so that the lanes can alternate.
 */
export class Outbox {
  /** Where the frame goes for which `reserve` returned an offset. */
  room: Uint8Array<ArrayBuffer> = EMPTY;

  #limit: number;
  readonly #control: Chunk[] = [];
  readonly #messages: Chunk[] = [];
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
    return this.#append(this.#messages, size);
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
    const at = this.#append(this.#control, frame.length);
    this.room.set(frame, at);
    return true;
  }

  /** Queues a frame behind everything, in the room of control frames: the last word on a link. */
  last(frame: Uint8Array): void {
    if (this.#bytes + frame.length > this.#limit + CONTROL_ROOM_BYTES) return;
    const at = this.#append(this.#messages, frame.length);
    this.room.set(frame, at);
  }

  /**
   * The next bytes to write, or null. They stay as they are until the next
   * call, which says that they were written.
   */
  pull(): Uint8Array | null {
    if (this.#writing !== null) recycle(this.#writing);
    this.#writing = this.#control.shift() ?? this.#messages.shift() ?? null;
    if (this.#writing === null) return null;
    this.#bytes -= this.#writing.length;
    return this.#writing.bytes.subarray(0, this.#writing.length);
  }

  #append(lane: Chunk[], size: number): number {
    let tail = lane[lane.length - 1];
    if (tail === undefined || tail.length + size > tail.bytes.length) {
      tail = freshChunk(tail === undefined && size <= SMALL_CHUNK_BYTES);
      lane.push(tail);
    }
    const at = tail.length;
    tail.length += size;
    this.#bytes += size;
    this.room = tail.bytes;
    return at;
  }
}

// Chunks go from link to link: making one of 64 KiB costs as much as routing
// a hundred messages, and most links are idle most of the time.
const spareSmall: Chunk[] = [];
const spareLarge: Chunk[] = [];

function freshChunk(small: boolean): Chunk {
  const spare = (small ? spareSmall : spareLarge).pop();
  if (spare !== undefined) return spare;
  return {
    bytes: new Uint8Array(small ? SMALL_CHUNK_BYTES : MAX_WRITE_BYTES),
    length: 0,
  };
}

function recycle(chunk: Chunk): void {
  const spare = chunk.bytes.length === SMALL_CHUNK_BYTES ? spareSmall : spareLarge;
  if (spare.length >= MAX_SPARE_CHUNKS) return;
  chunk.length = 0;
  spare.push(chunk);
}

const EMPTY = new Uint8Array(0);

/**
 * Frames out of any split of the byte stream, as borrowed views.
 *
 * @module
 */

import { HEADER_BYTES, Kind, kindText, MAX_PAYLOAD_BYTES, ProtocolError } from "./wire.ts";

/** Bytes of the raw digits that follow some base frames uncounted. */
export const DIGITS_BYTES = 4;

/** A small buffer stays with its link; a larger one is given back when empty. */
const KEPT_BYTES = 512;

const WORD_BYTES = 4;

/** Who reads: some base frames carry uncounted digits only towards servers. */
export type Reading = "server" | "client";

/**
 * Cuts a byte stream into frames. Feed it a chunk, then call `next` until it
 * returns false. While `next` returned true, `kind`, `sublength` and the range
 * `payloadStart` to `end` of `bytes` describe one whole frame; they are
 * borrowed until the next call.
 *
 * It buffers only what has arrived of an unfinished frame, so it never
 * allocates what a peer merely declares.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FrameReader } from "./reader.ts";
 * import { frame, Kind } from "./wire.ts";
 *
 * const reader = new FrameReader("server");
 * const echo = frame(Kind.Echo);
 * reader.feed(echo.subarray(0, 4));
 * assertEquals(reader.next(), false);
 * reader.feed(echo.subarray(4));
 * assertEquals(reader.next(), true);
 * assertEquals(reader.kind, Kind.Echo);
 * assertEquals(reader.next(), false);
 * ```
 */
export class FrameReader {
  /** The kind of the current frame. */
  kind = 0;
  /** Length of the addressing part of the current frame. */
  sublength = 0;
  /** The bytes that the current frame lies in. */
  bytes: Uint8Array = EMPTY;
  /** The same bytes, to read several at a time. */
  view: DataView = NO_VIEW;
  /** Where its header begins in `bytes`. */
  start = 0;
  /** Where its payload begins in `bytes`. */
  payloadStart = 0;
  /** Where it ends in `bytes`, digits included. */
  end = 0;

  readonly #digits: boolean;
  #chunk: Uint8Array = EMPTY;
  /** From the chunk's first byte to the end of its buffer. */
  #chunkView: DataView = NO_VIEW;
  #buffer: ArrayBufferLike = NO_VIEW.buffer;
  #at = 0;
  #held: Uint8Array = EMPTY;
  #heldLength = 0;

  /** As a "server" it takes the uncounted digits of 0/0, 2/0 and 33/0, as a "client" it does not. */
  constructor(reading: Reading) {
    this.#digits = reading === "server";
  }

  /** Bytes of an unfinished frame that wait for the rest. */
  get unfinishedBytes(): number {
    return this.#heldLength;
  }

  /** The payload of the current frame, borrowed. */
  payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.end);
  }

  /** Takes the next chunk. Whatever came before must have been read out. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
    // Chunk after chunk comes in one buffer, and a new view costs an echo 4 %.
    if (chunk.buffer === this.#buffer && chunk.byteOffset === this.#chunkView.byteOffset) return;
    this.#buffer = chunk.buffer;
    this.#chunkView = new DataView(chunk.buffer, chunk.byteOffset);
  }

  /**
   * Moves to the next whole frame; false when there is none yet.
   *
   * @throws {ProtocolError} when a header breaks the limits.
   */
  next(): boolean {
    if (this.#heldLength > 0) return this.#finishHeld();
    const left = this.#chunk.length - this.#at;
    if (left >= HEADER_BYTES) {
      const size = this.#takeHeader(this.#chunkView, this.#at);
      if (left >= size) {
        this.bytes = this.#chunk;
        this.view = this.#chunkView;
        this.#show(this.#at, size);
        this.#at += size;
        return true;
      }
    }
    if (left > 0) this.#hold(left);
    this.#chunk = EMPTY;
    this.#at = 0;
    return false;
  }

  /**
   * Moves to the next whole frame if its first `prefix` bytes (the header, and
   * more) are those of the current one; else stays. Messages come in runs to one
   * receiver: what was found out about the first one is true of all.
   */
  again(prefix: number): boolean {
    const size = this.end - this.start;
    const next = this.end;
    const view = this.#chunkView;
    if (this.view !== view || next + size > this.#chunk.length) return false;
    // From the end, where the names of two receivers are most likely to differ.
    for (let at = prefix - WORD_BYTES; at > 0; at -= WORD_BYTES) {
      if (view.getInt32(this.start + at) !== view.getInt32(next + at)) return false;
    }
    if (view.getInt32(this.start) !== view.getInt32(next)) return false;
    this.#at = next + size;
    this.#show(next, size);
    return true;
  }

  #finishHeld(): boolean {
    if (this.#heldLength < HEADER_BYTES) {
      this.#hold(
        Math.min(
          HEADER_BYTES - this.#heldLength,
          this.#chunk.length - this.#at,
        ),
      );
      if (this.#heldLength < HEADER_BYTES) return false;
    }
    const size = this.#takeHeader(viewOf(this.#held), 0);
    this.#hold(
      Math.min(size - this.#heldLength, this.#chunk.length - this.#at),
    );
    if (this.#heldLength < size) return false;
    this.bytes = this.#held;
    this.view = viewOf(this.#held);
    this.#heldLength = 0;
    if (this.#held.length > KEPT_BYTES) this.#held = EMPTY;
    this.#show(0, size);
    return true;
  }

  #hold(count: number): void {
    const needed = this.#heldLength + count;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(
        Math.max(64, 2 ** Math.ceil(Math.log2(needed))),
      );
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(
      this.#chunk.subarray(this.#at, this.#at + count),
      this.#heldLength,
    );
    this.#heldLength = needed;
    this.#at += count;
  }

  /** Keeps what the header at `at` says; returns the size of its frame. */
  #takeHeader(view: DataView, at: number): number {
    const kind = view.getUint16(at);
    const length = view.getUint16(at + 2);
    const sublength = view.getUint16(at + 4);
    if (length > MAX_PAYLOAD_BYTES) {
      throw new ProtocolError(
        "frame-too-long",
        `Cannot decode frame ${kindText(kind)}: length is ${length}, limit is ${MAX_PAYLOAD_BYTES}`,
      );
    }
    if (sublength > length) {
      throw new ProtocolError(
        "malformed",
        `Cannot decode frame ${
          kindText(kind)
        }: sublength is ${sublength}, but the payload has only ${length} bytes`,
      );
    }
    this.kind = kind;
    this.sublength = sublength;
    return HEADER_BYTES + length + (this.#digits && hasDigits(kind) ? DIGITS_BYTES : 0);
  }

  #show(start: number, size: number): void {
    this.start = start;
    this.payloadStart = start + HEADER_BYTES;
    this.end = start + size;
  }
}

/** Whether four raw digits follow this frame uncounted, towards a server. */
function hasDigits(kind: number): boolean {
  return kind === Kind.CliqueRequest || kind === Kind.JoinOrRegistered ||
    kind === Kind.Join33;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const EMPTY = new Uint8Array(0);
const NO_VIEW = viewOf(EMPTY);

/**
 * Control frames carry JSON: they are rare and must evolve. Unknown keys are
 * ignored; a known key of the wrong type makes the frame malformed.
 *
 * @module
 */

import { frame, kindText, MAX_CARRIED_PAYLOAD_BYTES, ProtocolError } from "./wire.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** One decoded JSON object and the frame kind it came in, for error messages. */
export class Fields {
  readonly #kind: number;
  readonly #values: Readonly<Record<string, unknown>>;

  /**
   * Takes what `JSON.parse` gave for a frame of `kind`.
   *
   * @throws {ProtocolError} `malformed` when it is not an object, or is a list.
   */
  constructor(kind: number, values: unknown) {
    if (
      typeof values !== "object" || values === null || Array.isArray(values)
    ) {
      throw malformed(kind, "it is not a JSON object");
    }
    this.#kind = kind;
    this.#values = values as Record<string, unknown>;
  }

  /** A string of at most `limit` characters (UTF-16 code units). */
  text(key: string, limit: number = MAX_WORD_CHARACTERS): string {
    const value = this.#values[key];
    if (typeof value !== "string") throw malformed(this.#kind, `'${key}' is not a string`);
    if (value.length <= limit) return value;
    throw malformed(this.#kind, `'${key}' has ${value.length} characters, limit is ${limit}`);
  }

  /** A whole number from 0 to `limit`. */
  whole(key: string, limit: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values[key];
    if (
      typeof value === "number" && Number.isInteger(value) && value >= 0 &&
      value <= limit
    ) {
      return value;
    }
    throw malformed(
      this.#kind,
      `'${key}' is not a whole number from 0 to ${limit}`,
    );
  }

  /** True only when the key is there and true. */
  flag(key: string): boolean {
    return this.#values[key] === true;
  }

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** A list of strings; empty when the key is not there. */
  texts(key: string): string[] {
    return this.#list(key).map((value) => {
      if (typeof value === "string" && value.length <= MAX_WORD_CHARACTERS) return value;
      throw malformed(
        this.#kind,
        `'${key}' holds something that is not a string of at most ${MAX_WORD_CHARACTERS} characters`,
      );
    });
  }

  /** A list of objects; empty when the key is not there. */
  objects(key: string): Fields[] {
    return this.#list(key).map((value) => new Fields(this.#kind, value));
  }

  #list(key: string): unknown[] {
    const value = this.#values[key];
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    throw malformed(this.#kind, `'${key}' is not a list`);
  }
}

/**
 * The object in a control frame's payload.
 *
 * @throws {ProtocolError} `malformed` when it is not one JSON object in UTF-8.
 */
export function decodeFields(kind: number, payload: Uint8Array): Fields {
  let values: unknown;
  try {
    values = JSON.parse(decoder.decode(payload));
  } catch {
    throw malformed(kind, "it is not JSON in UTF-8");
  }
  return new Fields(kind, values);
}

/** A control frame around one JSON object. */
export function jsonFrame(
  kind: number,
  values: object,
): Uint8Array<ArrayBuffer> {
  return frame(kind, encoder.encode(JSON.stringify(values)));
}

/**
 * As many frames as `items` need, the first marked `reset` when it replaces
 * what was said before. At least one frame when `reset`, none for no news.
 * What is in `head` stands in each of them.
 */
export function chunkedFrames(
  kind: number,
  items: {
    readonly key: string;
    readonly values: readonly object[];
    readonly head?: Readonly<Record<string, unknown>>;
  },
  reset: boolean,
): Uint8Array[] {
  const head = Object.entries(items.head ?? {})
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},`).join("");
  const room = MAX_CARRIED_PAYLOAD_BYTES - CHUNK_OVERHEAD_BYTES - encoder.encode(head).length;
  const frames: Uint8Array[] = [];
  let chunk: string[] = [];
  let size = 0;
  const flush = (): void => {
    const mark = reset && frames.length === 0 ? '"reset":true,' : "";
    frames.push(
      frame(kind, encoder.encode(`{${mark}${head}"${items.key}":[${chunk.join()}]}`)),
    );
    chunk = [];
    size = 0;
  };
  for (const value of items.values) {
    const text = JSON.stringify(value);
    const bytes = encoder.encode(text).length + 1;
    if (size + bytes > room) flush();
    chunk.push(text);
    size += bytes;
  }
  if (chunk.length > 0 || (reset && frames.length === 0)) flush();
  return frames;
}

/** What one frame brings is told on inside others: without a limit it might not fit there. */
const MAX_WORD_CHARACTERS = 255;

/** Room for braces, the reset mark and the key around a chunk's items. */
const CHUNK_OVERHEAD_BYTES = 64;

function malformed(kind: number, problem: string): ProtocolError {
  return new ProtocolError(
    "malformed",
    `Cannot decode frame ${kindText(kind)}: ${problem}`,
  );
}

/**
 * The keys that a person presses, for one line editor after the other. What
 * was typed or pasted ahead waits until somebody asks for it.
 *
 * @module
 */

import { Readable } from "node:stream";

/** How much a reader may have. */
export type Appetite = "nothing" | "a line" | "everything";

/** Stands for the end of a line inside a paste, which sends nothing by itself. */
export const LINE_MARK = "\u21b5";

const PASTE_BEGINS = "\u001b[200~";
const PASTE_ENDS = "\u001b[201~";

/** Makes the terminal say where a paste begins and ends. */
export const TELL_PASTES = "\u001b[?2004h";

/** Undoes {@linkcode TELL_PASTES}. */
export const HIDE_PASTES = "\u001b[?2004l";

/** What a terminal sends, held back as long as nobody wants it. */
export class Keys extends Readable {
  /** As on standard input: there is a person at the other end. */
  readonly isTTY = true;
  readonly #setRaw: (on: boolean) => void;
  readonly #pastes = new Pastes();
  #appetite: Appetite = "nothing";
  #held = "";
  #isOver = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  /** `setRaw` turns the terminal's own line editing off and on. */
  constructor(setRaw: (on: boolean) => void) {
    super();
    this.#setRaw = setRaw;
  }

  /** Reads a terminal to its end. */
  async follow(input: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const reader = input.getReader();
    this.#reader = reader;
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        this.typed(decoder.decode(read.value, { stream: true }));
      }
    } catch (error) {
      // Somebody else reads on, or the terminal is gone.
      if (this.#reader === null) return;
      if (!(error instanceof Error)) throw error;
    }
    this.#isOver = true;
    this.#feed();
  }

  /** Reads no more, and returns what nobody wanted so far. */
  unfollow(): string {
    this.#reader?.releaseLock();
    this.#reader = null;
    return this.#held;
  }

  /** More was typed. */
  typed(text: string): void {
    this.#held += this.#pastes.take(text);
    this.#feed();
  }

  /** Lets a reader have this much from now on. */
  give(appetite: Appetite): void {
    this.#appetite = appetite;
    this.#feed();
  }

  /** As on standard input: the line editor wants every key at once. */
  setRawMode(on: boolean): this {
    this.#setRaw(on);
    return this;
  }

  /** What there is was pushed already. */
  override _read(): void {}

  #feed(): void {
    if (this.#appetite === "nothing") return;
    const [line] = this.#appetite === "everything" ? [] : /^[^\r\n]*(\r\n?|\n)/.exec(this.#held) ??
      [];
    if (line !== undefined) this.#appetite = "nothing";
    const given = line ?? this.#held;
    this.#held = this.#held.slice(given.length);
    if (given !== "") this.push(given);
    if (this.#isOver && this.#held === "") this.push(null);
  }
}

/** Takes pastes for one line each: nothing in them is a key. */
export class Pastes {
  #inside: string | null = null;
  /** The beginning of a mark, of which the rest has yet to come. */
  #begun = "";

  /** What was typed, with the pastes in it made harmless. */
  take(text: string): string {
    let rest = this.#begun + text;
    this.#begun = "";
    let taken = "";
    while (rest !== "") {
      const mark = this.#inside === null ? PASTE_BEGINS : PASTE_ENDS;
      const at = rest.indexOf(mark);
      const end = at >= 0 ? at : rest.length - this.#beginning(rest, mark);
      const before = rest.slice(0, end);
      if (this.#inside === null) taken += before;
      else this.#inside += before;
      if (at < 0) {
        this.#begun = rest.slice(end);
        break;
      }
      if (this.#inside !== null) taken += asOneLine(this.#inside);
      this.#inside = this.#inside === null ? "" : null;
      rest = rest.slice(at + mark.length);
    }
    return taken;
  }

  /** How many letters at the end may belong to a mark. Outside a paste a person may press Escape. */
  #beginning(text: string, mark: string): number {
    const least = this.#inside === null ? 3 : 1;
    for (let length = mark.length - 1; length >= least; length--) {
      if (text.endsWith(mark.slice(0, length))) return length;
    }
    return 0;
  }
}

function asOneLine(pasted: string): string {
  return pasted.replace(/^[\r\n]+|[\r\n]+$/g, "")
    .replaceAll(/\r\n?|\n/g, LINE_MARK)
    .replaceAll("\t", " ")
    .replaceAll(/\p{Cc}/gu, "");
}

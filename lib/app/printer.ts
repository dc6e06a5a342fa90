/**
 * Showing events: as JSON for programs, else as lines and tables for people.
 *
 * @module
 */

import { OutputError, terminalWidth, wantsColour, writeError, writeOut } from "./output.ts";
import { jsonLine, type LineEvent, textLines, type TextOptions } from "./print.ts";
import { wrapped } from "./wrap.ts";

/** Draws events as a table. */
export type Table<Event> = (events: readonly Event[], options: TextOptions) => string[];

/** Where a client's events and remarks are shown. */
export class Printer {
  /** Resolves when what is shown can't be read any more, so that nobody need go on. */
  readonly unread: Promise<void>;
  /** Takes the writing of a line; a chat does it above the line being typed. */
  aside: (write: () => void) => void = (write) => write();
  /** What an event reads like to people. */
  words: (event: LineEvent, options: TextOptions) => string[] = textLines;
  readonly #unread = Promise.withResolvers<void>();
  #problem: OutputError | null = null;

  /** With `json` it speaks to programs. */
  constructor(readonly json: boolean) {
    this.unread = this.#unread.promise;
  }

  /** What an answer could not be written for; null while there was nothing. */
  get problem(): OutputError | null {
    return this.#problem;
  }

  /** One event. What is no answer to the user's question is a diagnostic. */
  event(event: LineEvent): void {
    if (this.json) this.out(jsonLine(event));
    else if (isDiagnostic(event)) {
      const options = textOptions(Deno.stderr);
      for (const line of this.words(event, options)) {
        for (const row of wrapped(line, options)) this.err(row);
      }
    } else {
      for (const line of this.words(event, textOptions(Deno.stdout))) this.out(line);
    }
  }

  /** Several events of one kind. */
  table<Event extends LineEvent>(events: readonly Event[], table: Table<Event>): void {
    const options = textOptions(Deno.stdout);
    for (const line of this.json ? events.map(jsonLine) : table(events, options)) this.out(line);
  }

  /** A line of an answer. */
  out(line: string): void {
    this.aside(() => this.#write(line));
  }

  /** A remark. */
  err(line: string): void {
    this.aside(() => writeError(line));
  }

  /** A remark for people, where an answer would stand. */
  note(line: string): void {
    if (this.json) this.err(line);
    else this.out(line);
  }

  #write(line: string): void {
    try {
      if (writeOut(line)) return;
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      this.#problem = error;
    }
    this.#unread.resolve();
  }
}

function textOptions(stream: { isTerminal(): boolean }): TextOptions {
  return { colour: wantsColour(stream), width: terminalWidth() };
}

function isDiagnostic({ kind }: LineEvent): boolean {
  return kind === "attached" || kind === "moved" || kind === "searching" || kind === "error";
}

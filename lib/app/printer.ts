/**
 * Showing events: as JSON for programs, else as lines and tables for people.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";
import { terminalWidth, wantsColour, writeError, writeOut } from "./output.ts";
import { jsonLine, textLines, type TextOptions } from "./print.ts";

/** Draws events as a table. */
export type Table<Event> = (events: readonly Event[], options: TextOptions) => string[];

/** Where a client's events and remarks are shown. */
export class Printer {
  /** Take a line each; a chat puts them above the line being typed. */
  out: (line: string) => void = writeOut;
  err: (line: string) => void = writeError;

  constructor(readonly json: boolean) {}

  /** One event. What is no answer to the user's question is a diagnostic. */
  event(event: ClientEvent): void {
    if (this.json) this.out(jsonLine(event));
    else {
      const write = isDiagnostic(event) ? this.err : this.out;
      for (const line of textLines(event, textOptions())) write(line);
    }
  }

  /** Several events of one kind. */
  table<Event extends ClientEvent>(events: readonly Event[], table: Table<Event>): void {
    for (const line of this.json ? events.map(jsonLine) : table(events, textOptions())) {
      this.out(line);
    }
  }
}

function textOptions(): TextOptions {
  return { colour: wantsColour(), width: terminalWidth() };
}

function isDiagnostic({ kind }: ClientEvent): boolean {
  return kind === "attached" || kind === "moved" || kind === "error";
}

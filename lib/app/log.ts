/**
 * The log of a server, and the diagnostics of a client.
 *
 * @module
 */

import { clean, safeJson } from "./clean.ts";

/** How a line of the log is written. */
export const LOG_FORMATS = ["text", "json"] as const;
/** One of them. */
export type LogFormat = typeof LOG_FORMATS[number];

/** How grave a line is, from the least on. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** One of them. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What a program reads from a line: snake_case keys with their unit. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What a log needs from outside. */
export interface LogOptions {
  /** What its lines look like. */
  readonly format: LogFormat;
  /** Lines of a lower level are left out. */
  readonly level: LogLevel;
  /** Takes one line, without its line end. */
  readonly write: (line: string) => void;
  /** The time of day. */
  readonly now: () => Date;
}

/**
 * Writes one line for each thing that happened: for people as
 * `12:34:56.789 info  linked to 127.0.0.1:4010` in local time, for programs as
 * one JSON object with the time in UTC. Text that came from others can't drive
 * the terminal in either.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Log } from "./log.ts";
 *
 * const lines: string[] = [];
 * const log = new Log({
 *   format: "json",
 *   level: "info",
 *   write: (line) => lines.push(line),
 *   now: () => new Date(0),
 * });
 * log.info("peer-lost", "lost 127.0.0.1:4010", { reason: "silent" });
 * assertEquals(lines, [
 *   '{"schema":1,"time":"1970-01-01T00:00:00.000Z","level":"info",' +
 *   '"event":"peer-lost","message":"lost 127.0.0.1:4010","reason":"silent"}',
 * ]);
 * ```
 */
export class Log {
  readonly #options: LogOptions;

  /** Writes nothing yet. */
  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** What only helps to find a fault. */
  debug(event: string, message: string, fields: LogFields = {}): void {
    this.#line("debug", event, { message, fields });
  }

  /** What belongs to normal work. */
  info(event: string, message: string, fields: LogFields = {}): void {
    this.#line("info", event, { message, fields });
  }

  /** What went wrong and is dealt with. */
  warn(event: string, message: string, fields: LogFields = {}): void {
    this.#line("warn", event, { message, fields });
  }

  /** What went wrong and needs somebody. */
  error(event: string, message: string, fields: LogFields = {}): void {
    this.#line("error", event, { message, fields });
  }

  #line(
    level: LogLevel,
    event: string,
    { message, fields }: { message: string; fields: LogFields },
  ): void {
    const { format, level: least, write, now } = this.#options;
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return;
    if (format === "text") {
      write(`${clock(now())} ${level.padEnd(5)} ${clean(message)}`);
      return;
    }
    const time = now().toISOString();
    const head = { schema: 1, time, level, event, message };
    // Once for the order of the keys, once so that no field hides them.
    write(safeJson({ ...head, ...fields, ...head }));
  }
}

/** Hours to milliseconds, local time. */
function clock(time: Date): string {
  const pad = (number: number, digits: number): string => String(number).padStart(digits, "0");
  const [hours, minutes, seconds] = [
    time.getHours(),
    time.getMinutes(),
    time.getSeconds(),
  ].map((part) => pad(part, 2));
  return `${hours}:${minutes}:${seconds}.${pad(time.getMilliseconds(), 3)}`;
}

import { assertEquals } from "@std/assert";
import { Log, LOG_LEVELS, type LogOptions } from "../../lib/app/log.ts";

/** A log that keeps its lines, at 09:05:07.089 local time, 12:00 UTC as JSON. */
function kept(options: Pick<LogOptions, "format" | "level">): {
  log: Log;
  lines: string[];
} {
  const lines: string[] = [];
  const now = options.format === "json"
    ? new Date("2026-01-02T12:00:00.250Z")
    : new Date(2026, 0, 2, 9, 5, 7, 89);
  const write = (line: string): void => void lines.push(line);
  return { log: new Log({ ...options, write, now: () => now }), lines };
}

Deno.test("text: time, level and message in columns", () => {
  const { log, lines } = kept({ format: "text", level: "debug" });
  log.debug("frame", "3/0 of 16 bytes");
  log.info("peer-linked", "linked to 1a2b… at 127.0.0.1:4010", { id: "1a2b" });
  log.warn("peer-lost", "lost 1a2b…: silent");
  log.error("accept-failed", "cannot accept: too many open files");
  assertEquals(lines, [
    "09:05:07.089 debug 3/0 of 16 bytes",
    "09:05:07.089 info  linked to 1a2b… at 127.0.0.1:4010",
    "09:05:07.089 warn  lost 1a2b…: silent",
    "09:05:07.089 error cannot accept: too many open files",
  ]);
});

Deno.test("json: one object a line, with its fields", () => {
  const { log, lines } = kept({ format: "json", level: "info" });
  log.info("peer-linked", "linked", {
    id: "1a2b",
    rtt_us: 41.5,
    base: false,
    label: null,
    addresses: ["127.0.0.1:4010"],
  });
  log.warn("stalled", "the loop was late");
  assertEquals(lines, [
    '{"schema":1,"time":"2026-01-02T12:00:00.250Z","level":"info",' +
    '"event":"peer-linked","message":"linked","id":"1a2b","rtt_us":41.5,' +
    '"base":false,"label":null,"addresses":["127.0.0.1:4010"]}',
    '{"schema":1,"time":"2026-01-02T12:00:00.250Z","level":"warn",' +
    '"event":"stalled","message":"the loop was late"}',
  ]);
});

Deno.test("no field hides what every line has", () => {
  const { log, lines } = kept({ format: "json", level: "info" });
  log.info("x", "y", { level: "debug", schema: 9, message: "z", more: 1 });
  assertEquals(lines, [
    '{"schema":1,"time":"2026-01-02T12:00:00.250Z","level":"info",' +
    '"event":"x","message":"y","more":1}',
  ]);
});

Deno.test("lines below the level are left out", () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    for (const format of ["text", "json"] as const) {
      const { log, lines } = kept({ format, level });
      for (const each of LOG_LEVELS) log[each]("event", "message");
      assertEquals(lines.length, LOG_LEVELS.length - index);
    }
  }
});

Deno.test("a line that is left out costs no look at the clock", () => {
  const log = new Log({
    format: "json",
    level: "error",
    write: () => {},
    now: () => {
      throw new Error("looked at the clock");
    },
  });
  log.info("event", "message");
});

Deno.test("text from others cannot drive the terminal", () => {
  const text = kept({ format: "text", level: "info" });
  text.log.info("x", "label \u001b[2J\u202ecitta\n00:00:00.000 error fake");
  assertEquals(text.lines, [
    "09:05:07.089 info  label citta 00:00:00.000 error fake",
  ]);
  const json = kept({ format: "json", level: "info" });
  json.log.info("x", "\u009b2J", { label: "\u001b]0;t\u0007" });
  assertEquals(json.lines, [
    '{"schema":1,"time":"2026-01-02T12:00:00.250Z","level":"info",' +
    '"event":"x","message":"\\u009b2J","label":"\\u001b]0;t\\u0007"}',
  ]);
});

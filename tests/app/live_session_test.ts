import { assert, assertEquals } from "@std/assert";
import { LiveSession } from "../../lib/app/live_session.ts";
import { Log, type LogLevel } from "../../lib/app/log.ts";
import { Cluster } from "../testing/cluster.ts";

/** What a client says of its decisions until it has made two, at one level of its log. */
async function saidAt(level: LogLevel): Promise<string[]> {
  const lines: string[] = [];
  const decided = Promise.withResolvers<void>();
  let decisions = 0;
  class Counting extends Log {
    override debug(...said: Parameters<Log["debug"]>): void {
      super.debug(...said);
      if (++decisions === 2) decided.resolve();
    }
  }
  const write = (line: string): void => void lines.push(line);
  const log = new Counting({ format: "text", level, write, now: () => new Date(0) });
  await using cluster = new Cluster();
  const servers = [cluster.server().address];
  await using session = new LiveSession({ servers, probes: 1, pace: { roundMs: 10 }, log });
  session.call((core, now) => {
    core.attach("ada", now);
    core.start(now);
  });
  await decided.promise;
  return lines;
}

Deno.test("at level debug a client says after each round why it stays, else nothing", async () => {
  const [first] = await saidAt("debug");
  assert(first !== undefined && / debug stays at 127\.0\.0\.1:\d+/.test(first), first);
  assertEquals(await saidAt("info"), []);
});

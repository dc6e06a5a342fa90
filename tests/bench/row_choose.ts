/**
 * How long a client takes to find its place: from the start of the program,
 * which knows one address, until it is attached to the nearest server.
 *
 * @module
 */

import { lines } from "../../lib/app/lines.ts";
import { startMesh } from "./mesh.ts";
import { amountOf, type Result } from "./result.ts";
import type { Row, Setting } from "./setting.ts";

const SIZES = [5, 50];
const QUICK_SIZES = [5];

/** All servers are measured at once, so many must take hardly longer than few. */
export const CHOOSE: Row = {
  name: "choose",
  title: "From the start of a client until it has chosen among all servers and is registered",
  measure,
};

async function* measure(setting: Setting): AsyncIterable<Result> {
  for (const size of setting.quick ? QUICK_SIZES : SIZES) {
    await using mesh = await startMesh(setting, size);
    const times: number[] = [];
    for (let repetition = 0; repetition < setting.repetitions; repetition++) {
      times.push(await attachedMs(setting, { port: mesh.ports[0] ?? 0, name: `c${repetition}` }));
    }
    yield amountOf({ row: "choose", what: `${size} servers`, unit: "ms" }, times);
  }
}

async function attachedMs(
  { client: [command = "", ...first] }: Setting,
  { port, name }: { readonly port: number; readonly name: string },
): Promise<number> {
  const startedAt = performance.now();
  const args = [...first, "listen", "--json", "--server", `127.0.0.1:${port}`, "--name", name];
  const options = { args, stdin: "null", stdout: "piped", stderr: "null" } as const;
  const child = new Deno.Command(command, options).spawn();
  const reading = new AbortController();
  try {
    for await (const line of lines(child.stdout, reading.signal)) {
      if (JSON.parse(line).event === "attached") return performance.now() - startedAt;
    }
    throw new Error("Cannot measure: the client ended before it was attached");
  } finally {
    reading.abort();
    child.kill("SIGKILL");
    await child.status;
  }
}

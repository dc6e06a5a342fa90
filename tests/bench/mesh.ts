/**
 * Many servers that start at once, each told of all others, as after a power cut.
 *
 * @module
 */

import { lines } from "../../lib/app/lines.ts";
import { freePort, listeningPort, Running } from "./contender.ts";
import type { Setting } from "./setting.ts";

/** Servers that are all linked to each other. */
export interface Mesh extends AsyncDisposable {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  /** From the start of the first process until all were linked. */
  readonly formedMs: number;
}

/** Starts so many, and waits until each says that it is linked to each. */
export async function startMesh({ server }: Setting, size: number): Promise<Mesh> {
  const ports = freePorts(size);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const [command = "", ...first] = server;
  const startedAt = performance.now();
  const children = addresses.map((address) => {
    const joins = addresses.flatMap((other) => other === address ? [] : ["--join", other]);
    const args = [...first, "--listen", address, ...joins, "--log-format", "json"];
    const options = { args, stdin: "null", stdout: "null", stderr: "piped" } as const;
    return new Deno.Command(command, options).spawn();
  });
  const reading = new AbortController();
  const logs = children.map((child) => follow(child, { others: size - 1, reading }));
  await Promise.all(logs.map(({ linked }) => linked));
  const formedMs = performance.now() - startedAt;
  return {
    ports,
    pids: children.map(({ pid }) => pid),
    formedMs,
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill("SIGKILL");
      reading.abort();
      await Promise.all(logs.map(({ ended }) => ended));
      await Promise.all(children.map(({ status }) => status));
    },
  };
}

/** Starts so many programs at once that have nothing to do with each other; in ms until all listen. */
export async function startApart(command: readonly string[], size: number): Promise<number> {
  await using running = new Running();
  const startedAt = performance.now();
  const children = Array.from({ length: size }, () => running.start(command));
  await Promise.all(children.map(listeningPort));
  return performance.now() - startedAt;
}

/** Reads a log to its end, and tells when it has named so many peers. */
function follow(
  { stderr }: Deno.ChildProcess,
  { others, reading }: { readonly others: number; readonly reading: AbortController },
): { readonly linked: Promise<void>; readonly ended: Promise<void> } {
  const { promise: linked, resolve, reject } = Promise.withResolvers<void>();
  const peers = new Set<string>();
  const read = async (): Promise<void> => {
    for await (const line of lines(stderr, reading.signal)) {
      const { event, peer } = JSON.parse(line) as { event: string; peer?: string };
      if (event === "peer-linked") peers.add(peer ?? "");
      if (peers.size >= others) resolve();
    }
    reject(new Error(`Cannot measure: a server ended with ${peers.size} of ${others} links`));
  };
  linked.catch(() => {});
  return { linked, ended: read() };
}

/** Different ones: a port that was just given back may be given again. */
function freePorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(freePort());
  return [...ports];
}

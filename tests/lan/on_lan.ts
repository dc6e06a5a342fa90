/**
 * What the tests on a LAN have in common.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { compileAll } from "../../lib/app/compile.ts";
import { withStub } from "../testing/denort.ts";
import { type Host, Lan, lanProblem, runCompiled } from "../testing/lan.ts";
import type { Json, Program } from "../testing/program.ts";

/** No look for a server goes on for longer. */
const SEEN_MS = 20_000;

const problem = await lanProblem();

let binaries = "";

// What runs on the hosts is what people copy to their machines.
Deno.test.beforeAll(async () => {
  if (problem !== null) return;
  binaries = await Deno.makeTempDir();
  await withStub((env) => compileAll({ folder: `${binaries}/`, target: null, env }));
  runCompiled(binaries);
});

Deno.test.afterAll(async () => {
  if (binaries !== "") await Deno.remove(binaries, { recursive: true });
});

/** A test with a LAN of its own; where there can be none, its line says why it is skipped. */
export function onLan(name: string, test: (lan: Lan) => Promise<void>): void {
  const isSkipped = problem !== null;
  Deno.test({
    name: isSkipped ? `${name} (skipped: ${problem})` : name,
    ignore: isSkipped,
    fn: async () => {
      await using lan = await Lan.create();
      await test(lan);
    },
  });
}

/** Waits until each of these servers is linked to each other one. */
export async function formed(...servers: readonly Program[]): Promise<void> {
  const others = servers.length - 1;
  await Promise.all(
    servers.map((server) => server.until(`${others} peers`, () => peerCount(server) >= others)),
  );
  for (const server of servers) assertEquals(peerCount(server), others, server.err.join("\n"));
}

/** How many different servers one was linked to so far. */
export function peerCount(server: Program): number {
  return new Set(logged(server, "peer-linked").map(({ peer }) => peer)).size;
}

/** The addresses by which a server knew those that it was linked to. */
export function peerAddresses(server: Program): string[] {
  return logged(server, "peer-linked").map(({ address }) => String(address)).sort();
}

/** Its log so far, as far as it is about `event`. */
export function logged(server: Program, event: string): Json[] {
  return server.err.map((line) => JSON.parse(line) as Json).filter((line) =>
    line["event"] === event
  );
}

/** A client of each of two hosts, a message there and one back. */
export async function talk(
  ada: { readonly host: Host; readonly by: readonly string[] },
  bob: { readonly host: Host; readonly by: readonly string[] },
): Promise<void> {
  await using here = ada.host.client(...ada.by, "--name", "ada");
  await using there = bob.host.client(...bob.by, "--name", "bob");
  await Promise.all([here, there].map((client) => client.event({ event: "attached" })));
  await here.type("bob hello");
  await there.event({ event: "message", from: "ada", text: "hello" });
  await there.type("ada good day");
  await here.event({ event: "message", from: "bob", text: "good day" });
  await here.event({ event: "receipt", to: "bob", status: "delivered" });
}

/** Looks until a client reaches a server by that address: on a busy machine one look may miss it. */
export async function sees(
  host: Host,
  address: string,
  ...by: readonly string[]
): Promise<void> {
  const deadline = performance.now() + SEEN_MS;
  while (true) {
    const seen = await serversSeen(host, ...by);
    if (seen.includes(address)) return;
    if (performance.now() > deadline) {
      throw new Error(`Waited in vain for ${address}, only ${seen.join(", ")} are seen`);
    }
  }
}

/** The addresses by which a client reaches the servers of its clique. */
export async function serversSeen(host: Host, ...by: readonly string[]): Promise<string[]> {
  await using client = host.client(...by, "servers");
  await client.ends();
  return client.events({ event: "server" }).map(({ address }) => String(address)).sort();
}

/**
 * What must hold of original programs that live with ours.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Cluster, ClusterClient, ClusterServer } from "./cluster.ts";
import { OriginalClient, type OriginalServer } from "./original.ts";

/** A client of either kind, in the words that both understand. */
export type AnyClient = ClusterClient | OriginalClient;

/** Bare headers that an original without them may get: hello, and 5/0, 6/0, 7/0. */
const HARMLESS = /^0[5-8]0000000000$/;

/** The originals had nothing to complain of: what came was theirs, or a bare header. */
export function assertClean(...originals: readonly (OriginalServer | OriginalClient)[]): void {
  for (const original of originals) {
    const { crashes, desyncs, unread } = original;
    assertEquals({ crashes, desyncs, unread }, { crashes: [], desyncs: [], unread: 0 });
    if (original instanceof OriginalClient) assertEquals(original.unexpected, []);
    else {
      const { unknownTypes, variant } = original;
      const allowed = variant === "plain" ? /^080000000000$/ : HARMLESS;
      assertEquals(unknownTypes.filter(({ hex }) => !allowed.test(hex)), []);
    }
  }
}

/**
 * What our servers say of themselves to originals: 0/0 at most once on a
 * connection, never 2/0 or 33/0; and an original dials none of them back twice.
 */
export function assertModest(
  cluster: Cluster,
  originals: readonly OriginalServer[],
): void {
  const ports = new Set(cluster.servers.map(({ port }) => String(port)));
  for (const { received, connections } of originals) {
    const announced = received.filter(({ type, subtype, payload }) =>
      subtype === 0 && (type === 2 || type === 33) && ports.has(payload)
    );
    assertEquals(announced, [], "our servers never say 2/0");
    for (const port of ports) {
      const { dialled, dialledBack } = connections;
      const times = (dialled.get(Number(port)) ?? 0) + (dialledBack.get(Number(port)) ?? 0);
      assertEquals(times <= 1, true, `${port} was dialled ${times} times`);
    }
  }
}

/** Waits until everyone in a clique of both kinds can reach everyone. */
export async function mingled(
  cluster: Cluster,
  originals: readonly OriginalServer[],
): Promise<void> {
  await cluster.formed(cluster.servers.length);
  const ports = [...cluster.servers, ...originals].map(({ port }) => port).sort();
  for (const original of originals) {
    await original.waitFor(({ known, port }) =>
      JSON.stringify([...known, port].sort()) === JSON.stringify(ports)
    );
    for (const server of cluster.servers) await hasBase(server, original);
  }
}

/** Waits until our server is linked to the original. */
export async function hasBase(server: ClusterServer, original: OriginalServer): Promise<void> {
  const address = `127.0.0.1:${original.port}`;
  await server.until(`it is linked to the original at ${address}`, ({ log }) => {
    const news = log.filter(({ event, message }) =>
      event.startsWith("base-server-") && message.endsWith(address)
    );
    return news.at(-1)?.event === "base-server-linked";
  });
}

/** Sends from each client to each other, and waits until all of it came, once. */
export async function everyoneToEveryone(
  clients: readonly AnyClient[],
  greeting = "hello",
): Promise<void> {
  for (const from of clients) {
    for (const to of clients) {
      if (from !== to) await from.send(to.name, `${greeting} ${to.name}`);
    }
  }
  for (const to of clients) {
    for (const from of clients) {
      if (from !== to) await shown(to, from.name, `${greeting} ${to.name}`);
    }
  }
  for (const to of clients) {
    for (const from of clients) {
      const copies = textsOf(to, from.name).filter((text) => text === `${greeting} ${to.name}`);
      assertEquals(copies.length, from === to ? 0 : 1, `${from.name} to ${to.name}`);
    }
  }
}

/** Waits until the client is shown the message. */
export function shown(to: AnyClient, from: string, text: string): Promise<void> {
  if (!(to instanceof OriginalClient)) return to.received(from, text);
  return to.waitFor(({ messages }) =>
    messages.some((message) => message.sender === from && message.text === text)
  );
}

/** Texts of one sender's messages, in the order in which the client was shown them. */
export function textsOf(client: AnyClient, from: string): string[] {
  if (!(client instanceof OriginalClient)) return client.texts(from);
  return client.messages.filter(({ sender }) => sender === from).map(({ text }) => text);
}

/**
 * What tests must know of the machine that they run on.
 *
 * @module
 */

import { listen } from "../../lib/net/tcp.ts";

/**
 * A port of five digits on which nobody listened a moment ago. It is none of
 * those that systems give to connections by themselves (from 32,768), so none
 * takes it until a server listens there, late or for the second time.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = 10_000 + Math.floor(Math.random() * 22_768);
    if (canListen("127.0.0.1", port)) return port;
  }
  throw new Error("Cannot find a free port from 10000 to 32767");
}

/** Whether this machine can listen on IPv6 addresses. */
export function hasIpv6(): boolean {
  return canListen("::1");
}

/**
 * An address of this machine that others could reach, by the word of
 * `hostname -I`; null where there is no such program or address. (What Deno
 * knows of interfaces takes a permission that tests lack.)
 */
export function lanAddress(): string | null {
  let words: string[];
  try {
    const { stdout } = new Deno.Command("hostname", { args: ["-I"], stderr: "null" }).outputSync();
    words = new TextDecoder().decode(stdout).split(/\s+/);
  } catch {
    return null;
  }
  return words.find((word) => /^[\d.]+$/.test(word) && canListen(word)) ?? null;
}

function canListen(hostname: string, port = 0): boolean {
  try {
    listen({ hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * What tests must know of the machine that they run on.
 *
 * @module
 */

import { listen } from "../../lib/net/tcp.ts";

/** A port on which nobody listened a moment ago. */
export function freePort(): number {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
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

function canListen(hostname: string): boolean {
  try {
    listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

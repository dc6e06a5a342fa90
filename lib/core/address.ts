/**
 * Addresses as members tell them: `host:port`, IPv6 in brackets.
 *
 * @module
 */

/** Where a server can be reached. */
export interface Address {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly hostname: string;
  /** The TCP port, 1 to 65535. */
  readonly port: number;
}

/** `host:port`, with brackets around IPv6. */
export function addressText({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** The parts of `host:port`; null when it is none. */
export function parseAddress(text: string): Address | null {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const hostname = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (hostname === undefined || port < 1 || port > 65_535) return null;
  return { hostname, port };
}

/** Whether an address means a different machine on every machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    hostname.startsWith("127.");
}

/** Whether an address text is a loopback one. */
export function isLoopbackText(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && isLoopback(parsed.hostname);
}

/** Whether an address means a host only together with the link that it is on. */
export function isLinkLocal(hostname: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(hostname);
}

/** Whether an address is the same host for everybody who can reach it. */
export function isUniversalText(address: string): boolean {
  const hostname = parseAddress(address)?.hostname ?? "";
  return !isLoopback(hostname) && !isLinkLocal(hostname);
}

/**
 * Those of `addresses` that mean something to whoever is reached at
 * `hostname`: loopback addresses on this machine, link-local ones on that
 * link. The zone of a link is a number of this machine's own, so it stays here.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tellable } from "./address.ts";
 *
 * const addresses = ["192.0.2.1:4000", "127.0.0.1:4000", "[fe80::1%2]:4000"];
 * assertEquals(tellable(addresses, "192.0.2.9"), ["192.0.2.1:4000"]);
 * assertEquals(tellable(addresses, "fe80::9%2"), ["192.0.2.1:4000", "[fe80::1]:4000"]);
 * ```
 */
export function tellable(addresses: readonly string[], hostname: string): string[] {
  if (isLoopback(hostname)) return [...addresses];
  return addresses.filter((text) => {
    const told = parseAddress(text)?.hostname ?? "";
    return !isLoopback(told) && (isLinkLocal(hostname) || !isLinkLocal(told));
  }).map(withoutZone);
}

/**
 * What `addresses` mean that were told by whoever is reached at `hostname`:
 * link-local ones get the zone that this machine reached it through.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { understood } from "./address.ts";
 *
 * assertEquals(understood(["[fe80::1]:4000"], "fe80::9%eth0"), ["[fe80::1%eth0]:4000"]);
 * assertEquals(understood(["[fe80::1]:4000"], "192.0.2.9"), []);
 * ```
 */
export function understood(addresses: readonly string[], hostname: string): string[] {
  const zone = /%.*$/.exec(hostname)?.[0] ?? "";
  return tellable(addresses, hostname).map((text) => {
    const address = parseAddress(text);
    if (address === null || !isLinkLocal(address.hostname)) return text;
    return addressText({ hostname: address.hostname + zone, port: address.port });
  });
}

/** `addresses`, those without a zone with the one that they have in `known`. */
export function withZones(addresses: readonly string[], known: readonly string[]): string[] {
  return addresses.map((text) =>
    known.find((zoned) => zoned.includes("%") && withoutZone(zoned) === text) ?? text
  );
}

function withoutZone(address: string): string {
  return address.replace(/%[^\]]*\]/, "]");
}

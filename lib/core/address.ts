/**
 * Addresses as members tell them: `host:port`, IPv6 in brackets.
 *
 * @module
 */

/** Where a server can be reached. */
export interface Address {
  readonly hostname: string;
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

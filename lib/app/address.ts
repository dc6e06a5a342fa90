/**
 * Addresses as people type them: `HOST:PORT`, with IPv6 in brackets.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import type { Address } from "../core/address.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** What `:4000` listens on: every IPv4 interface, as the original reaches it. */
export const ALL_INTERFACES = "0.0.0.0";

/** Every interface on IPv6, and on IPv4 where the system knows IPv6 at all. */
export const ALL_INTERFACES_IPV6 = "::";

/** A host name, as far as it can be judged without asking a resolver. */
const HOST_NAME = /^(?=.{1,253}$)[\p{L}\p{M}\p{N}_-]{1,63}(\.[\p{L}\p{M}\p{N}_-]{1,63})*\.?$/u;

/**
 * An address to connect to: a host name, an IPv4 address or an IPv6 address
 * in brackets (`[fe80::1%eth0]` with its zone), then a port from 1 to 65535.
 *
 * @throws {UsageError} that says which part is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddress } from "./address.ts";
 *
 * assertEquals(parseAddress("[::1]:4000"), { hostname: "::1", port: 4000 });
 * ```
 */
export function parseAddress(text: string): Address {
  const { host, port } = split(text);
  if (host === "") throw unreadable(text, "the host is missing");
  return { hostname: parseHost(host, text), port: parsePort(port, text, 1) };
}

/**
 * An address to listen on: as `parseAddress`, and besides `:4000` for
 * `everywhere`, and port 0 for any free port.
 *
 * @throws {UsageError} that says which part is wrong.
 */
export function parseListenAddress(text: string, everywhere = ALL_INTERFACES): Address {
  const { host, port } = split(text);
  return {
    hostname: host === "" ? everywhere : parseHost(host, text),
    port: parsePort(port, text, 0),
  };
}

/**
 * An address that others are told: as `parseAddress`, but not one that stands
 * for all interfaces, which nobody else can connect to.
 *
 * @throws {UsageError} that says which part is wrong.
 */
export function parseAdvertisedAddress(text: string): Address {
  const address = parseAddress(text);
  if (/^[0:.]+$/.test(address.hostname)) {
    throw new UsageError(
      `Cannot advertise address ${
        quoted(text)
      }: it stands for all interfaces, name one that others can reach`,
    );
  }
  return address;
}

/** The two parts, each as it was written. */
function split(text: string): { host: string; port: string } {
  if (text.includes("/")) {
    throw unreadable(text, "write HOST:PORT, without a scheme or a path");
  }
  const close = text.startsWith("[") ? text.indexOf("]") : -1;
  const colon = text.indexOf(":", close + 1);
  if (colon < 0) {
    throw unreadable(text, "the port is missing, write HOST:PORT");
  }
  if (close >= 0 && colon !== close + 1) {
    throw unreadable(text, "after ']' comes ':' and the port");
  }
  if (close < 0 && text.indexOf(":", colon + 1) >= 0) {
    throw unreadable(
      text,
      "write an IPv6 address in brackets, such as [::1]:4000",
    );
  }
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function parseHost(host: string, text: string): string {
  if (host.startsWith("[")) {
    const inside = host.slice(1, -1);
    if (/^fe[89ab][0-9a-f]:[^%]*$/i.test(inside) && isIPv6(inside)) {
      throw unreadable(text, `it means a host on one link only, name that: [${inside}%eth0]`);
    }
    if (isIPv6(inside)) return inside;
    throw unreadable(text, `${quoted(inside)} is not an IPv6 address`);
  }
  // A resolver would take 127.1 or 10.0.0.256 for something; nobody means it.
  if (/^[\d.]+$/.test(host)) {
    if (isIPv4(host)) return host;
    throw unreadable(text, `${quoted(host)} is not an IPv4 address`);
  }
  if (HOST_NAME.test(host)) return host;
  throw unreadable(text, `${quoted(host)} is not a host name`);
}

function parsePort(port: string, text: string, least: 0 | 1): number {
  if (port === "") {
    throw unreadable(text, "the port is missing, write HOST:PORT");
  }
  if (!/^-?\d+$/.test(port)) {
    throw unreadable(text, `the port ${quoted(port)} is not a whole number`);
  }
  const number = Number(port);
  if (number >= least && number <= 65_535) return number;
  throw unreadable(
    text,
    `the port is out of range, allowed are ${least} to 65535`,
  );
}

function unreadable(text: string, problem: string): UsageError {
  return new UsageError(`Cannot read address ${quoted(text)}: ${problem}`);
}

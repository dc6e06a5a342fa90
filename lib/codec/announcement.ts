/**
 * The datagram by which servers and clients find each other on a LAN: eight
 * bytes that say what it is, then one JSON object.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { nameProblem } from "./name.ts";

/** Longer datagrams are not looked at: one must fit any link, and cost nothing to refuse. */
export const MAX_DATAGRAM_BYTES = 512;

/** More addresses than this no announcement carries. */
export const MAX_ANNOUNCED_ADDRESSES = 3;

/** The longest address in an announcement, in bytes and with its quotes. */
const MAX_ADDRESS_BYTES = 72;

/** The clique that is looked for when nobody names one. */
export const DEFAULT_CLIQUE_NAME = "p2p-rtt";

/** Seven letters and the version; another version is another format. */
const MAGIC = new TextEncoder().encode("p2p-rtt\x01");

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The server that an announcement speaks of. */
export interface AnnouncedServer {
  /** Twelve hexadecimal digits, random at each start. */
  readonly id: string;
  /** The TCP port at the address that the datagram comes from. */
  readonly port: number;
  /** `host:port`, in place of the address that the datagram comes from; mostly empty. */
  readonly addresses: readonly string[];
}

/** What a datagram says. */
export interface Announcement {
  /** Servers of another clique are none of the hearer's business. */
  readonly clique: string;
  /** Null when a client speaks. */
  readonly server: AnnouncedServer | null;
  /** Whoever hears it shall announce itself too. */
  readonly asks: boolean;
}

/**
 * One datagram. Addresses that are too long for it, or too many, are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeAnnouncement, encodeAnnouncement } from "./announcement.ts";
 *
 * const said = {
 *   clique: "attic",
 *   server: { id: "0123456789ab", port: 4000, addresses: [] },
 *   asks: true,
 * };
 * assertEquals(decodeAnnouncement(encodeAnnouncement(said)), said);
 * ```
 */
export function encodeAnnouncement({ clique, server, asks }: Announcement): Uint8Array {
  const about = server === null ? {} : {
    id: server.id,
    port: server.port,
    addresses: server.addresses.filter(isShort).slice(0, MAX_ANNOUNCED_ADDRESSES),
  };
  return concat([MAGIC, encoder.encode(JSON.stringify({ clique, ...about, asks }))]);
}

/**
 * What a datagram says; null when it is not an announcement of this version,
 * or one that is wrong in any part. Anybody can send to the port, so nothing
 * of what arrives is an error.
 */
export function decodeAnnouncement(datagram: Uint8Array): Announcement | null {
  if (datagram.length > MAX_DATAGRAM_BYTES || !MAGIC.every((byte, at) => datagram[at] === byte)) {
    return null;
  }
  const values = objectIn(datagram.subarray(MAGIC.length));
  if (values === null) return null;
  const { clique, id, port, addresses = [], asks } = values;
  if (typeof clique !== "string" || nameProblem(clique) !== null) return null;
  if (typeof asks !== "boolean") return null;
  if (id === undefined && port === undefined) return { clique, server: null, asks };
  if (typeof id !== "string" || !/^[0-9a-f]{12}$/.test(id)) return null;
  if (!isPort(port) || !isAddressList(addresses)) return null;
  return { clique, server: { id, port, addresses }, asks };
}

function objectIn(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const values: unknown = JSON.parse(decoder.decode(bytes));
    return typeof values === "object" && values !== null && !Array.isArray(values)
      ? { ...values }
      : null;
  } catch {
    return null;
  }
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function isAddressList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MAX_ANNOUNCED_ADDRESSES &&
    value.every((text) => typeof text === "string" && isShort(text));
}

function isShort(address: string): boolean {
  return encoder.encode(JSON.stringify(address)).length <= MAX_ADDRESS_BYTES;
}

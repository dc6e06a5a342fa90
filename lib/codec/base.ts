/**
 * The base protocol: frame types 0 to 7, 30 and 33, as the original programs
 * speak them. Two kinds mean different things by role, so each meaning has a
 * function of its own here.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { frame, Kind, MAX_PAYLOAD_BYTES, ProtocolError } from "./wire.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const NUL = 0;
const SPACE = 0x20;

/** An address as the base protocol lists it. */
export interface BaseAddress {
  /** A host name or an IP address, without the port. */
  readonly hostname: string;
  /** The TCP port that the server listens on, 1 to 65535. */
  readonly port: number;
}

/** A message on its way to a client, decoded. */
export interface Delivery {
  /** The name that the sender registered. */
  readonly sender: string;
  /** The name it was sent to; `*` means everybody. */
  readonly receiver: string;
  /** What follows the space; bytes that are not UTF-8 read as U+FFFD. */
  readonly text: string;
}

/** Whether a port can be said in the four digits of the base protocol. */
export function isBasePort(port: number): boolean {
  return Number.isInteger(port) && port >= 1000 && port <= 9999;
}

/**
 * 0/0 and the asker's listening port.
 *
 * @throws {RangeError} when the port has not exactly four digits.
 */
export function cliqueRequest(port: number): Uint8Array {
  return withDigits(Kind.CliqueRequest, port);
}

/**
 * 2/0 (or its variant 33/0) and the joiner's listening port.
 *
 * @throws {RangeError} when the port has not exactly four digits.
 */
export function baseJoin(
  port: number,
  kind: typeof Kind.JoinOrRegistered | typeof Kind.Join33 = Kind.JoinOrRegistered,
): Uint8Array {
  return withDigits(kind, port);
}

/** 1/0: the addresses joined by NUL. */
export function cliqueReply(addresses: readonly BaseAddress[]): Uint8Array {
  const list = addresses.map(({ hostname, port }) => `${hostname}:${port}`)
    .join("\0");
  return frame(Kind.CliqueReply, encoder.encode(list));
}

/** 2/1: a client asks for a name. */
export function register(name: string): Uint8Array {
  return frame(Kind.Register, encoder.encode(name));
}

/** 3/0 from a client: `receiver`, a space, text. */
export function baseMessage(receiver: string, text: string): Uint8Array {
  return addressed(
    Kind.Message,
    encoder.encode(receiver),
    encoder.encode(text),
  );
}

/** 3/0 to a client: `sender`, NUL, `receiver`, a space, text. */
export function delivery({ sender, receiver, text }: Delivery): Uint8Array {
  return addressed(
    Kind.Message,
    encoder.encode(`${sender}\0${receiver}`),
    encoder.encode(text),
  );
}

/** 4/0 between servers: laid out as a delivery. */
export function baseForward({ sender, receiver, text }: Delivery): Uint8Array {
  return addressed(
    Kind.Forward,
    encoder.encode(`${sender}\0${receiver}`),
    encoder.encode(text),
  );
}

/** 5/1: the ports of the other servers, as the original writes a list. */
export function serversReply(ports: readonly number[]): Uint8Array {
  return frame(Kind.ServersReply, encoder.encode(`[${ports.join(", ")}]`));
}

/**
 * The port in the four digits behind a 0/0, 2/0 or 33/0.
 *
 * @throws {ProtocolError} `malformed` when they are not four digits of a port.
 */
export function decodeDigits(digits: Uint8Array): number {
  const text = decoder.decode(digits);
  if (!/^[1-9]\d{3}$/.test(text)) {
    throw new ProtocolError(
      "malformed",
      `Cannot decode port: ${JSON.stringify(text)} is not four digits from 1000 to 9999`,
    );
  }
  return Number(text);
}

/**
 * The addresses of a 1/0; entries that are no address are left out, since one
 * bad entry says nothing about the others.
 */
export function decodeCliqueReply(payload: Uint8Array): BaseAddress[] {
  const addresses: BaseAddress[] = [];
  for (const entry of decoder.decode(payload).split("\0")) {
    const colon = entry.lastIndexOf(":");
    const port = Number(entry.slice(colon + 1));
    if (colon > 0 && Number.isInteger(port) && port > 0 && port <= 65_535) {
      addresses.push({ hostname: entry.slice(0, colon), port });
    }
  }
  return addresses;
}

/** The ports in a 5/1. */
export function decodeServersReply(payload: Uint8Array): number[] {
  const ports = decoder.decode(payload).match(/\d+/g) ?? [];
  return ports.map(Number).filter((port) => port > 0 && port <= 65_535);
}

/**
 * A 3/0 to a client, or a 4/0.
 *
 * @throws {ProtocolError} `malformed` when the addressing part is not
 * `sender`, NUL, `receiver`, followed by a space.
 */
export function decodeDelivery(
  payload: Uint8Array,
  sublength: number,
): Delivery {
  const separator = payload.subarray(0, sublength).indexOf(NUL);
  if (
    separator < 0 ||
    (sublength < payload.length && payload[sublength] !== SPACE)
  ) {
    throw new ProtocolError(
      "malformed",
      "Cannot decode delivery: the addressing part is not 'sender NUL receiver' and a space",
    );
  }
  return {
    sender: decoder.decode(payload.subarray(0, separator)),
    receiver: decoder.decode(payload.subarray(separator + 1, sublength)),
    text: decoder.decode(payload.subarray(sublength + 1)),
  };
}

/** Bytes of text that fit between these two names in a base delivery. */
export function baseTextRoom(sender: string, receiver: string): number {
  return MAX_PAYLOAD_BYTES - encoder.encode(sender).length -
    encoder.encode(receiver).length - 2;
}

function withDigits(kind: number, port: number): Uint8Array {
  if (!isBasePort(port)) {
    throw new RangeError(
      `Cannot encode port: ${port} has not exactly four digits`,
    );
  }
  return concat([frame(kind), encoder.encode(String(port))]);
}

function addressed(
  kind: number,
  addressing: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const payload = concat([addressing, Uint8Array.of(SPACE), text]);
  return frame(kind, payload, addressing.length);
}

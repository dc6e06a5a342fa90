/**
 * The header that every frame begins with, the frame types, the limits, and
 * the error for bytes that break the rules.
 *
 * A frame is six big-endian bytes of header (type int8, subtype int8, length
 * int16, sublength int16) and `length` bytes of payload, of which the first
 * `sublength` are the addressing part.
 *
 * @module
 */

const EMPTY = new Uint8Array(0);

/** Bytes of header before every payload. */
export const HEADER_BYTES = 6;

/** The longest payload. The original packs lengths as signed 16-bit numbers. */
export const MAX_PAYLOAD_BYTES = 32_767;

/** What a frame that is carried inside another one has in front: to whom, and from whom. */
export const VIA_ADDRESS_BYTES = 12;

/**
 * The longest payload that servers and clients of the extended protocol make:
 * the whole frame may have to be carried inside another one.
 */
export const MAX_CARRIED_PAYLOAD_BYTES: number = MAX_PAYLOAD_BYTES - VIA_ADDRESS_BYTES -
  HEADER_BYTES;

/** The longest frame: header, payload, and the digits after a clique request. */
export const MAX_FRAME_BYTES: number = HEADER_BYTES + MAX_PAYLOAD_BYTES + 4;

/** The ports that an original server may listen on, in the order it tries them. */
export const WELL_KNOWN_PORTS = [4000, 4010, 4020, 4030, 4040] as const;

/**
 * Frame kinds: the type in the upper byte, the subtype in the lower.
 * Up to `Join33` they are the base protocol, from `Hello` on the extended one.
 */
export const Kind = {
  CliqueRequest: 0x0000,
  CliqueReply: 0x0100,
  /** From a server: it joins. From a server to a client: the name is registered. */
  JoinOrRegistered: 0x0200,
  Register: 0x0201,
  /** From a client: a message. To a client: a delivery. */
  Message: 0x0300,
  Forward: 0x0400,
  ServersRequest: 0x0500,
  ServersReply: 0x0501,
  Echo: 0x0600,
  EchoReply: 0x0601,
  Close: 0x0700,
  CloseReply: 0x0701,
  NameTaken: 0x1e00,
  Join33: 0x2100,

  Hello: 0x0800,
  Welcome: 0x0801,
  Bye: 0x0802,
  Join: 0x0900,
  Accept: 0x0901,
  Members: 0x0902,
  Leaving: 0x0903,
  Presence: 0x0a00,
  Claim: 0x0a01,
  Claimed: 0x0a02,
  Gone: 0x0a03,
  StreamMessage: 0x0b00,
  StreamForward: 0x0b01,
  Ack: 0x0c00,
  Receipt: 0x0c01,
  Tally: 0x0c02,
  Enrol: 0x0d00,
  Enrolled: 0x0d01,
  Refused: 0x0d02,
  Resolve: 0x0e00,
  Resolved: 0x0e01,
  Who: 0x0f00,
  Names: 0x0f01,
  Via: 0x1000,
  NoWay: 0x1001,
  Row: 0x1100,
  MatrixRequest: 0x1101,
  MatrixReply: 0x1102,
} as const;

/** Why a link was closed: said to the other end in `Bye`, and in both logs. */
export type CloseReason =
  | "frame-too-long"
  | "malformed"
  | "unexpected-frame"
  | "unfinished-frame"
  | "no-welcome"
  | "no-accept"
  | "silent"
  | "slow-consumer"
  | "duplicate"
  | "replaced"
  | "self"
  | "moved"
  | "name-lost"
  | "leaving"
  | "full"
  | "carrier-lost"
  | "done";

/** Bytes that break the protocol. The link they came on is closed for `reason`. */
export class ProtocolError extends Error {
  /** What a printed error begins with. */
  override readonly name = "ProtocolError";

  /** Why the link is to be closed, and for people what was wrong. */
  constructor(readonly reason: CloseReason, message: string) {
    super(message);
  }
}

/** The error for a frame that has no place where it came: what the rule is. */
export function unexpected(what: string, rule: string): ProtocolError {
  return new ProtocolError("unexpected-frame", `Cannot take ${what}: ${rule}`);
}

/**
 * Checks the length of a payload that always has the same; `what` names it for people.
 *
 * @throws {ProtocolError} `malformed` when it has another one.
 */
export function checkLength(
  what: string,
  length: number,
  expected: number,
): void {
  if (length === expected) return;
  throw new ProtocolError(
    "malformed",
    `Cannot decode ${what}: it has ${length} bytes in place of ${expected}`,
  );
}

/** Writes a header at `at`. */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  kind: number,
  lengths: { length: number; sublength: number },
): void {
  bytes[at] = kind >> 8;
  bytes[at + 1] = kind & 0xff;
  bytes[at + 2] = lengths.length >> 8;
  bytes[at + 3] = lengths.length & 0xff;
  bytes[at + 4] = lengths.sublength >> 8;
  bytes[at + 5] = lengths.sublength & 0xff;
}

/** As `writeHeader`, with plain arguments. */
export function setHeader(
  view: DataView,
  at: number,
  kind: number,
  length: number,
  sublength: number,
): void {
  view.setUint16(at, kind);
  view.setUint16(at + 2, length);
  view.setUint16(at + 4, sublength);
}

/**
 * One frame of `kind` around `payload`.
 *
 * @throws {RangeError} when the payload is longer than a frame can say.
 */
export function frame(
  kind: number,
  payload: Uint8Array = EMPTY,
  sublength = 0,
): Uint8Array<ArrayBuffer> {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(
      `Cannot encode frame: payload is ${payload.length} bytes, limit is ${MAX_PAYLOAD_BYTES}`,
    );
  }
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  writeHeader(bytes, 0, kind, { length: payload.length, sublength });
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** 6/0: nobody may write into it. A new one took an echo 2 us. */
export const ECHO: Uint8Array = frame(Kind.Echo);

/** 6/1, the answer to each echo: nobody may write into it. */
export const ECHO_REPLY: Uint8Array = frame(Kind.EchoReply);

/** A kind as people write it: `3/0`. */
export function kindText(kind: number): string {
  return `${kind >> 8}/${kind & 0xff}`;
}

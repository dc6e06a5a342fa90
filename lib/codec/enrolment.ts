/**
 * Enrolment: a client asks a server for a name, and is given it or refused.
 *
 * @module
 */

import { sessionOf } from "./claims.ts";
import { decodeFields, jsonFrame } from "./json.ts";
import { Kind, MAX_PAYLOAD_BYTES } from "./wire.ts";

/** A client asks for a name. */
export interface Enrolment {
  /** The name asked for; the server checks it. */
  readonly name: string;
  /** Random, public, from 1 to 2^48 - 1. */
  readonly session: number;
  /** Random; whoever has it may take the name to another server. */
  readonly token: string;
  /** How often this session has asked before: from 0, higher each time. */
  readonly moves: number;
}

/** Why a name was refused, or taken away. */
export type RefusalReason =
  | "name-taken"
  | "bad-name"
  | "stale-move"
  | "leaving";

/** 13/0: a client asks for a name. */
export function enrol(body: Enrolment): Uint8Array {
  return jsonFrame(Kind.Enrol, body);
}

/**
 * 13/0: what a client asks for. The name is not checked here.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeEnrol(payload: Uint8Array): Enrolment {
  const fields = decodeFields(Kind.Enrol, payload);
  return {
    name: fields.text("name"),
    session: sessionOf(fields),
    token: fields.text("token"),
    moves: fields.whole("moves"),
  };
}

/** 13/1: the name is the client's. */
export function enrolled(name: string): Uint8Array {
  return jsonFrame(Kind.Enrolled, { name });
}

/**
 * 13/1: the name that is now the client's.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeEnrolled(payload: Uint8Array): string {
  return decodeFields(Kind.Enrolled, payload).text("name");
}

/** 13/2: the name is refused, or was lost to an older claim. */
export function refused(body: {
  readonly name: string;
  readonly reason: RefusalReason;
  readonly message: string;
}): Uint8Array {
  return jsonFrame(Kind.Refused, body);
}

/**
 * 13/2: the name, why it is refused, and the same for people. Any `reason` is taken.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeRefused(
  payload: Uint8Array,
): { name: string; reason: string; message: string } {
  const fields = decodeFields(Kind.Refused, payload);
  return {
    name: fields.text("name"),
    reason: fields.text("reason"),
    message: fields.text("message", MAX_PAYLOAD_BYTES),
  };
}

/**
 * Who holds which name: what servers tell each other of their own clients.
 *
 * @module
 */

import { chunkedFrames, decodeFields, type Fields, jsonFrame } from "./json.ts";
import { Kind } from "./wire.ts";

/**
 * Who holds a name. Of two claims the smaller pair (stamp, server) holds it.
 * Of two with one token the higher move count is the newer.
 */
export interface Claim {
  /** The name claimed, 1 to 64 bytes of UTF-8. */
  readonly name: string;
  /** Random, public, below 2^48: what messages are addressed to. */
  readonly session: number;
  /** Random, known to servers and its client only. */
  readonly token: string;
  /** A Lamport stamp: one more than the largest that the claimer had seen. */
  readonly stamp: number;
  /** The id of the server that made the claim. */
  readonly server: string;
  /** How often the session registered at another server since. */
  readonly moves: number;
  /** Whether the client speaks the base protocol only. */
  readonly base: boolean;
}

/** A claim on a name whose client is on the move. */
export interface MovingClaim {
  /** The last claim that was known. */
  readonly claim: Claim;
  /** How much longer the name is nobody else's, in whole ms. */
  readonly movingMs: number;
}

/** 10/0: all of a server's own clients, and the names that are moving, in as many frames as they need. */
export function presence(
  claims: readonly Claim[],
  moving: readonly MovingClaim[] = [],
): Uint8Array[] {
  const onTheMove = moving.map(({ claim, movingMs }) => ({ ...claim, moving_ms: movingMs }));
  return chunkedFrames(Kind.Presence, { key: "clients", values: [...claims, ...onTheMove] }, true);
}

/**
 * 10/0: clients of the sender; with `reset` they replace all it told before.
 * And the names that are moving, whoever's they were.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodePresence(
  payload: Uint8Array,
): { reset: boolean; claims: Claim[]; moving: MovingClaim[] } {
  const fields = decodeFields(Kind.Presence, payload);
  const clients = fields.objects("clients");
  return {
    reset: fields.flag("reset"),
    claims: clients.filter((it) => !it.has("moving_ms")).map(claimOf),
    moving: clients.filter((it) => it.has("moving_ms"))
      .map((it) => ({ claim: claimOf(it), movingMs: it.whole("moving_ms") })),
  };
}

/** 10/1: one client of the sender's asks for a name; answered by 10/2 with `ref`. */
export function claim(ref: number, body: Claim): Uint8Array {
  return jsonFrame(Kind.Claim, { ref, ...body });
}

/**
 * 10/1: the claim, and the `ref` that the 10/2 must repeat.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeClaim(
  payload: Uint8Array,
): { ref: number; claim: Claim } {
  const fields = decodeFields(Kind.Claim, payload);
  return { ref: fields.whole("ref"), claim: claimOf(fields) };
}

/** 10/2: the claim was taken in; whoever held the name said so before. */
export function claimed(ref: number): Uint8Array {
  return jsonFrame(Kind.Claimed, { ref });
}

/**
 * 10/2: the `ref` of the claim that it answers.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeClaimed(payload: Uint8Array): number {
  return decodeFields(Kind.Claimed, payload).whole("ref");
}

/** 10/3: a client of the sender's is gone; `released` when it gave its name up. */
export function gone(session: number, released: boolean): Uint8Array {
  return jsonFrame(Kind.Gone, { session, released });
}

/**
 * 10/3: whose session is gone; without `released` its client may be on the move.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeGone(
  payload: Uint8Array,
): { session: number; released: boolean } {
  const fields = decodeFields(Kind.Gone, payload);
  return {
    session: sessionOf(fields),
    released: fields.flag("released"),
  };
}

/** The session that messages are addressed to, from the fields of a frame or of an object in one. */
export function sessionOf(fields: Fields): number {
  return fields.whole("session", MAX_SESSION);
}

function claimOf(fields: Fields): Claim {
  return {
    name: fields.text("name"),
    session: sessionOf(fields),
    token: fields.text("token"),
    stamp: fields.whole("stamp"),
    server: fields.text("server"),
    moves: fields.whole("moves"),
    base: fields.flag("base"),
  };
}

/** The binary frames have six bytes for a session. */
const MAX_SESSION = 2 ** 48 - 1;

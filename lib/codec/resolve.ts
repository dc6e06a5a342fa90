/**
 * Who has a name: a client asks before it addresses messages to a session.
 *
 * @module
 */

import { sessionOf } from "./claims.ts";
import { decodeFields, jsonFrame } from "./json.ts";
import { Kind } from "./wire.ts";

/** Who has a name now. */
export interface Resolved {
  /** The name that was asked about. */
  readonly name: string;
  /** The session; 0 when only a base server may know the name; else null. */
  readonly session: number | null;
  /** Why there is none: `moving` may pass, `no-such-name` will not. */
  readonly reason: "moving" | "no-such-name" | null;
}

/** 14/0: who has this name? */
export function resolve(name: string): Uint8Array {
  return jsonFrame(Kind.Resolve, { name });
}

/**
 * 14/0: the name asked about.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeResolve(payload: Uint8Array): string {
  return decodeFields(Kind.Resolve, payload).text("name");
}

/** 14/1. */
export function resolved(body: Resolved): Uint8Array {
  return jsonFrame(Kind.Resolved, body);
}

/**
 * 14/1: any reason but `moving` reads as `no-such-name`.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeResolved(payload: Uint8Array): Resolved {
  const fields = decodeFields(Kind.Resolved, payload);
  return {
    name: fields.text("name"),
    session: fields.has("session") ? sessionOf(fields) : null,
    reason: !fields.has("reason")
      ? null
      : fields.text("reason") === "moving"
      ? "moving"
      : "no-such-name",
  };
}

/**
 * The last word on a link: why the end that says it closes.
 *
 * @module
 */

import { decodeFields, jsonFrame } from "./json.ts";
import { type CloseReason, Kind, MAX_PAYLOAD_BYTES } from "./wire.ts";

/** 8/2: why this end closes the link. */
export function bye(reason: CloseReason, message: string): Uint8Array {
  return jsonFrame(Kind.Bye, { reason, message });
}

/**
 * 8/2: why the other end closes; `reason` may be one that this version does not know.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeBye(
  payload: Uint8Array,
): { reason: string; message: string } {
  const fields = decodeFields(Kind.Bye, payload);
  return { reason: fields.text("reason"), message: fields.text("message", MAX_PAYLOAD_BYTES) };
}

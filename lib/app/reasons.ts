import { MAX_TEXT_BYTES } from "../codec/stream.ts";

/** Why a message was not delivered, or a client has moved, in words for people. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["no-such-name", "nobody has that name"],
  ["timed-out", "no receipt came in time, it may have been shown"],
  ["receiver-changed", "somebody else has that name now"],
  ["too-long", `the text has more than ${MAX_TEXT_BYTES} bytes`],
  ["slow", "the receiver reads too slowly"],
  ["moving", "the receiver is moving to another server"],
  ["link-lost", "the link to the receiver's server was lost"],
  ["not-registered", "the sender has no name at its server"],
  ["sender-taken", "somebody else has the sender's name"],
  ["name-taken", "somebody else took the name first"],
  ["home-lost", "the server was lost"],
  ["leaving", "the server stops"],
]);

/**
 * A reason as a clause for people; one that is not known, from a
 * newer program, stays as it came.
 */
export function reasonWords(reason: string): string {
  return WORDS.get(reason) ?? reason;
}

/**
 * Who is a member: the cards by which servers tell each other about servers,
 * and the news of who there is, or was.
 *
 * @module
 */

import { chunkedFrames, decodeFields, type Fields } from "./json.ts";
import { Kind } from "./wire.ts";

/** How servers tell each other about a server. */
export interface MemberCard {
  /** Twelve hexadecimal digits, random at each start. */
  readonly id: string;
  /** The server's name for people; may be empty. */
  readonly label: string;
  /** `host:port`, IPv6 in brackets, the best first. */
  readonly addresses: readonly string[];
}

/** What servers tell each other about the clique. */
export interface MembersNews {
  /** Other servers: at first all that the sender knows of, then new and changed ones. */
  readonly members: readonly MemberCard[];
  /** `host:port` of base servers on the same machine; over loopback only. */
  readonly base: readonly string[];
  /** Ids of servers that left on purpose. */
  readonly left: readonly string[];
}

/** 9/2, in as many frames as it needs. */
export function members({ members, base, left }: MembersNews): Uint8Array[] {
  const news = [
    ...members,
    ...base.map((address) => ({ base: address })),
    ...left.map((id) => ({ left: id })),
  ];
  return chunkedFrames(Kind.Members, { key: "members", values: news }, false);
}

/**
 * 9/2: the entries by what they are; those of no known kind are left out.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeMembers(payload: Uint8Array): MembersNews {
  const entries = decodeFields(Kind.Members, payload).objects("members");
  return {
    members: entries.filter((entry) => entry.has("id")).map(cardOf),
    base: entries.filter((entry) => entry.has("base")).map((entry) => entry.text("base")),
    left: entries.filter((entry) => entry.has("left")).map((entry) => entry.text("left")),
  };
}

/** A card, from the fields of a frame or of an object in one. */
export function cardOf(fields: Fields): MemberCard {
  return {
    id: fields.text("id"),
    label: fields.text("label"),
    addresses: fields.texts("addresses").slice(0, MAX_ADDRESSES),
  };
}

/** More addresses of one server than this help nobody. */
const MAX_ADDRESSES = 16;

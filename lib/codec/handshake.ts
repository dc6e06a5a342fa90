/**
 * What servers say of themselves in the handshake: the one that was dialled
 * answers a hello, the one that dialled says who it is.
 *
 * @module
 */

import { decodeFields, jsonFrame } from "./json.ts";
import { cardOf, type MemberCard } from "./members.ts";
import { MAX_NAME_BYTES } from "./name.ts";
import { frame, Kind, MAX_CARRIED_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES } from "./wire.ts";

/** The version of the extended protocol that this program speaks. */
export const PROTOCOL_VERSION = 1;

/** The answer to a hello. */
export interface Welcome extends MemberCard {
  /** The version of the extended protocol that the server speaks, from 1. */
  readonly protocol: number;
  /** The other members that the server is linked to. */
  readonly members: readonly MemberCard[];
  /** `host:port` of the base servers it is linked to; over loopback only. */
  readonly base: readonly string[];
  /** How many clients are registered at it. */
  readonly clients: number;
  /** Those of the members that it reaches only through others. */
  readonly carried: readonly CarriedMember[];
}

/** A member whose link is carried by a third one; both by their ids. */
export interface CarriedMember {
  /** The member. */
  readonly id: string;
  /** The member that carries the link to it. */
  readonly via: string;
}

/** What a server says in a welcome; the version is this program's. */
export type WelcomeBody =
  & Omit<Welcome, "protocol" | "carried">
  & Partial<Pick<Welcome, "carried">>;

/** 8/1, with as many of the members as one frame has room for. */
export function welcome({ members, carried = [], ...rest }: WelcomeBody): Uint8Array {
  const limits = { payload: MAX_PAYLOAD_BYTES, name: MAX_NAME_BYTES };
  const around = carried.length === 0 ? {} : { carried };
  const bytes = encoder.encode(
    JSON.stringify({ protocol: PROTOCOL_VERSION, ...rest, members, ...around, limits }),
  );
  if (bytes.length <= MAX_CARRIED_PAYLOAD_BYTES || members.length + carried.length === 0) {
    return frame(Kind.Welcome, bytes);
  }
  const most = <Item>(items: readonly Item[]): Item[] =>
    items.slice(0, Math.floor(items.length * 0.9));
  return welcome({ ...rest, members: most(members), carried: most(carried) });
}

/**
 * 8/1: the server's own card, whom it is linked to, and how many clients it has.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeWelcome(payload: Uint8Array): Welcome {
  const fields = decodeFields(Kind.Welcome, payload);
  return {
    ...cardOf(fields),
    protocol: fields.whole("protocol"),
    members: fields.objects("members").map(cardOf),
    base: fields.texts("base"),
    clients: fields.whole("clients"),
    carried: fields.objects("carried").map((it) => ({ id: it.text("id"), via: it.text("via") })),
  };
}

/** 9/0: a server that dialled says who it is. */
export function join(body: MemberCard): Uint8Array {
  return jsonFrame(Kind.Join, body);
}

/**
 * 9/0: the card of the server that dialled.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeJoin(payload: Uint8Array): MemberCard {
  return cardOf(decodeFields(Kind.Join, payload));
}

const encoder = new TextEncoder();

/**
 * The control frames of the extended protocol: what they carry, encoding and
 * decoding. The binary frames of the message path are in `stream.ts`.
 *
 * @module
 */

import { chunkedFrames, decodeFields, type Fields, jsonFrame } from "./json.ts";
import {
  type CloseReason,
  frame,
  Kind,
  MAX_CARRIED_PAYLOAD_BYTES,
  MAX_PAYLOAD_BYTES,
} from "./wire.ts";
import { MAX_NAME_BYTES } from "./name.ts";

/** The version of the extended protocol that this program speaks. */
export const PROTOCOL_VERSION = 1;

/** How servers tell each other about a server. */
export interface MemberCard {
  /** Twelve hexadecimal digits, random at each start. */
  readonly id: string;
  /** The server's name for people; may be empty. */
  readonly label: string;
  /** `host:port`, IPv6 in brackets, the best first. */
  readonly addresses: readonly string[];
}

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

/** What servers tell each other about the clique. */
export interface MembersNews {
  /** Other servers: at first all that the sender knows of, then new and changed ones. */
  readonly members: readonly MemberCard[];
  /** `host:port` of base servers on the same machine; over loopback only. */
  readonly base: readonly string[];
  /** Ids of servers that left on purpose. */
  readonly left: readonly string[];
}

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

/** Who has a name now. */
export interface Resolved {
  /** The name that was asked about. */
  readonly name: string;
  /** The session; 0 when only a base server may know the name; else null. */
  readonly session: number | null;
  /** Why there is none: `moving` may pass, `no-such-name` will not. */
  readonly reason: "moving" | "no-such-name" | null;
}

/** One name and the id of the server that it is at. */
export interface NameCard {
  /** A registered name. */
  readonly name: string;
  /** The server's id, as in its card. */
  readonly server: string;
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
    session: session(fields),
    released: fields.flag("released"),
  };
}

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
    session: session(fields),
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
    session: fields.has("session") ? session(fields) : null,
    reason: !fields.has("reason")
      ? null
      : fields.text("reason") === "moving"
      ? "moving"
      : "no-such-name",
  };
}

/** 15/0: which names are there? With `watch`, also from now on. */
export function who(watch: boolean): Uint8Array {
  return jsonFrame(Kind.Who, { watch });
}

/**
 * 15/0: whether the client wants to hear of changes, too.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeWho(payload: Uint8Array): boolean {
  return decodeFields(Kind.Who, payload).flag("watch");
}

/** 15/1, in as many frames as it needs; the last carries `done`. */
export function names(clients: readonly NameCard[]): Uint8Array[] {
  const frames = chunkedFrames(
    Kind.Names,
    { key: "clients", values: clients },
    true,
  );
  return [...frames, jsonFrame(Kind.Names, { clients: [], done: true })];
}

/** 15/1 to a watcher: one name came, or left. */
export function nameNews(
  change: "joined" | "left",
  client: NameCard,
): Uint8Array {
  return jsonFrame(
    Kind.Names,
    change === "joined" ? { joined: [client] } : { left: [client] },
  );
}

/** One 15/1, decoded. */
export interface NamesNews {
  /** Whether it is the first frame of a whole list, which replaces all told before. */
  readonly reset: boolean;
  /** Whether it ends the whole list. */
  readonly done: boolean;
  /** The part of the whole list that is in this frame. */
  readonly clients: readonly NameCard[];
  /** Names that appeared, told to watchers. */
  readonly joined: readonly NameCard[];
  /** Names that disappeared, told to watchers. */
  readonly left: readonly NameCard[];
}

/**
 * 15/1: a part of the list, or news; a list that is not there reads as empty.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeNames(payload: Uint8Array): NamesNews {
  const fields = decodeFields(Kind.Names, payload);
  return {
    reset: fields.flag("reset"),
    done: fields.flag("done"),
    clients: fields.objects("clients").map(nameCard),
    joined: fields.objects("joined").map(nameCard),
    left: fields.objects("left").map(nameCard),
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

function nameCard(fields: Fields): NameCard {
  return { name: fields.text("name"), server: fields.text("server") };
}

function claimOf(fields: Fields): Claim {
  return {
    name: fields.text("name"),
    session: session(fields),
    token: fields.text("token"),
    stamp: fields.whole("stamp"),
    server: fields.text("server"),
    moves: fields.whole("moves"),
    base: fields.flag("base"),
  };
}

function session(fields: Fields): number {
  return fields.whole("session", MAX_SESSION);
}

/** More addresses of one server than this help nobody. */
const MAX_ADDRESSES = 16;

/** The binary frames have six bytes for a session. */
const MAX_SESSION = 2 ** 48 - 1;

const encoder = new TextEncoder();

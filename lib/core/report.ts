/**
 * What a client tells of the servers: who they are, and how far away.
 *
 * @module
 */

import type { CarriedMember } from "../codec/handshake.ts";
import { nearest } from "./choice.ts";
import type { Contact } from "./contact.ts";
import type { Directory } from "./directory.ts";
import type { ClientEvent, RttState } from "./events.ts";

/** The newest samples that are told one by one. */
const RECENT = 60;

/** Older samples say little about now, in ms: a server that counts is measured more often. */
export const STALE_MS = 30_000;

/** The servers that answered, nearest first. */
export function serverEvents(directory: Directory): ClientEvent[] {
  return directory.usable.map(({ address, card }) => ({
    kind: "server",
    address,
    id: card?.id ?? null,
    label: card?.label ?? null,
    clients: card?.clients ?? null,
    ...carriedOf(card?.carried ?? [], directory),
  }));
}

function carriedOf(
  members: readonly CarriedMember[],
  directory: Directory,
): Pick<Extract<ClientEvent, { kind: "server" }>, "carried"> {
  if (members.length === 0) return {};
  const carried = members.map(({ id, via }) => ({
    to: directory.addressOf(id),
    via: directory.addressOf(via),
  }));
  return { carried };
}

/** What was measured of every server that doesn't leave, nearest first, by `now` (ms). */
export function rttEvents({ contacts, usable }: Directory, now: number): ClientEvent[] {
  const best = nearest(usable.filter(({ minMs }) => minMs !== null));
  const staying = contacts.filter(({ leaving }) => !leaving);
  return staying.map((contact) => ({
    kind: "rtt",
    server: contact.address,
    summary: contact.window.summary(),
    nearest: contact === best,
    state: stateOf(contact, now),
    ageMs: ageMs(contact, now),
    recent: [...contact.window.samples()].slice(-RECENT),
  }));
}

function stateOf(contact: Contact, now: number): RttState {
  const { state, failure, minMs, window: { size, lost } } = contact;
  // One that is dialled again is not there yet.
  const isGone = state !== "ready" && failure !== null;
  const answersNothing = size > 0 && lost === size;
  if (isGone || answersNothing) return "failed";
  if (minMs === null) return "none";
  return (ageMs(contact, now) ?? 0) > STALE_MS ? "stale" : "measured";
}

function ageMs({ measuredAt }: Contact, now: number): number | null {
  return measuredAt === null ? null : Math.max(0, now - measuredAt);
}

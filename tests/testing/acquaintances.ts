/**
 * What a server `m` knows of others, and what it dials: for the tests of its
 * parts, which do nothing alone.
 *
 * @module
 */

import { assert } from "@std/assert";
import { addressText } from "../../lib/core/address.ts";
import { AddressBook } from "../../lib/core/address_book.ts";
import { Dialling } from "../../lib/core/dialling.ts";
import type { Acquaintances } from "../../lib/core/gossip.ts";
import { Members } from "../../lib/core/members.ts";
import type { Target } from "../../lib/core/target.ts";

/** A server `m` with the seeds given; jitter takes its full length. */
export function acquaintances(
  { seeds = [], random = () => 1 }: { seeds?: string[]; random?: () => number } = {},
): Acquaintances {
  const selfId = "m";
  const book = new AddressBook(seeds);
  const dialling = new Dialling({ selfId, book, random });
  return { book, dialling, members: new Members({ selfId, book, dialling }) };
}

/** What a server tells of itself. */
export function card(
  id: string,
  ...addresses: string[]
): { id: string; label: string; addresses: string[] } {
  return { id, label: `label of ${id}`, addresses };
}

/** The addresses to dial now. */
export function dials(dialling: Dialling, now: number): string[] {
  return dialling.due(now).map(({ address }) => addressText(address));
}

/** Dials what is due now, which must be one place. */
export function onlyDial(dialling: Dialling, now: number): Target {
  const [due, ...more] = dialling.due(now);
  assert(due !== undefined && more.length === 0, "exactly one dial is due");
  return due.target;
}

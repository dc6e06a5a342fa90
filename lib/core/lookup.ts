/**
 * Finding the receiver of each message, by name or by session, without making
 * text of a name.
 *
 * @module
 */

import type { Seat } from "./claim.ts";

/**
 * Messages come in runs to few receivers. So many are found without hashing a
 * name (or a number beyond 2^31, which costs a map even more): measured, a third
 * of the time of finding the receiver.
 */
const RECENT = 16;

/** What is found by a name. */
export interface Named<Entry> {
  /** The name in UTF-8, as it stands in frames. */
  readonly bytes: Uint8Array;
  /** The next one with the same hash; the lookup's own. */
  next: Entry | null;
}

/** Entries by the bytes of their names. */
export class NameLookup<Entry extends Named<Entry>> {
  readonly #byHash = new Map<number, Entry>();
  /** What was found last, each at its {@linkcode nameIndex}. */
  readonly #recent = new Array<Entry | null>(RECENT).fill(null);

  /** The entry with the name in `bytes` from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Entry | null {
    const index = nameIndex(bytes, start, end);
    const recent = this.#recent[index];
    if (recent && sameBytes(recent.bytes, bytes, start, end)) return recent;
    let entry = this.#byHash.get(hashOf(bytes, start, end)) ?? null;
    while (entry !== null && !sameBytes(entry.bytes, bytes, start, end)) entry = entry.next;
    if (entry !== null) this.#recent[index] = entry;
    return entry;
  }

  /** Takes in an entry, whose name is nobody else's. */
  add(entry: Entry): void {
    const hash = hashOf(entry.bytes, 0, entry.bytes.length);
    entry.next = this.#byHash.get(hash) ?? null;
    this.#byHash.set(hash, entry);
  }

  /** The entry is found no more. */
  remove(entry: Entry): void {
    this.#recent.fill(null);
    const hash = hashOf(entry.bytes, 0, entry.bytes.length);
    const first = this.#byHash.get(hash);
    if (first === entry) {
      if (entry.next === null) this.#byHash.delete(hash);
      else this.#byHash.set(hash, entry.next);
      return;
    }
    let before = first;
    while (before !== undefined && before.next !== entry) before = before.next ?? undefined;
    if (before !== undefined) before.next = entry.next;
  }
}

/** Seats that hold a name, by their sessions. */
export class SessionLookup<Route> {
  readonly #bySession = new Map<number, Seat<Route>>();
  /** What was found last, each at the last bits of its session. */
  readonly #recent = new Array<Seat<Route> | null>(RECENT).fill(null);

  /** The seat whose session this is. */
  find(session: number): Seat<Route> | undefined {
    const index = session & (RECENT - 1);
    const recent = this.#recent[index];
    if (recent && recent.claim.session === session) return recent;
    const seat = this.#bySession.get(session);
    if (seat !== undefined) this.#recent[index] = seat;
    return seat;
  }

  /** A name that `before` held is held by `after` now; null when nobody does. */
  replace(before: Seat<Route> | null, after: Seat<Route> | null): void {
    // A session may hold another name by now: only its own entry is removed.
    if (before !== null && this.#bySession.get(before.claim.session) === before) {
      this.#bySession.delete(before.claim.session);
    }
    if (after !== null) this.#bySession.set(after.claim.session, after);
    this.#recent.fill(null);
  }
}

/** Whether the bytes from `start` to `end` are those of `expected`. */
export function sameBytes(
  expected: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (expected.length !== end - start) return false;
  for (let at = 0; at < expected.length; at++) {
    if (expected[at] !== bytes[start + at]) return false;
  }
  return true;
}

/** Where a name is kept that was found last; names that are counted up differ at the end. */
function nameIndex(bytes: Uint8Array, start: number, end: number): number {
  return ((bytes[end - 1] ?? 0) + end - start) & (RECENT - 1);
}

/** FNV-1a, 32 bits (draft-eastlake-fnv). */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  }
  return hash;
}

/**
 * Something that a server dials until it answers, and when it does so next.
 *
 * @module
 */

import { addressText, parseAddress } from "./address.ts";

/** The first redial comes at most so late; each failure doubles it. */
export const REDIAL_MIN_MS = 250;

/** No redial comes later: a repaired network is found again within this. */
export const REDIAL_MAX_MS = 30_000;

/** Something to dial, and how that went so far. */
export interface Target {
  /** Where its addresses are from: the user, a clique member, a base server, or the LAN. */
  readonly kind: "seed" | "member" | "base" | "found";
  /** The addresses to try, in turn. */
  addresses: readonly string[];
  /** The member's id, or that of the member that last answered at a seed. */
  id: string | null;
  /** Dials that failed since it last answered or was heard of anew; it tells whose turn it is, too. */
  attempts: number;
  /** It is not known yet whether a server is there. */
  isFresh: boolean;
  /** When it may be dialled next, in milliseconds of the server's clock. */
  next: number;
  /** A dial or a handshake is under way. */
  busy: boolean;
  /** There is a link to a base server, which has no id. */
  baseLinked: boolean;
  /** The asker announced itself, so a dial-back need not. */
  announced: boolean;
}

/** A target that was never dialled. */
export function target(
  kind: Target["kind"],
  addresses: readonly string[],
  id: string | null,
): Target {
  return {
    kind,
    addresses,
    id,
    attempts: 0,
    isFresh: true,
    next: 0,
    busy: false,
    baseLinked: false,
    announced: false,
  };
}

/** When a target that failed is dialled again. */
export function redialAt(target: Target, now: number, random: () => number): number {
  const rounds = (target.attempts - 1) / Math.max(1, target.addresses.length);
  const round = Math.max(0, Math.floor(rounds));
  const most = Math.min(
    REDIAL_MAX_MS,
    REDIAL_MIN_MS * 2 ** Math.min(round, 20),
  );
  // Full jitter, so that those who lost the same server do not come in step
  // (M. Brooker, "Exponential Backoff And Jitter").
  return now + most * random();
}

/** One place, one key: the names of this machine's loopback are the same place. */
export function placeKey(text: string): string {
  const address = parseAddress(text);
  if (address === null) return text;
  const hostname = address.hostname === "localhost" ? "127.0.0.1" : address.hostname;
  return addressText({ hostname, port: address.port });
}

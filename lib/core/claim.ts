/**
 * Who holds a name: a function of the claims alone, so servers that know the
 * same claims agree.
 *
 * @module
 */

import type { Claim } from "../codec/claims.ts";

/** One client at one server, by that server's word. */
export interface Seat<Route> {
  /** What its home says of it: its name, session, token and stamp. */
  readonly claim: Claim;
  /** The claimed name in UTF-8, as it stands in frames. */
  readonly nameBytes: Uint8Array;
  /** The id of the server that it is at. */
  readonly home: string;
  /** The link to it: the client's own here, or that of its home. */
  readonly route: Route;
}

/**
 * Whether claim `a` holds a name against claim `b` of another client: the
 * smaller (stamp, server) does. Ids break every tie, so that all servers agree.
 */
export function precedes(a: Claim, b: Claim): boolean {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp;
  if (a.server !== b.server) return a.server < b.server;
  return a.session < b.session;
}

/** Which of the seats that claim one name holds it; null when there is none. */
export function holderOf<Route>(seats: readonly Seat<Route>[]): Seat<Route> | null {
  // Two steps, because one comparison over both rules could go in a circle:
  // first the newest seat of each client, then the first claim among these.
  let holder: Seat<Route> | null = null;
  for (const seat of seats) {
    if (seats.some((other) => isNewer(other, seat))) continue;
    if (holder === null || precedes(seat.claim, holder.claim)) holder = seat;
  }
  return holder;
}

/** Whether both are the same client's, and `a` is where it moved later. */
function isNewer<Route>(a: Seat<Route>, b: Seat<Route>): boolean {
  if (a.claim.token !== b.claim.token || a === b) return false;
  if (a.claim.moves !== b.claim.moves) return a.claim.moves > b.claim.moves;
  return a.home < b.home;
}

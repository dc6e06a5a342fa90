/**
 * Claims on names, and what a roster makes of them.
 *
 * @module
 */

import type { Claim } from "../../lib/codec/claims.ts";
import type { Roster } from "../../lib/core/roster.ts";

/** A claim of `token`'s on `name`, first made at server `a` unless told otherwise. */
export function claim(name: string, token: string, rest: Partial<Claim> = {}): Claim {
  const session = [...token].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  return { name, token, session, stamp: 1, server: "a", moves: 0, base: false, ...rest };
}

/** At which server the holder of a name is. */
export function homeOf(roster: Roster<string>, name: string): string | null {
  return roster.holder(name)?.home ?? null;
}

/** Why nobody with this session is reached under a name. */
export function absence(roster: Roster<string>, session: number, name: string): string {
  const bytes = new TextEncoder().encode(name);
  return roster.absence(session, { bytes, start: 0, end: bytes.length });
}

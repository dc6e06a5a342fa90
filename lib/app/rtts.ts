/**
 * What a session measured, as far as its user asked for it.
 *
 * @module
 */

import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import type { ClientOptions } from "./client_args.ts";
import type { LiveSession } from "./live_session.ts";
import type { Rtt } from "./tables.ts";

/** What was measured of each server, but of those that it was only tried whether they are there. */
export function measuredRtts(session: LiveSession, options: ClientOptions): Rtt[] {
  const guesses = guessesOf(options);
  return (session.call((core, now) => core.rtts(now)) as Rtt[])
    .filter(({ state, server }) => state !== "failed" || !guesses.includes(server));
}

/** Servers that nobody named: it was only tried whether they are there. */
export function guessesOf({ servers: named }: ClientOptions): string[] {
  return named === null ? WELL_KNOWN_PORTS.map((port) => `127.0.0.1:${port}`) : [];
}

/**
 * Names that are moving: their client was removed and is expected to register
 * at another server, so for a while they are nobody else's.
 *
 * @module
 */

import type { Claim, MovingClaim } from "../codec/claims.ts";

/**
 * How long a name that was removed is nobody else's: it bridges the gap that
 * a third server can see while a client goes from one home to another.
 */
export const MOVING_MS = 5_000;

/** The last claim on a name without a holder, and until when it counts. */
interface Mover {
  readonly claim: Claim;
  readonly until: number;
}

/** The last claims on names without a holder. */
export class MovingNames {
  /** In the order in which their time is over, unless one began elsewhere. */
  #movers = new Map<string, Mover>();
  #isSorted = true;

  /** Whose a name is that is moving; null when it is not. */
  claim(name: string): Claim | null {
    return this.#movers.get(name)?.claim ?? null;
  }

  /** The claims, and for how long each still counts. */
  claims(now: number): MovingClaim[] {
    return this.#movers.values().map(({ claim, until }) => ({
      claim,
      movingMs: Math.max(0, Math.ceil(until - now)),
    })).toArray();
  }

  /** The name of a claim that was removed here is moving from now on. */
  begin(claim: Claim, now: number): void {
    this.#movers.set(claim.name, { claim, until: now + MOVING_MS });
  }

  /** The name of a claim that was removed elsewhere is moving, for so long. */
  join({ claim, movingMs }: MovingClaim, now: number): void {
    this.#isSorted = false;
    this.#movers.set(claim.name, { claim, until: now + Math.min(movingMs, MOVING_MS) });
  }

  /** Somebody holds the name, or it was given up. */
  end(name: string): void {
    this.#movers.delete(name);
  }

  /** The names whose time is over: they are not moving any more. */
  expire(now: number): string[] {
    this.#sort();
    const expired: string[] = [];
    for (const [name, { until }] of this.#movers) {
      if (until > now) break;
      expired.push(name);
      this.#movers.delete(name);
    }
    return expired;
  }

  #sort(): void {
    if (this.#isSorted) return;
    this.#isSorted = true;
    this.#movers = new Map([...this.#movers].sort(([, a], [, b]) => a.until - b.until));
  }
}

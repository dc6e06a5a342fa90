/**
 * Which server a client attaches to.
 *
 * @module
 */

/** Differences smaller than this are a tie: they are the clock's, not the network's. */
export const TIE_MS = 0.01;

/** What the choice is made on. */
export interface Candidate {
  /** It speaks the extended protocol: only there can a message be confirmed. */
  readonly extended: boolean;
  /** The smallest sample, in ms; null when nothing was measured. */
  readonly minMs: number | null;
}

/**
 * The nearest candidate: an extended server before a base one, then the
 * smallest minimum; in a tie the first. One that was not measured comes last.
 * Null when there is no candidate.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nearest } from "./choice.ts";
 *
 * const far = { extended: true, minMs: 2 };
 * const near = { extended: true, minMs: 0.5 };
 * assertEquals(nearest([far, near]), near);
 * ```
 */
export function nearest<Server extends Candidate>(candidates: readonly Server[]): Server | null {
  let best: Server | null = null;
  for (const candidate of candidates) {
    if (best === null || isNearer(candidate, best)) best = candidate;
  }
  return best;
}

function isNearer(a: Candidate, b: Candidate): boolean {
  if (a.extended !== b.extended) return a.extended;
  if (a.minMs === null) return false;
  return b.minMs === null || a.minMs < b.minMs - TIE_MS;
}

/**
 * Samples as a row of bars, one letter each, on a scale that grows by factors:
 * what matters about times is how many times longer one is than another.
 *
 * @module
 */

import { painted } from "./colour.ts";
import { durationText } from "./print.ts";

const BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

/** A sample that is missing. */
export const MISSING = "\u00d7";

/** A sample taken while this machine was busy, where it can't be dim. */
export const LATE = "!";

/** Less is noise, and not to look like more. */
const LEAST_FACTOR = 4;

/** What the lowest bar and the highest one mean, in ms. */
export interface Scale {
  /** Where the lowest bar begins. */
  readonly fromMs: number;
  /** Where the highest bar ends. */
  readonly toMs: number;
}

/**
 * A scale for all these samples, with round ends so that it seldom changes;
 * null when none of them is of use.
 */
export function scaleOf(samples: readonly (number | null)[]): Scale | null {
  const times = samples.filter((ms): ms is number => ms !== null && ms > 0);
  if (times.length === 0) return null;
  const smallest = times.reduce((least, ms) => Math.min(least, ms));
  const largest = times.reduce((most, ms) => Math.max(most, ms));
  const fromMs = roundDown(smallest);
  return { fromMs, toMs: Math.max(roundUp(largest), roundUp(LEAST_FACTOR * fromMs)) };
}

/** The scale in words. */
export function scaleText({ fromMs, toMs }: Scale): string {
  const [from, to] = [fromMs, toMs].map((ms) => durationText(ms).replace(/\.0+ /, " "));
  return `${BARS.at(0)} ${from} to ${BARS.at(-1)} ${to}`;
}

/**
 * The newest samples that have room, the newest on the right: null is missing,
 * negative was taken while this machine was busy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sparkline } from "./sparkline.ts";
 *
 * const scale = { fromMs: 0.1, toMs: 25.6 };
 * const samples = [9, 0.1, 0.2, null, 25, -0.4];
 * assertEquals(sparkline(samples, { scale, width: 5, colour: false }), "▁▂×█!");
 * ```
 */
export function sparkline(
  samples: readonly (number | null)[],
  { scale, width, colour }: {
    readonly scale: Scale | null;
    readonly width: number;
    readonly colour: boolean;
  },
): string {
  const shown = width < 1 ? [] : samples.slice(-width);
  const letters = shown.map((ms) => {
    if (ms === null) return MISSING;
    if (ms > 0) return scale === null ? " " : barOf(ms, scale);
    return colour && scale !== null ? painted(barOf(-ms, scale), "dim") : LATE;
  });
  return " ".repeat(width - shown.length) + letters.join("");
}

function barOf(ms: number, { fromMs, toMs }: Scale): string {
  const share = Math.log(ms / fromMs) / Math.log(toMs / fromMs);
  const bar = Math.floor(share * BARS.length + 1e-9);
  return BARS.charAt(Math.min(Math.max(bar, 0), BARS.length - 1));
}

/** The next of ..., 1, 2, 5, 10, ... that is not above. */
function roundDown(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms) + 1e-9);
  return power * ([5, 2].find((step) => ms / power >= step * (1 - 1e-9)) ?? 1);
}

/** The next of ..., 1, 2, 5, 10, ... that is not below. */
function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms) + 1e-9);
  return power * ([1, 2, 5].find((step) => ms / power <= step * (1 + 1e-9)) ?? 10);
}

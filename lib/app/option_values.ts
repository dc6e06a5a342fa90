/**
 * Values of options that are more than text: whole numbers, seconds, choices.
 *
 * @module
 */

import { nameProblem } from "../codec/name.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** The longest time in seconds: timers take at most 2^31 - 1 ms. */
export const MAX_SECONDS = 2_147_483;

/**
 * A whole number from `min` to `max`.
 *
 * @throws {UsageError} that names the option and the range.
 */
export function wholeNumber(
  text: string,
  { option, min, max }: { option: string; min: number; max: number },
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw notAllowed(option, text, `whole numbers from ${min} to ${max}`);
}

/**
 * Seconds, as milliseconds rounded to 0.001.
 *
 * @throws {UsageError} when it is no decimal number, longer than a timer can
 * be, or 0 and `zero` is not allowed.
 */
export function secondsAsMs(
  text: string,
  { option, zero }: { option: string; zero: boolean },
): number {
  const ms = Math.round(Number(text) * 1e6) / 1e3;
  const decimal = /^(\d+\.?\d*|\.\d+)$/.test(text);
  if (decimal && (zero || ms > 0) && ms <= MAX_SECONDS * 1e3) return ms;
  const range = zero ? `from 0 to ${MAX_SECONDS}` : `above 0, to ${MAX_SECONDS}`;
  throw notAllowed(option, text, `seconds ${range}`);
}

/**
 * One of a few words.
 *
 * @throws {UsageError} that lists them.
 */
export function choice<Word extends string>(
  text: string,
  { option, words }: { option: string; words: readonly Word[] },
): Word {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw notAllowed(option, text, words.join(", "));
}

/**
 * A word by the rules for names.
 *
 * @throws {UsageError} that says what is wrong with it.
 */
export function checkedName(name: string, what: string): string {
  const problem = nameProblem(name);
  if (problem === null) return name;
  throw new UsageError(`Cannot take ${what} ${quoted(name)}: ${problem}`);
}

function notAllowed(
  option: string,
  text: string,
  allowed: string,
): UsageError {
  return new UsageError(
    `Option --${option} is ${quoted(text)}: allowed are ${allowed}`,
  );
}

/**
 * Command lines: which options there are, which were given, and one clear line
 * for every mistake. What the options mean is in `server_args.ts` and
 * `client_args.ts`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { clean } from "./clean.ts";
import { suggest } from "./suggest.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** One option: a bare flag, or one that takes a value, once or repeatedly. */
export interface OptionShape {
  /** What its value is called in messages; without it, it is a flag. */
  readonly takes?: string;
  /** It may be given more than once. */
  readonly repeats?: true;
  /** Its value when none is given; one is only given with `=`. */
  readonly otherwise?: string;
  /** What its value may be, if that is one of a few words. */
  readonly words?: readonly string[];
  /** Its one letter, for after one dash. */
  readonly short?: string;
  /** The verb that it is for; for all without it. */
  readonly only?: string;
  /** What it does; what is in brackets at the end is for those who read the whole help. */
  readonly says?: string;
}

/** The options of one program, by name without dashes. */
export type OptionShapes = Readonly<Record<string, OptionShape>>;

/** What was given: a boolean for a flag, text or null, or a list of texts. */
export type OptionValues<S extends OptionShapes> = {
  readonly [Name in keyof S]: S[Name] extends { readonly takes: string; readonly repeats: true }
    ? readonly string[]
    : S[Name] extends { readonly takes: string } ? string | null
    : boolean;
};

/** The options of a command line, and the words that are none. */
export interface CommandLine<S extends OptionShapes> {
  /** By name, without dashes. */
  readonly options: OptionValues<S>;
  /** Verbatim: `007` stays text. What comes after `--` is here too. */
  readonly words: readonly string[];
}

/**
 * Sorts a command line into options and words. `--flag value` and
 * `--flag=value` are the same, `--` ends the options, `-` is a word, `-h` is
 * `--help`. A value that begins with a dash needs the form with `=`, unless it
 * is a number; so does a value that may be left out.
 *
 * @throws {UsageError} for an option that is unknown, lacks its value, has one
 * too many, or is given more than once though it doesn't repeat.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseCommandLine } from "./args.ts";
 *
 * const shapes = { name: { takes: "NAME" }, json: {} } as const;
 * const line = parseCommandLine(["send", "--name", "ada", "007"], shapes);
 * assertEquals(line.words, ["send", "007"]);
 * assertEquals(line.options, { name: "ada", json: false });
 * ```
 */
export function parseCommandLine<S extends OptionShapes>(
  args: readonly string[],
  shapes: S,
): CommandLine<S> {
  const names = Object.keys(shapes);
  const parsed = parseArgs(explicit(args, shapes), {
    boolean: names.filter((name) => shapes[name]?.takes === undefined),
    // `_`, or words that look like numbers would become numbers.
    string: [...names.filter((name) => shapes[name]?.takes !== undefined), "_"],
    collect: names,
  });
  const options = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const given = parsed[name] as readonly (string | boolean)[];
      return [name, valueOf(name, { shape, given })];
    }),
  );
  return {
    options: options as OptionValues<S>,
    words: parsed._.map(String),
  };
}

/**
 * The same command line in the one form that `parseArgs` can't take for
 * something else: it would let a flag swallow the word `true` behind it, read
 * `--no-name=x` as `--name=x`, and know nothing of `-1` as a value.
 */
function explicit(args: readonly string[], shapes: OptionShapes): string[] {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const result: string[] = [];
  for (let index = 0; index < before.length; index++) {
    const arg = before[index] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      result.push(arg);
      continue;
    }
    const name = knownName(arg, shapes);
    const next = before[index + 1];
    const { takes, otherwise } = shapes[name] ?? {};
    if (takes === undefined) {
      result.push(`--${name}=true`);
    } else if (otherwise !== undefined && !arg.includes("=")) {
      result.push(`--${name}=${otherwise}`);
    } else if (!arg.includes("=") && /^-\.?\d/.test(next ?? "")) {
      result.push(`${arg}=${next}`);
      index++;
    } else {
      result.push(arg);
    }
  }
  return end < 0 ? result : [...result, ...args.slice(end)];
}

/** The name of the option that `arg` sets. */
function knownName(arg: string, shapes: OptionShapes): string {
  const [written = "", value] = arg.split("=", 2);
  const name = written === "-h" ? "help" : written.slice(2);
  const known = Object.hasOwn(shapes, name) &&
    (written === "-h" || written.startsWith("--"));
  if (!known) throw unknownOption(written, shapes);
  if (value !== undefined && shapes[name]?.takes === undefined) {
    throw new UsageError(`Option ${written} takes no value: leave out '='`);
  }
  return name;
}

/**
 * The option that a word behind it was probably meant for, as it should have
 * been written; null when there is none. `--discover attic` is two words.
 */
export function meantAsValue(
  word: string,
  args: readonly string[],
  shapes: OptionShapes,
): string | null {
  const before = args[args.indexOf(word) - 1] ?? "";
  const shape = before.startsWith("--") ? shapes[before.slice(2)] : undefined;
  return shape?.otherwise === undefined ? null : `${before}=${clean(word)}`;
}

/** The arguments that give these values, each in one word, in the order of the shapes. */
export function optionArgs<S extends OptionShapes>(given: OptionValues<S>, shapes: S): string[] {
  return Object.entries<OptionShape>(shapes).flatMap(([name, { otherwise }]) => {
    const value: readonly string[] | string | boolean | null = given[name] ?? null;
    if (value === true || value === otherwise) return [`--${name}`];
    const values = typeof value === "boolean" || value === null ? [] : [value].flat();
    return values.map((text) => `--${name}=${text}`);
  });
}

/**
 * The verb that a word is.
 *
 * @throws {UsageError} that says what was probably meant.
 */
export function knownVerb<Verb extends string>(
  word: string,
  { verbs, args, shapes }: {
    readonly verbs: Readonly<Record<Verb, unknown>>;
    readonly args: readonly string[];
    readonly shapes: OptionShapes;
  },
): Verb {
  const known = Object.keys(verbs) as Verb[];
  const verb = known.find((it) => it === word);
  if (verb !== undefined) return verb;
  const meant = suggest(word, [...known, "--help", "--version"]) ??
    meantAsValue(word, args, shapes);
  const advice = meant === null ? `allowed are ${known.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`Unknown verb ${quoted(word)}: ${advice}`);
}

function unknownOption(written: string, shapes: OptionShapes): UsageError {
  const allowed = Object.keys(shapes).map((name) => `--${name}`);
  const meant = suggest(written, allowed);
  const advice = !/^--?[a-z]/i.test(written)
    ? "put -- before words that begin with a dash"
    : meant !== null
    ? `did you mean ${meant}?`
    : `allowed are ${allowed.join(", ")}`;
  return new UsageError(`Unknown option ${clean(written)}: ${advice}`);
}

function valueOf(
  name: string,
  { shape, given }: {
    shape: OptionShape;
    given: readonly (string | boolean)[];
  },
): readonly (string | boolean)[] | string | boolean | null {
  if (given.includes("")) {
    throw new UsageError(
      `Option --${name} needs a value: --${name} ${shape.takes}`,
    );
  }
  if (shape.repeats) return given;
  if (given.length > 1) {
    throw new UsageError(
      `Option --${name} is given more than once: give it once`,
    );
  }
  return given[0] ?? (shape.takes === undefined ? false : null);
}

/**
 * The kinds of original server that are in use.
 *
 * @module
 */

/**
 * `plain`: as most are. `without567`: ignores 5, 6 and 7 in silence.
 * `join33`: the older one, which lacks these too, announces itself with 33/0
 * to those it learns of, never dials back, and uses every connection both ways.
 */
export type OriginalVariant = "plain" | "without567" | "join33";

/** How an {@linkcode OriginalServer} starts. */
export interface OriginalServerOptions {
  /** Where it listens; any free port with four digits unless given. */
  readonly port?: number;
  /** Ports it tries to join, in order; it stops at the first that answers. */
  readonly wellKnown?: readonly number[];
  readonly variant?: OriginalVariant;
  /** Writes pieces of that many bytes, each alone, at 1 to 3 ms a piece. */
  readonly split?: number;
  /** Whether it answers 5, 6 and 7; only `plain` does unless told. */
  readonly answers567?: boolean;
  /** Whether it understands 33/0; only `join33` does unless told. */
  readonly understands33?: boolean;
}

/** The frames that such a server acts on. All others are unknown to it. */
export function understoodKinds(
  options: OriginalServerOptions,
): ReadonlySet<string> {
  const variant = options.variant ?? "plain";
  const answers567 = options.answers567 ?? variant === "plain";
  const understands33 = options.understands33 ?? variant === "join33";
  return new Set([
    ...["0/0", "2/0", "2/1", "3/0", "4/0"],
    ...answers567 ? ["5/0", "6/0", "7/0"] : [],
    ...understands33 ? ["33/0"] : [],
  ]);
}

/**
 * The candidate that was probably meant by a word that is none of them: the
 * only one that begins with it, else the nearest by edit distance, if at most
 * a third of the word would have to change. Dashes in front don't count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { suggest } from "./suggest.ts";
 *
 * assertEquals(suggest("--servr", ["--server", "--name"]), "--server");
 * assertEquals(suggest("xyzzy", ["chat", "send"]), null);
 * ```
 */
export function suggest(
  word: string,
  candidates: readonly string[],
): string | null {
  const bare = withoutDashes(word);
  if (bare === "") return null;
  const longer = candidates.filter((it) => withoutDashes(it).startsWith(bare));
  if (longer.length === 1) return longer[0] ?? null;
  let best: string | null = null;
  let least = Math.ceil(bare.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(bare, withoutDashes(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/**
 * How many letters must be put in, taken out, replaced or swapped with their
 * neighbour to make one word of the other.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] &&
        a[row - 2] === b[column - 1];
      current.push(Math.min(
        (current[column - 1] ?? 0) + 1,
        (above[column] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped && row > 1 && column > 1 ? (before[column - 2] ?? 0) + 1 : Infinity,
      ));
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}

function withoutDashes(word: string): string {
  return word.replace(/^-+/, "");
}

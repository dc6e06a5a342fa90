/**
 * What stands out in the matrix, by rules that are tried in this order:
 *
 * | what is seen | verdict |
 * |---|---|
 * | only one server is there | `alone` |
 * | fewer than two servers tell, or fewer than half of the ways are known | `unknown` |
 * | no other reaches S, or S reaches no other, or nobody reaches anybody | `down` |
 * | two do not reach each other | `cut` |
 * | two have no direct link, a third one carries theirs | `carried` |
 * | all see S badly and S sees all badly | `slow-server` |
 * | all see S badly and S sees all well, or the other way round | `one-way` |
 * | either of the two, S's program was as late, and S is well at best | `busy` |
 * | two see each other badly | `slow-link` |
 * | one of two sees the other badly or not at all, the other sees it well | `one-way` |
 * | S's program was late, and nothing else | `busy` |
 * | nothing of this | `well` |
 *
 * An echo goes there and back: a fault on one of the two ways is in the numbers
 * of both ends. So what only one end sees is not the network between them.
 *
 * @module
 */

import { BUSY_MS, type Pair, type PairState, type Ways } from "./ways.ts";

/** What stands out; see the table of this module. */
export type VerdictKind =
  | "well"
  | "alone"
  | "unknown"
  | "down"
  | "cut"
  | "carried"
  | "slow-server"
  | "one-way"
  | "slow-link"
  | "busy";

/** One thing that stands out, or that nothing does. */
export interface Finding {
  /** What it is. */
  readonly kind: VerdictKind;
  /** Ids: one server, the two ends of a link, or none. */
  readonly suspects: readonly string[];
  /** The ways that show it, each from who measures. */
  readonly shownBy: readonly Pair[];
}

/** Everything that stands out, the worst first; that nothing does, or can be told, is one too. */
export function findings(ways: Ways): readonly [Finding, ...Finding[]] {
  const early = tooLittle(ways);
  const [worst, ...others] = early === null ? problems(ways) : [nothing(early)];
  return worst === undefined ? [nothing("well")] : [worst, ...others];
}

function nothing(kind: VerdictKind): Finding {
  return { kind, suspects: [], shownBy: [] };
}

/** Where guessing would begin. */
function tooLittle(ways: Ways): "alone" | "unknown" | null {
  if (ways.ids.length < 2) return "alone";
  const isEnough = ways.telling.length >= 2 && 2 * ways.known.length >= ways.all.length;
  return isEnough ? null : "unknown";
}

/** What is wrong, the worst first. */
function problems(ways: Ways): Finding[] {
  const is = (...states: readonly PairState[]) => (pair: Pair): boolean =>
    states.includes(ways.pair(...pair));
  const known = ways.pairs.filter((pair) => !is("unknown")(pair));
  if (known.length > 1 && known.every(is("cut"))) return [nothing("down")];
  const isSeenWell: Test = (a, b) => is("uneven")([a, b]) && ways.state(a, b) === "well";
  // What a server told before the others lost it is no proof that it is there.
  const lost = blamed(known, (a, b) => is("cut")([a, b]) || ways.state(b, a) === "failed");
  const losing = blamed(without(known, lost), (a, b) => ways.state(a, b) === "failed");
  const down = [...lost, ...losing];
  const up = without(known, down);
  const timed = up.filter(is("well", "slow", "uneven"));
  const uneven = [...blamed(timed, isSeenWell), ...blamed(timed, (a, b) => isSeenWell(b, a))];
  // Where everything is near the limit, some ways are on one side of it, some on the other.
  const slow = blamed(without(timed, uneven), (a, b) => is("slow", "uneven")([a, b]));
  const left = without(timed, [...uneven, ...slow]);
  const found = [
    ...down.map((id) => ofServer(ways, "down", id)),
    ...up.filter(is("cut")).map((link) => ofLink(ways, "cut", link)),
    ...up.filter(is("carried")).map((link) => ofLink(ways, "carried", link)),
    ...slow.map((id) => ofServer(ways, "slow-server", id)),
    ...uneven.map((id) => ofServer(ways, "one-way", id)),
    ...left.filter(is("slow")).map((link) => ofLink(ways, "slow-link", link)),
    ...left.filter(is("uneven")).map(([a, b]) =>
      ofLink(ways, "one-way", isSeenWell(a, b) ? [b, a] : [a, b])
    ),
  ];
  return [...found, ...busyBesides(ways, found)];
}

type Test = (a: string, b: string) => boolean;

/**
 * The servers to blame: those of which every pair fits `is`, the one with most
 * pairs first. With only one pair there is no telling a server from its link.
 */
function blamed(pairs: readonly Pair[], is: Test): string[] {
  const servers = [...new Set(pairs.flat())].map((id) => ({
    id,
    others: pairs.flatMap(([a, b]) => a === id ? [b] : b === id ? [a] : []),
  }));
  const [worst] = servers
    .filter(({ id, others }) => others.length > 1 && others.every((other) => is(id, other)))
    .toSorted((a, b) => b.others.length - a.others.length);
  return worst === undefined ? [] : [worst.id, ...blamed(without(pairs, [worst.id]), is)];
}

function without(pairs: readonly Pair[], ids: readonly string[]): Pair[] {
  return pairs.filter((pair) => !pair.some((id) => ids.includes(id)));
}

function busyBesides(ways: Ways, found: readonly Finding[]): Finding[] {
  const named = found.flatMap(({ suspects }) => suspects.length === 1 ? suspects : []);
  return ways.ids.filter((id) => ways.lagMs(id) >= BUSY_MS && !named.includes(id))
    .map((id) => ({ kind: "busy", suspects: [id], shownBy: [] }));
}

function ofServer(ways: Ways, kind: VerdictKind, id: string): Finding {
  // Servers that are down are badly seen by this one as well.
  const other = kind === "down" ? "bad" : "failed";
  const shownBy = ways.bad.filter((way) => way.includes(id) && ways.state(...way) !== other);
  const isBusy = kind !== "down" && isExplainedByLag(ways, id, shownBy);
  return { kind: isBusy ? "busy" : kind, suspects: [id], shownBy };
}

function ofLink(ways: Ways, kind: VerdictKind, [a, b]: Pair): Finding {
  const shownBy = ways.bad.filter((way) => way.includes(a) && way.includes(b));
  return { kind, suspects: [a, b], shownBy };
}

/** What a late program can explain: its best samples are well, and it was as late as they are slow. */
function isExplainedByLag(ways: Ways, id: string, shownBy: readonly Pair[]): boolean {
  const lagMs = ways.lagMs(id);
  return lagMs >= BUSY_MS && shownBy.every(([from, to]) => {
    const { minMs = null, p50Ms = null } = ways.cell(from, to) ?? {};
    return !ways.isSlow(minMs) && (p50Ms ?? 0) <= lagMs;
  });
}

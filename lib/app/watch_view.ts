/**
 * What `rtt --watch` shows: the table as it is now, and how it came to be so.
 *
 * @module
 */

import { painted } from "./colour.ts";
import type { TextOptions } from "./print.ts";
import { LATE, MISSING, type Scale, scaleOf, scaleText, sparkline } from "./sparkline.ts";
import { alignTable } from "./table.ts";
import { byDistance, type Rtt, rttColumns, rttNotes } from "./tables.ts";
import { widthOf, wrapped } from "./wrap.ts";

/** The statistics that stand beside the bars. */
const HEADS = ["loss", "min", "p50", "max"];

/** Fewer bars than this are no picture. */
const FEWEST_BARS = 8;

/** More bars than this nobody looks at. */
const MOST_BARS = 60;

const GAP = 2;

/** How much room there is, and what is to be said. */
export interface WatchOptions extends TextOptions {
  /** Rows of the terminal. */
  readonly height: number;
  /** Between two samples, in ms. */
  readonly intervalMs: number;
}

/** Lines for a terminal, at most one fewer than it has rows, if it has any to speak of. */
export function watchView(rtts: readonly Rtt[], options: WatchOptions): string[] {
  const { height } = options;
  const sorted = rtts.toSorted(byDistance);
  const foot = notes(sorted, sorted.length, options);
  const fits = Math.max(1, height - 2 - foot.length);
  if (sorted.length <= fits) return drawn(sorted, foot, options);
  const less = notes(sorted, Math.max(1, fits - 1), options);
  const shown = sorted.slice(0, Math.max(1, height - 2 - less.length));
  return drawn(shown, notes(sorted, shown.length, options), options);
}

function drawn(
  rtts: readonly Rtt[],
  foot: readonly string[],
  options: WatchOptions,
): string[] {
  const { colour } = options;
  const width = options.width ?? 80;
  const columns = rttColumns(rtts, options)
    .filter(({ head }, at) => at === 0 || HEADS.includes(head));
  const { lines } = alignTable(columns, width - GAP - FEWEST_BARS);
  const left = Math.max(...lines.map(widthOf));
  const bars = Math.min(width - left - GAP, MOST_BARS);
  const scale = scaleOf(rtts.flatMap(({ recent }) => recent));
  const rows = lines.slice(1).map((line, at) => {
    if (bars < FEWEST_BARS) return line;
    const gap = " ".repeat(left - widthOf(line) + GAP);
    return line + gap + sparkline(rtts[at]?.recent ?? [], { scale, width: bars, colour });
  });
  const head = lines[0] ?? "";
  return [
    colour ? painted(head, "bold") : head,
    ...rows,
    ...(colour ? foot.map((line) => painted(line, "dim")) : foot),
  ].map((line) => line.trimEnd());
}

function notes(rtts: readonly Rtt[], shown: number, options: WatchOptions): string[] {
  const recent = rtts.flatMap((rtt) => rtt.recent);
  const scale: Scale | null = scaleOf(recent);
  const late = options.colour ? "dim:" : LATE;
  const all = [
    ...(shown < rtts.length ? [`and ${rtts.length - shown} more`] : []),
    ...rttNotes(rtts),
    ...(scale === null ? [] : [scaleText(scale)]),
    ...(recent.includes(null) ? [`${MISSING} no reply`] : []),
    ...(recent.some((ms) => ms !== null && ms < 0) ? [`${late} late here`] : []),
    `each ${options.intervalMs / 1e3} s; Ctrl-C ends`,
  ];
  return wrapped(all.join("; "), options);
}

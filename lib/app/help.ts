/**
 * The help of a program, made from what its command line may have.
 *
 * @module
 */

import type { OptionShape, OptionShapes } from "./args.ts";

/** What can stand as first word of a command line. */
export interface VerbShape {
  /** What else the verb takes, as people read it: `NAME TEXT`. */
  readonly takes?: string;
  /** What its next word may be, if that is one of a few. */
  readonly words?: readonly string[];
  /** What it does. */
  readonly says: string;
}

/** The verbs of one program. */
export type VerbShapes = Readonly<Record<string, VerbShape>>;

/** Everything that one program's command line may have. */
export interface Grammar {
  /** What may stand first. */
  readonly verbs: VerbShapes;
  /** What may stand anywhere. */
  readonly options: OptionShapes;
}

/** What help says besides. */
export interface HelpLayout {
  /** What people type to run the program. */
  readonly command: string;
  /** Options under a heading each; those of the grammar, in this order. */
  readonly sections: Readonly<Record<string, readonly string[]>>;
  /** Arguments. */
  readonly examples: readonly string[];
}

/** One column stays free, as some terminals would begin a new row behind it. */
const WIDTH = 79;

/** The whole help, fit for a terminal of 80 columns. */
export function helpText({ verbs, options }: Grammar, layout: HelpLayout): string {
  const { command, sections, examples } = layout;
  const rows = {
    verbs: Object.entries(verbs).map(([verb, { takes, says }]) => ({
      left: takes === undefined ? verb : `${verb} ${takes}`,
      says,
    })),
    options: Object.entries(sections).map(([title, names]) => ({
      title,
      rows: names.map((name) => ({
        left: optionText(name, options[name] ?? {}),
        says: options[name]?.says ?? "",
      })),
    })),
  };
  const all = [...rows.verbs, ...rows.options.flatMap((section) => section.rows)];
  const column = Math.max(...all.map(({ left }) => left.length)) + 4;
  const text = (row: { left: string; says: string }): string[] => rowText(row, column);
  return [
    `Usage: ${command} [OPTION]... [VERB]`,
    ...rows.verbs.flatMap(text),
    ...rows.options.flatMap((section) => [`${section.title}:`, ...section.rows.flatMap(text)]),
    ...examples.map((args, at) => `${at === 0 ? "Examples:" : "         "} ${command} ${args}`),
  ].join("\n");
}

/** An option as people type it: `--name NAME`, `-h, --help`. */
function optionText(name: string, { takes, otherwise, short }: OptionShape): string {
  const dashed = short === undefined ? `--${name}` : `-${short}, --${name}`;
  if (takes === undefined) return dashed;
  return otherwise === undefined ? `${dashed} ${takes}` : `${dashed}[=${takes}]`;
}

function rowText({ left, says }: { left: string; says: string }, column: number): string[] {
  const lines: string[] = [];
  let line = `  ${left}`.padEnd(column);
  for (const word of says.split(" ")) {
    const isFirst = line.length === column;
    if (!isFirst && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(column) + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}

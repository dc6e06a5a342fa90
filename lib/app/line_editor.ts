/**
 * A line that a person types on a terminal. `node:readline` edits it: keys,
 * history, completion; how it stands on the screen is drawn here, since others
 * write to the same screen while it is being typed.
 *
 * @module
 */

import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { clean } from "./clean.ts";
import { type Appetite, HIDE_PASTES, TELL_PASTES } from "./keys.ts";
import { type Layout, layOut, rowsAt } from "./line_layout.ts";
import { terminalKeys } from "./standard_input.ts";

/** Lines that Up brings back. */
const HISTORY_LINES = 500;

const CLEAR_SCREEN = "\u001b[H\u001b[2J";
const CLEAR_BELOW = "\u001b[J";

/** Words, and the part of the line that each of them would replace. */
export type Completion = readonly [words: readonly string[], part: string];

/** Where a line is typed, and what may be typed. */
export interface LineEditorOptions {
  /** What stands before the line. */
  readonly prompt: string;
  /** How much of what is typed is for this editor. */
  readonly appetite: Exclude<Appetite, "nothing">;
  /** What the end of the text before the cursor may become, and that end. */
  readonly complete?: (before: string) => Completion;
}

/** One place to type at. Disposing it gives the terminal back. */
export class LineEditor implements Disposable {
  /** Takes each line, after it was taken off the screen. */
  onLine: (line: string) => void = () => {};
  /** Ctrl-C. */
  onInterrupt: () => void = () => {};
  /** Ctrl-D, or the terminal is gone. */
  onEnd: () => void = () => {};
  readonly #readline: Interface;
  readonly #options: LineEditorOptions;
  readonly #onResize = (): void => this.#resized();
  #prompt: string;
  #drawn: Layout | null = null;
  #columns = 0;
  #isDue = false;
  #isOver = false;
  #isGivenBack = false;

  /** Shows the prompt; keys are taken after {@linkcode begin}. */
  constructor(options: LineEditorOptions) {
    this.#options = options;
    this.#prompt = options.prompt;
    const input = terminalKeys();
    // Only what is drawn here reaches the screen.
    const output = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      prompt: "",
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (before: string) => this.#complete(before),
    });
    this.#readline.on("line", (line) => this.#entered(line));
    this.#readline.on("SIGINT", () => this.onInterrupt());
    // Without a listener readline would suspend the program, for which it has no permission.
    this.#readline.on("SIGTSTP", () => {});
    this.#readline.on("close", () => this.#closed());
    input.on("keypress", this.#onKey);
    onWindowChange("addSignalListener", this.#onResize);
    if (options.appetite === "everything") write(TELL_PASTES);
    this.#draw();
  }

  /** Takes keys from now on, first what was typed ahead. */
  begin(): void {
    terminalKeys().give(this.#options.appetite);
  }

  /** What is typed so far. */
  get text(): string {
    return this.#readline.line;
  }

  /** Changes what stands before the line. */
  set prompt(prompt: string) {
    this.#prompt = prompt;
    this.#redraw();
  }

  /** Runs what writes to the terminal; the line stands below it again. */
  above(writes: () => void): void {
    this.#erase();
    try {
      writes();
    } finally {
      this.#draw();
    }
  }

  /** Takes back what was typed. */
  clear(): void {
    this.#readline.write(null, { ctrl: true, name: "e" });
    this.#readline.write(null, { ctrl: true, name: "u" });
    this.#redraw();
  }

  /** Leaves a line on the screen as text, with its prompt. */
  keep(line: string): void {
    this.above(() => write(`${clean(this.#prompt + line).trimEnd()}\n`));
  }

  /** Takes the line off the screen, and no more keys. */
  [Symbol.dispose](): void {
    this.#isGivenBack = true;
    if (!this.#isOver) this.#readline.close();
  }

  readonly #onKey = (_text: string | undefined, key: { ctrl?: boolean; name?: string }): void => {
    if (this.#isOver) return;
    if (key?.ctrl && key.name === "l") {
      write(CLEAR_SCREEN);
      this.#drawn = null;
    }
    if (this.#isDue) return;
    // A paste is many keys at once, drawn once.
    this.#isDue = true;
    queueMicrotask(() => this.#redraw());
  };

  #entered(line: string): void {
    this.#erase();
    this.onLine(line);
    this.#draw();
  }

  #complete(before: string): [string[], string] {
    const [words, part] = this.#options.complete?.(before) ?? [[], before];
    const common = commonBeginning(words);
    // Readline puts in what it is given here, a moment later.
    setTimeout(() => this.#redraw());
    if (words.length > 0 && common !== part) return [[common], part];
    if (words.length > 1) {
      this.above(() => write(`${clean(words.map((word) => word.trimEnd()).join("  "))}\n`));
    }
    return [[], part];
  }

  #closed(): void {
    this.#erase();
    this.#isOver = true;
    const input = terminalKeys();
    input.give("nothing");
    input.off("keypress", this.#onKey);
    onWindowChange("removeSignalListener", this.#onResize);
    if (this.#options.appetite === "everything") write(HIDE_PASTES);
    if (!this.#isGivenBack) this.onEnd();
  }

  #redraw(): void {
    this.#isDue = false;
    this.#erase();
    this.#draw();
  }

  #draw(): void {
    if (this.#isOver || this.#drawn !== null) return;
    const { columns, rows: height } = screenSize();
    const { line: text, cursor } = this.#readline;
    const drawn = layOut({ prompt: this.#prompt, text, cursor, columns, height });
    const up = drawn.rows.length - 1 - drawn.row;
    // Writing the row once more takes the cursor to where the terminal itself has that letter.
    const back = up > 0 ? `\u001b[${up}A` : "";
    write(`${drawn.rows.join("\r\n")}${back}\r${drawn.before}`);
    this.#drawn = drawn;
    this.#columns = columns;
  }

  #erase(): void {
    if (this.#drawn === null) return;
    const { rows, row, before } = this.#drawn;
    const up = this.#rowsAbove(rows.slice(0, row), before);
    write(`${up > 0 ? `\u001b[${up}A` : ""}\r${CLEAR_BELOW}`);
    this.#drawn = null;
  }

  /** A terminal that became narrower has broken what is wider than it. */
  #rowsAbove(rows: readonly string[], before: string): number {
    const { columns } = screenSize();
    if (columns >= this.#columns) return rows.length;
    return rows.reduce((sum, row) => sum + rowsAt(columns, row), rowsAt(columns, before) - 1);
  }

  #resized(): void {
    if (!this.#isOver) this.#redraw();
  }
}

function onWindowChange(
  change: "addSignalListener" | "removeSignalListener",
  listener: () => void,
): void {
  // Windows knows no such signal; there the next key draws the line anew.
  if (Deno.build.os !== "windows") Deno[change]("SIGWINCH", listener);
}

function screenSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

const encoder = new TextEncoder();

function write(text: string): void {
  const to = Deno.stdout.isTerminal() ? Deno.stdout : Deno.stderr;
  let left = encoder.encode(text);
  try {
    while (left.length > 0) left = left.subarray(to.writeSync(left));
  } catch {
    // The terminal is gone, which its end of input tells, too.
  }
}

function commonBeginning(words: readonly string[]): string {
  const [first = ""] = words;
  let length = first.length;
  for (const word of words) while (!word.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

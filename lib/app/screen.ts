/**
 * A few lines on a terminal that are drawn anew in their place.
 *
 * @module
 */

import { rowsAt } from "./line_layout.ts";
import { withoutColours } from "./wrap.ts";

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** Lines below what was on the terminal before. Disposing it leaves them, and gives it back. */
export class Screen implements Disposable {
  /** The terminal is wider or narrower now. */
  onResize: () => void = () => {};
  #drawn: readonly string[] = [];
  readonly #resized = (): void => this.onResize();

  /** Takes the cursor away, and what is typed does not show. */
  constructor() {
    write(HIDE_CURSOR);
    echoKeys(false);
    onWindowChange("addSignalListener", this.#resized);
  }

  /** Columns and rows of the terminal. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = Deno.consoleSize();
    return { width: columns || 80, height: rows || 24 };
  }

  /** Draws the lines in place of those before; none is wider than the terminal. */
  draw(lines: readonly string[]): void {
    const { width } = this.size;
    // A terminal that became narrower has broken what is wider than it.
    const up = this.#drawn.reduce((sum, line) => sum + rowsAt(width, withoutColours(line)), 0);
    const rows = lines.map((line) => `${CLEAR_LINE}${line}\r\n`).join("");
    write(`${up > 0 ? `\u001b[${up}A` : ""}\r${rows}${CLEAR_BELOW}`);
    this.#drawn = lines;
  }

  /** The lines stay. */
  [Symbol.dispose](): void {
    onWindowChange("removeSignalListener", this.#resized);
    write(SHOW_CURSOR);
    echoKeys(true);
  }
}

function onWindowChange(
  change: "addSignalListener" | "removeSignalListener",
  listener: () => void,
): void {
  // Windows knows no such signal; there the next look is drawn in the new width.
  if (Deno.build.os !== "windows") Deno[change]("SIGWINCH", listener);
}

/** Ctrl-C stays a signal in any case. */
function echoKeys(on: boolean): void {
  try {
    if (!Deno.stdin.isTerminal()) return;
    if (on) Deno.stdin.setRaw(false);
    else Deno.stdin.setRaw(true, { cbreak: true });
  } catch {
    // It is gone, or knows no such thing: then keys show, which harms little.
  }
}

const encoder = new TextEncoder();

function write(text: string): void {
  let left = encoder.encode(text);
  try {
    while (left.length > 0) left = left.subarray(Deno.stdout.writeSync(left));
  } catch {
    // The terminal is gone; a signal tells that as well.
  }
}

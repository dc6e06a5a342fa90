/**
 * Questions to a person at a terminal.
 *
 * @module
 */

import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import { Interrupted } from "./interrupts.ts";
import { LineEditor } from "./line_editor.ts";
import { writeError } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** One question, and what ends the waiting for its answer. */
export interface Question {
  /** What is asked; it stands before the answer. */
  readonly text: string;
  /** What is wrong with an answer, for the one who is asked again; null: nothing. */
  readonly check: (answer: string) => string | null;
  /** What can't be done without an answer, such as `A name is missing`. */
  readonly missing: string;
  /** Ends the question. */
  readonly interrupt: AbortSignal;
}

/** Whether a person is there to be asked. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && (Deno.stderr.isTerminal() || Deno.stdout.isTerminal());
}

/**
 * Asks until an answer will do.
 *
 * @throws {UsageError} when the input ends instead.
 * @throws {Interrupted} by Ctrl-C or `interrupt`.
 */
export async function ask({ text, check, missing, interrupt }: Question): Promise<string> {
  while (true) {
    const answer = await answerTo(text, interrupt);
    if (answer === null) throw new UsageError(`${missing}: the input ended`);
    const problem = check(answer);
    if (problem === null) return answer;
    writeError(problem);
  }
}

/** Asks for one of the well-known ports by its index, as the original does. */
export async function askPort(whose: string, interrupt: AbortSignal): Promise<number> {
  const last = WELL_KNOWN_PORTS.length - 1;
  const answer = await ask({
    text: `${whose}? 0 to ${last} for port ${WELL_KNOWN_PORTS.join(", ")}: `,
    check: (typed) =>
      WELL_KNOWN_PORTS[indexIn(typed)] === undefined ? `Write a number from 0 to ${last}` : null,
    missing: "An index is missing",
    interrupt,
  });
  return WELL_KNOWN_PORTS[indexIn(answer)] as number;
}

function indexIn(answer: string): number {
  return /^\d+$/.test(answer) ? Number(answer) : NaN;
}

/** One line, without the space around it; null when the input ends instead. */
async function answerTo(question: string, interrupt: AbortSignal): Promise<string | null> {
  const answer = Promise.withResolvers<string | null>();
  using editor = new LineEditor({ prompt: question, appetite: "a line" });
  const interrupted = (): void => {
    editor.keep(editor.text);
    answer.reject(new Interrupted());
  };
  editor.onLine = (line) => {
    editor.keep(line);
    answer.resolve(line.trim());
  };
  editor.onInterrupt = interrupted;
  editor.onEnd = () => {
    editor.keep("");
    answer.resolve(null);
  };
  interrupt.addEventListener("abort", interrupted, { once: true });
  if (interrupt.aborted) interrupted();
  else editor.begin();
  try {
    return await answer.promise;
  } finally {
    interrupt.removeEventListener("abort", interrupted);
  }
}

/**
 * Asking for the matrix, and showing it.
 *
 * @module
 */

import { Failure } from "./failure.ts";
import type { LiveSession } from "./live_session.ts";
import { matrixJson, type ToldMatrix } from "./matrix_json.ts";
import { matrixView } from "./matrix_view.ts";
import type { Printer } from "./printer.ts";
import { within } from "./within.ts";

/** A server that was just reached answers a question within this. */
export const ANSWER_MS = 5_000;

/**
 * Asks; `told` gives what the session has told when the answer is complete.
 *
 * @throws {Failure} when there is no answer.
 */
export async function askMatrix(
  session: LiveSession,
  told: () => ToldMatrix | null,
): Promise<ToldMatrix> {
  const answered = session.completed("matrix");
  if (!session.call((core) => core.matrix())) {
    throw new Failure("refused", "Cannot show the matrix: an original server does not tell it");
  }
  const isAnswered = await within(ANSWER_MS, answered);
  const matrix = told();
  if (isAnswered && matrix !== null) return matrix;
  throw new Failure("unreachable", "Cannot show the matrix: the server did not answer");
}

/** A table and a verdict for people, lines of cells and a verdict for programs. */
export function showMatrix(printer: Printer, told: ToldMatrix): void {
  printer.answer({
    json: () => matrixJson(told),
    text: (options) => matrixView(told, options),
  });
}

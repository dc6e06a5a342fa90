/**
 * What a client can do besides chatting. Each verb runs to its end and returns
 * the exit code.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";
import type { Attachment } from "./attachment.ts";
import { clean } from "./clean.ts";
import type { ClientOptions } from "./client_args.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import type { LiveSession } from "./live_session.ts";
import { ANSWER_MS, askMatrix, showMatrix } from "./matrix_answer.ts";
import { isWhole, type ToldMatrix } from "./matrix_json.ts";
import { writeError } from "./output.ts";
import type { Printer } from "./printer.ts";
import { guessesOf, measuredRtts } from "./rtts.ts";
import { inputLines } from "./standard_input.ts";
import { within } from "./within.ts";
import { rttTable, serverTable, whoTable } from "./tables.ts";

/** Messages of `send -` on their way at once: enough to fill a LAN. */
const MAX_OPEN = 1_000;

type EventOf<Kind extends ClientEvent["kind"]> = Extract<ClientEvent, { kind: Kind }>;

/** `send`: every message ends in a receipt. */
export async function send(
  { to, text }: { readonly to: readonly string[]; readonly text: string | null },
  { session, events, printer }: Attachment,
  signal: AbortSignal,
): Promise<number> {
  let failed = false;
  events.listen((event) => {
    if (event.kind !== "receipt") return;
    printer.event(event);
    if (event.status === "failed") failed = true;
  });
  const sendToAll = (line: string): void => {
    for (const name of to) session.call((core, now) => core.send(name, line, now));
  };
  if (text !== null) sendToAll(text);
  else {
    for await (const line of inputLines(signal)) {
      sendToAll(line);
      await events.until(() => session.openCount < MAX_OPEN);
    }
  }
  await events.until(() => session.openCount === 0);
  return failed ? ExitCode.undelivered : ExitCode.done;
}

/** `who`: the names of the whole clique. */
export async function who(session: LiveSession, printer: Printer): Promise<number> {
  const clients: EventOf<"client">[] = [];
  session.onEvent = (event) => {
    if (event.kind === "client") clients.push(event);
  };
  const answered = session.completed("who");
  if (!session.call((core) => core.who(false))) {
    throw new Failure("refused", "Cannot list clients: an original server does not tell them");
  }
  if (!await within(ANSWER_MS, answered)) {
    throw new Failure("unreachable", "Cannot list clients: the server did not answer");
  }
  printer.table(clients, whoTable);
  return ExitCode.done;
}

/** `servers`: who is in the clique. */
export function servers(
  session: LiveSession,
  printer: Printer,
  options: ClientOptions,
): number {
  printer.table(session.call((core) => core.servers()) as EventOf<"server">[], serverTable);
  return reportMissing(session, options);
}

/** `rtt`: how far away each server is. */
export function rtt(session: LiveSession, printer: Printer, options: ClientOptions): number {
  printer.table(measuredRtts(session, options), rttTable);
  return rttExitCode(session, options);
}

/** Says which servers did not answer; whether all could be measured. */
export function rttExitCode(session: LiveSession, options: ClientOptions): number {
  const isMissing = measuredRtts(session, options)
    .some(({ summary, state }) => summary.received === 0 || state === "failed");
  const code = reportMissing(session, options);
  return isMissing ? ExitCode.undelivered : code;
}

/** `matrix`: how far the servers are from each other. */
export async function matrix(
  session: LiveSession,
  printer: Printer,
  options: ClientOptions,
): Promise<number> {
  let told: ToldMatrix | null = null;
  session.onEvent = (event) => {
    if (event.kind === "matrix") told = event;
  };
  const whole = await askMatrix(session, () => told);
  showMatrix(printer, whole);
  const code = reportMissing(session, options);
  return isWhole(whole) ? code : ExitCode.undelivered;
}

/** Says which servers did not answer; those that nobody named may well not be there. */
function reportMissing(session: LiveSession, options: ClientOptions): number {
  const guesses = guessesOf(options);
  const missing = session.call((core) => core.failures())
    .filter(({ address }) => !guesses.includes(address));
  for (const { address, why } of missing) writeError(clean(`Cannot reach ${address}: ${why}`));
  return missing.length > 0 ? ExitCode.undelivered : ExitCode.done;
}

/**
 * What a client can do besides chatting. Each verb runs to its end and returns
 * the exit code.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";
import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import type { Attachment } from "./attachment.ts";
import { clean } from "./clean.ts";
import type { ClientOptions } from "./client_args.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import type { LiveSession } from "./live_session.ts";
import { writeError } from "./output.ts";
import type { Printer } from "./printer.ts";
import { inputLines } from "./standard_input.ts";
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

/** A server that was just reached answers a question within this. */
const ANSWER_MS = 5_000;

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
  const guesses = guessesOf(options);
  const measured = (session.call((core, now) => core.rtts(now)) as EventOf<"rtt">[])
    .filter(({ state, server }) => state !== "failed" || !guesses.includes(server));
  printer.table(measured, rttTable);
  const code = reportMissing(session, options);
  return measured.some(({ summary }) => summary.received === 0) ? ExitCode.undelivered : code;
}

/** Says which servers did not answer; those that nobody named may well not be there. */
function reportMissing(session: LiveSession, options: ClientOptions): number {
  const guesses = guessesOf(options);
  const missing = session.call((core) => core.failures())
    .filter(({ address }) => !guesses.includes(address));
  for (const { address, why } of missing) writeError(clean(`Cannot reach ${address}: ${why}`));
  return missing.length > 0 ? ExitCode.undelivered : ExitCode.done;
}

/** Servers that nobody named: it was only tried whether they are there. */
function guessesOf({ servers: named }: ClientOptions): string[] {
  return named === null ? WELL_KNOWN_PORTS.map((port) => `127.0.0.1:${port}`) : [];
}

/** Whether `promise` resolves within so many milliseconds. */
async function within(ms: number, promise: Promise<void>): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([over, promise.then(() => true)]);
  } finally {
    clearTimeout(timer);
  }
}

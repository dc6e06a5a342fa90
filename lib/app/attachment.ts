/**
 * Attaching a session to the clique under a name.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";
import { ask, canAsk } from "./ask.ts";
import { Events } from "./events.ts";
import { Failure } from "./failure.ts";
import type { LiveSession } from "./live_session.ts";
import type { Printer } from "./printer.ts";
import { normalName, ownNameProblem } from "./receivers.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** A session that is attached, its events, and where they are shown. */
export interface Attachment {
  /** The session, which has a home. */
  readonly session: LiveSession;
  /** What it tells from now on. */
  readonly events: Events;
  /** Under which name it is attached. */
  readonly name: string;
  /** Where its events are shown. */
  readonly printer: Printer;
  /** Rejects when the name is lost. */
  readonly lost: Promise<never>;
}

/** What {@linkcode attach} needs to know. */
export interface AttachOptions {
  /** The name to ask for first. */
  readonly name: string;
  /** Where its events are shown. */
  readonly printer: Printer;
  /** Whether the user wants to know which server it is attached to. */
  readonly tellsWhere: boolean;
  /** Rejects with the reason for which the user gives up. */
  readonly givenUp: Promise<unknown>;
  /** Ends a question. */
  readonly interrupt: AbortSignal;
}

/** It says where the client is. */
type WhereEvent = Extract<ClientEvent, { kind: "attached" | "moved" | "searching" }>;

/** The name given, or asked for on a terminal. */
export async function nameFor(given: string | null, interrupt: AbortSignal): Promise<string> {
  if (given !== null) {
    const problem = ownNameProblem(normalName(given));
    if (problem === null) return normalName(given);
    throw new UsageError(`Cannot take name ${quoted(given)}: ${problem}`);
  }
  if (!canAsk()) throw new UsageError("A name is missing: give one with --name NAME");
  return await askName("Your name: ", interrupt);
}

/**
 * Attaches to the nearest server. A name that is taken is asked for again on a
 * terminal.
 *
 * @throws {Failure} when no server can be reached, or the name is refused.
 */
export async function attach(session: LiveSession, options: AttachOptions): Promise<Attachment> {
  const { printer, givenUp, tellsWhere, interrupt } = options;
  const events = new Events();
  let { name } = options;
  let failure: Failure | null = null;
  let attached = false;
  const lost = Promise.withResolvers<never>();
  // Whoever can't do without a name hears of it; nobody need.
  lost.promise.catch(() => {});
  session.onEvent = (event) => {
    if (event.kind === "attached") attached = true;
    if (event.kind === "error") {
      failure = new Failure(event.code, event.message);
      if (attached) lost.reject(failure);
    }
    // Whatever else the client does, what comes from others is shown: they are told so.
    if (event.kind === "message" || (tellsWhere && isWhere(event))) printer.event(event);
    events.emit(event);
  };
  session.call((core, now) => core.attach(name, now));
  while (true) {
    await Promise.race([events.until(() => attached || failure !== null), givenUp]);
    if (attached) return { session, events, name, printer, lost: lost.promise };
    name = await anotherName(failure, interrupt);
    failure = null;
    session.call((core, now) => core.attach(name, now));
  }
}

function isWhere(event: ClientEvent): event is WhereEvent {
  const { kind } = event;
  return kind === "attached" || kind === "moved" || kind === "searching";
}

/** Asks for another name if that can help, and somebody is there to be asked. */
async function anotherName(failure: Failure | null, interrupt: AbortSignal): Promise<string> {
  if (failure?.code !== "name-taken" || !canAsk()) {
    throw failure ?? new Failure("refused", "The server refused the name");
  }
  return await askName(`${failure.message}. Another name: `, interrupt);
}

async function askName(text: string, interrupt: AbortSignal): Promise<string> {
  const answer = await ask({
    text,
    check: (typed) => {
      const problem = ownNameProblem(normalName(typed));
      return problem === null ? null : `Cannot take name ${quoted(typed)}: ${problem}`;
    },
    missing: "A name is missing",
    interrupt,
  });
  return normalName(answer);
}

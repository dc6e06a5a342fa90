/**
 * The client program: one verb, from the command line to the exit code.
 *
 * @module
 */

import { nameProblem } from "../codec/name.ts";
import { EVERYBODY } from "../codec/name.ts";
import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import { addressText } from "../core/address.ts";
import { askPort, canAsk } from "./ask.ts";
import { attach, nameFor, normalName } from "./attachment.ts";
import { chat } from "./chat.ts";
import { type ClientOptions, parseClientArgs, type Verb } from "./client_args.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import { type LiveOptions, LiveSession } from "./live_session.ts";
import { writeError, writeOut } from "./output.ts";
import { jsonLine } from "./print.ts";
import { Printer } from "./printer.ts";
import { UsageError } from "./usage_error.ts";
import { rtt, send, servers, who } from "./verbs.ts";

/**
 * Runs a client's verb and returns the exit code.
 *
 * @param args the command line, without the program's name.
 * @param interrupt ends whatever it does, politely.
 */
export async function runClient(args: readonly string[], interrupt: AbortSignal): Promise<number> {
  let json = false;
  try {
    const command = parseClientArgs(args);
    if (command.kind !== "run") {
      writeOut(command.text);
      return ExitCode.done;
    }
    json = command.options.json;
    return await runVerb(command.options, interrupt);
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.interrupted;
    if (error instanceof Failure) {
      const { code, message } = error;
      if (json) writeOut(jsonLine({ kind: "error", code, message }));
      else writeError(message);
      return error.exitCode;
    }
    if (!(error instanceof UsageError)) throw error;
    writeError(error.message);
    return ExitCode.usage;
  }
}

class Interrupted extends Error {}

async function runVerb(options: ClientOptions, interrupt: AbortSignal): Promise<number> {
  const { verb } = options;
  const verbOptions = verb.kind === "send"
    ? { ...options, verb: { ...verb, to: checkedReceiver(verb.to) } }
    : options;
  const live: LiveOptions = {
    servers: await serversOf(options),
    pin: options.pin,
    ...measuring(verb),
  };
  const name = await nameOf(options);
  using limit = new Limit(options, interrupt);
  await using session = new LiveSession(live);
  const work = name === null
    ? survey(session, verbOptions)
    : converse(session, { name, options: verbOptions, limit });
  // The loser of the race may still fail when the session is closed under it.
  work.catch(() => {});
  return await Promise.race([work, limit.passed]);
}

/** The verbs that need no name. */
async function survey(session: LiveSession, options: ClientOptions): Promise<number> {
  const printer = new Printer(options.json);
  const unreachable = Promise.withResolvers<never>();
  session.onEvent = (event) => {
    if (event.kind === "error") unreachable.reject(new Failure(event.code, event.message));
  };
  const gathered = session.completed("gathered");
  session.call((core, now) => core.start(now));
  await Promise.race([gathered, unreachable.promise]);
  switch (options.verb.kind) {
    case "who":
      return await who(session, printer);
    case "servers":
      return servers(session, printer, options);
    default:
      return rtt(session, printer, options);
  }
}

/** The verbs of somebody with a name. */
async function converse(
  session: LiveSession,
  { name, options, limit }: { name: string; options: ClientOptions; limit: Limit },
): Promise<number> {
  const printer = new Printer(options.json);
  session.call((core, now) => core.start(now));
  const { verb } = options;
  const tellsWhere = verb.kind !== "send";
  const attachment = await attach(session, { name, printer, tellsWhere, givenUp: limit.passed });
  if (verb.kind === "send") return await send(verb, attachment, limit.signal);
  // These go on until somebody ends them, so time running out is an end as well.
  limit.isAnEnd = true;
  const ended = verb.kind === "listen" ? limit.passed : chat(attachment, limit.signal);
  return await Promise.race([ended, attachment.lost]);
}

/** How long the verb may take, and whether the user has had enough. */
class Limit implements Disposable {
  /** Rejects when the verb may not go on; resolves if that is an end like any other. */
  readonly passed: Promise<number>;
  /** Aborted when the verb may not go on. */
  readonly signal: AbortSignal;
  /** Whether time running out is how the verb ends. */
  isAnEnd = false;
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | null = null;

  constructor({ timeoutMs, verb }: ClientOptions, interrupt: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.passed = promise;
    // Whoever races against it hears of it; nobody need.
    promise.catch(() => {});
    this.signal = AbortSignal.any([interrupt, this.#over.signal]);
    interrupt.addEventListener("abort", () => reject(new Interrupted()), { once: true });
    if (interrupt.aborted) reject(new Interrupted());
    if (timeoutMs === null) return;
    this.#timer = setTimeout(() => {
      const message = `Gave up: ${verb.kind} took longer than ${timeoutMs / 1000} s`;
      if (this.isAnEnd) resolve(ExitCode.done);
      else reject(new Failure("timed-out", message));
      this.#over.abort();
    }, timeoutMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

async function serversOf({ servers }: ClientOptions): Promise<string[]> {
  if (servers !== null) return servers.map(addressText);
  const asked = canAsk() ? await askPort("Which server to begin with") : null;
  if (asked === null && canAsk()) throw new UsageError("A server is missing: the input ended");
  return (asked === null ? WELL_KNOWN_PORTS : [asked]).map((port) => `127.0.0.1:${port}`);
}

/** Null for a verb that needs none. */
async function nameOf({ verb, name }: ClientOptions): Promise<string | null> {
  switch (verb.kind) {
    case "who":
    case "servers":
    case "rtt":
      return null;
    case "send":
      return await nameFor(name ?? `guest-${crypto.randomUUID().slice(0, 8)}`);
    default:
      return await nameFor(name);
  }
}

function measuring(verb: Verb): Partial<LiveOptions> {
  switch (verb.kind) {
    case "who":
    case "servers":
      return { probes: 0 };
    case "rtt":
      return { probes: verb.count, intervalMs: verb.intervalMs };
    default:
      return {};
  }
}

function checkedReceiver(to: string): string {
  const name = normalName(to);
  const problem = name === EVERYBODY ? null : nameProblem(name);
  if (problem !== null) throw new UsageError(`Cannot send to '${to}': ${problem}`);
  return name;
}

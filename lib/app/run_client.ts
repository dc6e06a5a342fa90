/**
 * The client program: one verb, from the command line to the exit code.
 *
 * @module
 */

import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import { addressText } from "../core/address.ts";
import type { Found } from "../core/discovery.ts";
import { askPort, canAsk } from "./ask.ts";
import { attach, nameFor } from "./attachment.ts";
import { chat } from "./chat.ts";
import { type ClientOptions, parseClientArgs, type Verb } from "./client_args.ts";
import { Search } from "./discover.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import { Interrupted } from "./interrupts.ts";
import { Limit } from "./limit.ts";
import { type LiveOptions, LiveSession } from "./live_session.ts";
import { Log } from "./log.ts";
import { OutputError, writeError, writeOut } from "./output.ts";
import { jsonLine } from "./print.ts";
import { Printer } from "./printer.ts";
import { parseReceivers } from "./receivers.ts";
import { quoted, UsageError } from "./usage_error.ts";
import { rtt, send, servers, who } from "./verbs.ts";

/** Where nobody named a server, five reasons would say less. */
const NOBODY_HERE = `No server answers on 127.0.0.1, ports ${WELL_KNOWN_PORTS.join(", ")}: ` +
  "name one with --server HOST:PORT";

/**
 * Runs a client's verb and returns the exit code.
 *
 * @param args the command line, without the program's name.
 * @param interrupt ends whatever it does, politely.
 */
export async function runClient(args: readonly string[], interrupt: AbortSignal): Promise<number> {
  let options: ClientOptions | null = null;
  try {
    const command = parseClientArgs(args);
    if (command.kind !== "run") {
      writeOut(command.text);
      return ExitCode.done;
    }
    options = command.options;
    return await runVerb(options, interrupt);
  } catch (error) {
    return explained(error, options);
  }
}

/** Says what ended a verb, if that needs saying, and returns the exit code. */
function explained(error: unknown, options: ClientOptions | null): number {
  if (error instanceof Interrupted) return ExitCode.interrupted;
  if (error instanceof Failure) {
    const { code } = error;
    const isGuess = options !== null && options.servers === null && options.discover === null;
    const message = code === "unreachable" && isGuess && !canAsk() ? NOBODY_HERE : error.message;
    if (options?.json) writeOut(jsonLine({ kind: "error", code, message }));
    else writeError(message);
    return error.exitCode;
  }
  if (!(error instanceof UsageError || error instanceof OutputError)) throw error;
  writeError(error.message);
  return error instanceof UsageError ? ExitCode.usage : ExitCode.undelivered;
}

async function runVerb(options: ClientOptions, interrupt: AbortSignal): Promise<number> {
  const { verb } = options;
  // A mistake in them is told before anything else happens.
  const receivers = verb.kind === "send" ? parseReceivers(verb.to) : [];
  const printer = new Printer(options.json);
  const live: LiveOptions = {
    servers: await serversOf(options, interrupt),
    pin: options.pin,
    ...measuring(verb),
    log: new Log({
      format: "text",
      level: options.logLevel,
      write: (line) => printer.err(line),
      now: () => new Date(),
    }),
  };
  const name = await nameOf(options, interrupt);
  using limit = new Limit(options, interrupt);
  using search = options.discover === null ? null : new Search(options.discover);
  const found = search === null ? [] : await foundBy(search, limit);
  if (live.servers.length === 0 && found.length === 0) throw nobodyFound(options.discover ?? "");
  await using session = new LiveSession({ ...live, found });
  if (search !== null) {
    search.onFound = (server) => session.call((core, now) => core.found(server, now));
  }
  const work = name === null
    ? survey(session, { options, printer })
    : converse(session, { name, receivers, options, printer, limit });
  // The loser of the race may still fail when the session is closed under it.
  work.catch(() => {});
  const exitCode = await Promise.race([work, limit.passed]);
  if (printer.problem !== null) throw printer.problem;
  return exitCode;
}

/** The verbs that need no name. */
async function survey(
  session: LiveSession,
  { options, printer }: { options: ClientOptions; printer: Printer },
): Promise<number> {
  await session.gather();
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
  { name, receivers, options, printer, limit }: {
    name: string;
    receivers: readonly string[];
    options: ClientOptions;
    printer: Printer;
    limit: Limit;
  },
): Promise<number> {
  session.call((core, now) => core.start(now));
  const { verb } = options;
  const attachment = await attach(session, {
    name,
    printer,
    tellsWhere: verb.kind !== "send",
    givenUp: limit.passed,
    interrupt: limit.signal,
  });
  if (verb.kind === "send") {
    return await send({ to: receivers, text: verb.text }, attachment, limit.signal);
  }
  // These go on until somebody ends them, so time running out is an end as well.
  limit.isAnEnd = true;
  if (verb.kind === "chat") return await chat(attachment, limit.signal);
  const unread = printer.unread.then(() => ExitCode.done);
  return await Promise.race([limit.passed, unread, attachment.lost]);
}

async function serversOf(
  { servers, discover }: ClientOptions,
  interrupt: AbortSignal,
): Promise<string[]> {
  if (servers !== null) return servers.map(addressText);
  if (discover !== null) return [];
  const ports = canAsk()
    ? [await askPort("Which server to begin with", interrupt)]
    : WELL_KNOWN_PORTS;
  return ports.map((port) => `127.0.0.1:${port}`);
}

/** Until the verb is an end in itself, time running out rejects. */
async function foundBy(search: Search, limit: Limit): Promise<readonly Found[]> {
  const first = search.first();
  await Promise.race([first, limit.passed]);
  return await first;
}

function nobodyFound(clique: string): Failure {
  return new Failure(
    "unreachable",
    `No server of clique ${quoted(clique)} answers on this network: name one with ` +
      "--server HOST:PORT, or start one with server --discover",
  );
}

/** Null for a verb that needs none. */
async function nameOf(
  { verb, name }: ClientOptions,
  interrupt: AbortSignal,
): Promise<string | null> {
  switch (verb.kind) {
    case "who":
    case "servers":
    case "rtt":
      return null;
    case "send":
      return await nameFor(name ?? `guest-${crypto.randomUUID().slice(0, 8)}`, interrupt);
    default:
      return await nameFor(name, interrupt);
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

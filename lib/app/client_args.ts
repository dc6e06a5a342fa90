/**
 * The client's command line: options, a verb, and what the verb takes.
 *
 * @module
 */

import { DEFAULT_CLIQUE_NAME } from "../codec/announcement.ts";
import type { Address } from "../core/address.ts";
import { parseAddress } from "./address.ts";
import { knownVerb, type OptionShape, type OptionValues, parseCommandLine } from "./args.ts";
import { anyOf, completionScript, SHELLS } from "./completion.ts";
import { type Grammar, helpText } from "./help.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { checkedName, choice, secondsAsMs, wholeNumber } from "./option_values.ts";
import { BINARIES, commandName } from "./program.ts";
import { quoted, UsageError } from "./usage_error.ts";
import { VERSION_TEXT } from "./version.ts";

/** Probes for each server that `rtt` sends. */
export const DEFAULT_RTT_COUNT = 10;

/** The time between two probes: enough that they don't meet in one queue. */
export const DEFAULT_RTT_INTERVAL_MS = 200;

/** A round of probes is kept in memory until its summary. */
export const MAX_RTT_COUNT = 1_000_000;

/** What the client shall do. */
export type Verb =
  | { readonly kind: "chat" | "listen" | "who" | "servers" }
  | {
    readonly kind: "send";
    readonly to: string;
    /** Null: read standard input, a line a message. */
    readonly text: string | null;
  }
  | {
    readonly kind: "rtt";
    readonly count: number;
    /** 0: as fast as the protocol allows. */
    readonly intervalMs: number;
  };

/** How a client shall run. */
export interface ClientOptions {
  /** Null: not given. */
  readonly servers: readonly Address[] | null;
  /** The clique whose servers to look for on the LAN. Null: none. */
  readonly discover: string | null;
  /** As typed; whether it may be a name, the codec decides. Null: not given. */
  readonly name: string | null;
  /** Whether to stay at the first server that answers. */
  readonly pin: boolean;
  /** For the whole verb. Null: no limit. */
  readonly timeoutMs: number | null;
  /** Whether to speak to programs. */
  readonly json: boolean;
  /** The least important lines of its log, which goes to standard error. */
  readonly logLevel: LogLevel;
  /** What it shall do. */
  readonly verb: Verb;
}

/** What the client's command line asks for; `text` is lines to print. */
export type ClientCommand =
  | { readonly kind: "run"; readonly options: ClientOptions }
  | { readonly kind: "help" | "version" | "completion"; readonly text: string };

const VERBS = {
  chat: { says: "talk; a line is NAME TEXT, or a command: /help (default)" },
  send: { takes: "NAME TEXT", says: "send it; NAME may be ada,bob or *, - reads stdin by line" },
  listen: { says: "show the messages that arrive" },
  who: { says: "list the clients of the clique" },
  servers: { says: "list the servers of the clique" },
  rtt: { says: "measure the round-trip time to each server" },
  completion: {
    takes: "SHELL",
    words: SHELLS,
    says: `print what makes ${anyOf(SHELLS)} complete all this`,
  },
} as const;

const SHAPES = {
  "server": {
    takes: "HOST:PORT",
    repeats: true,
    says: "begin here (repeatable; default: asks, else 127.0.0.1)",
  },
  "discover": {
    takes: "NAME",
    otherwise: DEFAULT_CLIQUE_NAME,
    says: `find servers on the LAN (default NAME: ${DEFAULT_CLIQUE_NAME})`,
  },
  "name": { takes: "NAME", says: "your name (default: asks; send: a random one)" },
  "pin": { says: "stay at the first --server (default: go to the nearest)" },
  "timeout": { takes: "SECONDS", says: "of the whole verb (default: no limit)" },
  "json": { says: "print one JSON object a line (default: text)" },
  "log-level": {
    takes: "LEVEL",
    words: LOG_LEVELS,
    says: `${anyOf(LOG_LEVELS)}, on stderr (default: info)`,
  },
  "count": {
    takes: "N",
    only: "rtt",
    says: `of rtt: probes for each server (default: ${DEFAULT_RTT_COUNT})`,
  },
  "interval": {
    takes: "SECONDS",
    only: "rtt",
    says: `of rtt: between two probes (default: ${DEFAULT_RTT_INTERVAL_MS / 1e3})`,
  },
  "help": { short: "h", says: "show this and end; --version: show the version" },
  "version": { says: "show the version and end" },
} as const;

type Given = OptionValues<typeof SHAPES>;

const GRAMMAR: Grammar = { verbs: VERBS, options: SHAPES };

/**
 * Reads the client's arguments. The words of TEXT are joined by one space; a
 * word that begins with a dash needs `--` somewhere before it.
 *
 * @throws {UsageError} for the first mistake in them.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { parseClientArgs } from "./client_args.ts";
 *
 * const command = parseClientArgs(["send", "bob", "007", "--name=ada"]);
 * assert(command.kind === "run");
 * assertEquals(command.options.name, "ada");
 * assertEquals(command.options.verb, { kind: "send", to: "bob", text: "007" });
 * ```
 */
export function parseClientArgs(args: readonly string[]): ClientCommand {
  const { options, words } = parseCommandLine(args, SHAPES);
  if (options.help) return { kind: "help", text: help() };
  if (options.version) return { kind: "version", text: VERSION_TEXT };
  const kind = knownVerb(words[0] ?? "chat", { verbs: VERBS, args, shapes: SHAPES });
  if (kind === "completion") {
    return { kind, text: completionScript(BINARIES.client, GRAMMAR, words.slice(1)) };
  }
  const verb = parseVerb(kind, words, options);
  return {
    kind: "run",
    options: {
      servers: options.server.length === 0 ? null : options.server.map(parseAddress),
      discover: options.discover === null ? null : checkedName(options.discover, "clique"),
      name: options.name,
      pin: options.pin,
      timeoutMs: options.timeout === null
        ? null
        : secondsAsMs(options.timeout, { option: "timeout", zero: false }),
      json: options.json,
      logLevel: choice(options["log-level"] ?? "info", { option: "log-level", words: LOG_LEVELS }),
      verb,
    },
  };
}

function help(): string {
  return helpText(GRAMMAR, {
    command: commandName("client"),
    // All of it is to fit a terminal, and this one has a line with --help.
    sections: { Options: Object.keys(SHAPES).filter((name) => name !== "version") },
    examples: [
      "--server 192.168.1.10:4000 --name ada",
      "--discover send bob see you at six",
      "rtt --count 50 --interval 0.01 --json",
    ],
  });
}

function parseVerb(kind: Verb["kind"], words: readonly string[], given: Given): Verb {
  refuseOptionsOfOthers(kind, given);
  if (kind === "send") return parseSend(words);
  if (words[1] !== undefined) {
    throw new UsageError(
      `Unexpected argument ${quoted(words[1])}: ${kind} takes options only`,
    );
  }
  return kind === "rtt" ? parseRtt(given) : { kind };
}

function refuseOptionsOfOthers(kind: Verb["kind"], given: Given): void {
  for (const [option, { only }] of Object.entries<OptionShape>(SHAPES)) {
    if (only === undefined || only === kind || given[option as keyof Given] === null) continue;
    throw new UsageError(`Option --${option} is out of place: only ${only} has it`);
  }
}

function parseSend([, to, ...texts]: readonly string[]): Verb {
  if (to === undefined || to === "") {
    throw new UsageError("Verb send needs a name: send NAME TEXT");
  }
  if (texts.length === 0) {
    throw new UsageError(
      "Verb send needs a text: send NAME TEXT, or - as TEXT to read stdin",
    );
  }
  const text = texts.join(" ");
  return { kind: "send", to, text: text === "-" ? null : text };
}

function parseRtt(given: Given): Verb {
  return {
    kind: "rtt",
    count: given.count === null ? DEFAULT_RTT_COUNT : wholeNumber(given.count, {
      option: "count",
      min: 1,
      max: MAX_RTT_COUNT,
    }),
    intervalMs: given.interval === null
      ? DEFAULT_RTT_INTERVAL_MS
      : secondsAsMs(given.interval, { option: "interval", zero: true }),
  };
}

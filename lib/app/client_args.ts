/**
 * The client's command line: options, a verb, and what the verb takes.
 *
 * @module
 */

import { DEFAULT_CLIQUE_NAME } from "../codec/announcement.ts";
import type { Address } from "../core/address.ts";
import { parseAddress } from "./address.ts";
import { type OptionValues, parseCommandLine } from "./args.ts";
import { checkedName, secondsAsMs, wholeNumber } from "./option_values.ts";
import { suggest } from "./suggest.ts";
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
  readonly pin: boolean;
  /** For the whole verb. Null: no limit. */
  readonly timeoutMs: number | null;
  readonly json: boolean;
  readonly verb: Verb;
}

/** What the client's command line asks for; `text` is lines to print. */
export type ClientCommand =
  | { readonly kind: "run"; readonly options: ClientOptions }
  | { readonly kind: "help" | "version"; readonly text: string };

const VERBS = ["chat", "send", "listen", "who", "servers", "rtt"] as const;

const SHAPES = {
  "server": { takes: "HOST:PORT", repeats: true },
  "discover": { takes: "NAME", otherwise: DEFAULT_CLIQUE_NAME },
  "name": { takes: "NAME" },
  "pin": {},
  "timeout": { takes: "SECONDS" },
  "json": {},
  "count": { takes: "N" },
  "interval": { takes: "SECONDS" },
  "help": {},
  "version": {},
} as const;

type Given = OptionValues<typeof SHAPES>;

const HELP = `Usage: client [OPTION]... [VERB]
Verbs:
  chat                 talk; a line is NAME TEXT, or a command: /help (default)
  send NAME TEXT       send one message; - as TEXT: stdin, a line a message
  listen               show the messages that arrive
  who, servers         list the clients, or the servers, of the clique
  rtt                  measure the round-trip time to each server
Options:
  --server HOST:PORT   begin here (repeatable; default: asks on a terminal,
                       else 127.0.0.1, ports 4000, 4010, 4020, 4030, 4040)
  --discover[=NAME]    find servers on the LAN (default NAME: p2p-rtt)
  --name NAME          your name (default: asks; send: a random one)
  --pin                stay at the first --server (default: go to the nearest)
  --timeout SECONDS    of the whole verb (default: no limit)
  --json               print one JSON object a line (default: text)
  --count N            of rtt: probes for each server (default: 10)
  --interval SECONDS   of rtt: between two probes (default: 0.2)
  -h, --help           show this and end
  --version            show the version and end
Examples:
  client --server 192.168.1.10:4000 --name ada
  client --discover send bob see you at six
  client rtt --count 50 --json`;

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
  if (options.help) return { kind: "help", text: HELP };
  if (options.version) return { kind: "version", text: VERSION_TEXT };
  const verb = parseVerb(words, options);
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
      verb,
    },
  };
}

function parseVerb(words: readonly string[], given: Given): Verb {
  const kind = knownVerb(words[0] ?? "chat");
  if (kind !== "rtt") refuseRttOptions(given);
  if (kind === "send") return parseSend(words);
  if (words[1] !== undefined) {
    throw new UsageError(
      `Unexpected argument ${quoted(words[1])}: ${kind} takes options only`,
    );
  }
  return kind === "rtt" ? parseRtt(given) : { kind };
}

function knownVerb(word: string): typeof VERBS[number] {
  const known = VERBS.find((verb) => verb === word);
  if (known !== undefined) return known;
  const meant = suggest(word, [...VERBS, "--help", "--version"]);
  const advice = meant === null ? `allowed are ${VERBS.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`Unknown verb ${quoted(word)}: ${advice}`);
}

function refuseRttOptions(given: Given): void {
  for (const option of ["count", "interval"] as const) {
    if (given[option] === null) continue;
    throw new UsageError(`Option --${option} is out of place: only rtt has it`);
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

/**
 * The server's command line.
 *
 * @module
 */

import { DEFAULT_CLIQUE_NAME } from "../codec/announcement.ts";
import { type Address, isLoopback } from "../core/address.ts";
import { NODE_LIMITS } from "../core/node.ts";
import {
  ALL_INTERFACES,
  ALL_INTERFACES_IPV6,
  parseAddress,
  parseAdvertisedAddress,
  parseListenAddress,
} from "./address.ts";
import { knownVerb, optionArgs, type OptionValues, parseCommandLine } from "./args.ts";
import { anyOf, completionScript, SHELLS } from "./completion.ts";
import { type Grammar, helpText } from "./help.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";
import { checkedName, choice, secondsAsMs } from "./option_values.ts";
import { BINARIES, commandName } from "./program.ts";
import { serviceUnit, SYSTEMS } from "./service_unit.ts";
import { quoted, UsageError } from "./usage_error.ts";
import { VERSION_TEXT } from "./version.ts";

/** How a server shall run. */
export interface ServerOptions {
  /** Null: not given. Port 0: any free one. */
  readonly listen: Address | null;
  /** Empty: not given. */
  readonly advertise: readonly Address[];
  /** Null: not given. Empty: `none`, join nobody. */
  readonly join: readonly Address[] | null;
  /** The clique to find on the LAN, and to be found in. Null: none. */
  readonly discover: string | null;
  /** What people call it. Null: not given. */
  readonly label: string | null;
  /** What the lines of its log look like. */
  readonly logFormat: LogFormat;
  /** The least important lines that are logged. */
  readonly logLevel: LogLevel;
  /** How long clients may take to go elsewhere when it leaves. */
  readonly drainMs: number;
}

/** What the server's command line asks for; `text` is lines to print. */
export type ServerCommand =
  | { readonly kind: "run"; readonly options: ServerOptions }
  | {
    readonly kind: "help" | "version" | "completion" | "service-unit";
    readonly text: string;
  };

const VERBS = {
  "service-unit": {
    takes: "[SYSTEM]",
    words: SYSTEMS,
    says: `print what makes ${anyOf(SYSTEMS)} run it so`,
  },
  "completion": {
    takes: "SHELL",
    words: SHELLS,
    says: `print what makes ${anyOf(SHELLS)} complete all this`,
  },
} as const;

const SHAPES = {
  "listen": {
    takes: "HOST:PORT",
    says: "accept connections here; :4000 is all interfaces, port 0 any (default: 127.0.0.1, " +
      "or all with --discover; port asked for, else the first free from 4000 to 4040)",
  },
  "advertise": {
    takes: "HOST:PORT",
    repeats: true,
    says: "tell others this one (repeatable; default: as seen)",
  },
  "join": {
    takes: "HOST:PORT",
    repeats: true,
    says: "another server of the clique, or none (repeatable; default: none with --discover, " +
      "else those five ports)",
  },
  "discover": {
    takes: "NAME",
    otherwise: DEFAULT_CLIQUE_NAME,
    says: `find each other on the LAN, as NAME (default: ${DEFAULT_CLIQUE_NAME})`,
  },
  "label": { takes: "NAME", says: "its name for people (default: no label)" },
  "log-format": {
    takes: "FORMAT",
    words: LOG_FORMATS,
    says: `${anyOf(LOG_FORMATS)}, on stderr (default: text)`,
  },
  "log-level": { takes: "LEVEL", words: LOG_LEVELS, says: `${anyOf(LOG_LEVELS)} (default: info)` },
  "drain-timeout": {
    takes: "SECS",
    says: "let its clients move so long first (default: 10)",
  },
  "help": { short: "h", says: "show this and end" },
  "version": { says: "show the version and end" },
} as const;

const GRAMMAR: Grammar = { verbs: VERBS, options: SHAPES };

/**
 * Reads the server's arguments.
 *
 * @throws {UsageError} for the first mistake in them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseServerArgs } from "./server_args.ts";
 *
 * const command = parseServerArgs(["--listen", ":4000", "--join=none"]);
 * assertEquals(command, {
 *   kind: "run",
 *   options: {
 *     listen: { hostname: "0.0.0.0", port: 4000 },
 *     advertise: [],
 *     join: [],
 *     discover: null,
 *     label: null,
 *     logFormat: "text",
 *     logLevel: "info",
 *     drainMs: 10_000,
 *   },
 * });
 * ```
 */
export function parseServerArgs(args: readonly string[]): ServerCommand {
  const { options, words } = parseCommandLine(args, SHAPES);
  if (options.help) return { kind: "help", text: help() };
  if (options.version) return { kind: "version", text: VERSION_TEXT };
  const [word, ...rest] = words;
  if (word === undefined) return { kind: "run", options: serverOptions(options) };
  const kind = knownVerb(word, { verbs: VERBS, args, shapes: SHAPES });
  const text = kind === "completion"
    ? completionScript(BINARIES.server, GRAMMAR, rest)
    : serviceUnit({ ...serverOptions(options), args: optionArgs(options, SHAPES) }, rest);
  return { kind, text };
}

function help(): string {
  return helpText(GRAMMAR, {
    command: commandName("server"),
    sections: {
      "Where it is reached": ["listen", "advertise"],
      "Whom it joins, and how it leaves": ["join", "discover", "drain-timeout"],
      "What it says": ["label", "log-format", "log-level", "help", "version"],
    },
    examples: [
      "--discover --label attic",
      "--listen :4000 --join 192.168.1.10:4000",
      "--listen 127.0.0.1:0 --join none --log-format json",
    ],
  });
}

function serverOptions(given: OptionValues<typeof SHAPES>): ServerOptions {
  const discover = given.discover === null ? null : checkedName(given.discover, "clique");
  return {
    listen: given.listen === null ? null : listened(given.listen, discover !== null),
    advertise: given.advertise.map(parseAdvertisedAddress),
    join: joined(given.join) ?? (discover === null ? null : []),
    discover,
    // Labels stand beside names in tables, so what may be a name may be a label.
    label: given.label === null ? null : checkedName(given.label, "label"),
    logFormat: choice(given["log-format"] ?? "text", {
      option: "log-format",
      words: LOG_FORMATS,
    }),
    logLevel: choice(given["log-level"] ?? "info", {
      option: "log-level",
      words: LOG_LEVELS,
    }),
    drainMs: given["drain-timeout"] === null
      ? NODE_LIMITS.drainMs
      : secondsAsMs(given["drain-timeout"], { option: "drain-timeout", zero: true }),
  };
}

function joined(given: readonly string[]): readonly Address[] | null {
  if (given.length === 0) return null;
  if (given.every((text) => text === "none")) return [];
  if (given.includes("none")) {
    throw new UsageError(
      "Option --join is none and an address: give addresses, or none alone",
    );
  }
  return given.map(parseAddress);
}

function listened(text: string, discovers: boolean): Address {
  const address = parseListenAddress(text, discovers ? ALL_INTERFACES_IPV6 : ALL_INTERFACES);
  if (!discovers || !isLoopback(address.hostname)) return address;
  throw new UsageError(
    `Option --discover needs a server that others can reach: ${quoted(text)} is this machine ` +
      `only, give --listen :${address.port} or leave it out`,
  );
}

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
import { type OptionValues, parseCommandLine } from "./args.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";
import { checkedName, choice, secondsAsMs } from "./option_values.ts";
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
  readonly label: string | null;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
  /** How long clients may take to go elsewhere when it leaves. */
  readonly drainMs: number;
}

/** What the server's command line asks for; `text` is lines to print. */
export type ServerCommand =
  | { readonly kind: "run"; readonly options: ServerOptions }
  | { readonly kind: "help" | "version"; readonly text: string };

const SHAPES = {
  "listen": { takes: "HOST:PORT" },
  "advertise": { takes: "HOST:PORT", repeats: true },
  "join": { takes: "HOST:PORT", repeats: true },
  "discover": { takes: "NAME", otherwise: DEFAULT_CLIQUE_NAME },
  "label": { takes: "NAME" },
  "log-format": { takes: LOG_FORMATS.join("|") },
  "log-level": { takes: LOG_LEVELS.join("|") },
  "drain-timeout": { takes: "SECONDS" },
  "help": {},
  "version": {},
} as const;

const HELP = `Usage: server [OPTION]...
Where it is reached:
  --listen HOST:PORT     accept connections here; :4000 is all interfaces,
                         port 0 any free one (default: 127.0.0.1, or all with
                         --discover; its port asked for on a terminal, else the
                         first free of 4000, 4010, 4020, 4030, 4040)
  --advertise HOST:PORT  tell others this (repeatable; default: as they see it)
Whom it joins:
  --join HOST:PORT       another server of the clique, or none (repeatable;
                         default: none with --discover, else those five ports)
  --discover[=NAME]      find each other on the LAN, as NAME (default: p2p-rtt)
What it says:
  --label NAME           its name for people (default: no label)
  --log-format FORMAT    text or json, on stderr (default: text)
  --log-level LEVEL      debug, info, warn or error (default: info)
Other:
  --drain-timeout SECONDS
                         how long its clients may take to move (default: 10)
  -h, --help, --version  show this, or the version, and end
Examples:
  server --discover --label attic
  server --listen :4000 --join 192.168.1.10:4000
  server --listen 127.0.0.1:0 --join none --log-format json`;

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
  if (options.help) return { kind: "help", text: HELP };
  if (options.version) return { kind: "version", text: VERSION_TEXT };
  if (words[0] !== undefined) {
    throw new UsageError(
      `Unexpected argument ${quoted(words[0])}: the server takes options only`,
    );
  }
  return { kind: "run", options: serverOptions(options) };
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

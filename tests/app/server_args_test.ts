import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseServerArgs, type ServerOptions } from "../../lib/app/server_args.ts";
import { UsageError } from "../../lib/app/usage_error.ts";
import { assertFitsTerminal, examplesIn } from "./help.ts";

const DEFAULTS: ServerOptions = {
  listen: null,
  advertise: [],
  join: null,
  discover: null,
  label: null,
  logFormat: "text",
  logLevel: "info",
  drainMs: 10_000,
};

const A = { hostname: "a", port: 1 };
const B = { hostname: "b", port: 2 };

const GOOD: readonly [string[], Partial<ServerOptions>][] = [
  [[], {}],
  [["--listen", ":4000"], { listen: { hostname: "0.0.0.0", port: 4000 } }],
  [["--listen=[::]:0"], { listen: { hostname: "::", port: 0 } }],
  [["--advertise", "a:1", "--advertise", "b:2"], { advertise: [A, B] }],
  [["--join", "a:1", "--join=b:2"], { join: [A, B] }],
  [["--join", "none"], { join: [] }],
  [["--join", "none", "--join", "none"], { join: [] }],
  [["--discover"], { discover: "p2p-rtt", join: [] }],
  [["--discover=attic", "--join", "a:1"], { discover: "attic", join: [A] }],
  [["--discover", "--listen", ":4000"], {
    discover: "p2p-rtt",
    join: [],
    listen: { hostname: "::", port: 4000 },
  }],
  [["--discover", "--listen=0.0.0.0:4000"], {
    discover: "p2p-rtt",
    join: [],
    listen: { hostname: "0.0.0.0", port: 4000 },
  }],
  [["--label", "attic"], { label: "attic" }],
  [["--label", "屋根裏"], { label: "屋根裏" }],
  [["--label", "x".repeat(64)], { label: "x".repeat(64) }],
  [["--log-format", "json"], { logFormat: "json" }],
  [["--log-format", "text"], { logFormat: "text" }],
  [["--log-level", "debug"], { logLevel: "debug" }],
  [["--log-level", "info"], { logLevel: "info" }],
  [["--log-level", "warn"], { logLevel: "warn" }],
  [["--log-level=error"], { logLevel: "error" }],
  [["--drain-timeout", "2.5"], { drainMs: 2_500 }],
  [["--drain-timeout=0"], { drainMs: 0 }],
];

const BAD: readonly [string[], string][] = [
  [["4000"], "Unknown verb '4000': allowed are service-unit, completion"],
  [["--", "--listen"], "Unknown verb '--listen': allowed are service-unit, completion"],
  [["service"], "Unknown verb 'service': did you mean service-unit?"],
  [["completion"], "Verb completion needs a shell: bash, zsh or fish"],
  [["service-unit", "upstart"], "Unknown system 'upstart': allowed are systemd, launchd"],
  [["service-unit", "system"], "Unknown system 'system': did you mean systemd?"],
  [["service-unit", "launchd", "x"], "Unexpected argument 'x': service-unit takes one system"],
  [
    ["service-unit", "--listen", "x"],
    "Cannot read address 'x': the port is missing, write HOST:PORT",
  ],
  [["--lisen", ":4000"], "Unknown option --lisen: did you mean --listen?"],
  [
    ["--server", "a:1"],
    "Unknown option --server: allowed are --listen, --advertise, --join, --discover, --label, --log-format, --log-level, --drain-timeout, --help, --version",
  ],
  [
    ["--xyzzy"],
    "Unknown option --xyzzy: allowed are --listen, --advertise, --join, --discover, --label, --log-format, --log-level, --drain-timeout, --help, --version",
  ],
  [["--listen"], "Option --listen needs a value: --listen HOST:PORT"],
  [["--discover", "attic"], "Unknown verb 'attic': did you mean --discover=attic?"],
  [["--discover="], "Option --discover needs a value: --discover NAME"],
  [
    ["--discover=two words"],
    "Cannot take clique 'two words': it has a space or another separator in it",
  ],
  [
    ["--discover", "--listen", "127.0.0.1:4000"],
    "Option --discover needs a server that others can reach: '127.0.0.1:4000' is this machine " +
    "only, give --listen :4000 or leave it out",
  ],
  [["--listen", "4000"], "Cannot read address '4000': the port is missing, write HOST:PORT"],
  [
    ["--listen", ":70000"],
    "Cannot read address ':70000': the port is out of range, allowed are 0 to 65535",
  ],
  [["--listen", ":1", "--listen", ":2"], "Option --listen is given more than once: give it once"],
  [
    ["--advertise", "a:0"],
    "Cannot read address 'a:0': the port is out of range, allowed are 1 to 65535",
  ],
  [["--advertise", ":4000"], "Cannot read address ':4000': the host is missing"],
  [
    ["--advertise", "0.0.0.0:1"],
    "Cannot advertise address '0.0.0.0:1': it stands for all interfaces, name one that others can reach",
  ],
  [
    ["--join", "a:0"],
    "Cannot read address 'a:0': the port is out of range, allowed are 1 to 65535",
  ],
  [
    ["--join", "none", "--join", "a:1"],
    "Option --join is none and an address: give addresses, or none alone",
  ],
  [["--label", "a b"], "Cannot take label 'a b': it has a space or another separator in it"],
  [["--label", "a\u0007"], "Cannot take label 'a': it has a control or format character in it"],
  [
    ["--label", "ä".repeat(33)],
    `Cannot take label '${"ä".repeat(33)}': it has 66 bytes, the limit is 64`,
  ],
  [["--label"], "Option --label needs a value: --label NAME"],
  [["--log-format", "xml"], "Option --log-format is 'xml': allowed are text, json"],
  [["--log-format"], "Option --log-format needs a value: --log-format FORMAT"],
  [["--log-level", "all"], "Option --log-level is 'all': allowed are debug, info, warn, error"],
  [["--log-level"], "Option --log-level needs a value: --log-level LEVEL"],
  [
    ["--drain-timeout", "soon"],
    "Option --drain-timeout is 'soon': allowed are seconds from 0 to 2147483",
  ],
  [["--drain-timeout"], "Option --drain-timeout needs a value: --drain-timeout SECS"],
];

Deno.test("the server's options", () => {
  for (const [args, options] of GOOD) {
    assertEquals(
      parseServerArgs(args),
      { kind: "run", options: { ...DEFAULTS, ...options } },
      args.join(" "),
    );
  }
});

Deno.test("the server's options: each mistake has its one line", () => {
  for (const [args, message] of BAD) {
    const error = assertThrows(
      () => parseServerArgs(args),
      UsageError,
      undefined,
      args.join(" "),
    );
    assertEquals(error.message, message);
  }
});

Deno.test("the server's version, and help before everything else", () => {
  assertEquals(parseServerArgs(["--version"]), {
    kind: "version",
    text: "p2p-rtt 0.1.0",
  });
  for (const args of [["--help"], ["-h"], ["--version", "--help", "x"]]) {
    assertEquals(parseServerArgs(args).kind, "help");
  }
});

Deno.test("the server's help fits a terminal, and its examples work", () => {
  const help = parseServerArgs(["--help"]);
  assert(help.kind === "help");
  assertFitsTerminal(help.text);
  const examples = examplesIn(help.text, "server");
  assertEquals(examples.length, 3);
  for (const args of examples) assertEquals(parseServerArgs(args).kind, "run");
});

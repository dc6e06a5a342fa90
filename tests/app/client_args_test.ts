import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ClientOptions, parseClientArgs, type Verb } from "../../lib/app/client_args.ts";
import { UsageError } from "../../lib/app/usage_error.ts";
import { assertFitsTerminal, examplesIn } from "./help.ts";

const DEFAULTS: ClientOptions = {
  servers: null,
  discover: null,
  name: null,
  pin: false,
  timeoutMs: null,
  json: false,
  logLevel: "info",
  verb: { kind: "chat" },
};

const OPTIONS: readonly [string[], Partial<ClientOptions>][] = [
  [[], {}],
  [["--server", "a:1", "--server=[::1]:2"], {
    servers: [{ hostname: "a", port: 1 }, { hostname: "::1", port: 2 }],
  }],
  [["--discover"], { discover: "p2p-rtt" }],
  [["--discover=attic"], { discover: "attic" }],
  [["--discover", "who"], { discover: "p2p-rtt", verb: { kind: "who" } }],
  [["--name", "ada"], { name: "ada" }],
  [["--name", "not a name"], { name: "not a name" }],
  [["--name", "007"], { name: "007" }],
  [["--pin"], { pin: true }],
  [["--timeout", "2.5"], { timeoutMs: 2500 }],
  [["--json"], { json: true }],
  [["--log-level", "debug"], { logLevel: "debug" }],
  [["--json", "--pin", "who"], {
    json: true,
    pin: true,
    verb: { kind: "who" },
  }],
  [["who", "--json"], { json: true, verb: { kind: "who" } }],
];

const RTT = { kind: "rtt", count: 10, intervalMs: 200 } as const;

const VERBS: readonly [string[], Verb][] = [
  [["chat"], { kind: "chat" }],
  [["listen"], { kind: "listen" }],
  [["who"], { kind: "who" }],
  [["servers"], { kind: "servers" }],
  [["rtt"], RTT],
  [["rtt", "--count", "50"], { ...RTT, count: 50 }],
  [["--count=1", "rtt"], { ...RTT, count: 1 }],
  [["rtt", "--interval", "0"], { ...RTT, intervalMs: 0 }],
  [["rtt", "--interval", "1.5"], { ...RTT, intervalMs: 1500 }],
];

const TEXTS: readonly [string[], string | null][] = [
  [["hello"], "hello"],
  [["hello", "dear", "bob"], "hello dear bob"],
  [["hello  dear", "bob"], "hello  dear bob"],
  [["007"], "007"],
  [["1e3", "0x1f"], "1e3 0x1f"],
  [["true"], "true"],
  [[""], ""],
  [["-"], null],
  [["-", "x"], "- x"],
  [["a", "-", "b"], "a - b"],
  [["--", "-5"], "-5"],
  [["--", "--json"], "--json"],
  [["--", "-h", "--", "x"], "-h -- x"],
  [["see", "--", "-v"], "see -v"],
];

const BAD: readonly [string[], string][] = [
  [["sned", "bob", "hi"], "Unknown verb 'sned': did you mean send?"],
  [["server"], "Unknown verb 'server': did you mean servers?"],
  [["ls"], "Unknown verb 'ls': allowed are chat, send, listen, who, servers, rtt, completion"],
  [["help"], "Unknown verb 'help': did you mean --help?"],
  [["version"], "Unknown verb 'version': did you mean --version?"],
  [[""], "Unknown verb '': allowed are chat, send, listen, who, servers, rtt, completion"],
  [
    ["SEND", "a", "b"],
    "Unknown verb 'SEND': allowed are chat, send, listen, who, servers, rtt, completion",
  ],
  [
    ["toString"],
    "Unknown verb 'toString': allowed are chat, send, listen, who, servers, rtt, completion",
  ],
  [["--discover", "attic", "who"], "Unknown verb 'attic': did you mean --discover=attic?"],
  [["completion"], "Verb completion needs a shell: bash, zsh or fish"],
  [["completion", "basj"], "Unknown shell 'basj': did you mean bash?"],
  [["completion", "powershell"], "Unknown shell 'powershell': allowed are bash, zsh, fish"],
  [["completion", "zsh", "x"], "Unexpected argument 'x': completion takes one shell"],
  [["send"], "Verb send needs a name: send NAME TEXT"],
  [["send", "", "hi"], "Verb send needs a name: send NAME TEXT"],
  [["send", "bob"], "Verb send needs a text: send NAME TEXT, or - as TEXT to read stdin"],
  [["send", "bob", "-5"], "Unknown option -5: put -- before words that begin with a dash"],
  [["send", "bob", "--jsn"], "Unknown option --jsn: did you mean --json?"],
  [["who", "bob"], "Unexpected argument 'bob': who takes options only"],
  [["chat", "bob"], "Unexpected argument 'bob': chat takes options only"],
  [["listen", "bob"], "Unexpected argument 'bob': listen takes options only"],
  [["servers", "x"], "Unexpected argument 'x': servers takes options only"],
  [["rtt", "x"], "Unexpected argument 'x': rtt takes options only"],
  [["--servr", "a:1"], "Unknown option --servr: did you mean --server?"],
  [
    ["rtt", "--watch"],
    "Unknown option --watch: allowed are --server, --discover, --name, --pin, --timeout, --json, --log-level, --count, --interval, --help, --version",
  ],
  [["--server"], "Option --server needs a value: --server HOST:PORT"],
  [
    ["--server", "foo:99999"],
    "Cannot read address 'foo:99999': the port is out of range, allowed are 1 to 65535",
  ],
  [["--server", ":4000"], "Cannot read address ':4000': the host is missing"],
  [
    ["--server", "foo:0"],
    "Cannot read address 'foo:0': the port is out of range, allowed are 1 to 65535",
  ],
  [["--name"], "Option --name needs a value: --name NAME"],
  [["--name", "a", "--name", "b"], "Option --name is given more than once: give it once"],
  [["--timeout"], "Option --timeout needs a value: --timeout SECONDS"],
  [["--timeout", "0"], "Option --timeout is '0': allowed are seconds above 0, to 2147483"],
  [["--timeout", "-1"], "Option --timeout is '-1': allowed are seconds above 0, to 2147483"],
  [["--timeout", "soon"], "Option --timeout is 'soon': allowed are seconds above 0, to 2147483"],
  [
    ["--log-level", "loud"],
    "Option --log-level is 'loud': allowed are debug, info, warn, error",
  ],
  [["--json=yes"], "Option --json takes no value: leave out '='"],
  [["rtt", "--count", "0"], "Option --count is '0': allowed are whole numbers from 1 to 1000000"],
  [
    ["rtt", "--count", "1.5"],
    "Option --count is '1.5': allowed are whole numbers from 1 to 1000000",
  ],
  [
    ["rtt", "--count", "10x"],
    "Option --count is '10x': allowed are whole numbers from 1 to 1000000",
  ],
  [["rtt", "--count"], "Option --count needs a value: --count N"],
  [["rtt", "--interval", "-1"], "Option --interval is '-1': allowed are seconds from 0 to 2147483"],
  [["who", "--count", "5"], "Option --count is out of place: only rtt has it"],
  [["--interval", "5"], "Option --interval is out of place: only rtt has it"],
];

Deno.test("the client's options", () => {
  for (const [args, options] of OPTIONS) {
    assertEquals(
      parseClientArgs(args),
      { kind: "run", options: { ...DEFAULTS, ...options } },
      args.join(" "),
    );
  }
});

Deno.test("the client's verbs", () => {
  for (const [args, verb] of VERBS) {
    assertEquals(
      parseClientArgs(args),
      { kind: "run", options: { ...DEFAULTS, verb } },
      args.join(" "),
    );
  }
});

Deno.test("what is sent is what was typed", () => {
  for (const [words, text] of TEXTS) {
    const command = parseClientArgs(["send", "bob", ...words]);
    assert(command.kind === "run");
    assertEquals(command.options.verb, { kind: "send", to: "bob", text });
  }
});

Deno.test("a receiver may look like a number or be everybody", () => {
  for (const to of ["42", "*", "-"]) {
    const command = parseClientArgs(["send", to, "hi"]);
    assert(command.kind === "run");
    assertEquals(command.options.verb, { kind: "send", to, text: "hi" });
  }
});

Deno.test("the client's options: each mistake has its one line", () => {
  for (const [args, message] of BAD) {
    const error = assertThrows(
      () => parseClientArgs(args),
      UsageError,
      undefined,
      args.join(" "),
    );
    assertEquals(error.message, message);
  }
});

Deno.test("the client's version, and help before everything else", () => {
  assertEquals(parseClientArgs(["--version"]), {
    kind: "version",
    text: "p2p-rtt 0.1.0",
  });
  for (const args of [["--help"], ["send", "-h"], ["frob", "--help"]]) {
    assertEquals(parseClientArgs(args).kind, "help");
  }
});

Deno.test("after -- help is a word like others", () => {
  const command = parseClientArgs(["send", "bob", "--", "--help"]);
  assertEquals(command.kind, "run");
});

Deno.test("the client's help fits a terminal, and its examples work", () => {
  const help = parseClientArgs(["--help"]);
  assert(help.kind === "help");
  assertFitsTerminal(help.text);
  const examples = examplesIn(help.text, "client");
  assertEquals(examples.length, 3);
  for (const args of examples) assertEquals(parseClientArgs(args).kind, "run");
});

Deno.test("the defaults in the client's help are the ones in force", () => {
  const help = parseClientArgs(["--help"]);
  const command = parseClientArgs(["rtt"]);
  assert(help.kind === "help" && command.kind === "run");
  const { verb } = command.options;
  assert(verb.kind === "rtt");
  assert(help.text.includes(`each server (default: ${verb.count})`));
  assert(help.text.includes(`probes (default: ${verb.intervalMs / 1e3})`));
});

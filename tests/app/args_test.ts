import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../lib/app/args.ts";
import { UsageError } from "../../lib/app/usage_error.ts";

const SHAPES = {
  server: { takes: "HOST:PORT", repeats: true },
  name: { takes: "NAME" },
  json: {},
  help: {},
} as const;

const NOTHING = { server: [], name: null, json: false, help: false } as const;

type Given = Readonly<Record<string, unknown>>;

const GOOD: readonly [string[], words: string[], given: Given][] = [
  [[], [], {}],
  [["--name", "ada"], [], { name: "ada" }],
  [["--name=ada"], [], { name: "ada" }],
  [["--name=a=b"], [], { name: "a=b" }],
  [["--name=-x"], [], { name: "-x" }],
  [["--name=--json"], [], { name: "--json" }],
  [["--name", "-5"], [], { name: "-5" }],
  [["--name", "-.5"], [], { name: "-.5" }],
  [["--name", "007"], [], { name: "007" }],
  [["--name=a\nb"], [], { name: "a\nb" }],
  [["--name", "a b"], [], { name: "a b" }],
  [["--server", "a:1", "--server=b:2"], [], { server: ["a:1", "b:2"] }],
  [["--json"], [], { json: true }],
  [["-h"], [], { help: true }],
  [["a", "--json", "b"], ["a", "b"], { json: true }],
  [["--json", "true"], ["true"], { json: true }],
  [["--json", "false"], ["false"], { json: true }],
  [["007", "1e3", "0x10", "Infinity"], ["007", "1e3", "0x10", "Infinity"], {}],
  [["", " ", "-"], ["", " ", "-"], {}],
  [["--", "--json", "-5", "-h"], ["--json", "-5", "-h"], {}],
  [["a", "--", "--", "b"], ["a", "--", "b"], {}],
  [["a", "--", "007"], ["a", "007"], {}],
  [["--json", "--"], [], { json: true }],
];

const BAD: readonly [string[], message: string][] = [
  [["--servr", "a:1"], "Unknown option --servr: did you mean --server?"],
  [["--servr=a:1"], "Unknown option --servr: did you mean --server?"],
  [["-server"], "Unknown option -server: did you mean --server?"],
  [["-n", "ada"], "Unknown option -n: did you mean --name?"],
  [["--JSON"], "Unknown option --JSON: allowed are --server, --name, --json, --help"],
  [["--verbose"], "Unknown option --verbose: allowed are --server, --name, --json, --help"],
  [["--__proto__"], "Unknown option --__proto__: put -- before words that begin with a dash"],
  [["--constructor"], "Unknown option --constructor: allowed are --server, --name, --json, --help"],
  [["--name.x=1"], "Unknown option --name.x: did you mean --name?"],
  [["--no-name=ada"], "Unknown option --no-name: did you mean --name?"],
  [["--no-json"], "Unknown option --no-json: did you mean --json?"],
  [["---json"], "Unknown option ---json: put -- before words that begin with a dash"],
  [["-5"], "Unknown option -5: put -- before words that begin with a dash"],
  [["-_-"], "Unknown option -_-: put -- before words that begin with a dash"],
  [["--x\u001b[2J"], "Unknown option --x: allowed are --server, --name, --json, --help"],
  [["--json=true"], "Option --json takes no value: leave out '='"],
  [["--json="], "Option --json takes no value: leave out '='"],
  [["-h=1"], "Option -h takes no value: leave out '='"],
  [["--name"], "Option --name needs a value: --name NAME"],
  [["--name="], "Option --name needs a value: --name NAME"],
  [["--name", ""], "Option --name needs a value: --name NAME"],
  [["--name", "--json"], "Option --name needs a value: --name NAME"],
  [["--name", "--", "ada"], "Option --name needs a value: --name NAME"],
  [["--name", "-"], "Option --name needs a value: --name NAME"],
  [["--server"], "Option --server needs a value: --server HOST:PORT"],
  [["--server", "a:1", "--server"], "Option --server needs a value: --server HOST:PORT"],
  [["--name", "a", "--name", "a"], "Option --name is given more than once: give it once"],
  [["--json", "--json"], "Option --json is given more than once: give it once"],
];

Deno.test("options and words are told apart, and both stay as written", () => {
  for (const [args, words, given] of GOOD) {
    const line = parseCommandLine(args, SHAPES);
    assertEquals(line.words, words, args.join(" "));
    assertEquals<Given>(line.options, { ...NOTHING, ...given }, args.join(" "));
  }
});

Deno.test("each mistake has its one line", () => {
  for (const [args, message] of BAD) {
    const error = assertThrows(
      () => parseCommandLine(args, SHAPES),
      UsageError,
      undefined,
      args.join(" "),
    );
    assertEquals(error.message, message);
  }
});

Deno.test("the first mistake is the one that is told", () => {
  const error = assertThrows(
    () => parseCommandLine(["--jsn", "--naem"], SHAPES),
    UsageError,
  );
  assertEquals(error.message, "Unknown option --jsn: did you mean --json?");
});

Deno.test("without a help option -h is unknown", () => {
  const error = assertThrows(
    () => parseCommandLine(["-h"], { json: {} }),
    UsageError,
  );
  assertEquals(error.message, "Unknown option -h: allowed are --json");
});

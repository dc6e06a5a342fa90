/**
 * The demonstration: three servers form a clique, two clients measure, choose
 * and talk across servers. Real processes on free ports of this machine; it
 * ends with an error if anything that it shows did not happen.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import { lines } from "./lines.ts";
import { writeError, writeOut } from "./output.ts";

/** Anything that takes longer has gone wrong. */
const PATIENCE_MS = 12_000;

type Json = Readonly<Record<string, unknown>>;

/** One of our programs, running. */
class Program implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: AsyncIterator<string>;

  constructor(program: "server" | "client", args: readonly string[], signal: AbortSignal) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-net", `${program}.ts`, ...args],
      cwd: new URL("../..", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = lines(this.#process.stdout, signal);
  }

  /** The next line it writes; an error when it ends instead. */
  async line(): Promise<string> {
    const { value, done } = await this.#output.next();
    if (done) throw new Error("a program ended too early");
    return value;
  }

  /** The next event that fits. */
  async event(fits: Json): Promise<Json> {
    while (true) {
      const event = JSON.parse(await this.line()) as Json;
      if (Object.entries(fits).every(([key, value]) => event[key] === value)) return event;
    }
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Asks it to end, and waits until it has; its exit code. */
  async leave(): Promise<number> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It ended by itself.
    }
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
    await this.#input.close().catch(() => {});
    while (!(await this.#output.next()).done);
  }
}

if (import.meta.main) {
  const started = performance.now();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    // Out of patience, nothing more is read, and so it ends in any case.
    await show(patience);
    writeOut(`\nThat was all, in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    Deno.exit(0);
  } catch (error) {
    const why = patience.aborted
      ? "it took too long"
      : error instanceof Error
      ? error.message
      : error;
    writeError(`The demonstration failed: ${why}`);
    Deno.exit(1);
  }
}

async function show(signal: AbortSignal): Promise<void> {
  await using running = new AsyncDisposableStack();
  const start = (program: "server" | "client", ...args: string[]): Program =>
    running.use(new Program(program, args, signal));

  title("Three servers start and form a clique.");
  const addresses: string[] = [];
  const servers: Program[] = [];
  for (const label of ["attic", "cellar", "garden"]) {
    const joins = addresses.length === 0 ? ["none"] : addresses;
    const listen = ["--listen", "127.0.0.1:0", "--label", label];
    const server = start("server", ...listen, ...joins.flatMap((join) => ["--join", join]));
    servers.push(server);
    const line = await server.line();
    addresses.push(line.replace("listening on ", ""));
    say(label, line);
  }
  const [first = ""] = addresses;
  await wholeClique(addresses, signal);
  say("attic", `now knows ${addresses.length} servers`);

  title("Ada measures all of them and attaches to the nearest.");
  const ada = start("client", "--server", first, "--name", "ada", "--json");
  const home = await ada.event({ event: "attached" });
  say("ada", attachedText(home));

  title("Bob measures, too, but stays at another server, so that the talk crosses.");
  const other = addresses.find((address) => address !== home["server"]) ?? first;
  const bob = start("client", "--server", other, "--pin", "--name", "bob", "--json");
  const bobsHome = await bob.event({ event: "attached" });
  expect(bobsHome["server"] === other, "bob is attached to the server that he named");
  say("bob", attachedText(bobsHome));

  title("They talk. Every message ends in a receipt.");
  await tell(ada, bob, { from: "ada", to: "bob", text: "Hello Bob, where are you?" });
  await tell(bob, ada, { from: "bob", to: "ada", text: "One server further on." });
  await tell(ada, bob, { from: "ada", to: "*", text: "Good morning, everybody!" });
  await ada.type("zoe Are you there?");
  const failed = await ada.event({ event: "receipt", to: "zoe" });
  expect(failed["reason"] === "no-such-name", "nobody is called zoe");
  say("ada -> zoe", `"Are you there?" ${failed["status"]}: ${failed["reason"]}`);

  title("They leave, and the servers say goodbye to each other.");
  for (const client of [ada, bob]) {
    expect(await client.leave() === ExitCode.interrupted, "a client leaves when it is told to");
  }
  for (const server of servers) {
    expect(await server.leave() === ExitCode.done, "a server says goodbye and ends with 0");
  }
}

/** One message, its receipt, and what the other one saw. */
async function tell(
  sender: Program,
  receiver: Program,
  { from, to, text }: { from: string; to: string; text: string },
): Promise<void> {
  await sender.type(`${to} ${text}`);
  await receiver.event({ event: "message", from, to, text });
  const receipt = await sender.event({ event: "receipt", to });
  expect(receipt["status"] === "delivered", `the message to ${to} is delivered`);
  const latency = `${(Number(receipt["latency_us"]) / 1000).toFixed(1)} ms`;
  say(`${from} -> ${to}`, `"${text}" delivered in ${latency}`);
}

/** Asks the first server until it knows all of them. */
async function wholeClique(addresses: readonly string[], signal: AbortSignal): Promise<void> {
  const [first = ""] = addresses;
  while (!signal.aborted) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--allow-net", "client.ts"],
        ...["servers", "--server", first, "--json", "--timeout", "5"],
      ],
      cwd: new URL("../..", import.meta.url),
      stderr: "null",
    }).output();
    const found = new TextDecoder().decode(stdout).trim().split("\n");
    if (found.length === addresses.length) return;
  }
}

function attachedText({ server, rtt_us }: Json): string {
  return `attached to ${server}, ${Number(rtt_us).toFixed(0)} us away`;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it was to be seen that ${what}`);
}

function title(text: string): void {
  writeOut(`\n${text}`);
}

function say(who: string, what: string): void {
  writeOut(`  ${who.padEnd(12)}${what}`);
}

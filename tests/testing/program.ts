/**
 * The two programs as their users have them: real processes, known by nothing
 * but what they print, take and end with.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { lines } from "../../lib/app/lines.ts";
import { Watch } from "./watch.ts";

/** Where the programs are. */
export const ROOT = new URL("../../", import.meta.url);

/** What runs a program, without its arguments: it has network permission and no other. */
export function commandOf(program: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "--allow-net", `${program}.ts`];
}

export type ProgramName = "server" | "client";

/** One line of `--json`, or of a log in JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What a program that has ended leaves behind. */
export interface Ended {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** How a program is started. */
export interface ProgramOptions {
  /** Runs it through a shell that is given this first, such as `ulimit -n 40`. */
  readonly shell?: string;
  /** Runs it by this command, which is given the program and its arguments. */
  readonly by?: readonly string[];
  /**
   * A folder of binaries: the program is the file of that name in it, or one
   * whose whole path is given, and runs in that folder without an environment.
   */
  readonly binaries?: string;
  /** Takes each line of standard output, in place of keeping it in `out`. */
  readonly onLine?: (line: string) => void;
}

/** One running program. */
export class Program implements AsyncDisposable {
  /** Lines of standard output and standard error so far. */
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #noMoreOutput = new AbortController();
  readonly #noMore = new AbortController();
  readonly #ended: Promise<void>;
  readonly #watch = new Watch(() => this.#describe());
  readonly #onLine: (line: string) => void;
  #code: number | null = null;

  constructor(
    program: string,
    args: readonly string[],
    { shell, by = [], binaries, onLine }: ProgramOptions = {},
  ) {
    this.#onLine = onLine ?? ((line): void => void this.out.push(line));
    this.name = [program, ...args].join(" ").slice(0, 200);
    const itself = binaries === undefined ? commandOf(program) : [pathOf(program, binaries)];
    const [command = "", ...rest] = [...by, ...itself, ...args];
    const whole = shell === undefined
      ? { command, args: rest }
      : { command: "sh", args: ["-c", `${shell}; exec "$@"`, "sh", command, ...rest] };
    this.#child = new Deno.Command(whole.command, {
      args: whole.args,
      cwd: binaries ?? ROOT,
      // A command that runs it must be found, so there the environment stays.
      ...(binaries === undefined || by.length > 0
        ? { env: { NO_COLOR: "1" } }
        : { clearEnv: true }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#ended = this.#run();
  }

  /** Waits until `holds`, which looks at this program. */
  until(what: string, holds: (program: this) => boolean): Promise<void> {
    return this.#watch.until(`${this.name}: ${what}`, () => {
      if (holds(this)) return true;
      if (this.#code !== null) throw new Error(`It ended, so in vain: ${what}, ${this.#text()}`);
      return false;
    });
  }

  /** Waits for a line on standard output. */
  says(text: string | RegExp): Promise<string> {
    return this.#line(this.out, text);
  }

  /** Waits for a line on standard error. */
  logs(text: string | RegExp): Promise<string> {
    return this.#line(this.err, text);
  }

  /** Waits for an event on standard output. */
  async event(fits: Json): Promise<Json> {
    await this.until(`event ${JSON.stringify(fits)}`, () => this.events(fits).length > 0);
    return this.events(fits)[0] as Json;
  }

  /** The events on standard output so far that fit. */
  events(fits: Json = {}): Json[] {
    return fitting(this.out, fits);
  }

  /** Waits until so many lines of a log in JSON fit. */
  async logged(fits: Json, count = 1): Promise<void> {
    await this.until(
      `${count} log lines ${JSON.stringify(fits)}`,
      () => this.log(fits).length >= count,
    );
  }

  /** Its exit code; null while it runs. */
  get code(): number | null {
    return this.#code;
  }

  /** The lines so far of a log in JSON that fit. */
  log(fits: Json = {}): Json[] {
    return fitting(this.err, fits);
  }

  /** Writes a line to its standard input. */
  async type(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Reads nothing more of its standard output, as `head` does when it has had enough. */
  stopReading(): void {
    this.#noMoreOutput.abort();
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits until it has ended by itself. */
  async ends(deadlineMs?: number): Promise<Ended> {
    await this.#watch.until(`${this.name}: it ends`, () => this.#code !== null, deadlineMs);
    await this.#ended;
    return { code: this.#code ?? -1, out: this.out, err: this.err };
  }

  /** Ends it, politely or not, and waits until nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#code === null) {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It has just ended by itself.
      }
    }
    this.#noMoreOutput.abort();
    this.#noMore.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { stdout, stderr, status } = this.#child;
    const reading = [
      this.#read(stdout, { take: this.#onLine, signal: this.#noMoreOutput.signal }),
      this.#read(stderr, {
        take: (line) => void this.err.push(line),
        signal: this.#noMore.signal,
      }),
    ];
    const { code } = await status;
    await Promise.all(reading);
    await this.#input.close().catch(() => {});
    this.#code = code;
    this.#watch.changed();
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    { take, signal }: { take: (line: string) => void; signal: AbortSignal },
  ): Promise<void> {
    for await (const line of lines(stream, signal)) {
      take(line);
      this.#watch.changed();
    }
  }

  async #line(written: readonly string[], text: string | RegExp): Promise<string> {
    const find = (): string | undefined =>
      written.find((line) => typeof text === "string" ? line.includes(text) : text.test(line));
    await this.until(`a line with ${text}`, () => find() !== undefined);
    return find() as string;
  }

  #text(): string {
    return JSON.stringify(this.#describe());
  }

  #describe(): Record<string, unknown> {
    return {
      program: this.name,
      code: this.#code,
      out: this.out.slice(-20),
      err: this.err.slice(-20),
    };
  }
}

/** A server that accepts connections. */
export class ServerProgram extends Program {
  #address = "";

  /** `host:port`, where it listens. */
  get address(): string {
    return this.#address;
  }

  /** Starts a server on a free port, and waits until it accepts connections. */
  static async start(
    args: readonly string[],
    { program = "server", ...options }: ProgramOptions & { readonly program?: string } = {},
  ): Promise<ServerProgram> {
    const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const join = args.includes("--join") ? [] : ["--join", "none"];
    const server = new ServerProgram(program, [...listen, ...join, ...args], options);
    const line = await server.says("listening on ");
    server.#address = line.replace("listening on ", "");
    return server;
  }
}

/** Several servers that have formed a clique. */
export class Clique implements AsyncDisposable {
  private constructor(
    readonly servers: readonly ServerProgram[],
    readonly addresses: readonly string[],
  ) {}

  /** Starts one server for each label, and waits until each is linked to each. */
  static async of(...labels: readonly string[]): Promise<Clique> {
    const servers: ServerProgram[] = [];
    for (const label of labels) {
      const joins = servers.flatMap(({ address }) => ["--join", address]);
      servers.push(await ServerProgram.start(["--label", label, "--log-format", "json", ...joins]));
    }
    const others = labels.length - 1;
    await Promise.all(servers.map((server) => server.logged({ event: "peer-linked" }, others)));
    return new Clique(servers, servers.map(({ address }) => address));
  }

  /** `--server`, with the address of the server at `index`. */
  at(index: number): string[] {
    return ["--server", this.addresses[index] ?? ""];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** A client that runs until it is disposed of, or ends. */
export function client(args: readonly string[]): Program {
  return new Program("client", args);
}

/** Runs a program to its end; it is given `input`, and then no more. */
export async function run(
  program: string,
  args: readonly string[],
  { input = [], ...options }: ProgramOptions & { readonly input?: readonly string[] } = {},
): Promise<Ended> {
  await using running = new Program(program, args, options);
  for (const line of input) await running.type(line);
  await running.endInput();
  return await running.ends();
}

/** A user's mistake, or bad luck: this line on standard error, nothing else, this exit code. */
export function assertRefused(ended: Ended, line: string, code: number): void {
  assertEquals({ code: ended.code, out: ended.out, err: ended.err }, {
    code,
    out: [],
    err: [line],
  });
}

function pathOf(program: string, folder: string): string {
  return program.startsWith("/") ? program : `${folder}/${program}`;
}

function fitting(written: readonly string[], fits: Json): Json[] {
  return written.filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Json)
    .filter((event) => Object.entries(fits).every(([key, value]) => event[key] === value));
}

/**
 * Compiled programs, and running them as somebody would who was given nothing
 * but the files.
 *
 * @module
 */

import { Watch } from "../testing/watch.ts";

/** One line of a program's JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What a program that ended left behind. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder that is removed in the end. */
export class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** An empty one. */
  static async empty(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir());
  }

  /** The names of what is in it, in order. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.path)) names.push(name);
    return names.sort();
  }

  /** Removes it with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Programs in one folder, which is where they run, with an empty environment. */
export class Runner implements AsyncDisposable {
  readonly #folder: string;
  readonly #running: Running[] = [];
  readonly #watch = new Watch(() => this.#running.map((program) => program.state));

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program of the folder, or one whose whole path is given; its input stays open. */
  start(program: string, ...args: string[]): Running {
    const path = program.startsWith("/") ? program : `${this.#folder}/${program}`;
    const running = new Running(path, args, {
      cwd: this.#folder,
      watch: this.#watch,
    });
    this.#running.push(running);
    return running;
  }

  /** Runs a program, with nothing on its standard input, until it ends by itself. */
  async run(program: string, ...args: string[]): Promise<Ended> {
    const running = this.start(program, ...args);
    await running.closeInput();
    return await running.ended();
  }

  /** Ends what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.toReversed()) await running.kill();
  }
}

/** A program that was started. */
export class Running {
  readonly #what: string;
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #watch: Watch;
  readonly #over: Promise<void>;
  #out = "";
  #err = "";
  #code: number | null = null;

  constructor(path: string, args: string[], { cwd, watch }: { cwd: string; watch: Watch }) {
    this.#what = [path.slice(path.lastIndexOf("/") + 1), ...args].join(" ");
    this.#watch = watch;
    this.#process = new Deno.Command(path, {
      args,
      cwd,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#over = this.#follow();
  }

  /** For whoever waited in vain. */
  get state(): unknown {
    return { what: this.#what, code: this.#code, out: this.#out, err: this.#err };
  }

  /** The whole lines that it wrote to standard output. */
  get lines(): string[] {
    return this.#out.split("\n").slice(0, -1);
  }

  /** The whole lines that it wrote to standard error, where it logs JSON. */
  get log(): Json[] {
    return this.#err.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Json);
  }

  /** The first line that it writes. */
  async firstLine(): Promise<string> {
    await this.until("it says something", () => this.lines.length > 0);
    return this.lines[0] ?? "";
  }

  /** The first event that fits, once it is there. */
  async event(fits: Json): Promise<Json> {
    const find = (): Json | undefined =>
      this.lines.map((line) => JSON.parse(line) as Json).find((event) =>
        Object.entries(fits).every(([key, value]) => event[key] === value)
      );
    await this.until(`it says ${JSON.stringify(fits)}`, () => find() !== undefined);
    return find() ?? {};
  }

  /** Waits until something holds, looking whenever one of the programs says something or ends. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#watch.until(`${this.#what}: ${what}`, holds);
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends its standard input. */
  async closeInput(): Promise<void> {
    // It may have ended before.
    await this.#input.close().catch(() => {});
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits until it has ended. */
  async ended(): Promise<Ended> {
    await this.until("it ends", () => this.#code !== null);
    return { code: this.#code ?? -1, out: this.#out, err: this.#err };
  }

  /** Ends it for certain. */
  async kill(): Promise<void> {
    if (this.#code === null) this.#process.kill("SIGKILL");
    await this.closeInput();
    await this.#over;
  }

  async #follow(): Promise<void> {
    const { stdout, stderr, status } = this.#process;
    await Promise.all([
      this.#gather(stdout, (text) => this.#out += text),
      this.#gather(stderr, (text) => this.#err += text),
    ]);
    this.#code = (await status).code;
    this.#watch.changed();
  }

  async #gather(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    add: (text: string) => void,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      add(text);
      this.#watch.changed();
    }
  }
}

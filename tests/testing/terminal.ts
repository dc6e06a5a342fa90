/**
 * A program on a real pseudo-terminal, as tmux shows it: typing keys, looking
 * at the screen.
 *
 * @module
 */

import { commandOf, type ProgramName, ROOT } from "./program.ts";

/** No wait is longer: what tests wait for takes a fraction of it. */
const DEADLINE_MS = 15_000;

/** How long to leave the machine to the program before looking again. */
const LOOK_MS = 20;

/** Why there are no terminals here; null when there are. */
export async function whyNoTerminal(): Promise<string | null> {
  try {
    await new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" }).output();
    return null;
  } catch {
    return "tmux is not installed";
  }
}

const noTerminal = await whyNoTerminal();

/** A test that needs a terminal; it says so where there is none. */
export function onTerminal(name: string, test: () => Promise<void>): void {
  const why = noTerminal === null ? "" : ` (skipped: ${noTerminal})`;
  Deno.test({ name: name + why, ignore: noTerminal !== null, fn: test });
}

/** What a terminal is like. */
export interface TerminalOptions {
  /** 80 unless told. */
  readonly columns?: number;
  /** 24 unless told. */
  readonly rows?: number;
  /** Whether programs may use colours; they may not unless told. */
  readonly colour?: boolean;
  /** What a line is taken for: some things in it differ from run to run. */
  readonly reads?: (line: string) => string;
}

/** One program on a terminal of its own. */
export class Terminal implements AsyncDisposable {
  readonly #socket: string;
  readonly #folder: string;
  readonly #reads: (line: string) => string;

  private constructor(folder: string, reads: (line: string) => string) {
    this.#folder = folder;
    this.#reads = reads;
    this.#socket = `${folder}/tmux`;
  }

  /** Starts a program on a terminal. */
  static async start(
    program: ProgramName,
    args: readonly string[] = [],
    options: TerminalOptions = {},
  ): Promise<Terminal> {
    return await Terminal.run([...commandOf(program), ...args], options);
  }

  /** Starts a command on a terminal. */
  static async run(
    command: readonly string[],
    { columns = 80, rows = 24, colour = false, reads = (line) => line }: TerminalOptions = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(await Deno.makeTempDir(), reads);
    const line = command.map(quotedForShell).join(" ");
    // Ctrl-C is for the program alone. The last line tells the exit code, and stays
    // on the screen while cat waits.
    await terminal.#tmux(
      ...["new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", ROOT.pathname],
      ...["-e", `NO_COLOR=${colour ? "" : "1"}`],
      `trap : INT; ${line}; echo "[ended with $?]"; exec cat`,
    );
    return terminal;
  }

  /** Types a line, and Enter. */
  async line(text: string): Promise<void> {
    await this.type(text);
    await this.press("Enter");
  }

  /** Types without Enter. */
  async type(text: string): Promise<void> {
    if (text !== "") await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses one key, by the name that tmux gives it, such as `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Pastes; a program that asked for it is told where the paste begins and ends. */
  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", "--", text);
    await this.#tmux("paste-buffer", "-p");
  }

  /** Makes the window wider or narrower. */
  async resize(columns: number): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`);
  }

  /** The lines on the screen with their colours, as escape sequences. */
  async painted(): Promise<string[]> {
    return (await this.#tmux("capture-pane", "-p", "-e")).trimEnd().split("\n");
  }

  /** Whether the cursor shows, and in which row it is, from 0. */
  async cursor(): Promise<{ readonly shows: boolean; readonly row: number }> {
    const text = await this.#tmux("display-message", "-p", "#{cursor_flag} #{cursor_y}");
    const [flag, row] = text.trim().split(" ");
    return { shows: flag === "1", row: Number(row) };
  }

  /**
   * The lines on the screen, without the empty ones at its end. What stands below
   * a table of RTTs is one line, and says nothing of samples that were left out.
   */
  async screen(): Promise<string[]> {
    const text = (await this.#tmux("capture-pane", "-p")).trimEnd();
    return withoutBusyNote(text.split("\n")).map((line) => this.#reads(line.trimEnd()));
  }

  /** Waits until these lines are the whole screen. */
  async is(...expected: readonly string[]): Promise<void> {
    await this.#until(
      `the screen to be\n${expected.join("\n")}\n`,
      (screen) => screen.join("\n") === expected.join("\n"),
    );
  }

  /** Waits until the last lines on the screen are these; returns the whole screen. */
  async ends(...expected: readonly (string | RegExp)[]): Promise<string[]> {
    return await this.#until(`the screen ends with ${expected.join(" / ")}`, (screen) => {
      const last = screen.slice(-expected.length);
      return last.length === expected.length && last.every((line, at) => fits(line, expected[at]));
    });
  }

  /** Waits until such a line is on the screen. */
  async shows(expected: string | RegExp): Promise<string[]> {
    return await this.#until(
      `a line ${expected}`,
      (screen) => screen.some((line) => fits(line, expected)),
    );
  }

  /** Waits until the program has ended with this exit code. */
  async ended(code: number): Promise<string[]> {
    return await this.shows(`[ended with ${code}]`);
  }

  /** Hangs up, as closing the window does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Waits until `holds`, which looks at the terminal. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    // A screen tells nobody when it changes.
    while (!await holds()) {
      if (performance.now() > deadline) {
        throw new Error(`Waited in vain for ${what}, on\n${(await this.screen()).join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #until(what: string, holds: (screen: string[]) => boolean): Promise<string[]> {
    let screen: string[] = [];
    await this.until(what, async () => holds(screen = await this.screen()));
    return screen;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command("tmux", {
      // With -u, or letters beyond ASCII become underscores on some machines.
      args: ["-u", "-S", this.#socket, "-f", "/dev/null", ...args],
      env: { SHELL: "/bin/sh" },
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${text.decode(stderr).trim()}`);
    return text.decode(stdout);
  }
}

/**
 * Below a table stands how many samples were left out while the machine was
 * busy: on a busy one it may be any number, or none, and the lines break elsewhere.
 */
function withoutBusyNote(screen: readonly string[]): string[] {
  const from = screen.findIndex((line) => line.startsWith("times in "));
  if (from < 0) return [...screen];
  const length = screen.slice(from).findIndex((line) => /^\w+>|^\[|^$/.test(line));
  const to = length < 0 ? screen.length : from + length;
  const below = screen.slice(from, to).map((line) => line.trim()).join(" ");
  const calm = below.replace(/; \d+ of \d+ samples left out: this machine was busy/, "");
  return [...screen.slice(0, from), calm, ...screen.slice(to)];
}

function fits(line: string, expected: string | RegExp | undefined): boolean {
  if (expected instanceof RegExp) return expected.test(line);
  return line.trimEnd() === expected;
}

function quotedForShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

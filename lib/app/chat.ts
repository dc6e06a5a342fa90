/**
 * Chat by lines: what is typed goes out, what arrives is shown above it.
 *
 * @module
 */

import process from "node:process";
import { clearScreenDown, createInterface, cursorTo, type Interface } from "node:readline";
import { EVERYBODY, nameProblem } from "../codec/name.ts";
import type { ClientEvent } from "../core/events.ts";
import { type Attachment, normalName } from "./attachment.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import { suggest } from "./suggest.ts";
import { rttTable, serverTable, whoTable } from "./tables.ts";
import { quoted } from "./usage_error.ts";

const PROMPT = "> ";

const HELP = [
  "NAME TEXT   send TEXT to NAME; * is everybody",
  "/who        who is here",
  "/servers    the servers of the clique",
  "/rtt        how far away they were when they were measured",
  "/name NAME  take another name",
  "/help       this",
  "/quit       leave",
];

const COMMANDS = ["/who", "/servers", "/rtt", "/name", "/help", "/quit"] as const;

type EventOf<Kind extends ClientEvent["kind"]> = Extract<ClientEvent, { kind: Kind }>;

/** Runs a chat until the input ends, `/quit`, or `signal`; returns the exit code. */
export async function chat(attachment: Attachment, signal: AbortSignal): Promise<number> {
  return await new Talk(attachment).run(signal);
}

class Talk {
  readonly #attachment: Attachment;
  readonly #terminal: boolean;
  readonly #input: Interface;
  /** Everybody's names, for completion. */
  readonly #names = new Set<string>();
  /** What one is called; null when the name was lost. */
  #name: string | null;
  /** What one asked to be called instead. */
  #wanted: string | null = null;
  #clients: EventOf<"client">[] = [];
  #asking: Promise<unknown> = Promise.resolve();
  #interrupted = false;
  #quit = false;
  #closed = false;
  /** Rejects when the name is lost and nobody is there to take another. */
  readonly #lost = Promise.withResolvers<never>();

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#name = attachment.name;
    this.#terminal = !attachment.printer.json && Deno.stdin.isTerminal() &&
      Deno.stdout.isTerminal();
    this.#input = createInterface({
      input: process.stdin,
      ...(this.#terminal ? { output: process.stdout } : {}),
      terminal: this.#terminal,
      prompt: PROMPT,
      completer: (line: string) => this.#complete(line),
    });
  }

  async run(signal: AbortSignal): Promise<number> {
    const { events, session, printer } = this.#attachment;
    const ended = new Promise<void>((resolve) => this.#input.once("close", resolve));
    this.#input.once("close", () => this.#closed = true);
    const stop = (): void => {
      this.#interrupted = true;
      this.#input.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.#input.on("SIGINT", stop);
    this.#input.on("line", (line) => this.#take(line));
    events.listen((event) => this.#hear(event));
    this.#ask(true);
    if (this.#terminal) {
      printer.out("A line is NAME TEXT; /help shows more.");
      printer.aside = (write) => this.#above(write);
      this.#input.prompt();
    }
    await Promise.race([ended, printer.unread, this.#lost.promise]);
    // Nobody types any more: what comes now is written as it comes.
    printer.aside = (write) => write();
    if (this.#terminal && !this.#quit) printer.out("");
    if (this.#interrupted) return ExitCode.interrupted;
    // The input ended: what was typed still gets its receipts.
    await Promise.race([events.until(() => session.openCount === 0), printer.unread]);
    return ExitCode.done;
  }

  /** One line that was typed. */
  #take(line: string): void {
    const text = line.trim();
    if (text.startsWith("/")) this.#command(text);
    else if (text !== "") this.#message(text);
    if (this.#terminal && !this.#closed) this.#input.prompt();
  }

  #message(line: string): void {
    const { printer, session } = this.#attachment;
    const [, typed = "", text = ""] = /^(\S+)\s?(.*)$/su.exec(line) ?? [];
    const to = normalName(typed);
    const problem = to === EVERYBODY ? null : nameProblem(to);
    if (problem !== null) printer.err(`Cannot send to ${quoted(to)}: ${problem}`);
    else if (text === "") printer.err(`Nothing to send: write ${to} and then a text`);
    else session.call((core, now) => core.send(to, text, now));
  }

  #command(text: string): void {
    const { session, printer } = this.#attachment;
    const [, command = "", argument = ""] = /^(\S+)\s*(.*)$/su.exec(text) ?? [];
    if (command === "/name") return this.#rename(normalName(argument));
    switch (text) {
      case "/quit":
        this.#quit = true;
        return this.#input.close();
      case "/help":
        return HELP.forEach((line) => printer.note(line));
      case "/who":
        return void this.#who();
      case "/servers": {
        const servers = session.call((core) => core.servers());
        return printer.table(servers as EventOf<"server">[], serverTable);
      }
      case "/rtt":
        return printer.table(session.call((core) => core.rtts()) as EventOf<"rtt">[], rttTable);
      default:
        printer.err(commandProblem(command));
    }
  }

  #rename(name: string): void {
    const { printer, session } = this.#attachment;
    const problem = nameProblem(name);
    if (problem !== null) printer.err(`Cannot take name ${quoted(name)}: ${problem}`);
    else if (name === this.#name) printer.err(`You are ${name} already`);
    else {
      this.#wanted = name;
      session.call((core, now) => core.attach(name, now));
    }
  }

  /** The name is gone, or another one can't be had. */
  #nameless(event: EventOf<"error">): void {
    const { printer, session } = this.#attachment;
    const name = this.#wanted === null ? null : this.#name;
    this.#name = name;
    this.#wanted = null;
    if (name === null && !this.#terminal) {
      this.#lost.reject(new Failure(event.code, event.message));
      return;
    }
    printer.event(event);
    if (name === null) printer.err("You have no name now: /name NAME takes one");
    else session.call((core, now) => core.attach(name, now));
  }

  /** One question at a time: the answers carry nothing to tell them apart by. */
  #ask(watch: boolean): Promise<boolean> {
    const { session } = this.#attachment;
    const answer = this.#asking.then(async () => {
      this.#clients = [];
      const answered = session.completed("who");
      const asked = session.call((core) => core.who(watch));
      if (asked) await answered;
      return asked;
    });
    this.#asking = answer;
    return answer;
  }

  async #who(): Promise<void> {
    const { printer } = this.#attachment;
    if (await this.#ask(false)) printer.table(this.#clients, whoTable);
    else printer.err("Cannot list clients: an original server does not tell them");
  }

  #hear(event: ClientEvent): void {
    const { printer } = this.#attachment;
    switch (event.kind) {
      case "attached":
        this.#name = event.name;
        this.#wanted = null;
        return;
      case "client":
        this.#clients.push(event);
        this.#names.add(event.name);
        return;
      case "receipt":
        // That it was delivered is what one expects; a person wants the others.
        if (printer.json || event.status !== "delivered") printer.event(event);
        return;
      case "joined":
      case "left":
        if (event.kind === "joined") this.#names.add(event.name);
        else this.#names.delete(event.name);
        if (!printer.json && event.name !== this.#name && event.name !== this.#wanted) {
          printer.event(event);
        }
        return;
      case "error":
        return this.#nameless(event);
    }
  }

  /** Commands at the beginning of a line, and names where one is expected. */
  #complete(line: string): [string[], string] {
    const words = line.startsWith("/") ? COMMANDS : [...this.#names].sort();
    const begun = words.filter((word) => word.startsWith(line) && word !== this.#name);
    return [begun.map((word) => line.startsWith("/") ? word : `${word} `), line];
  }

  /**
   * Writes lines above the one being typed, and that one again below them. It
   * may be wrapped: moving its cursor to its start first, and back afterwards,
   * is how the line editor itself learns where on the screen it stands.
   */
  #above(write: () => void): void {
    const input: { cursor: number } = this.#input;
    const { cursor } = input;
    this.#input.write(null, { ctrl: true, name: "a" });
    cursorTo(process.stdout, 0);
    clearScreenDown(process.stdout);
    write();
    input.cursor = cursor;
    this.#input.prompt(true);
  }
}

function commandProblem(command: string): string {
  if (COMMANDS.some((known) => known === command)) {
    return `Unexpected words behind ${command}: it takes none`;
  }
  const meant = suggest(command, COMMANDS);
  const advice = meant === null ? "see /help" : `did you mean ${meant}?`;
  return `Unknown command ${quoted(command)}: ${advice}`;
}

/**
 * Chat by lines: what is typed goes out, what arrives is shown above it.
 *
 * @module
 */

import process from "node:process";
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { EVERYBODY, nameProblem } from "../codec/name.ts";
import type { ClientEvent } from "../core/events.ts";
import { type Attachment, normalName } from "./attachment.ts";
import { ExitCode } from "./exit_code.ts";
import { writeError, writeOut } from "./output.ts";
import { suggest } from "./suggest.ts";
import { rttTable, serverTable, whoTable } from "./tables.ts";

const PROMPT = "> ";

const HELP = [
  "NAME TEXT   send TEXT to NAME; * is everybody",
  "/who        who is here",
  "/servers    the servers of the clique",
  "/rtt        how far away they were when they were measured",
  "/name NAME  take another name, if yours was lost",
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
  #clients: EventOf<"client">[] = [];
  #asking: Promise<unknown> = Promise.resolve();
  #interrupted = false;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#terminal = !attachment.printer.json && Deno.stdin.isTerminal() &&
      Deno.stdout.isTerminal();
    this.#input = createInterface({
      input: process.stdin,
      ...(this.#terminal ? { output: process.stdout } : {}),
      terminal: this.#terminal,
      prompt: PROMPT,
    });
  }

  async run(signal: AbortSignal): Promise<number> {
    const { events, session, name, printer } = this.#attachment;
    const ended = new Promise<void>((resolve) => this.#input.once("close", resolve));
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
      printer.out = (line) => this.#above(writeOut, line);
      printer.err = (line) => this.#above(writeError, line);
      printer.out(`You are ${name}. A line is NAME TEXT; /help shows more.`);
    }
    await ended;
    printer.out = writeOut;
    printer.err = writeError;
    if (this.#interrupted) return ExitCode.interrupted;
    // The input ended: what was typed still gets its receipts.
    await events.until(() => session.openCount === 0);
    return ExitCode.done;
  }

  /** One line that was typed. */
  #take(line: string): void {
    const text = line.trim();
    if (text.startsWith("/")) this.#command(text);
    else if (text !== "") this.#message(text);
    if (this.#terminal) this.#input.prompt();
  }

  #message(line: string): void {
    const { printer, session } = this.#attachment;
    const [, typed = "", text = ""] = /^(\S+)\s?(.*)$/su.exec(line) ?? [];
    const to = normalName(typed);
    const problem = to === EVERYBODY ? null : nameProblem(to);
    if (problem !== null) printer.err(`Cannot send to '${to}': ${problem}`);
    else if (text === "") printer.err(`Nothing to send: write ${to} and then a text`);
    else session.call((core, now) => core.send(to, text, now));
  }

  #command(text: string): void {
    const { session, printer } = this.#attachment;
    switch (text) {
      case "/quit":
        return this.#input.close();
      case "/help":
        return HELP.forEach((line) => printer.out(line));
      case "/who":
        return void this.#who();
      case "/servers": {
        const servers = session.call((core) => core.servers());
        return printer.table(servers as EventOf<"server">[], serverTable);
      }
      case "/rtt":
        return printer.table(session.call((core) => core.rtts()) as EventOf<"rtt">[], rttTable);
      default: {
        const name = /^\/name\s+(\S+)$/u.exec(text)?.[1];
        if (name !== undefined) return this.#rename(normalName(name));
        const meant = suggest(text, COMMANDS);
        printer.err(
          `Unknown command ${text}: ${meant === null ? "see /help" : `did you mean ${meant}?`}`,
        );
      }
    }
  }

  #rename(name: string): void {
    const problem = nameProblem(name);
    if (problem !== null) this.#attachment.printer.err(`Cannot take name '${name}': ${problem}`);
    else this.#attachment.session.call((core, now) => core.attach(name, now));
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
      case "client":
        this.#clients.push(event);
        return;
      case "receipt":
        // That it was delivered is what one expects; a person wants the others.
        if (printer.json || event.status !== "delivered") printer.event(event);
        return;
      case "joined":
      case "left":
        if (event.name !== this.#attachment.name) printer.event(event);
        return;
      case "error":
        printer.event(event);
        if (!printer.json) printer.err("/name NAME takes another one");
    }
  }

  /** Writes a line above the one being typed. */
  #above(write: (line: string) => boolean, line: string): void {
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
    write(line);
    this.#input.prompt(true);
  }
}

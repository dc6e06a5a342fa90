/**
 * Chat by lines: what is typed goes out, what arrives is shown above it. Off a
 * terminal the same lines are taken from standard input.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";
import { MAX_TEXT_BYTES } from "../codec/stream.ts";
import type { Attachment } from "./attachment.ts";
import { CHAT_HELP, commandProblem, completionOf } from "./chat_commands.ts";
import { Questions } from "./chat_questions.ts";
import {
  type ChatStyle,
  messageLine,
  noteLine,
  presenceLine,
  promptText,
  sentLine,
} from "./chat_text.ts";
import { ExitCode } from "./exit_code.ts";
import { Failure } from "./failure.ts";
import { LINE_MARK } from "./keys.ts";
import { LineEditor } from "./line_editor.ts";
import { terminalWidth, wantsColour } from "./output.ts";
import { type LineEvent, textLines, type TextOptions } from "./print.ts";
import { normalName, ownNameProblem, parseReceivers } from "./receivers.ts";
import { reasonWords } from "./reasons.ts";
import { SentLines } from "./sent.ts";
import { inputLines } from "./standard_input.ts";
import { quoted, UsageError } from "./usage_error.ts";
import { wrapped } from "./wrap.ts";

const GREETING = "A line is NAME TEXT; /help shows more.";

/** What follows in the next rows stands below the text, not below the time. */
const CLOCK_WIDTH = 6;

type EventOf<Kind extends ClientEvent["kind"]> = Extract<ClientEvent, { kind: Kind }>;

/** Runs a chat until the input ends, `/quit`, or `signal`; returns the exit code. */
export async function chat(attachment: Attachment, signal: AbortSignal): Promise<number> {
  const { printer } = attachment;
  const onTerminal = !printer.json && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  return await new Talk(attachment, onTerminal).run(signal);
}

class Talk {
  readonly #attachment: Attachment;
  readonly #questions: Questions;
  /** Null off a terminal. */
  readonly #editor: LineEditor | null;
  readonly #colour = wantsColour(Deno.stdout);
  readonly #sent = new SentLines((line) => {
    this.#say(sentLine(line, this.#style), CLOCK_WIDTH);
  });
  /** Everybody's names, for completion. */
  readonly #names = new Set<string>();
  /** What one is called; null when the name was lost. */
  #name: string | null;
  /** What one asked to be called instead. */
  #wanted: string | null = null;
  #isWarned = false;
  #holding: ReturnType<typeof setTimeout> | undefined;
  readonly #over = Promise.withResolvers<number>();
  /** Rejects when the name is lost and nobody is there to take another. */
  readonly #lost = Promise.withResolvers<never>();

  constructor(attachment: Attachment, onTerminal: boolean) {
    this.#attachment = attachment;
    this.#questions = new Questions(attachment, (problem) => this.#complain(problem));
    this.#name = attachment.name;
    this.#lost.promise.catch(() => {});
    const { printer } = attachment;
    if (onTerminal) {
      for (const row of wrapped(GREETING, { width: terminalWidth() })) printer.out(row);
      printer.words = (event, options) => this.#words(event, options);
    }
    this.#editor = !onTerminal ? null : new LineEditor({
      prompt: promptText(this.#name),
      appetite: "everything",
      complete: (before) => completionOf(before, { names: this.#names, own: this.#name }),
    });
  }

  async run(signal: AbortSignal): Promise<number> {
    const { events, session, printer } = this.#attachment;
    events.listen((event) => this.#hear(event));
    const input = new AbortController();
    this.#read(AbortSignal.any([signal, input.signal]));
    this.#greet();
    try {
      const code = await Promise.race([
        this.#over.promise,
        printer.unread.then(() => ExitCode.done),
        this.#lost.promise,
      ]);
      this.#stopReading();
      if (code === ExitCode.interrupted) return code;
      // What was typed still gets its receipts; off a terminal also its answers.
      const settled = events.until(() => session.openCount === 0);
      const answered = this.#editor === null ? this.#questions.answered : null;
      await Promise.race([Promise.all([settled, answered]), printer.unread]);
      this.#sent.flush(Infinity);
      return code;
    } finally {
      this.#stopReading();
      input.abort();
    }
  }

  #read(signal: AbortSignal): void {
    const leave = (): void => this.#over.resolve(ExitCode.interrupted);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    const editor = this.#editor;
    if (editor === null) {
      this.#readLines(signal);
      return;
    }
    editor.onLine = (line) => this.#take(line);
    editor.onInterrupt = () => this.#interruptKey(editor);
    editor.onEnd = () => this.#over.resolve(ExitCode.done);
    this.#attachment.printer.aside = (write) => editor.above(write);
    editor.begin();
  }

  async #readLines(signal: AbortSignal): Promise<void> {
    for await (const line of inputLines(signal)) {
      this.#take(line);
      if (signal.aborted) return;
    }
    if (!signal.aborted) this.#over.resolve(ExitCode.done);
  }

  #stopReading(): void {
    clearTimeout(this.#holding);
    this.#editor?.[Symbol.dispose]();
    // Nobody types any more: what comes now is written as it comes.
    this.#attachment.printer.aside = (write) => write();
  }

  async #greet(): Promise<void> {
    const clients = await this.#questions.clients({ watch: true });
    if (this.#editor === null || clients === null) return;
    const others = clients.map(({ name }) => name).filter((name) => name !== this.#name);
    this.#say(presenceLine(others.sort(), this.#style));
  }

  /** The first one asks, as a slip of the finger is no farewell. */
  #interruptKey(editor: LineEditor): void {
    if (editor.text !== "") {
      this.#isWarned = false;
      editor.clear();
    } else if (this.#isWarned) this.#over.resolve(ExitCode.interrupted);
    else {
      this.#isWarned = true;
      this.#complain("Ctrl-C again or /quit leaves");
    }
  }

  /** One line that was typed. */
  #take(line: string): void {
    this.#isWarned = false;
    const text = line.trim();
    if (text === "") return;
    if (text.startsWith("/")) {
      this.#editor?.keep(line);
      this.#command(text);
      return;
    }
    try {
      this.#message(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#editor?.keep(line);
      this.#complain(error.message);
    }
  }

  #message(line: string): void {
    const [, word = "", text = ""] = /^(\S+)\s?(.*)$/su.exec(line) ?? [];
    const receivers = parseReceivers(word);
    const to = receivers.join(",");
    if (text === "") throw new UsageError(`Nothing to send: write ${to} and then a text`);
    if (this.#editor === null) this.#send(receivers, text);
    else {
      const texts = text.split(LINE_MARK).filter((part) => part.trim() !== "");
      for (const part of texts) this.#checkLength(to, part);
      for (const part of texts) this.#sendSeen(receivers, part);
    }
  }

  #send(receivers: readonly string[], text: string): void {
    const { session } = this.#attachment;
    for (const receiver of receivers) {
      session.call((core, now) => core.send(receiver, text, now));
    }
  }

  #sendSeen(receivers: readonly string[], text: string): void {
    this.#sent.add({ receivers, text, at: new Date() }, performance.now());
    this.#send(receivers, text);
    this.#showSent();
  }

  #checkLength(to: string, text: string): void {
    if (new TextEncoder().encode(text).length <= MAX_TEXT_BYTES) return;
    throw new UsageError(`Cannot send to ${to}: ${reasonWords("too-long")}`);
  }

  #showSent(): void {
    clearTimeout(this.#holding);
    const left = this.#sent.flush(performance.now());
    if (left !== null) this.#holding = setTimeout(() => this.#showSent(), left);
  }

  #command(text: string): void {
    const { printer } = this.#attachment;
    const [, command = "", argument = ""] = /^(\S+)\s*(.*)$/su.exec(text) ?? [];
    if (command === "/name") return this.#rename(normalName(argument));
    switch (text) {
      case "/quit":
        return this.#over.resolve(ExitCode.done);
      case "/help":
        return CHAT_HELP.forEach((line) => printer.note(line));
      case "/who":
        return this.#questions.who();
      case "/servers":
        return this.#questions.servers();
      case "/rtt":
        return this.#questions.rtts();
      default:
        this.#complain(commandProblem(command));
    }
  }

  #rename(name: string): void {
    const { session } = this.#attachment;
    const problem = ownNameProblem(name);
    if (problem !== null) this.#complain(`Cannot take name ${quoted(name)}: ${problem}`);
    else if (name === this.#name) this.#complain(`You are ${name} already`);
    else {
      this.#wanted = name;
      session.call((core, now) => core.attach(name, now));
    }
  }

  #named(name: string | null): void {
    this.#name = name;
    this.#wanted = null;
    if (this.#editor !== null) this.#editor.prompt = promptText(name);
  }

  /** The name is gone, or another one can't be had. */
  #nameless(event: EventOf<"error">): void {
    const { printer, session } = this.#attachment;
    const name = this.#wanted === null ? null : this.#name;
    this.#named(name);
    if (name === null && this.#editor === null) {
      this.#lost.reject(new Failure(event.code, event.message));
      return;
    }
    printer.event(event);
    if (name === null) this.#complain("You have no name now: /name NAME takes one");
    else session.call((core, now) => core.attach(name, now));
  }

  #hear(event: ClientEvent): void {
    const { printer } = this.#attachment;
    switch (event.kind) {
      case "attached":
        return this.#named(event.name);
      case "client":
        this.#names.add(event.name);
        return this.#questions.client(event);
      case "receipt":
        return this.#receipt(event);
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

  #receipt(event: EventOf<"receipt">): void {
    const { printer } = this.#attachment;
    if (this.#editor !== null && this.#sent.settle(event, performance.now())) this.#showSent();
    // That it was delivered is what one expects; a person wants the others.
    else if (printer.json || event.status !== "delivered") printer.event(event);
  }

  get #style(): ChatStyle {
    const isAttached = this.#attachment.session.call((core) => core.home) !== null;
    return { colour: this.#colour, names: [...this.#names], isAttached };
  }

  /** A line for people. */
  #say(line: string, indent = 0): void {
    const { printer } = this.#attachment;
    for (const row of wrapped(line, { width: this.#width, indent })) printer.out(row);
  }

  /** A line about what can't be. */
  #complain(line: string): void {
    const { printer } = this.#attachment;
    for (const row of wrapped(line, { width: this.#width })) printer.err(row);
  }

  get #width(): number | null {
    return this.#editor === null ? null : terminalWidth();
  }

  #words(event: LineEvent, options: TextOptions): string[] {
    const inRows = (line: string): string[] =>
      wrapped(line, { width: this.#width, indent: CLOCK_WIDTH });
    switch (event.kind) {
      case "message":
        return inRows(messageLine(event, new Date(), this.#style));
      case "attached":
      case "moved":
      case "searching":
      case "joined":
      case "left":
        return inRows(noteLine(event, new Date(), this.#style));
      default:
        return textLines(event, options);
    }
  }
}

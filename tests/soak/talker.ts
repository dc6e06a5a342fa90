/**
 * A client of a soak: a real process that is typed to and read, and sends
 * without pause: each receipt is followed by the next message, to anybody.
 *
 * @module
 */

import { Program } from "../testing/program.ts";
import { pick } from "../testing/random.ts";
import type { Ledger } from "./ledger.ts";

/** Messages without a receipt that each client has at most. */
const OUTSTANDING = 4;

/** What a talker needs to know. */
export interface TalkerOptions {
  readonly servers: readonly string[];
  /** To whom it sends. */
  readonly others: readonly string[];
  readonly random: () => number;
  readonly ledger: Ledger;
  /** Is told of each receipt, and when it ends. */
  readonly changed: () => void;
}

/** One client. */
export class Talker implements AsyncDisposable {
  readonly name: string;
  /** How often it went to another server, by reason. */
  readonly moves = new Map<string, number>();
  /** What it said besides. */
  readonly errors: string[] = [];
  readonly #options: TalkerOptions;
  readonly #program: Program;
  #open = 0;
  #attached = false;
  #talking = false;

  /** Starts it. */
  constructor(name: string, options: TalkerOptions) {
    this.name = name;
    this.#options = options;
    const servers = options.servers.flatMap((address) => ["--server", address]);
    this.#program = new Program("client", ["chat", "--json", "--name", name, ...servers], {
      onLine: (line) => this.#take(line),
    });
  }

  /** Messages without a receipt. */
  get open(): number {
    return this.#open;
  }

  /** Its exit code; null while it runs. */
  get code(): number | null {
    return this.#program.code;
  }

  /** What it wrote on standard error. */
  get complaints(): readonly string[] {
    return this.#program.err;
  }

  /** Waits until it is attached. */
  attached(): Promise<void> {
    return this.#program.until("it is attached", () => this.#attached);
  }

  /** Begins to send. */
  talk(): void {
    this.#talking = true;
    this.#fill();
  }

  /** Sends nothing more. */
  hush(): void {
    this.#talking = false;
  }

  /** Ends its input, and waits until it has ended; returns its exit code. */
  async end(): Promise<number> {
    await this.#program.endInput();
    return (await this.#program.ends()).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  #fill(): void {
    const { others, random, ledger } = this.#options;
    const lines: string[] = [];
    for (; this.#talking && this.#open < OUTSTANDING; this.#open++) {
      const to = pick(random, others);
      lines.push(`${to} ${ledger.send(this.name, to)}`);
    }
    // A client that has ended reads nothing any more; that is found out otherwise.
    if (lines.length > 0) this.#program.type(lines.join("\n")).catch(() => {});
  }

  #take(line: string): void {
    const event = JSON.parse(line);
    const { ledger, changed } = this.#options;
    switch (event.event) {
      case "message":
        return ledger.show(event.from, this.name, event.text);
      case "receipt": {
        const { to, seq, status, reason, latency_us } = event;
        const latencyMs = latency_us === null ? null : latency_us / 1_000;
        ledger.receipt(this.name, to, { seq, status, reason, latencyMs });
        this.#open--;
        this.#fill();
        return changed();
      }
      case "attached":
        this.#attached = true;
        return;
      case "moved":
        this.moves.set(event.reason, (this.moves.get(event.reason) ?? 0) + 1);
        return;
      case "error":
        this.errors.push(line);
        return changed();
    }
  }
}

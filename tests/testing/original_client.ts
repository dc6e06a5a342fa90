/**
 * The original client, emulated over real TCP: it chooses a server by one
 * echo each, registers there, and then understands nothing but messages.
 *
 * @module
 */

import { type Choice, choose } from "./original_choice.ts";
import {
  countedLength,
  cut,
  decode,
  kindOf,
  type OriginalHeader,
  received,
  type ReceivedFrame,
  twoNames,
} from "./original_frame.ts";
import { Observed } from "./original_observed.ts";
import { Wire } from "./original_wire.ts";

/** How an {@linkcode OriginalClient} connects. */
export interface OriginalClientOptions {
  /** The server chosen by its user; where to begin. */
  readonly port: number;
  readonly name: string;
  /** Writes pieces of that many bytes, each alone, at 1 to 3 ms a piece. */
  readonly split?: number;
  /** Registers at `port`, without asking for others or measuring. */
  readonly stay?: boolean;
  /** How long it waits for an answer to 5, 6 or 7 until it goes without. */
  readonly patienceMs?: number;
}

/** A message as an {@linkcode OriginalClient} shows it. */
export interface OriginalMessage {
  readonly sender: string;
  readonly receiver: string;
  readonly text: string;
}

/** The server answered a registration with anything else than 2/0. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** The type in that answer; 30 when the name is taken. */
  readonly type: number;

  constructor(header: OriginalHeader) {
    super(`refused: ${kindOf(header)}`);
    this.type = header.type;
  }
}

/** Long enough for a busy machine; a test of silent servers passes less. */
const PATIENCE_MS = 2000;

/** An original client, registered at a server on 127.0.0.1. */
export class OriginalClient extends Observed implements AsyncDisposable {
  readonly name: string;
  /** The port of the server where it registered. */
  readonly home: number;
  /** What it measured, by port; empty if it stayed. */
  readonly rttsMs: ReadonlyMap<number, number>;
  /** Every message, in the order of arrival. */
  readonly messages: OriginalMessage[] = [];
  /** Headers of anything else than 3/0 after registration. */
  readonly unexpected: ReceivedFrame[] = [];
  /** Resolves when its connection has closed, whoever closed it. */
  readonly ended: Promise<void>;

  readonly #wire: Wire;
  readonly #idle: Wire | undefined;
  readonly #idleEnded: Promise<void> | undefined;
  #unread = 0;
  #disposed = false;

  private constructor(
    wire: Wire,
    options: { name: string; home: number; choice: Choice | undefined },
  ) {
    super();
    this.name = options.name;
    this.home = options.home;
    this.rttsMs = options.choice?.rttsMs ?? new Map();
    this.#wire = wire;
    this.#idle = options.choice?.idle;
    this.ended = this.#read();
    this.#idleEnded = this.#idle?.drain((bytes) => {
      this.#unread += bytes;
      this.changed();
    }).then(() => this.changed());
  }

  /**
   * Chooses the fastest server that the one at `port` knows of, and registers
   * there on one more connection.
   *
   * @throws {RefusedError} when the server answers anything else than 2/0.
   * @throws {Error} when a server can't be reached or answers out of turn.
   */
  static async connect(
    options: OriginalClientOptions,
  ): Promise<OriginalClient> {
    const { port, name, split, patienceMs = PATIENCE_MS } = options;
    const choice = options.stay ? undefined : await choose(port, { split, patienceMs });
    const home = choice?.fastest ?? port;
    let wire: Wire | undefined;
    try {
      wire = await Wire.dial(home, split);
      await register(wire, name);
      return new OriginalClient(wire, { name, home, choice });
    } catch (error) {
      await wire?.close();
      await choice?.idle.close();
      throw error;
    }
  }

  /** Whether its connection has closed. */
  get closed(): boolean {
    return !this.#wire.open;
  }

  /**
   * Whether the connection on which it measured is still there. The original
   * leaves it open and silent for as long as it runs.
   */
  get idleOpen(): boolean {
    return this.#idle?.open ?? false;
  }

  /** Bytes that came on the connection on which it measured, and now never reads. */
  get unread(): number {
    return this.#unread;
  }

  /** Sends a message. @throws {Error} when the connection has closed. */
  async send(receiver: string, text: string): Promise<void> {
    const payload = `${receiver} ${text}`;
    const length = countedLength(payload);
    const sublength = countedLength(receiver);
    await this.#wire.write({ type: 3, subtype: 0, length, sublength }, payload);
  }

  /** Closes everything and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.all([this.#wire.close(), this.#idle?.close()]);
    await Promise.all([this.ended, this.#idleEnded]);
    this.over();
  }

  protected override describe(): Record<string, unknown> {
    const { name, home, messages, unexpected, crashes, desyncs, closed } = this;
    return { name, home, messages, unexpected, crashes, desyncs, closed };
  }

  async #read(): Promise<void> {
    try {
      let header = await this.#wire.readHeader();
      while (header !== null) {
        if (kindOf(header) === "3/0") await this.#receive(header);
        else this.#ignore(header);
        this.changed();
        header = await this.#wire.readHeader();
      }
    } catch (error) {
      if (!this.#disposed) this.crashed("3/0", error);
    }
    await this.#wire.close();
    this.changed();
  }

  async #receive(header: OriginalHeader): Promise<void> {
    const payload = decode(await this.#wire.readBytes(header.length));
    const { address, text } = cut(payload, header.sublength);
    this.messages.push({ ...twoNames(address), text });
  }

  /** The next header is read right after this one, whatever it announced. */
  #ignore(header: OriginalHeader): void {
    const frame = received(header);
    this.unexpected.push(frame);
    if (header.length !== 0) this.desyncs.push(frame.hex);
  }
}

async function register(wire: Wire, name: string): Promise<void> {
  const length = countedLength(name);
  await wire.write({ type: 2, subtype: 1, length, sublength: 0 }, name);
  const header = await wire.readHeader();
  if (header === null) {
    throw new Error("connection ended before the answer to 2/1");
  }
  if (kindOf(header) !== "2/0") throw new RefusedError(header);
}

/**
 * A client of a {@linkcode Cluster}: the shipping core on real sockets, and all
 * that its user would see.
 *
 * @module
 */

import type { Pace, SessionAction } from "../../lib/core/client_context.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import { Session } from "../../lib/core/session.ts";
import { Driver } from "../../lib/net/driver.ts";
import type { Watch } from "./watch.ts";

/** How a client starts. */
export interface ClientOptions {
  /** `host:port` of servers to try. */
  readonly servers: readonly string[];
  /** Without one it only looks around, until `attach`. */
  readonly name?: string;
  readonly pin?: boolean;
  /** Samples of each server; one unless given, since most tests don't choose. */
  readonly probes?: number;
  readonly pace?: Partial<Pace>;
  readonly intervalMs?: number;
}

/** One event of a kind. */
export type Told<Kind extends ClientEvent["kind"]> = Extract<ClientEvent, { kind: Kind }>;

/** The core, which says when it may have changed. */
class ObservedSession extends Session {
  changed = (): void => {};

  override takeReady(): readonly number[] {
    const ready = super.takeReady();
    this.changed();
    return ready;
  }
}

/** One client. */
export class ClusterClient implements AsyncDisposable {
  readonly events: ClientEvent[] = [];
  readonly messages: Told<"message">[] = [];
  readonly receipts: Told<"receipt">[] = [];
  /** What it says about its decisions. */
  readonly log: string[] = [];
  /** Is told of each message as it is shown. */
  onMessage: (message: Told<"message">) => void = () => {};
  /** Is told of each receipt. */
  onReceipt: (receipt: Told<"receipt">) => void = () => {};
  readonly #watch: Watch;
  readonly #session: ObservedSession;
  readonly #driver: Driver<SessionAction>;
  readonly #completed: string[] = [];
  #name: string | undefined;

  constructor(watch: Watch, { name, probes = 1, ...options }: ClientOptions) {
    this.#watch = watch;
    this.#name = name;
    this.#session = new ObservedSession({
      ...options,
      probes,
      session: 1 + Math.floor(Math.random() * (2 ** 48 - 1)),
      token: crypto.randomUUID(),
      random: Math.random,
    });
    this.#session.changed = watch.changed;
    if (name !== undefined) this.#session.attach(name, performance.now());
    this.#session.start(performance.now());
    this.#driver = new Driver<SessionAction>(this.#session, {
      onAction: (action) => this.#act(action),
      onError: watch.threw,
    });
  }

  /** The name that it has, or asks for. */
  get name(): string {
    return this.#name ?? "";
  }

  /** The address of the server that it is attached to. */
  get home(): string | null {
    return this.#session.home?.address ?? null;
  }

  /** Messages without a receipt. */
  get openCount(): number {
    return this.#session.openCount;
  }

  /** Servers that it could not reach, and why. */
  get failures(): readonly { readonly address: string; readonly why: string }[] {
    return this.#session.failures();
  }

  /** Texts that one sender's messages had, in order. */
  texts(from: string): string[] {
    return this.messages.filter((message) => message.from === from).map(({ text }) => text);
  }

  /** Everything that happened of one kind. */
  told<Kind extends ClientEvent["kind"]>(kind: Kind): Told<Kind>[] {
    return this.events.filter((event): event is Told<Kind> => event.kind === kind);
  }

  /** The names of everybody there, sorted, by what it was told since it asked `who` to watch. */
  get roster(): string[] {
    const names = new Set<string>();
    for (const event of this.events) {
      if (event.kind === "client" || event.kind === "joined") names.add(event.name);
      else if (event.kind === "left") names.delete(event.name);
    }
    return [...names].sort();
  }

  /** Waits until it is attached to a server. */
  attached(): Promise<void> {
    return this.until("it is attached", () => this.home !== null);
  }

  /** Waits until it knows all servers, and has measured them. */
  gathered(): Promise<void> {
    return this.until("it knows the servers", () => this.#completed.includes("gathered"));
  }

  /** Waits for a message. */
  received(from: string, text: string): Promise<void> {
    return this.until(
      `it is shown "${text.slice(0, 40)}" from ${from}`,
      () => this.messages.some((message) => message.from === from && message.text === text),
    );
  }

  /** Waits for the receipt of one message. */
  async receipt(to: string, seq: number): Promise<Told<"receipt">> {
    const find = (): Told<"receipt"> | undefined =>
      this.receipts.find((receipt) => receipt.to === to && receipt.seq === seq);
    await this.until(`it has a receipt for message ${seq} to ${to}`, () => find() !== undefined);
    return find() as Told<"receipt">;
  }

  /** Waits for an error that it tells its user. */
  async failed(code: string): Promise<Told<"error">> {
    const find = (): Told<"error"> | undefined =>
      this.told("error").find((error) => error.code === code);
    await this.until(`it fails with ${code}`, () => find() !== undefined);
    return find() as Told<"error">;
  }

  /** Waits until `holds`, which looks at this client. */
  until(what: string, holds: (client: this) => boolean, deadlineMs?: number): Promise<void> {
    return this.#watch.until(`${this.name}: ${what}`, () => holds(this), deadlineMs);
  }

  /** Asks for a name. */
  attach(name: string): void {
    this.#name = name;
    this.#call((session, now) => session.attach(name, now));
  }

  /** Sends a message. */
  send(receiver: string, text: string): void {
    this.#call((session, now) => session.send(receiver, text, now));
  }

  /** Asks who is there, and waits for the whole answer. */
  async who({ watch = false } = {}): Promise<Told<"client">[]> {
    const before = this.told("client").length;
    const answers = (): number => this.#completed.filter((what) => what === "who").length;
    const wanted = answers() + 1;
    this.#call((session) => session.who(watch));
    await this.until("it knows who is there", () => answers() === wanted);
    return this.told("client").slice(before);
  }

  /** Asks how far the servers are from each other, and waits for the whole answer. */
  async matrix(): Promise<Told<"matrix">> {
    const before = this.told("matrix").length;
    this.#call((session) => session.matrix());
    await this.until("it knows the matrix", () => this.told("matrix").length > before);
    return this.told("matrix").at(-1) as Told<"matrix">;
  }

  /** The servers that answered. */
  servers(): Told<"server">[] {
    return this.#session.servers() as Told<"server">[];
  }

  /** What it measured. */
  rtts(): Told<"rtt">[] {
    return this.#session.rtts(performance.now()) as Told<"rtt">[];
  }

  /** Says goodbye and ends. */
  async quit(): Promise<void> {
    this.#call((session, now) => session.quit(now));
    await this.until("it has ended", () => this.#completed.includes("ended"));
    await this[Symbol.asyncDispose]();
  }

  /** Is gone from one moment to the next, without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.close();
    this.#watch.changed();
  }

  /** Its state, for waits that were in vain. */
  describe(): Record<string, unknown> {
    const { name, home, openCount, failures } = this;
    const log = this.log.slice(-8);
    const messages = this.messages.length;
    const receipts = this.receipts.length;
    const last = this.events.slice(-8).map((event) => JSON.stringify(event).slice(0, 200));
    return { name, home, openCount, failures, messages, receipts, last, log };
  }

  #call(call: (session: Session, now: number) => void): void {
    call(this.#session, performance.now());
    this.#driver.poke();
  }

  #act(action: Exclude<SessionAction, { kind: "dial" | "close" }>): void {
    if (action.kind === "complete") {
      this.#completed.push(action.what);
      return;
    }
    if (action.kind === "log") {
      this.log.push(action.message);
      return;
    }
    const { event } = action;
    this.events.push(event);
    if (event.kind === "receipt") {
      this.receipts.push(event);
      this.onReceipt(event);
    } else if (event.kind === "message") {
      this.messages.push(event);
      this.onMessage(event);
    }
  }
}

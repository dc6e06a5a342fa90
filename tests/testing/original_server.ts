/**
 * The original server, emulated over real TCP with its quirks: it dials back,
 * handles no error, and reads what follows an unknown header as the next one.
 *
 * @module
 */

import {
  countedLength,
  cut,
  decode,
  kindOf,
  listedPorts,
  type OriginalHeader,
  received,
  type ReceivedFrame,
  twoNames,
} from "./original_frame.ts";
import { Observed } from "./original_observed.ts";
import { type OriginalConnections, Sockets } from "./original_sockets.ts";
import {
  type OriginalServerOptions,
  type OriginalVariant,
  understoodKinds,
} from "./original_variant.ts";
import type { Wire } from "./original_wire.ts";

interface Message {
  readonly sender: string;
  readonly receiver: string;
  readonly text: string;
}

/** The original waits for ever for its 1/0; a test shouldn't. */
const REPLY_TIMEOUT_MS = 5000;

/** An original server, listening on 127.0.0.1. */
export class OriginalServer extends Observed implements AsyncDisposable {
  readonly port: number;
  readonly variant: OriginalVariant;
  /** Headers it ignored. One without a payload did no harm. */
  readonly unknownTypes: ReceivedFrame[] = [];
  /** Every frame, in the order in which they were read. */
  readonly received: ReceivedFrame[] = [];

  readonly #sockets: Sockets;
  readonly #bothWays: boolean;
  readonly #understood: ReadonlySet<string>;
  /** Other servers, each with the connection to send to it on. */
  readonly #links = new Map<number, Wire>();
  readonly #clients = new Map<string, Wire>();
  #dropped = 0;
  #unread = 0;

  private constructor(options: OriginalServerOptions) {
    super();
    this.variant = options.variant ?? "plain";
    this.#sockets = new Sockets(options);
    this.port = this.#sockets.port;
    this.#bothWays = this.variant === "join33";
    this.#understood = understoodKinds(options);
  }

  /**
   * Starts listening and joins. When it resolves, the 1/0 has been read and
   * everyone in it told; whether they have noticed is for their `waitFor`.
   * What went wrong with joining is in `crashes`.
   */
  static async start(
    options: OriginalServerOptions = {},
  ): Promise<OriginalServer> {
    const server = new OriginalServer(options);
    server.#sockets.accept((wire) => server.#serve(wire));
    try {
      await server.#join(options.wellKnown ?? []);
    } catch (error) {
      server.crashed("join", error);
    }
    return server;
  }

  /** Ports of the other servers, in the order in which it learned of them. */
  get known(): readonly number[] {
    return [...this.#links.keys()];
  }

  /** Names of its own clients. */
  get clients(): readonly string[] {
    return [...this.#clients.keys()];
  }

  /** How many forwards were for names that it doesn't have. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes on connections that it dialled only to send, where it never reads. */
  get unread(): number {
    return this.#unread;
  }

  /** How often it connected and was connected to, until now. */
  get connections(): OriginalConnections {
    return this.#sockets.connections;
  }

  /** Closes everything and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.dispose();
    this.over();
  }

  protected override describe(): Record<string, unknown> {
    const { port, known, clients, dropped, unread, crashes, desyncs } = this;
    const last = this.received.slice(-5);
    return { port, known, clients, dropped, unread, crashes, desyncs, last };
  }

  async #join(wellKnown: readonly number[]): Promise<void> {
    const first = await this.#dialFirst(wellKnown);
    if (first === undefined) return;
    if (!this.#bothWays) await this.#announce(first, 2);
    await this.#announce(first, 0);
    const listed = await this.#readReply(first);
    this.#useDialled(first);
    for (const port of listed.filter((port) => port !== this.port)) {
      const wire = await this.#sockets.dial(port, "dialled");
      this.#learn(port, wire);
      await this.#announce(wire, this.#bothWays ? 33 : 2);
      this.#useDialled(wire);
    }
  }

  async #dialFirst(ports: readonly number[]): Promise<Wire | undefined> {
    for (const port of ports.filter((port) => port !== this.port)) {
      try {
        const wire = await this.#sockets.dial(port, "dialled");
        this.#learn(port, wire);
        return wire;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      }
    }
    return undefined;
  }

  #announce(wire: Wire, type: 0 | 2 | 33): Promise<void> {
    const header = { type, subtype: 0, length: 0, sublength: 0 };
    return wire.write(header, String(this.port));
  }

  async #readReply(wire: Wire): Promise<number[]> {
    const deadline = setTimeout(() => wire.close(), REPLY_TIMEOUT_MS);
    try {
      const header = await wire.readHeader();
      if (header === null) {
        throw new Error("no 1/0 before the connection ended");
      }
      if (kindOf(header) !== "1/0") {
        throw new Error(`${kindOf(header)} where a 1/0 must come`);
      }
      return listedPorts(await this.#payload(wire, header));
    } finally {
      clearTimeout(deadline);
    }
  }

  async #serve(wire: Wire): Promise<void> {
    let during = "accept";
    this.changed();
    try {
      let header = await wire.readHeader();
      while (header !== null) {
        during = kindOf(header);
        await this.#handle(wire, header);
        header = await wire.readHeader();
      }
    } catch (error) {
      if (!this.#sockets.disposed) this.crashed(during, error);
    }
    for (const [name, client] of this.#clients) {
      if (client === wire) this.#clients.delete(name);
    }
    await wire.close();
    this.changed();
  }

  async #handle(wire: Wire, header: OriginalHeader): Promise<void> {
    const kind = kindOf(header);
    if (!this.#understood.has(kind)) return this.#ignore(header);
    switch (kind) {
      case "2/1":
        return await this.#register(wire, await this.#payload(wire, header));
      case "3/0": {
        const payload = await this.#payload(wire, header);
        const { address, text } = cut(payload, header.sublength);
        const message = { sender: this.#nameOf(wire), receiver: address, text };
        if (!await this.#deliver(message)) await this.#forward(message);
        return;
      }
      case "4/0": {
        const payload = await this.#payload(wire, header);
        const { address, text } = cut(payload, header.sublength);
        if (!await this.#deliver({ ...twoNames(address), text })) {
          this.#dropped++;
        }
        return this.changed();
      }
      case "5/0":
      case "6/0":
      case "7/0":
        return await this.#answer(wire, header);
      default:
        return await this.#announced(wire, header);
    }
  }

  /** The next header is read right after this one, whatever it announced. */
  #ignore(header: OriginalHeader): void {
    const frame = received(header);
    this.unknownTypes.push(frame);
    if (header.length !== 0) this.desyncs.push(frame.hex);
    this.#log(frame);
  }

  async #announced(wire: Wire, header: OriginalHeader): Promise<void> {
    const digits = await wire.readBytes(4);
    this.#log(received(header, digits));
    if (header.length !== 0) throw new Error("malformed: it counts the digits");
    if (!/^[1-9]\d{3}$/.test(decode(digits))) {
      throw new Error(`malformed: port is ${decode(digits)}`);
    }
    const port = Number(decode(digits));
    if (this.#bothWays) {
      this.#learn(port, wire);
    } else {
      const back = await this.#sockets.dial(port, "dialledBack");
      this.#learn(port, back);
      this.#useDialled(back);
    }
    if (header.type === 0) {
      const hosts = this.known.map((port) => `127.0.0.1:${port}`);
      await this.#send(wire, 1, { payload: hosts.join("\0") });
    }
  }

  async #register(wire: Wire, name: string): Promise<void> {
    if (this.#clients.has(name)) return await this.#send(wire, 30);
    this.#clients.set(name, wire);
    await this.#send(wire, 2);
    this.changed();
  }

  /** Bytes after one of these headers are the next header, too. */
  async #answer(wire: Wire, header: OriginalHeader): Promise<void> {
    const frame = received(header);
    if (header.length !== 0) this.desyncs.push(frame.hex);
    this.#log(frame);
    const payload = header.type === 5 ? `[${this.known.join(", ")}]` : "";
    await this.#send(wire, header.type, { subtype: 1, payload });
  }

  /** False when it has no such client. */
  async #deliver(message: Message): Promise<boolean> {
    const client = this.#clients.get(message.receiver);
    if (client === undefined) return false;
    await this.#sendMessage(client, 3, message);
    return true;
  }

  async #forward(message: Message): Promise<void> {
    for (const wire of this.#links.values()) {
      await this.#sendMessage(wire, 4, message);
    }
  }

  /** Notes a connection that is gone, and lets the others have theirs. */
  async #sendMessage(wire: Wire, type: 3 | 4, message: Message): Promise<void> {
    const address = `${message.sender}\0${message.receiver}`;
    const payload = `${address} ${message.text}`;
    const sublength = countedLength(address);
    try {
      await this.#send(wire, type, { payload, sublength });
    } catch (error) {
      if (this.#sockets.disposed) return;
      this.crashed(`${type}/0 to ${message.receiver}`, error);
    }
  }

  async #send(
    wire: Wire,
    type: number,
    { subtype = 0, payload = "", sublength = 0 } = {},
  ): Promise<void> {
    const length = countedLength(payload);
    await wire.write({ type, subtype, length, sublength }, payload);
  }

  async #payload(wire: Wire, header: OriginalHeader): Promise<string> {
    const bytes = await wire.readBytes(header.length);
    this.#log(received(header, bytes));
    return decode(bytes);
  }

  #nameOf(wire: Wire): string {
    for (const [name, client] of this.#clients) {
      if (client === wire) return name;
    }
    throw new Error("sender has not registered");
  }

  #learn(port: number, wire: Wire): void {
    this.#links.set(port, wire);
    this.changed();
  }

  #log(frame: ReceivedFrame): void {
    this.received.push(frame);
    this.changed();
  }

  /** What it dialled it reads only as a `join33`; else it only sends there. */
  #useDialled(wire: Wire): void {
    if (this.#bothWays) return this.#sockets.run(this.#serve(wire));
    const drained = wire.drain((bytes) => {
      this.#unread += bytes;
      this.changed();
    });
    this.#sockets.run(drained.then(() => this.changed()));
  }
}

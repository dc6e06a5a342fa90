/**
 * An original client on the simulated network: it registers a name with 2/1,
 * sends and takes 3/0, and knows nothing else.
 *
 * @module
 */

import { baseMessage, decodeDelivery, register } from "../../lib/codec/base.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { parseAddress } from "../../lib/core/address.ts";

/** A connection that failed is made again after so long. */
const REDIAL_MS = 200;

/** One original client. It takes another name when its own is refused. */
export class BaseClient {
  readonly shown: { readonly from: string; readonly to: string; readonly text: string }[] = [];
  /** Frames that would put the original out of step, or that it takes for a refusal. */
  readonly surprises: string[] = [];
  name: string;
  registered = false;
  ended = false;
  readonly #server: string;
  #reader = new FrameReader("client");
  #link: number | null = null;
  #writes: Uint8Array[] = [];
  #actions: { readonly kind: string }[] = [];
  #dials = 0;
  #redialAt = Infinity;
  #ready = false;

  constructor(server: string, name: string) {
    this.#server = server;
    this.name = name;
    this.#dial();
  }

  /** Sends a message; false while it has no name. */
  send(receiver: string, text: string): boolean {
    if (this.registered) this.#write(baseMessage(receiver, text));
    return this.registered;
  }

  /** Says goodbye and closes when the server has answered. */
  quit(): void {
    this.#write(frame(Kind.Close));
    this.ended = true;
    this.#redialAt = Infinity;
  }

  opened(link: number): void {
    this.#link = link;
    if (this.ended) {
      this.#actions.push({ kind: "close", link } as { kind: string });
      return;
    }
    this.#reader = new FrameReader("client");
    this.#writes = [];
    this.#write(register(this.name));
  }

  failed(_dial: number, _why: string, now: number): void {
    if (!this.ended) this.#redialAt = now + REDIAL_MS;
  }

  receive(_link: number, bytes: Uint8Array): void {
    this.#reader.feed(bytes);
    while (this.#reader.next()) this.#take(this.#reader.kind);
  }

  closed(_link: number, _why: string, now: number): void {
    // The server has no other way to say that the name went to an older claim.
    if (this.registered) this.name += "x";
    this.#link = null;
    this.registered = false;
    if (!this.ended) this.#redialAt = now + REDIAL_MS;
  }

  tick(now: number): number {
    if (now < this.#redialAt) return this.#redialAt;
    this.#redialAt = Infinity;
    this.#dial();
    return Infinity;
  }

  pull(): Uint8Array | null {
    return this.#writes.shift() ?? null;
  }

  takeReady(): readonly number[] {
    const ready = this.#ready && this.#link !== null ? [this.#link] : [];
    this.#ready = false;
    return ready;
  }

  takeActions(): readonly { readonly kind: string }[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #dial(): void {
    const address = parseAddress(this.#server);
    if (address === null) throw new TypeError(`Cannot dial ${this.#server}: it is no address`);
    this.#actions.push(
      { kind: "dial", dial: ++this.#dials, ...address, deadlineMs: 5_000 } as { kind: string },
    );
  }

  #write(bytes: Uint8Array): void {
    this.#writes.push(bytes);
    this.#ready = true;
  }

  #take(kind: number): void {
    switch (kind) {
      case Kind.JoinOrRegistered:
        this.registered = true;
        return;
      case Kind.NameTaken:
        this.name += "x";
        this.#write(register(this.name));
        return;
      case Kind.Message:
        if (!this.registered) this.surprises.push("a delivery before the name was registered");
        this.shown.push(this.#delivery());
        return;
      case Kind.CloseReply:
        if (this.#link !== null) {
          this.#actions.push({ kind: "close", link: this.#link } as { kind: string });
        }
        return;
      default:
        this.surprises.push(`a frame of kind ${kind.toString(16)}`);
    }
  }

  #delivery(): { from: string; to: string; text: string } {
    const { sender, receiver, text } = decodeDelivery(
      this.#reader.payload(),
      this.#reader.sublength,
    );
    return { from: sender, to: receiver, text };
  }
}

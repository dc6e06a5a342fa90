/**
 * An original server on the simulated network, as far as clients can tell:
 * with or without its 5, 6 and 7, or too frozen to say anything.
 *
 * @module
 */

import { delivery, serversReply } from "../../lib/codec/base.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";

/** How an original server behaves. */
export interface BaseServerOptions {
  /** The ports that its 5/1 lists. */
  readonly ports?: readonly number[];
  /** Names that it refuses. */
  readonly taken?: readonly string[];
  /** `mute`: it has no 5, 6 and 7; `frozen`: it says nothing at all. */
  readonly kind?: "whole" | "mute" | "frozen";
}

/** One original server. */
export class BaseServer {
  /** Who registered, by connection. */
  readonly names = new Map<number, string>();
  /** What its clients sent: `receiver text`. */
  readonly messages: string[] = [];
  readonly #options: Required<BaseServerOptions>;
  readonly #readers = new Map<number, FrameReader>();
  readonly #writes = new Map<number, Uint8Array[]>();
  #ready: number[] = [];

  constructor(options: BaseServerOptions = {}) {
    this.#options = { ports: [], taken: [], kind: "whole", ...options };
  }

  /** Passes a message to whoever registered as `receiver`. */
  deliver(sender: string, receiver: string, text: string): void {
    for (const [link, name] of this.names) {
      if (name === receiver) this.#write(link, delivery({ sender, receiver, text }));
    }
  }

  opened(link: number): void {
    this.#readers.set(link, new FrameReader("server"));
    this.#writes.set(link, []);
  }

  failed(): void {}

  receive(link: number, bytes: Uint8Array): void {
    const reader = this.#readers.get(link);
    if (reader === undefined || this.#options.kind === "frozen") return;
    reader.feed(bytes);
    while (reader.next()) this.#take(link, reader);
  }

  closed(link: number): void {
    this.#readers.delete(link);
    this.#writes.delete(link);
    this.names.delete(link);
  }

  tick(): number {
    return Infinity;
  }

  pull(link: number): Uint8Array | null {
    return this.#writes.get(link)?.shift() ?? null;
  }

  takeReady(): readonly number[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  takeActions(): readonly { readonly kind: string }[] {
    return [];
  }

  #take(link: number, { kind, payload }: { kind: number; payload(): Uint8Array }): void {
    const { kind: own, ports, taken } = this.#options;
    const text = new TextDecoder().decode(payload.call(this.#readers.get(link)));
    if (kind === Kind.Register) {
      if (!taken.includes(text)) this.names.set(link, text);
      this.#write(link, frame(taken.includes(text) ? Kind.NameTaken : Kind.JoinOrRegistered));
    } else if (kind === Kind.Message) this.messages.push(text);
    else if (own === "whole") {
      if (kind === Kind.ServersRequest) this.#write(link, serversReply(ports));
      if (kind === Kind.Echo) this.#write(link, frame(Kind.EchoReply));
      if (kind === Kind.Close) this.#write(link, frame(Kind.CloseReply));
    }
  }

  #write(link: number, bytes: Uint8Array): void {
    this.#writes.get(link)?.push(bytes);
    this.#ready.push(link);
  }
}

/**
 * A server that answers a client in the right frames, with texts that no server
 * of ours would let through.
 *
 * @module
 */

import { decodeEnrol, enrolled, refused } from "../../lib/codec/enrolment.ts";
import { welcome } from "../../lib/codec/handshake.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { names as nameFrames } from "../../lib/codec/who.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { listen } from "../../lib/net/tcp.ts";

/** What it says of itself and of others, whatever it is asked. */
export interface Lies {
  /** Its own label. */
  readonly label: string;
  /** Who is there. */
  readonly names: readonly string[];
  /** Why nobody may have a name. */
  readonly refusal: string;
  /** It gives every name at first, and says right behind it that it is lost. */
  readonly takesBack?: boolean;
}

/** Listens until it is disposed of. */
export class HostileServer implements AsyncDisposable {
  readonly #listener = listen({ hostname: "127.0.0.1", port: 0 });
  readonly #lies: Lies;
  readonly #accepting: Promise<void>;
  readonly #serving: Promise<void>[] = [];

  constructor(lies: Lies) {
    this.#lies = lies;
    this.#accepting = this.#accept();
  }

  /** `host:port`, where it listens. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Stops listening, and waits until its clients have gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#serving.push(this.#serve(conn));
    } catch {
      // Closed, while it waited.
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const reader = new FrameReader("server");
    try {
      for await (const bytes of conn.readable) {
        reader.feed(bytes);
        while (reader.next()) {
          const { kind } = reader;
          for (const answer of this.#answers(kind, reader.payload())) await conn.write(answer);
        }
      }
    } catch {
      // The client is gone.
    }
  }

  #answers(kind: number, payload: Uint8Array): readonly Uint8Array[] {
    const id = "0123456789ab";
    const { label, names, refusal: message, takesBack } = this.#lies;
    switch (kind) {
      case Kind.Hello: {
        const addresses = [this.address];
        const clients = names.length;
        return [welcome({ id, label, addresses, members: [], base: [], clients })];
      }
      case Kind.Who:
        return [...nameFrames(names.map((name) => ({ name, server: id })))];
      case Kind.Enrol: {
        const { name } = decodeEnrol(payload);
        if (!takesBack) return [refused({ name, reason: "stale-move", message })];
        return [enrolled(name), refused({ name, reason: "name-taken", message })];
      }
      case Kind.Echo:
        return [frame(Kind.EchoReply)];
      case Kind.Close:
        return [frame(Kind.CloseReply)];
      default:
        return [];
    }
  }
}

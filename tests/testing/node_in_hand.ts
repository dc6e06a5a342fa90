/**
 * One server's core and nothing else: a test plays everyone it is connected
 * to, frame by frame, and the clock.
 *
 * @module
 */

import { register } from "../../lib/codec/base.ts";
import { enrol } from "../../lib/codec/enrolment.ts";
import { join } from "../../lib/codec/handshake.ts";
import { FrameReader, type Reading } from "../../lib/codec/reader.ts";
import { At, writeStreamMessage } from "../../lib/codec/stream.ts";
import { frame, HEADER_BYTES, Kind, kindText } from "../../lib/codec/wire.ts";
import type { NodeAction, NodeConfig, NodeLimits } from "../../lib/core/context.ts";
import { Node } from "../../lib/core/node.ts";
import { seededRandom } from "./random.ts";

/** A node that wants to be woken at once more often in a row spins. */
const MAX_RESTLESS = 20;

/** One frame that the node wrote. */
export interface Frame {
  readonly kind: number;
  readonly sublength: number;
  readonly payload: Uint8Array;
}

type Dial = Extract<NodeAction, { kind: "dial" }>;

/** A node, and all its connections. */
export class NodeInHand {
  now = 0;
  readonly node: Node;
  /** Dials that the test has not answered yet. */
  readonly dials: Dial[] = [];
  readonly logs: Extract<NodeAction, { kind: "log" }>[] = [];
  hasLeft = false;
  readonly #wires = new Map<number, Wire>();
  #lastLink = 0;

  constructor(config: Partial<NodeConfig> & { readonly limits?: Partial<NodeLimits> } = {}) {
    this.node = new Node({
      id: "00000000000a",
      label: "in hand",
      listen: { hostname: "10.0.0.1", port: 4000 },
      advertise: [],
      join: [],
      random: seededRandom(1),
      ...config,
    });
    this.settle();
  }

  /** Somebody at `hostname` connects to the node's address `at`. */
  accept(hostname = "10.0.0.9", at = hostname.startsWith("127.") ? hostname : "10.0.0.1"): Wire {
    const local = { hostname: at, port: 4000 };
    return this.#open({ dial: null, remote: { hostname, port: 50_000 }, local });
  }

  /** The node's oldest dial connects. */
  connect(): Wire {
    const dial = this.dials.shift();
    if (dial === undefined) throw new Error("Cannot connect: the node dialled nobody");
    const { hostname, port } = dial;
    const local = { hostname: hostname.startsWith("127.") ? hostname : "10.0.0.1", port: 50_000 };
    return this.#open({ dial: dial.dial, remote: { hostname, port }, local });
  }

  /** The node's oldest dial does not connect. */
  refuseDial(): void {
    const dial = this.dials.shift();
    if (dial !== undefined) this.node.failed(dial.dial, "connection refused", this.now);
    this.settle();
  }

  /** An extended client that said hello. */
  guest(hostname?: string): Wire {
    const wire = this.accept(hostname);
    wire.say(frame(Kind.Hello));
    wire.heard();
    return wire;
  }

  /** An extended client with a name; `token` and session are made of `session`. */
  client(name: string, session: number, { moves = 0 } = {}): Wire {
    const wire = this.guest();
    wire.say(enrol({ name, session, token: `token of ${session}`, moves }));
    return wire;
  }

  /** An original client that has its name. */
  baseClient(name: string): Wire {
    const wire = this.accept();
    wire.say(register(name));
    return wire;
  }

  /** A server whose link is in use; its id must be larger than the node's. */
  peer(id = "00000000000b"): Wire {
    const wire = this.guest("10.0.0.2");
    wire.say(join({ id, label: id, addresses: [`10.0.0.2:4000`] }));
    wire.heard();
    return wire;
  }

  /** Time goes by, and the node is woken whenever it wished to be. */
  pass(ms: number): void {
    const until = this.now + ms;
    let restless = 0;
    for (let next = this.settle(); next <= until; next = this.settle()) {
      restless = next > this.now ? 0 : restless + 1;
      if (restless > MAX_RESTLESS) throw new Error("Cannot pass time: the node spins");
      this.now = Math.max(this.now, next);
    }
    this.now = until;
    this.settle();
  }

  /** The reasons for which the node closed links, in order. */
  get closeReasons(): unknown[] {
    return this.logs.filter(({ event }) => event === "link-closed").map(({ fields }) =>
      fields["reason"]
    );
  }

  /** Does what the driver does after each round of events; when the node wants to be woken. */
  settle(): number {
    const next = this.node.tick(this.now);
    for (const action of this.node.takeActions()) {
      if (action.kind === "dial") this.dials.push(action);
      else if (action.kind === "close") this.#wires.get(action.link)?.hangUp("closed");
      else if (action.kind === "left") this.hasLeft = true;
      else this.logs.push(action);
    }
    this.node.takeReady();
    return next;
  }

  #open(
    { dial, local, remote }: Pick<Parameters<Node["opened"]>[1], "dial" | "local" | "remote">,
  ): Wire {
    const id = ++this.#lastLink;
    const wire = new Wire(this, id, dial === null ? "client" : "server");
    this.#wires.set(id, wire);
    this.node.opened(id, { dial, connectMs: 1, local, remote }, this.now);
    this.settle();
    return wire;
  }
}

/** One connection of a node, as its other end sees it. */
export class Wire {
  /** The node closed it. */
  closed = false;
  readonly #hand: NodeInHand;
  readonly #id: number;
  readonly #reader: FrameReader;
  readonly #frames: Frame[] = [];

  constructor(hand: NodeInHand, id: number, reading: Reading) {
    this.#hand = hand;
    this.#id = id;
    this.#reader = new FrameReader(reading);
  }

  /** Sends bytes to the node. */
  say(...chunks: Uint8Array[]): void {
    for (const bytes of chunks) this.#hand.node.receive(this.#id, bytes, this.#hand.now);
    this.#hand.settle();
  }

  /** What the node wrote since the last call. Whoever does not call it does not read. */
  heard(): Frame[] {
    this.#read();
    return this.#frames.splice(0);
  }

  /** The kinds of what it wrote since the last call, as `3/0`. */
  heardKinds(): string[] {
    return this.heard().map(({ kind }) => kindText(kind));
  }

  /** The one frame of `kind` among what it wrote since the last call. */
  heardOne(kind: number): Frame {
    const all = this.heard();
    const found = all.filter((it) => it.kind === kind);
    if (found.length !== 1) {
      const kinds = all.map((it) => kindText(it.kind)).join();
      throw new Error(`Expected one frame ${kindText(kind)}, heard ${kinds || "nothing"}`);
    }
    return found[0] as Frame;
  }

  /** The connection ends. */
  hangUp(why = "closed by the other end"): void {
    if (this.closed) return;
    this.#read();
    this.closed = true;
    this.#hand.node.closed(this.#id, why, this.#hand.now);
    this.#hand.settle();
  }

  #read(): void {
    for (;;) {
      const bytes = this.#hand.node.pull(this.#id, this.#hand.now);
      if (bytes === null) return;
      this.#reader.feed(bytes.slice());
      while (this.#reader.next()) {
        const { kind, sublength } = this.#reader;
        this.#frames.push({ kind, sublength, payload: this.#reader.payload().slice() });
      }
    }
  }
}

/** A numbered message, or a forward of one. */
export function message(
  { kind = Kind.StreamMessage, from, sender, to, session, number = 1, floor = 1, text = "hi" }: {
    readonly kind?: number;
    /** The sender's session and name. */
    readonly from: number;
    readonly sender: string;
    /** The receiver's name, and session; 0 for everybody or a bare name. */
    readonly to: string;
    readonly session: number;
    readonly number?: number;
    readonly floor?: number;
    readonly text?: string;
  },
): Uint8Array {
  const encoder = new TextEncoder();
  const address = {
    senderSession: from,
    receiverSession: session,
    senderName: encoder.encode(sender),
    receiverName: encoder.encode(to),
  };
  const body = encoder.encode(text);
  const names = address.senderName.length + address.receiverName.length;
  const bytes = new Uint8Array(HEADER_BYTES + At.Names + names + body.length);
  writeStreamMessage(bytes, 0, { kind, address, number, floor, text: body });
  return bytes;
}

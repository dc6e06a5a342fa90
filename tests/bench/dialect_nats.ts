/**
 * The core protocol of `nats-server`: a subject for each name, no receipts.
 *
 * @module
 */

import {
  connect,
  type Dialect,
  type Member,
  type Shape,
  type ShapeOptions,
  TEXT_STREAM_AT,
  textOf,
  writeAll,
} from "./dialect.ts";

/** What is neither MSG nor anything with a length: PING, PONG and INFO are lines. */
const LINE_FEED = 0x0a;

/** Everybody listens to this, as to `*` here. */
const EVERYBODY = "everybody";

const PONG = bytesOf("PONG\r\n");
const decoder = new TextDecoder();

/** `nats-server`, spoken to as its own clients do. */
export const NATS: Dialect = {
  name: "nats-server",
  join: (port, name) => joined(port, name, `SUB ${name} 1\r\n`),
  async shape(options): Promise<Shape> {
    if (options.receiver !== null) await reached(options.sender, options.receiver);
    return shapeOf(options);
  },
  other: (bytes, at, end) => {
    const feed = bytes.subarray(at, end).indexOf(LINE_FEED);
    return feed + 1;
  },
  echo: ({ conn }) => pinged(conn, ""),
};

/** The same; each client also hears what is sent to everybody. */
export const NATS_BROADCAST: Dialect = {
  ...NATS,
  join: (port, name) => joined(port, name, `SUB ${EVERYBODY} 1\r\n`),
};

async function joined(port: number, name: string, subscribe: string): Promise<Member> {
  const conn = await connect(port);
  await pinged(conn, `CONNECT {"verbose":false,"pedantic":false}\r\n${subscribe}`);
  return { conn, name, session: 0 };
}

/** Sends `first` and a PING, and waits for the PONG behind it. */
async function pinged(conn: Deno.TcpConn, first: string): Promise<void> {
  await writeAll(conn, bytesOf(`${first}PING\r\n`));
  const answer = await heard(conn, "PONG\r\n");
  if (answer.includes("PING\r\n")) await writeAll(conn, PONG);
}

/** Reads until `text` has come, and returns all that came. */
async function heard(conn: Deno.TcpConn, text: string): Promise<string> {
  const buffer = new Uint8Array(4096);
  let all = "";
  while (!all.includes(text)) {
    const read = await conn.read(buffer);
    if (read === null) throw new Error("Cannot go on: nats-server closed a connection");
    all += decoder.decode(buffer.subarray(0, read));
  }
  return all;
}

/** Between two tries to reach a receiver at another server. */
const TRY_AGAIN_MS = 5;

/** Waits until the sender's server knows that the other one has the receiver. */
async function reached(sender: Member, receiver: Member): Promise<void> {
  const publish = (text: string): Promise<void> =>
    writeAll(sender.conn, bytesOf(`PUB ${receiver.name} ${text.length}\r\n${text}\r\n`));
  let arrived = false;
  const first = heard(receiver.conn, "try").then(() => arrived = true);
  while (!arrived) {
    await publish("try");
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, TRY_AGAIN_MS);
    await Promise.race([first, promise]);
    clearTimeout(timer);
  }
  // Nothing of this may be left when the measured messages arrive.
  await publish("over");
  await heard(receiver.conn, "over");
}

function shapeOf({ receiver, textBytes, stream }: ShapeOptions): Shape {
  const subject = receiver?.name ?? EVERYBODY;
  const end = "\r\n";
  const head = `PUB ${subject} ${textBytes}\r\n`;
  const sent = bytesOf(head + "x".repeat(textBytes) + end);
  sent.set(textOf(textBytes, stream), head.length);
  const arrivingHead = `MSG ${subject} 1 ${textBytes}\r\n`;
  return {
    sent,
    numberAt: head.length,
    floorAt: -1,
    arriving: {
      bytes: arrivingHead.length + textBytes + end.length,
      mark: arrivingHead.charCodeAt(0),
      numberAt: arrivingHead.length,
      streamAt: arrivingHead.length + TEXT_STREAM_AT,
    },
    ack: null,
  };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

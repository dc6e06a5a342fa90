/**
 * How a generator speaks to one kind of server. All speak over bare sockets and
 * prepare whole batches of messages, so that what differs is the server.
 *
 * @module
 */

/** A client that has its name at a server. */
export interface Member {
  readonly conn: Deno.TcpConn;
  readonly name: string;
  /** Session of the extended protocol; 0 in the others. */
  readonly session: number;
}

/** How the messages of one sender to one receiver look. All places are offsets in bytes. */
export interface Shape {
  /** One message as it is sent, but for its number. */
  readonly sent: Uint8Array;
  /** Where its number goes, from 1, as four big-endian bytes. */
  readonly numberAt: number;
  /** Where the lowest number not settled goes, likewise; -1 where there is no such thing. */
  readonly floorAt: number;
  /** The same message as it arrives: its size, its first byte, and where its number stands. */
  readonly arriving: {
    readonly bytes: number;
    readonly mark: number;
    readonly numberAt: number;
    /** Where the byte stands that tells which sender it came from. */
    readonly streamAt: number;
  };
  /** What the receiver answers; null where nothing confirms. */
  readonly ack: Uint8Array | null;
}

/** Which messages a shape is for. */
export interface ShapeOptions {
  readonly sender: Member;
  /** Null: to everybody. */
  readonly receiver: Member | null;
  readonly textBytes: number;
  /** Tells the sender apart from others who write to the same receiver; 0 to 255. */
  readonly stream: number;
}

/** One protocol. */
export interface Dialect {
  readonly name: string;
  /** Connects a client to the server on this port of this machine, and gets it the name. */
  join(port: number, name: string): Promise<Member>;
  /** Prepares messages; where it has to ask the server first, it does. */
  shape(options: ShapeOptions): Promise<Shape>;
  /** Bytes of what arrives at `at` and is no message; 0 when it is not all there yet. */
  other(bytes: Uint8Array, at: number, end: number): number;
  /** Sends an echo, and waits for its answer. */
  echo(member: Member): Promise<void>;
}

/** The text of a message: room for its number, the stream, and letters. */
export const TEXT_STREAM_AT = 4;

/** A text of so many bytes, at least 5, that names its stream. */
export function textOf(bytes: number, stream: number): Uint8Array {
  const text = new Uint8Array(bytes).fill(0x78);
  text[TEXT_STREAM_AT] = stream;
  return text;
}

/** Connects without Nagle's algorithm. */
export async function connect(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return conn;
}

/** Writes all of `bytes`. */
export async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let written = await conn.write(bytes);
  while (written < bytes.length) written += await conn.write(bytes.subarray(written));
}

/**
 * Reads frames with a header of ours until one is of `kind`, and returns its payload.
 *
 * @throws {Error} when the connection ends first.
 */
export async function awaitFrame(conn: Deno.TcpConn, kind: number): Promise<Uint8Array> {
  for (;;) {
    const header = await readExactly(conn, 6);
    const view = new DataView(header.buffer);
    const payload = await readExactly(conn, view.getUint16(2));
    if (view.getUint16(0) === kind) return payload;
  }
}

async function readExactly(conn: Deno.TcpConn, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) {
    const read = await conn.read(bytes.subarray(filled));
    if (read === null) throw new Error("Cannot go on: the server closed a connection");
    filled += read;
  }
  return bytes;
}

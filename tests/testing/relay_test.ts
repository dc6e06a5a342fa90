import { assert, assertEquals } from "@std/assert";
import { type Piece, Relay } from "./relay.ts";

/** Two ends of a connection through a relay. */
class Pair implements AsyncDisposable {
  private constructor(
    readonly relay: Relay,
    readonly listener: Deno.TcpListener,
    readonly near: Deno.TcpConn,
    readonly far: Deno.TcpConn,
  ) {}

  static async connect(): Promise<Pair> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const relay = new Relay(listener.addr.port);
    const port = Number(relay.address.split(":")[1]);
    const near = await Deno.connect({ hostname: "127.0.0.1", port });
    return new Pair(relay, listener, near, await listener.accept());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.near.close();
    this.far.close();
    this.listener.close();
    await this.relay[Symbol.asyncDispose]();
  }
}

async function say(conn: Deno.TcpConn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

async function hear(conn: Deno.TcpConn, bytes: number): Promise<string> {
  let heard = "";
  while (heard.length < bytes) {
    const buffer = new Uint8Array(bytes - heard.length);
    const count = await conn.read(buffer);
    if (count === null) return `${heard}, end`;
    heard += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return heard;
}

Deno.test("a relay passes on both ways, and the end", async () => {
  await using pair = await Pair.connect();
  await say(pair.near, "hello");
  assertEquals(await hear(pair.far, 5), "hello");
  assertEquals(pair.relay.connections[0]?.opening, "hello");
  await say(pair.far, "there");
  assertEquals(await hear(pair.near, 5), "there");
  pair.near.closeWrite();
  assertEquals(await hear(pair.far, 1), ", end");
});

Deno.test("a relay that is cut one way holds those bytes only, until it heals", async () => {
  await using pair = await Pair.connect();
  pair.relay.cut(["forth"]);
  await say(pair.near, "held");
  await say(pair.far, "free");
  assertEquals(await hear(pair.near, 4), "free");
  let healed = false;
  const heard = hear(pair.far, 4).then((text) => [text, healed]);
  // Whatever came through in spite of the cut would be there before this is.
  await say(pair.far, "more");
  assertEquals(await hear(pair.near, 4), "more");
  healed = true;
  pair.relay.heal();
  assertEquals(await heard, ["held", true]);
});

Deno.test("a relay that is reset loses what it held", async () => {
  await using pair = await Pair.connect();
  pair.relay.cut();
  await say(pair.near, "lost");
  pair.relay.reset();
  assertEquals(await hear(pair.far, 4), ", end");
});

Deno.test("a relay that is late says by how much it really was", async () => {
  await using pair = await Pair.connect();
  pair.relay.delaysMs.forth = 20;
  const pieces: Piece[] = [];
  pair.relay.onPassing = (piece) => void pieces.push(piece);
  const since = performance.now();
  await say(pair.near, "late");
  assertEquals(await hear(pair.far, 4), "late");
  const tookMs = performance.now() - since;
  const [piece] = pieces;
  const heldMs = piece === undefined ? NaN : piece.passedAt - piece.readAt;
  assert(heldMs >= 20 && heldMs <= tookMs, `${heldMs} of ${tookMs} ms`);
  assertEquals([piece?.way, new TextDecoder().decode(piece?.bytes)], ["forth", "late"]);
});

Deno.test("a relay without a target turns everybody away", async () => {
  await using relay = new Relay();
  const port = Number(relay.address.split(":")[1]);
  using near = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(await hear(near, 1), ", end");
});

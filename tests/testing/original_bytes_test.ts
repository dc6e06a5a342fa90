/**
 * The emulated programs against bare bytes: the examples of the protocol's
 * facts, and every fault that the original would not survive.
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { freeFourDigitPort, OriginalClient, OriginalServer, RefusedError } from "./original.ts";
import { listenFourDigit } from "./original_wire.ts";

const REGISTER_ADA = "020100030000616461";
const REGISTER_BOB = "020100030000626f62";
const REGISTERED = "020000000000";
const NAME_TAKEN = "1e0000000000";
const MESSAGE = "0300000f0003" + ascii("bob hello there");
const DELIVERY = "030000130007" + ascii("ada\0bob hello there");
const FORWARD = "040000130007" + ascii("ada\0bob hello there");
const JOIN = "020000000000";
const JOIN_33 = "210000000000";
const CLIQUE_REQUEST = "000000000000";
const UNKNOWN = "080000000000";

/** Bytes on a connection, as hex, without a thought of frames. */
class Raw implements Disposable {
  readonly #conn: Deno.TcpConn;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async dial(port: number): Promise<Raw> {
    return new Raw(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(...hex: string[]): Promise<void> {
    await this.#conn.write(Uint8Array.fromHex(hex.join("")));
  }

  /** Reads as many bytes as `hex` has, and compares. */
  async expect(...hex: string[]): Promise<void> {
    const expected = hex.join("");
    assertEquals(await this.read(expected.length / 2), expected);
  }

  async read(count: number): Promise<string> {
    let hex = "";
    while (hex.length < count * 2) {
      const piece = new Uint8Array(count - hex.length / 2);
      const length = await this.#conn.read(piece);
      if (length === null) break;
      hex += piece.subarray(0, length).toHex();
    }
    return hex;
  }

  /** Says that nothing more will be sent. */
  async shut(): Promise<void> {
    await this.#conn.closeWrite();
  }

  async expectEnd(): Promise<void> {
    assertEquals(await this.read(1), "");
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** Someone with a port of four digits for the original to dial. */
class RawListener implements Disposable {
  readonly #listener = listenFourDigit();

  get port(): number {
    return this.#listener.addr.port;
  }

  async accept(): Promise<Raw> {
    return new Raw(await this.#listener.accept());
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

Deno.test("a server answers the examples byte for byte", async () => {
  await using server = await OriginalServer.start();
  using ada = await Raw.dial(server.port);
  using bob = await Raw.dial(server.port);
  await ada.send(REGISTER_ADA);
  await ada.expect(REGISTERED);
  await bob.send(REGISTER_ADA);
  await bob.expect(NAME_TAKEN);
  await bob.send(REGISTER_BOB);
  await bob.expect(REGISTERED);
  await ada.send(MESSAGE);
  await bob.expect(DELIVERY);
  await ada.send("060000000000", "070000000000", "050000000000");
  await ada.expect("060100000000", "070100000000", "050100020000", ascii("[]"));
  assertEquals(server.received.map((frame) => frame.hex).slice(0, 4), [
    REGISTER_ADA,
    REGISTER_ADA,
    REGISTER_BOB,
    MESSAGE,
  ]);
  assertEquals(server.crashes, []);
});

Deno.test("a server dials back for 2/0 and for 0/0, and forwards only there", async () => {
  await using server = await OriginalServer.start();
  using peer = new RawListener();
  using asking = await Raw.dial(server.port);
  await asking.send(JOIN, digits(peer.port));
  using back = await peer.accept();
  await asking.send(CLIQUE_REQUEST, digits(peer.port));
  using again = await peer.accept();
  await asking.expect("0100000e0000", ascii(`127.0.0.1:${peer.port}`));
  assertEquals(server.connections.dialledBack.get(peer.port), 2);
  assertEquals(server.known, [peer.port]);

  using other = new RawListener();
  using also = await Raw.dial(server.port);
  await also.send(CLIQUE_REQUEST, digits(other.port));
  using otherBack = await other.accept();
  const both = [peer.port, other.port];
  const hosts = both.map((port) => `127.0.0.1:${port}`).join("\0");
  await also.expect("0100001d0000", ascii(hosts));

  using ada = await Raw.dial(server.port);
  await ada.send(REGISTER_ADA, "050000000000", MESSAGE);
  await ada.expect(REGISTERED, "0501000c0000", ascii(`[${both.join(", ")}]`));
  await again.expect(FORWARD);
  await otherBack.expect(FORWARD);

  await otherBack.send(FORWARD, FORWARD);
  await server.waitFor(() => server.unread === FORWARD.length);
  await server[Symbol.asyncDispose]();
  await back.expectEnd();
  await asking.expectEnd();
});

Deno.test("a server delivers a forward or drops it, and never passes it on", async () => {
  await using server = await OriginalServer.start();
  using peer = new RawListener();
  using asking = await Raw.dial(server.port);
  await asking.send(JOIN, digits(peer.port));
  using back = await peer.accept();
  await asking.send(FORWARD);
  await server.waitFor(() => server.dropped === 1);
  using bob = await Raw.dial(server.port);
  await bob.send(REGISTER_BOB);
  await bob.expect(REGISTERED);
  await asking.send(FORWARD);
  await bob.expect(DELIVERY);
  assertEquals(server.dropped, 1);
  await server[Symbol.asyncDispose]();
  await back.expectEnd();
  assertEquals(server.crashes, []);
});

for (
  const { variant, first, then } of [
    { variant: "plain", first: JOIN, then: JOIN },
    { variant: "without567", first: JOIN, then: JOIN },
    { variant: "join33", first: "", then: JOIN_33 },
  ] as const
) {
  Deno.test(`a ${variant} server joins with the bytes of the examples`, async () => {
    using target = new RawListener();
    using listed = new RawListener();
    const starting = OriginalServer.start({
      variant,
      wellKnown: [target.port],
      split: 1,
    });
    using asked = await target.accept();
    const head = first === "" ? "" : await asked.read(10);
    const request = await asked.read(10);
    const own = request.slice(-8);
    assertEquals(head, first && first + own);
    assertEquals(request, CLIQUE_REQUEST + own);
    const hosts = `127.0.0.1:${listed.port}\x00127.0.0.1:`;
    await asked.send("0100001d0000", ascii(hosts), own);
    await using server = await starting;
    assertEquals(digits(server.port), own);
    using told = await listed.accept();
    await told.expect(then, own);
    assertEquals(server.known, [target.port, listed.port]);
    assertEquals(server.connections.dialled.size, 2);
    assertEquals(server.connections.dialledBack.size, 0);
    assertEquals(server.crashes, []);
  });
}

Deno.test("a join33 server uses the connection on which it was told both ways", async () => {
  await using server = await OriginalServer.start({ variant: "join33" });
  using peer = await Raw.dial(server.port);
  await peer.send(JOIN_33, ascii("9999"));
  using ada = await Raw.dial(server.port);
  await server.waitFor(() => server.known.includes(9999));
  await ada.send(REGISTER_ADA, MESSAGE);
  await peer.expect(FORWARD);
  assertEquals(server.connections.dialledBack.size, 0);
});

Deno.test("without567 ignores 5, 6 and 7 in silence", async () => {
  await using server = await OriginalServer.start({ variant: "without567" });
  using ada = await Raw.dial(server.port);
  await ada.send("050000000000", "060000000000", "070000000000", REGISTER_ADA);
  await ada.expect(REGISTERED);
  assertEquals(server.unknownTypes.map((frame) => frame.type), [5, 6, 7]);
  assertEquals(server.desyncs, []);
});

Deno.test("an unknown type is harmless when bare, and desynchronises with a payload", async () => {
  await using server = await OriginalServer.start();
  using ada = await Raw.dial(server.port);
  await ada.send(UNKNOWN, REGISTER_ADA);
  await ada.expect(REGISTERED);
  assertEquals(server.unknownTypes.map((frame) => frame.hex), [UNKNOWN]);
  assertEquals(server.desyncs, []);
  // The payload of this one is read as an echo.
  await ada.send("080100060000", "060000000000");
  await ada.expect("060100000000");
  assertEquals(server.desyncs, ["080100060000"]);
  // 33/0 is another one that a plain server doesn't know.
  await ada.send(JOIN_33);
  await server.waitFor(() => server.unknownTypes.length === 3);
  assertEquals(server.crashes, []);
});

Deno.test("a server crashes where the original has no error handling", async (t) => {
  const cases = [
    ["digits that are counted", "020000040000" + ascii("4010"), /counts/],
    ["no digits", JOIN + ascii(":401"), /port is :401/],
    ["a negative length", "02018000000061", /length is -32768/],
    ["a message before registration", MESSAGE, /not registered/],
    ["an addressing part without a space", "030000030001" + ascii("bob"), /no space/],
    ["one name in a forward", "040000050003" + ascii("bob a"), /addressing/],
    ["half a frame", "0201000300", /ended 5 bytes into 6/],
    ["text that isn't UTF-8", "020100010000ff", /encoded data/],
  ] as const;
  for (const [name, hex, why] of cases) {
    await t.step(name, async () => {
      await using server = await OriginalServer.start();
      using raw = await Raw.dial(server.port);
      await raw.send(hex);
      await raw.shut();
      await server.waitFor(() => server.crashes.length > 0);
      assertMatch(server.crashes.join(), why);
    });
  }
  await t.step("a port with five digits", async () => {
    await using server = await OriginalServer.start();
    using peer = new RawListener();
    using raw = await Raw.dial(server.port);
    await raw.send(JOIN, digits(peer.port), ascii("0"));
    await raw.shut();
    await server.waitFor(() => server.crashes.length > 0);
    assertMatch(server.crashes.join(), /ended 1 bytes into 6/);
  });
  await t.step("a port that refuses", async () => {
    await using server = await OriginalServer.start();
    using raw = await Raw.dial(server.port);
    await raw.send(CLIQUE_REQUEST, digits(freeFourDigitPort()));
    await raw.expectEnd();
    assertMatch(server.crashes.join(), /^0\/0: .*refused/);
  });
});

Deno.test("a joining server crashes on a reply that it can't use", async (t) => {
  const cases = [
    ["an empty one", "010000000000", /lists ""/],
    ["five digits", "0100000f0000" + ascii("127.0.0.1:40100"), /lists/],
    ["another machine", "0100000d0000" + ascii("10.0.0.1:4010"), /lists/],
    ["another frame first", REGISTERED, /2\/0 where a 1\/0 must come/],
    ["none", "", /no 1\/0/],
  ] as const;
  for (const [name, hex, why] of cases) {
    await t.step(name, async () => {
      using target = new RawListener();
      const starting = OriginalServer.start({ wellKnown: [target.port] });
      using asked = await target.accept();
      await asked.read(20);
      await asked.send(hex);
      await asked.shut();
      await using server = await starting;
      assertEquals(server.crashes.length, 1);
      assertMatch(server.crashes.join(), why);
    });
  }
});

Deno.test("a client says and understands the bytes of the examples", async () => {
  using server = new RawListener();
  const connecting = OriginalClient.connect({
    port: server.port,
    name: "ada",
    split: 1,
  });
  using asked = await server.accept();
  await asked.expect("050000000000");
  await asked.send("050100020000", ascii("[]"));
  await asked.expect("060000000000");
  await asked.send("060100000000");
  using home = await server.accept();
  await home.expect(REGISTER_ADA);
  await home.send(REGISTERED);
  await using ada = await connecting;
  await ada.send("bob", "hello there");
  await home.expect(MESSAGE);
  await home.send(DELIVERY, UNKNOWN, DELIVERY);
  await ada.waitFor(() => ada.messages.length === 2);
  assertEquals(ada.messages[0], {
    sender: "ada",
    receiver: "bob",
    text: "hello there",
  });
  assertEquals(ada.unexpected.map((frame) => frame.hex), [UNKNOWN]);
  assertEquals(ada.desyncs, []);
  assertEquals(ada.idleOpen, true);
  await asked.send(UNKNOWN);
  await ada.waitFor(() => ada.unread === 6);
  await home.send("050100020000");
  await ada.waitFor(() => ada.desyncs.length === 1);
  await home.shut();
  await ada.ended;
  assertEquals(ada.closed, true);
});

Deno.test("a client counts characters where it should count bytes", async () => {
  using server = new RawListener();
  const { port } = server;
  const connecting = OriginalClient.connect({ port, name: "ada", stay: true });
  using home = await server.accept();
  await home.expect(REGISTER_ADA);
  await home.send(REGISTERED);
  await using ada = await connecting;
  await ada.send("bob", "h\u00e9");
  await home.expect("030000060003", ascii("bob h"), "c3a9");
});

Deno.test("a client is refused by anything else than 2/0", async () => {
  for (const answer of [NAME_TAKEN, UNKNOWN]) {
    using server = new RawListener();
    const { port } = server;
    const refused = assertRejects(
      () => OriginalClient.connect({ port, name: "ada", stay: true }),
      RefusedError,
      "refused",
    );
    using home = await server.accept();
    await home.send(answer);
    assertEquals((await refused).type, Number(`0x${answer.slice(0, 2)}`));
    await home.expect(REGISTER_ADA);
  }
});

function ascii(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

function digits(port: number): string {
  return ascii(String(port));
}

import { assertEquals, assertThrows } from "@std/assert";
import * as base from "../../lib/codec/base.ts";
import { FrameReader, type Reading } from "../../lib/codec/reader.ts";
import { frame, Kind, MAX_PAYLOAD_BYTES, ProtocolError } from "../../lib/codec/wire.ts";
import { pick, seededRandom } from "../testing/random.ts";
import { fromHex, joined, naiveAddressed, toHex, utf8 } from "./naive_codec.ts";

const ADDRESSES = [
  { hostname: "127.0.0.1", port: 4000 },
  { hostname: "127.0.0.1", port: 4020 },
];
const DELIVERY = { sender: "ada", receiver: "bob", text: "hello there" };
const TO_BOB = toHex(utf8("bob hello there"));
const FROM_ADA = toHex(utf8("ada\0bob hello there"));
const LISTED = toHex(utf8("127.0.0.1:4000\u0000127.0.0.1:4020"));

/** The table of the original protocol: what each frame is made of, and its bytes. */
const EXAMPLES: readonly {
  readonly what: string;
  readonly towards: Reading;
  readonly made: Uint8Array;
  readonly hex: string;
  /** What the payload means to whoever reads it. */
  readonly read?: (payload: Uint8Array, sublength: number) => unknown;
  readonly means?: unknown;
}[] = [
  {
    what: "0/0",
    towards: "server",
    made: base.cliqueRequest(4010),
    hex: "00 00 00 00 00 00 34 30 31 30",
    read: base.decodeDigits,
    means: 4010,
  },
  {
    what: "1/0",
    towards: "server",
    made: base.cliqueReply(ADDRESSES),
    hex: `01 00 00 1d 00 00 ${LISTED}`,
    read: base.decodeCliqueReply,
    means: ADDRESSES,
  },
  {
    what: "2/0 from a server",
    towards: "server",
    made: base.baseJoin(4010),
    hex: "02 00 00 00 00 00 34 30 31 30",
    read: base.decodeDigits,
    means: 4010,
  },
  {
    what: "33/0",
    towards: "server",
    made: base.baseJoin(4010, Kind.Join33),
    hex: "21 00 00 00 00 00 34 30 31 30",
    read: base.decodeDigits,
    means: 4010,
  },
  {
    what: "2/1",
    towards: "server",
    made: base.register("ada"),
    hex: "02 01 00 03 00 00 61 64 61",
    read: (payload) => new TextDecoder().decode(payload),
    means: "ada",
  },
  {
    what: "2/0 to a client",
    towards: "client",
    made: frame(Kind.JoinOrRegistered),
    hex: "02 00 00 00 00 00",
  },
  { what: "30/0", towards: "client", made: frame(Kind.NameTaken), hex: "1e 00 00 00 00 00" },
  {
    what: "3/0 from a client",
    towards: "server",
    made: base.baseMessage("bob", "hello there"),
    hex: `03 00 00 0f 00 03 ${TO_BOB}`,
  },
  {
    what: "3/0 to a client",
    towards: "client",
    made: base.delivery(DELIVERY),
    hex: `03 00 00 13 00 07 ${FROM_ADA}`,
    read: base.decodeDelivery,
    means: DELIVERY,
  },
  {
    what: "4/0",
    towards: "server",
    made: base.baseForward(DELIVERY),
    hex: `04 00 00 13 00 07 ${FROM_ADA}`,
    read: base.decodeDelivery,
    means: DELIVERY,
  },
  { what: "5/0", towards: "server", made: frame(Kind.ServersRequest), hex: "05 00 00 00 00 00" },
  {
    what: "5/1",
    towards: "client",
    made: base.serversReply([4010, 4020]),
    hex: `05 01 00 0c 00 00 ${toHex(utf8("[4010, 4020]"))}`,
    read: base.decodeServersReply,
    means: [4010, 4020],
  },
  { what: "6/0", towards: "server", made: frame(Kind.Echo), hex: "06 00 00 00 00 00" },
  { what: "6/1", towards: "client", made: frame(Kind.EchoReply), hex: "06 01 00 00 00 00" },
  { what: "7/0", towards: "server", made: frame(Kind.Close), hex: "07 00 00 00 00 00" },
  { what: "7/1", towards: "client", made: frame(Kind.CloseReply), hex: "07 01 00 00 00 00" },
];

for (const { what, towards, made, hex, read, means } of EXAMPLES) {
  Deno.test(`${what} is the original's, byte for byte, both ways`, () => {
    assertEquals(toHex(made), hex);
    const reader = new FrameReader(towards);
    reader.feed(fromHex(hex));
    assertEquals(reader.next(), true);
    assertEquals(read?.(reader.payload(), reader.sublength), means);
    // Nothing was left over: the digits belong to the frame towards a server only.
    assertEquals(reader.next(), false);
    assertEquals(reader.unfinishedBytes, 0);
  });
}

Deno.test("lengths count bytes, not characters", () => {
  assertEquals(
    toHex(base.baseMessage("émile", "ça va 🦊")),
    `03 00 00 12 00 06 ${toHex(utf8("émile ça va 🦊"))}`,
  );
  const delivery = { sender: "屋根裏", receiver: "émile", text: "où?" };
  const expected = `00 15 00 10 ${toHex(utf8("屋根裏\0émile où?"))}`;
  assertEquals(toHex(base.delivery(delivery)), `03 00 ${expected}`);
  assertEquals(toHex(base.baseForward(delivery)), `04 00 ${expected}`);
  assertEquals(toHex(base.register("émile")), "02 01 00 06 00 00 c3 a9 6d 69 6c 65");
  assertEquals(base.decodeDelivery(base.delivery(delivery).subarray(6), 16), delivery);
});

Deno.test("random messages agree with the naive codec", () => {
  const random = seededRandom(1);
  const letters = ["a", "B", "é", "屋", "🦊", "*", " ", "\n", "\ufeff", "\0"];
  const word = (most: number, from: readonly string[]): string =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () => pick(random, from)).join("");
  for (let run = 0; run < 2_000; run++) {
    const name = (): string => word(12, letters.slice(0, 6));
    const message = { sender: name(), receiver: name(), text: word(40, letters) };
    const { sender, receiver, text } = message;
    const bytes = base.delivery(message);
    assertEquals(bytes, naiveAddressed(3, `${sender}\0${receiver}`, text));
    assertEquals(base.baseForward(message), naiveAddressed(4, `${sender}\0${receiver}`, text));
    assertEquals(base.baseMessage(receiver, text), naiveAddressed(3, receiver, text));
    const sublength = utf8(`${sender}\0${receiver}`).length;
    assertEquals(base.decodeDelivery(bytes.subarray(6), sublength), message);
  }
});

Deno.test("a text keeps a byte order mark at its beginning", () => {
  const message = { sender: "ada", receiver: "bob", text: "\ufeffhello" };
  assertEquals(base.decodeDelivery(base.delivery(message).subarray(6), 7), message);
});

Deno.test("a delivery without an addressing part that adds up is malformed", () => {
  const bad: readonly [string, number][] = [
    ["ada bob hello", 7],
    ["ada\0bobhello", 7],
    ["ada\0bob hello", 2],
    ["ada\0bob hello", 6],
    ["ada\0bob hello", 8],
    ["ada bob\0hello", 7],
    ["ada bob x\0y", 7],
    ["", 0],
    [" hello", 0],
  ];
  for (const [payload, sublength] of bad) {
    const error = assertThrows(
      () => base.decodeDelivery(utf8(payload), sublength),
      ProtocolError,
      "Cannot decode delivery: the addressing part is not 'sender NUL receiver' and a space",
      JSON.stringify(payload),
    );
    assertEquals(error.reason, "malformed");
  }
  // The space may be missing when there is no text: nobody can tell where it would be.
  assertEquals(base.decodeDelivery(utf8("ada\0bob"), 7), {
    sender: "ada",
    receiver: "bob",
    text: "",
  });
});

Deno.test("digits that are no port of four digits are malformed", () => {
  for (
    const digits of ["0000", "0999", "40 0", "+400", "4e03", "40.0", "abcd", "\0\0\0\0", "400"]
  ) {
    const error = assertThrows(
      () => base.decodeDigits(utf8(digits)),
      ProtocolError,
      `Cannot decode port: ${JSON.stringify(digits)} is not four digits from 1000 to 9999`,
    );
    assertEquals(error.reason, "malformed");
  }
  assertThrows(() => base.decodeDigits(fromHex("ff fe fd fc")), ProtocolError);
  assertThrows(() => base.decodeDigits(utf8("４０００")), ProtocolError);
  assertEquals(base.decodeDigits(utf8("1000")), 1000);
  assertEquals(base.decodeDigits(utf8("9999")), 9999);
});

Deno.test("a port without exactly four digits can't be said", () => {
  for (const port of [999, 10_000, 0, -4000, 4000.5, NaN]) {
    assertEquals(base.isBasePort(port), false, String(port));
    const message = `Cannot encode port: ${port} has not exactly four digits`;
    assertThrows(() => base.cliqueRequest(port), RangeError, message);
    assertThrows(() => base.baseJoin(port), RangeError, message);
  }
  assertEquals([1000, 9999].map(base.isBasePort), [true, true]);
});

Deno.test("a clique reply: entries that are no address are left out", () => {
  const read = (text: string): string[] =>
    base.decodeCliqueReply(utf8(text)).map(({ hostname, port }) => `${hostname} ${port}`);
  assertEquals(read(""), []);
  assertEquals(read("127.0.0.1:4000"), ["127.0.0.1 4000"]);
  assertEquals(read("127.0.0.1:4000\0"), ["127.0.0.1 4000"]);
  assertEquals(read("\u0000127.0.0.1:4000\0\0localhost:4010"), [
    "127.0.0.1 4000",
    "localhost 4010",
  ]);
  assertEquals(read("4000\0:4000\0a:\0a:b\0a:0\0a:65536\0a:-1\0a:1.5\0b:65535"), ["b 65535"]);
  assertEquals(base.cliqueReply([]), fromHex("01 00 00 00 00 00"));
});

Deno.test("a list of servers: ports are found in whatever stands around them", () => {
  const read = (text: string): number[] => base.decodeServersReply(utf8(text));
  assertEquals(read("[]"), []);
  assertEquals(read(""), []);
  assertEquals(read("[4010]"), [4010]);
  assertEquals(read("[4010,4020 , 4030]"), [4010, 4020, 4030]);
  assertEquals(read("['4010', '4020']"), [4010, 4020]);
  assertEquals(read("(4010, 4020,)\n"), [4010, 4020]);
  assertEquals(read("[0, 65535, 65536, 99999999999999999999]"), [65_535]);
  assertEquals(base.decodeServersReply(fromHex("ff 34 30 31 30 ff")), [4010]);
  assertEquals(toHex(base.serversReply([])), "05 01 00 02 00 00 5b 5d");
});

Deno.test("room for text is what the payload has beside two names, NUL and space", () => {
  const room = base.baseTextRoom("émile", "bob");
  assertEquals(room, MAX_PAYLOAD_BYTES - 6 - 3 - 2);
  const message = { sender: "émile", receiver: "bob", text: "x".repeat(room) };
  assertEquals(base.delivery(message).length, 6 + MAX_PAYLOAD_BYTES);
  assertThrows(
    () => base.delivery({ ...message, text: message.text + "x" }),
    RangeError,
    "Cannot encode frame: payload is 32768 bytes, limit is 32767",
  );
});

Deno.test("2/0 and 3/0 mean two things, told apart by who reads", () => {
  const bytes = joined([fromHex("02 00 00 00 00 00"), fromHex("06 01 00 00 00 00")]);
  const kindsReadBy = (reading: Reading): number[] => {
    const reader = new FrameReader(reading);
    const kinds: number[] = [];
    reader.feed(bytes);
    while (reader.next()) kinds.push(reader.kind);
    return kinds;
  };
  assertEquals(kindsReadBy("client"), [Kind.JoinOrRegistered, Kind.EchoReply]);
  assertEquals(kindsReadBy("server"), [Kind.JoinOrRegistered]);
});

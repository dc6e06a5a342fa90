import { assertEquals, assertGreater } from "@std/assert";
import {
  decodeJoin,
  decodeWelcome,
  join,
  PROTOCOL_VERSION,
  welcome,
} from "../../lib/codec/handshake.ts";
import { Kind, MAX_PAYLOAD_BYTES } from "../../lib/codec/wire.ts";
import {
  CARD,
  jsonPayload,
  LIST,
  payloadOf,
  testDecoder,
  testRoundTrip,
  TEXT,
  WHOLE,
} from "./control_frames.ts";

/** The payload as other programs would read it. */
function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(6)));
}

testRoundTrip("welcome", (values) => {
  const body = {
    ...values.card(),
    members: values.list(() => values.card()),
    base: values.list(() => values.text()),
    clients: values.whole(),
    carried: values.list(() => ({ id: values.text(), via: values.text() })),
  };
  const came = decodeWelcome(payloadOf(Kind.Welcome, welcome(body)));
  return { sent: { protocol: PROTOCOL_VERSION, ...body }, came };
});

testRoundTrip("join", (values) => {
  const sent = values.card();
  return { sent, came: decodeJoin(payloadOf(Kind.Join, join(sent))) };
});

testDecoder("welcome", {
  decode: decodeWelcome,
  body: { ...CARD, protocol: 1, members: [CARD], base: ["127.0.0.1:4010"], clients: 2 },
  kind: "8/1",
  wrong: [
    ["id", 1, TEXT],
    ["label", undefined, TEXT],
    ["addresses", "192.0.2.1:4000", LIST],
    ["protocol", "1", WHOLE],
    ["members", {}, LIST],
    ["base", null, LIST],
    ["clients", -1, WHOLE],
    ["carried", "all", LIST],
  ],
});

testDecoder("join", {
  decode: decodeJoin,
  body: CARD,
  kind: "9/0",
  wrong: [
    ["id", null, TEXT],
    ["label", 5, TEXT],
    ["label", "x".repeat(256), "has 256 characters, limit is 255"],
    ["addresses", [1], "holds something that is not a string of at most 255 characters"],
  ],
});

Deno.test("keys of a welcome or a join that may be missing", () => {
  const bare = { id: "0123456789ab", label: "" };
  assertEquals(decodeJoin(jsonPayload(bare)), { ...bare, addresses: [] });
  assertEquals(decodeWelcome(jsonPayload({ ...bare, protocol: 2, clients: 0 })), {
    ...bare,
    addresses: [],
    protocol: 2,
    members: [],
    base: [],
    clients: 0,
    carried: [],
  });
});

Deno.test("of a server's addresses the first sixteen are taken", () => {
  const addresses = Array.from({ length: 20 }, (_, at) => `192.0.2.${at}:4000`);
  assertEquals(decodeJoin(jsonPayload({ ...CARD, addresses })), {
    ...CARD,
    addresses: addresses.slice(0, 16),
  });
});

Deno.test("a welcome says the limits", () => {
  const body = { ...CARD, members: [], base: [], clients: 0 };
  assertEquals(jsonOf(welcome(body)), {
    protocol: 1,
    ...body,
    limits: { payload: 32_767, name: 64 },
  });
});

Deno.test("a welcome names as many members as one frame has room for", () => {
  const members = Array.from({ length: 1_000 }, (_, at) => ({ ...CARD, id: `id-${at}` }));
  const frame = welcome({ ...CARD, members, base: [], clients: 0 });
  const told = decodeWelcome(payloadOf(Kind.Welcome, frame)).members;
  assertEquals(told, members.slice(0, told.length));
  assertGreater(frame.length, MAX_PAYLOAD_BYTES * 0.85);
  const few = members.slice(0, 300);
  const all = welcome({ ...CARD, members: few, base: [], clients: 0 });
  assertEquals(decodeWelcome(payloadOf(Kind.Welcome, all)).members, few);
});

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  type Cell,
  type CellState,
  decodeMatrixReply,
  decodeRow,
  joinedRows,
  matrixReply,
  matrixRequest,
  MAX_CELLS,
  type Row,
  row,
} from "../../lib/codec/matrix.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import {
  HEADER_BYTES,
  Kind,
  kindText,
  MAX_CARRIED_PAYLOAD_BYTES,
  ProtocolError,
} from "../../lib/codec/wire.ts";
import { pick, randomBytes, seededRandom } from "../testing/random.ts";
import { naiveFrame, toHex, utf8 } from "./naive_codec.ts";

const STATES: readonly CellState[] = ["measured", "stale", "failed", "none"];
const SELF = { id: "0123456789ab", label: "attic", addresses: ["192.0.2.1:4000"] };
const CELL: Cell = {
  to: "0123456789cd",
  state: "measured",
  minMs: 0.231,
  p50Ms: 0.254,
  jitterMs: 0.018,
  loss: 0.25,
  ageMs: 420,
  via: null,
};

/** What every number of the cell is told as: whole microseconds, millionths, milliseconds. */
function onTheWire(cell: Cell): Cell {
  const round = (value: number | null, per: number): number | null =>
    value === null ? null : Math.round(value * per) / per;
  return {
    ...cell,
    minMs: round(cell.minMs, 1_000),
    p50Ms: round(cell.p50Ms, 1_000),
    jitterMs: round(cell.jitterMs, 1_000),
    loss: round(cell.loss, 1_000_000),
    ageMs: round(cell.ageMs, 1),
  };
}

function randomCell(random: () => number): Cell {
  const maybe = (most: number): number | null => random() < 0.3 ? null : random() * most;
  return {
    to: pick(random, ["0123456789cd", "é屋", '"\\', ""]),
    state: pick(random, STATES),
    minMs: maybe(1_000),
    p50Ms: maybe(1_000),
    jitterMs: maybe(1_000),
    loss: maybe(1),
    ageMs: maybe(1e6),
    via: random() < 0.5 ? null : "0123456789ef",
  };
}

function randomRow(random: () => number, most: number): Row {
  const cells = Array.from({ length: Math.floor(random() * (most + 1)) }, () => randomCell(random));
  return { from: "0123456789ab", ageMs: Math.floor(random() * 20_000), lagMs: 2.5, cells };
}

function payloadOf(kind: number, bytes: Uint8Array): Uint8Array {
  const reader = new FrameReader("server");
  reader.feed(bytes);
  assert(reader.next());
  assertEquals([kindText(reader.kind), reader.end], [kindText(kind), bytes.length]);
  return reader.payload();
}

/** A row, from all its frames. */
function rowIn(frames: readonly Uint8Array[]): Pick<Row, "lagMs" | "cells"> {
  const parts = frames.map((frame) => decodeRow(payloadOf(Kind.Row, frame)));
  assertEquals(parts.map(({ reset }) => reset), parts.map((_, at) => at === 0));
  return parts.map((part) => part.row).reduce((first, more) => joinedRows(Kind.Row, first, more));
}

Deno.test("random rows come back as they went, in whole microseconds and milliseconds", () => {
  const random = seededRandom(1);
  for (let run = 0; run < 200; run++) {
    const { lagMs, cells } = randomRow(random, 8);
    assertEquals(rowIn(row({ lagMs, cells })), { lagMs, cells: cells.map(onTheWire) });
  }
});

Deno.test("a row is read as other programs would, without the numbers that there are not", () => {
  const cell = { ...CELL, minMs: null, p50Ms: null, jitterMs: null, loss: null, ageMs: null };
  const json = '{"reset":true,"lag":2500,"cells":[' +
    '{"to":"0123456789cd","state":"measured","min":231,"p50":254,"jitter":18,' +
    '"loss":250000,"age":420},' +
    '{"to":"0123456789cd","state":"failed"},' +
    '{"to":"0123456789cd","state":"none","via":"0123456789ef"}]}';
  const cells: Cell[] = [
    CELL,
    { ...cell, state: "failed" },
    { ...cell, state: "none", via: "0123456789ef" },
  ];
  assertEquals(row({ lagMs: 2.5, cells }), [naiveFrame([17, 0], utf8(json))]);
  assertEquals(decodeRow(utf8(json)), { reset: true, row: { lagMs: 2.5, cells } });
});

Deno.test("that nothing is known is a row too", () => {
  assertEquals(row({ lagMs: 0, cells: [] }), [
    naiveFrame([17, 0], utf8('{"reset":true,"lag":0,"cells":[]}')),
  ]);
});

Deno.test("the longest row comes in chunks that fit, and not one cell more", () => {
  // As long as it may be, of characters that JSON writes in six bytes each.
  const word = "\u0001".repeat(255);
  const most = Number.MAX_SAFE_INTEGER / 1e6;
  const numbers = { minMs: most, p50Ms: most, jitterMs: most, loss: 1, ageMs: most };
  const cell: Cell = { to: word, via: word, state: "measured", ...numbers };
  const cells = Array.from({ length: MAX_CELLS }, () => cell);
  const frames = row({ lagMs: most, cells });
  assertGreater(frames.length, 10);
  assert(frames.every((frame) => frame.length <= 6 + MAX_CARRIED_PAYLOAD_BYTES));
  assertEquals(rowIn(frames).cells.length, MAX_CELLS);
  const error = assertThrows(
    () => joinedRows(Kind.Row, { lagMs: 0, cells }, { lagMs: 0, cells: [CELL] }),
    ProtocolError,
    "Cannot decode frame 17/0: a row has 1025 cells, limit is 1024",
  );
  assertEquals(error.reason, "malformed");
});

Deno.test("one frame with too many cells is malformed", () => {
  const cells = Array.from({ length: MAX_CELLS + 1 }, () => ({ to: "", state: "none" }));
  assertThrows(
    () => decodeRow(utf8(JSON.stringify({ lag: 0, cells }))),
    ProtocolError,
    "Cannot decode frame 17/0: a row has 1025 cells",
  );
});

Deno.test("a request is a bare header", () => {
  assertEquals(toHex(matrixRequest()), "11 01 00 00 00 00");
});

Deno.test("a reply: the servers, each row by itself, and the end", () => {
  const random = seededRandom(2);
  for (let run = 0; run < 50; run++) {
    const rows = Array.from({ length: Math.floor(random() * 5) }, () => randomRow(random, 4));
    const news = matrixReply({ servers: [SELF, SELF], rows })
      .map((frame) => decodeMatrixReply(payloadOf(Kind.MatrixReply, frame)));
    assertEquals(news.map(({ reset }) => reset), news.map((_, at) => at === 0));
    assertEquals(news.map(({ done }) => done), news.map((_, at) => at === news.length - 1));
    assertEquals(news.flatMap(({ servers }) => servers), [SELF, SELF]);
    assertEquals(
      news.flatMap((part) => part.row ?? []),
      rows.map((it) => ({ ...it, cells: it.cells.map(onTheWire) })),
    );
  }
});

Deno.test("two hundred servers: a row that does not fit one frame goes on in the next", () => {
  const ids = Array.from({ length: 200 }, (_, at) => `server ${at} ${"x".repeat(200)}`);
  const servers = ids.map((id) => ({ id, label: "x".repeat(255), addresses: [] }));
  const rows = ids.map((from) => ({
    from,
    ageMs: 1,
    lagMs: 0,
    cells: ids.map((to) => ({ ...CELL, to })),
  }));
  const frames = matrixReply({ servers, rows });
  assert(frames.every((frame) => frame.length <= 6 + MAX_CARRIED_PAYLOAD_BYTES));
  const news = frames.map((frame) => decodeMatrixReply(payloadOf(Kind.MatrixReply, frame)));
  assertEquals(news.flatMap((part) => part.servers), servers);
  const parts = news.flatMap((part) => part.row ?? []);
  for (const it of rows) {
    const told = parts.filter(({ from }) => from === it.from);
    assertGreater(told.length, 1);
    assertEquals(told.flatMap(({ cells }) => cells), it.cells);
  }
});

const CELL_BODY = { to: "0123456789cd", state: "measured", min: 1, p50: 1, jitter: 0, loss: 0 };
const WHOLE = "is not a whole number from 0 to 9007199254740991";

/** A key of a cell, a value that is wrong there, and what the error says of it. */
const WRONG_CELLS: readonly (readonly [string, unknown, string])[] = [
  ["to", undefined, "is not a string"],
  ["to", "x".repeat(256), "has 256 characters, limit is 255"],
  ["state", 1, "is not a string"],
  ["min", -1, WHOLE],
  ["min", 0.5, WHOLE],
  ["p50", "1", WHOLE],
  ["jitter", 2 ** 53, WHOLE],
  ["loss", 1_000_001, "is not a whole number from 0 to 1000000"],
  ["age", [], WHOLE],
  ["via", 7, "is not a string"],
];

for (const [key, value, problem] of WRONG_CELLS) {
  const shown = JSON.stringify(value)?.slice(0, 20) ?? "missing";
  Deno.test(`a cell whose ${key} is ${shown} makes its frame malformed`, () => {
    const cells = [{ ...CELL_BODY, [key]: value }];
    for (
      const [decode, kind, body] of [
        [decodeRow, "17/0", { lag: 0, cells }],
        [decodeMatrixReply, "17/2", { from: "a", age: 0, lag: 0, cells }],
      ] as const
    ) {
      const error = assertThrows(() => decode(utf8(JSON.stringify(body))), ProtocolError);
      assertEquals(error.reason, "malformed");
      assertEquals(error.message, `Cannot decode frame ${kind}: '${key}' ${problem}`);
    }
  });
}

Deno.test("a row without its lag or age, and what is no list of cells, is malformed", () => {
  for (
    const [decode, body] of [
      [decodeRow, {}],
      [decodeRow, { lag: -1 }],
      [decodeRow, { lag: 0, cells: {} }],
      [decodeRow, { lag: 0, cells: [1] }],
      [decodeMatrixReply, { from: "a", lag: 0 }],
      [decodeMatrixReply, { from: "a", age: 0 }],
      [decodeMatrixReply, { from: 1, age: 0, lag: 0 }],
      [decodeMatrixReply, { servers: [{ id: 1 }] }],
    ] as const
  ) {
    const error = assertThrows(() => decode(utf8(JSON.stringify(body))), ProtocolError);
    assertEquals(error.reason, "malformed");
  }
});

Deno.test("what a newer version may say besides is passed over", () => {
  const cells = [{ ...CELL_BODY, state: "wobbly", mood: { deep: [1] } }];
  const told = decodeRow(utf8(JSON.stringify({ lag: 0, cells, colour: 1 })));
  assertEquals(told.row.cells.map(({ state }) => state), ["none"]);
  assertEquals(decodeMatrixReply(utf8('{"weather":"fine"}')), {
    reset: false,
    done: false,
    servers: [],
    row: null,
  });
});

Deno.test("damaged rows do no more harm than a ProtocolError", () => {
  const random = seededRandom(3);
  let refused = 0;
  for (let run = 0; run < 2_000; run++) {
    const decode = pick(random, [decodeRow, decodeMatrixReply]);
    const body = { from: "a", age: 0, lag: 0, cells: [CELL_BODY], servers: [SELF] };
    const payload = utf8(JSON.stringify(body)).slice();
    payload.set(randomBytes(random, 2), Math.floor(random() * (payload.length - 2)));
    try {
      decode(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused++;
    }
  }
  assertGreater(refused, 500);
});

Deno.test("an age that is as large as can be is told on, and can be read", () => {
  const { MAX_SAFE_INTEGER: most } = Number;
  const cells = [{ ...CELL_BODY, age: most }];
  const { row: told } = decodeRow(utf8(JSON.stringify({ lag: most, cells })));
  const older = told.cells.map((cell) => ({ ...cell, ageMs: (cell.ageMs ?? 0) + 4_000 }));
  const frames = matrixReply({
    servers: [],
    rows: [{ ...told, from: "a", ageMs: 4_000, cells: older }],
  });
  const ages = frames.flatMap((bytes) =>
    decodeMatrixReply(bytes.subarray(HEADER_BYTES)).row?.cells.map(({ ageMs }) => ageMs) ?? []
  );
  assertEquals(ages, [most]);
});

import { assertEquals, assertThrows } from "@std/assert";
import { type Cell, MAX_CELLS } from "../../lib/codec/matrix.ts";
import { ProtocolError } from "../../lib/codec/wire.ts";
import { Echoes } from "../../lib/core/echoes.ts";
import { LoopLag } from "../../lib/core/lag.ts";
import { FAILED_PROBES, FRESH_MS, NEWCOMER_MS, ROW_STALE_MS, Rows } from "../../lib/core/rows.ts";

const SELF = "00000000000a";
const [B, C, D] = ["00000000000b", "00000000000c", "00000000000d"] as const;

/** Rows on a clock that the test turns. */
class RowsInHand {
  now = 100_000;
  readonly lag = new LoopLag();
  readonly rows = new Rows(SELF, this.lag);

  keep(...ids: readonly string[]): this {
    this.rows.keep(ids, this.now);
    return this;
  }

  pass(ms: number): this {
    this.now += ms;
    return this;
  }

  /** There is a link, on which samples of `ms` have just been taken. */
  link(id: string, ...samples: readonly number[]): Echoes {
    const echoes = new Echoes(this.lag);
    this.rows.linked(id, { echoes, via: null });
    for (const ms of samples) this.sample(echoes, ms);
    return echoes;
  }

  sample(echoes: Echoes, ms: number): void {
    echoes.queuedAt = this.now - ms;
    echoes.written(this.now - ms);
    echoes.replied(this.now);
  }

  lose(echoes: Echoes, count: number): void {
    for (let probe = 0; probe < count; probe++) {
      echoes.queuedAt = this.now;
      echoes.written(this.now);
      this.pass(1_000);
      echoes.expire(this.now);
    }
  }

  told(from: string, ...cells: readonly Cell[]): void {
    this.rows.told(from, { reset: true, row: { lagMs: 1, cells } }, this.now);
  }

  own(to: string): Cell | undefined {
    return this.rows.own(this.now).cells.find((cell) => cell.to === to);
  }

  cell(from: string, to: string): Cell | undefined {
    return this.rows.all(this.now).find((row) => row.from === from)
      ?.cells.find((cell) => cell.to === to);
  }

  carrier(to: string, ...exclude: readonly string[]): string | null {
    return this.rows.bestCarrier({ to, exclude, now: this.now });
  }
}

function measured(to: string, ms: number, more: Partial<Cell> = {}): Cell {
  const numbers = { minMs: ms, p50Ms: ms, jitterMs: 0, loss: 0, ageMs: 300, via: null };
  return { to, state: "measured", ...numbers, ...more };
}

// The four states.

Deno.test("nothing yet, measured, stale and failed are four different things", () => {
  const hand = new RowsInHand().keep(B, C, D);
  const [b, c] = [hand.link(B), hand.link(C, 2)];
  assertEquals([B, C].map((id) => hand.own(id)?.state), ["none", "measured"]);
  hand.pass(FRESH_MS);
  hand.sample(b, 3);
  assertEquals([B, C].map((id) => hand.own(id)?.state), ["measured", "stale"]);
  hand.lose(c, FAILED_PROBES);
  assertEquals([B, C, D].map((id) => hand.own(id)?.state), ["measured", "failed", "failed"]);
});

Deno.test("a cell says what the window of its link says, and how old that is", () => {
  const hand = new RowsInHand().keep(B);
  const echoes = hand.link(B, 4, 1, 3);
  hand.lose(echoes, 1);
  assertEquals(hand.own(B), {
    to: B,
    state: "measured",
    minMs: 1,
    p50Ms: 3,
    jitterMs: 2.5,
    loss: 0.25,
    ageMs: 1_000,
    via: null,
  });
});

Deno.test("what there is no sample of has no number, which is not the number zero", () => {
  const hand = new RowsInHand().keep(B);
  hand.link(B);
  const none = { minMs: null, p50Ms: null, jitterMs: null, loss: null, ageMs: null, via: null };
  assertEquals(hand.own(B), { to: B, state: "none", ...none });
  hand.rows.lost(B);
  assertEquals(hand.own(B), { to: B, state: "failed", ...none });
});

Deno.test("a newcomer is being dialled: only after a while is it a failure", () => {
  const hand = new RowsInHand().keep(B);
  hand.pass(NEWCOMER_MS - 1).keep(B, C);
  assertEquals(hand.own(B)?.state, "none");
  hand.pass(1);
  assertEquals([B, C].map((id) => hand.own(id)?.state), ["failed", "none"]);
});

Deno.test("a link that is lost is a failure at once", () => {
  const hand = new RowsInHand().keep(B);
  hand.link(B, 2);
  hand.rows.lost(B);
  assertEquals(hand.own(B)?.state, "failed");
  hand.link(B);
  assertEquals(hand.own(B)?.state, "none");
});

Deno.test("one probe or two may be lost, and one reply mends it", () => {
  const hand = new RowsInHand().keep(B);
  const echoes = hand.link(B, 2);
  hand.lose(echoes, FAILED_PROBES - 1);
  assertEquals(hand.own(B)?.state, "measured");
  hand.lose(echoes, 1);
  assertEquals(hand.own(B)?.state, "failed");
  // Replies come in order: those that are too late come first.
  for (let late = 0; late < FAILED_PROBES; late++) echoes.replied(hand.now);
  assertEquals(hand.own(B)?.state, "failed");
  hand.sample(echoes, 2);
  assertEquals(hand.own(B)?.state, "measured");
});

Deno.test("samples that were all late say nothing of the way", () => {
  const hand = new RowsInHand().keep(B);
  const echoes = hand.link(B);
  hand.lag.awaits(hand.now);
  hand.pass(100);
  hand.lag.woke(hand.now);
  hand.sample(echoes, 50);
  assertEquals([hand.own(B)?.state, hand.own(B)?.minMs], ["none", null]);
  assertEquals(hand.rows.own(hand.now).lagMs, 100);
});

Deno.test("a link that is carried says by whom", () => {
  const hand = new RowsInHand().keep(B, C);
  hand.rows.linked(B, { echoes: new Echoes(hand.lag), via: C });
  assertEquals(hand.own(B)?.via, C);
  hand.rows.lost(B);
  assertEquals(hand.own(B)?.via, null);
});

// The rows of others.

Deno.test("the own row comes first, then those that were told, with their ages", () => {
  const hand = new RowsInHand().keep(B, C);
  hand.told(B, measured(C, 2));
  hand.pass(1_200);
  hand.told(C);
  const rows = hand.rows.all(hand.now);
  assertEquals(rows.map(({ from, ageMs }) => [from, ageMs]), [[SELF, 0], [B, 1_200], [C, 0]]);
  assertEquals(hand.cell(B, C), measured(C, 2, { ageMs: 1_500 }));
});

Deno.test("an old row says how it was; what it does not know, it still does not", () => {
  const hand = new RowsInHand().keep(B, "measured", "stale", "failed", "none");
  const states = ["measured", "stale", "failed", "none"] as const;
  hand.told(B, ...states.map((state) => measured(state, 2, { state })));
  const seen = (): unknown[] => states.map((to) => hand.cell(B, to)?.state);
  hand.pass(ROW_STALE_MS);
  assertEquals(seen(), [...states]);
  hand.pass(1);
  assertEquals(seen(), ["stale", "stale", "stale", "none"]);
});

Deno.test("a row replaces the one before; without reset it is the rest of it", () => {
  const hand = new RowsInHand().keep(B, C, D);
  hand.told(B, measured(C, 2));
  hand.told(B, measured(D, 3));
  assertEquals([hand.cell(B, C), hand.cell(B, D)?.minMs], [undefined, 3]);
  const rest = { lagMs: 1, cells: [measured(C, 4)] };
  hand.rows.told(B, { reset: false, row: rest }, hand.now);
  assertEquals([hand.cell(B, C)?.minMs, hand.cell(B, D)?.minMs], [4, 3]);
});

Deno.test("no row grows without end", () => {
  const hand = new RowsInHand().keep(B);
  hand.told(B, ...Array.from({ length: MAX_CELLS }, () => measured(C, 1)));
  const rest = { lagMs: 1, cells: [measured(C, 4)] };
  assertThrows(
    () => hand.rows.told(B, { reset: false, row: rest }, hand.now),
    ProtocolError,
    "1025 cells",
  );
});

Deno.test("the rest of a row without its beginning, and the row of a stranger, are nothing", () => {
  const hand = new RowsInHand().keep(B);
  hand.rows.told(B, { reset: false, row: { lagMs: 1, cells: [] } }, hand.now);
  hand.told(D);
  assertEquals(hand.rows.all(hand.now).map(({ from }) => from), [SELF]);
});

Deno.test("a server that is gone is in no row of ours, and has none", () => {
  const hand = new RowsInHand().keep(B, C);
  hand.link(B, 1);
  hand.told(B, measured(C, 2));
  hand.keep(C);
  assertEquals(hand.rows.all(hand.now).map(({ from }) => from), [SELF]);
  assertEquals(hand.own(B), undefined);
  hand.keep(B, C);
  assertEquals([hand.own(B)?.state, hand.cell(B, C)], ["none", undefined]);
});

// The best way around.

/** This server is 1 ms from b, c and d; each of them is so far from the one to be reached. */
function around(farMs: Readonly<Record<string, number>>): RowsInHand {
  const hand = new RowsInHand().keep(B, C, D, "target");
  for (const [id, ms] of Object.entries(farMs)) {
    hand.link(id, 1);
    hand.told(id, measured("target", ms));
  }
  return hand;
}

Deno.test("the best carrier is that of the shortest way, both parts of it", () => {
  const hand = around({ [B]: 5, [C]: 2, [D]: 3 });
  assertEquals(hand.carrier("target"), C);
  assertEquals(hand.carrier("target", C), D);
  assertEquals(hand.carrier("target", C, D), B);
  assertEquals(hand.carrier("target", B, C, D), null);
  hand.link(C, 10);
  assertEquals(hand.carrier("target"), D);
});

Deno.test("of two ways as short the server with the smaller id carries", () => {
  assertEquals(around({ [D]: 2, [B]: 2, [C]: 2 }).carrier("target"), B);
});

Deno.test("nobody carries by a way that is carried itself, not measured, or not there", () => {
  const hand = around({ [B]: 5 });
  for (
    const cell of [
      measured("target", 1, { via: D }),
      measured("target", 1, { state: "stale" }),
      measured("target", 1, { state: "failed" }),
      measured("other", 1),
    ]
  ) {
    hand.link(C, 1);
    hand.told(C, cell);
    assertEquals(hand.carrier("target"), B, JSON.stringify(cell));
  }
  hand.told(C, measured("target", 1));
  assertEquals(hand.carrier("target"), C);
  hand.rows.linked(C, { echoes: hand.link(D, 1), via: D });
  assertEquals(hand.carrier("target"), B, "the way to it is carried");
  hand.link(C);
  assertEquals(hand.carrier("target"), B, "the way to it is not measured");
  hand.rows.lost(C);
  assertEquals(hand.carrier("target"), B, "there is no way to it");
});

Deno.test("nobody carries by what was told too long ago, and no server to itself", () => {
  const hand = around({ [B]: 5 });
  hand.pass(ROW_STALE_MS + 1);
  hand.link(B, 1);
  assertEquals(hand.carrier("target"), null);
  hand.told("target", measured("target", 1));
  hand.link("target", 1);
  assertEquals(hand.carrier("target"), null);
});

Deno.test("what others still say of a server that left is left out", () => {
  const hand = new RowsInHand().keep(B, C);
  hand.told(B, measured(SELF, 1), measured(C, 2));
  assertEquals(hand.cell(B, C)?.minMs, 2);
  hand.keep(B);
  assertEquals(hand.cell(B, C), undefined);
  assertEquals(hand.cell(B, SELF)?.minMs, 1);
});

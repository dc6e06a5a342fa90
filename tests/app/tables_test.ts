import { assertEquals } from "@std/assert";
import { rttTable, serverTable, whoTable } from "../../lib/app/tables.ts";
import type { ClientEvent, RttSummary } from "../../lib/core/events.ts";

type Rtt = Extract<ClientEvent, { kind: "rtt" }>;

const MEASURED = { state: "measured", ageMs: 0, recent: [] } as const;
const FAILED = { state: "failed", ageMs: null, recent: [] } as const;

const NONE = { state: "none", ageMs: null, recent: [] } as const;

const PLAIN = { colour: false, width: null };

const UNANSWERED: RttSummary = {
  sent: 3,
  received: 0,
  late: 0,
  loss: 1,
  minMs: null,
  meanMs: null,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  maxMs: null,
  mdevMs: null,
  jitterMs: null,
};

/** Every time is a small step above the minimum. */
function rtt(server: string, minMs: number | null, nearest = false): Rtt {
  if (minMs === null) {
    return { kind: "rtt", server, summary: UNANSWERED, nearest, ...FAILED };
  }
  const summary: RttSummary = {
    sent: 3,
    received: 2,
    late: 0,
    loss: 1 / 3,
    minMs,
    meanMs: minMs + 0.002,
    p50Ms: minMs + 0.001,
    p95Ms: minMs + 0.003,
    p99Ms: minMs + 0.004,
    maxMs: minMs + 10,
    mdevMs: 0.005,
    jitterMs: 0.006,
  };
  return { kind: "rtt", server, summary, nearest, ...MEASURED };
}

Deno.test("rtt: the nearest first and marked, then by minimum, silent ones last", () => {
  // Within a tie the nearest need not have the smallest minimum.
  const events = [
    rtt("10.0.0.9:4000", null),
    rtt("10.0.0.3:4000", 0.5),
    rtt("10.0.0.2:4000", 0.041),
    rtt("10.0.0.1:4000", 0.0415, true),
    rtt("10.0.0.8:4000", null),
  ];
  assertEquals(rttTable(events, PLAIN), [
    "  server           loss     min   mean    p50    p95    p99      max  mdev  jitter",
    "* 10.0.0.1:4000   33.3%    41.5   43.5   42.5   44.5   45.5  10041.5   5.0     6.0",
    "  10.0.0.2:4000   33.3%    41.0   43.0   42.0   44.0   45.0  10041.0   5.0     6.0",
    "  10.0.0.3:4000   33.3%   500.0  502.0  501.0  503.0  504.0  10500.0   5.0     6.0",
    "  10.0.0.8:4000  100.0%  failed      -      -      -      -        -     -       -",
    "  10.0.0.9:4000  100.0%  failed      -      -      -      -        -     -       -",
    "times in us, * nearest",
  ]);
});

Deno.test("rtt: a narrow terminal keeps what homes are chosen on", () => {
  const events = [rtt("10.0.0.1:4000", 0.0415, true)];
  const hidden = (width: number): string | undefined =>
    rttTable(events, { colour: false, width }).slice(2).join(" ").split("; ")[1];
  assertEquals(hidden(80), undefined);
  assertEquals(hidden(70), "too narrow for p99");
  assertEquals(hidden(50), "too narrow for mean, p99, max, mdev");
  assertEquals(rttTable(events, { colour: false, width: 20 }), [
    "  server          loss   min",
    "* 10.0.0.1:4000  33.3%  41.5",
    "times in us, *",
    "nearest; too narrow",
    "for mean, p50, p95,",
    "p99, max, mdev,",
    "jitter",
  ]);
});

Deno.test("rtt: no probe sent is no loss measured", () => {
  const summary = { ...UNANSWERED, sent: 0, loss: 0 };
  const event = { kind: "rtt", server: "a:1", summary, nearest: false, ...NONE } as const;
  assertEquals(rttTable([event], { colour: false, width: 1 }).slice(0, 2), [
    "  server  loss      min",
    "  a:1        -  no data",
  ]);
});

Deno.test("rtt: a median of 10 ms or more puts all times in ms", () => {
  const narrow = { colour: false, width: 40 };
  assertEquals(rttTable([rtt("a:1", 0.5, true), rtt("b:2", 31.2)], narrow), [
    "  server   loss     min     p50  jitter",
    "* a:1     33.3%   0.500   0.501   0.006",
    "  b:2     33.3%  31.200  31.201   0.006",
    "times in ms, * nearest; too narrow for",
    "mean, p95, p99, max, mdev",
  ]);
});

Deno.test("rtt: old numbers and samples of a busy machine are marked as such", () => {
  const near = rtt("a:1", 0.5, true);
  const busy = { ...near, summary: { ...near.summary, sent: 10, received: 10, loss: 0, late: 3 } };
  const old = { ...rtt("b:2", 0.75), state: "stale", ageMs: 41_000 } as const;
  assertEquals(rttTable([busy, old], { colour: false, width: 60 }), [
    "  server   loss     min    p50    p95      max  mdev  jitter",
    "* a:1      0.0%   500.0  501.0  503.0  10500.0   5.0     6.0",
    "  b:2     33.3%  ~750.0  751.0  753.0  10750.0   5.0     6.0",
    "times in us, * nearest; ~ stale; measured up to 41 s ago; 3",
    "of 12 samples left out: this machine was busy; too narrow",
    "for mean, p99",
  ]);
});

Deno.test("servers: in the order given, what is unknown as -", () => {
  const events = [
    {
      kind: "server",
      address: "[fe80::1%eth0]:4010",
      id: "0123456789ab",
      label: "屋根\u001b[2J裏",
      clients: 12,
    },
    {
      kind: "server",
      address: "127.0.0.1:4000",
      id: null,
      label: null,
      clients: null,
    },
    { kind: "server", address: "a:1", id: "f00", label: "", clients: 0 },
  ] as const;
  assertEquals(serverTable(events, PLAIN), [
    "server               label   clients  id",
    "[fe80::1%eth0]:4010  屋根裏       12  0123456789ab",
    "127.0.0.1:4000       -             -  -",
    "a:1                  -             0  f00",
  ]);
  assertEquals(serverTable(events, { colour: false, width: 40 }), [
    "server               label   clients",
    "[fe80::1%eth0]:4010  屋根裏       12",
    "127.0.0.1:4000       -             -",
    "a:1                  -             0",
    "too narrow for id",
  ]);
});

Deno.test("servers: a link that leads through a third server is told once", () => {
  const server = { kind: "server", id: "f00", label: "", clients: 0 } as const;
  const events = [
    { ...server, address: "a:1", carried: [{ to: "b:2", via: "c:3" }] },
    { ...server, address: "b:2", carried: [{ to: "a:1", via: "c:3" }] },
    { ...server, address: "c:3" },
    { ...server, address: "d:4", carried: [{ to: "a:1", via: "b:2\u001b[2J" }] },
  ];
  assertEquals(serverTable(events, PLAIN).slice(-2), [
    "a:1 and b:2 are linked through c:3",
    "a:1 and d:4 are linked through b:2",
  ]);
  assertEquals(serverTable(events, { colour: true, width: 25 }).slice(-4), [
    "\u001b[2ma:1 and b:2 are linked\u001b[0m",
    "\u001b[2mthrough c:3\u001b[0m",
    "\u001b[2ma:1 and d:4 are linked\u001b[0m",
    "\u001b[2mthrough b:2\u001b[0m",
  ]);
});

Deno.test("who: by name", () => {
  const events = [
    { kind: "client", name: "bob", server: "10.0.0.2:4000" },
    { kind: "client", name: "*ada", server: "10.0.0.1:4000" },
  ] as const;
  assertEquals(whoTable(events, PLAIN), [
    "name  server",
    "*ada  10.0.0.1:4000",
    "bob   10.0.0.2:4000",
  ]);
});

Deno.test("nothing to list is said", () => {
  assertEquals(whoTable([], PLAIN), ["nobody is here"]);
  assertEquals(serverTable([], PLAIN), ["no servers"]);
  assertEquals(rttTable([], PLAIN), ["no servers"]);
});

Deno.test("colour: the head, times by value and the note, and nothing by a name", () => {
  const options = { colour: true, width: 24 };
  const events = [rtt("a:1", 0.5), rtt("b:2", 0.25, true)];
  assertEquals(rttTable(events, options), [
    "\u001b[1m  server   loss    min\u001b[0m",
    "* b:2     33.3%  \u001b[38;5;255;48;5;54m250.0\u001b[0m",
    "  a:1     33.3%  \u001b[38;5;255;48;5;24m500.0\u001b[0m",
    "\u001b[2mtimes in us, * nearest;\u001b[0m",
    "\u001b[2mtoo narrow for mean,\u001b[0m",
    "\u001b[2mp50, p95, p99, max,\u001b[0m",
    "\u001b[2mmdev, jitter\u001b[0m",
  ]);
  assertEquals(
    whoTable([{ kind: "client", name: "*ada", server: "a:1" }], options),
    ["\u001b[1mname  server\u001b[0m", "*ada  a:1"],
  );
});

Deno.test("colour: numbers that say nothing about now have none of their own", () => {
  const events = [
    { ...rtt("a:1", 0.5), state: "stale" },
    rtt("b:2", null),
    { ...rtt("c:3", null), ...NONE },
  ] as const;
  assertEquals(rttTable(events, { colour: true, width: 25 }).slice(1, 4), [
    "  a:1      33.3%  \u001b[2m ~500.0\u001b[0m",
    "  b:2     100.0%  \u001b[7m failed\u001b[0m",
    "  c:3     100.0%  \u001b[2mno data\u001b[0m",
  ]);
});

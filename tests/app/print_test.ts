import { assertEquals } from "@std/assert";
import {
  durationText,
  jsonLine,
  type LineEvent,
  percentText,
  textLines,
} from "../../lib/app/print.ts";
import type { RttSummary } from "../../lib/core/events.ts";

const SUMMARY: RttSummary = {
  sent: 10,
  received: 10,
  late: 0,
  loss: 0,
  minMs: 0.0415,
  meanMs: 0.05,
  p50Ms: 0.0476,
  p95Ms: 0.0888,
  p99Ms: 0.1,
  maxMs: 1.234,
  mdevMs: 0.0101,
  jitterMs: 0.0123,
};

const MEASURED = { state: "measured", ageMs: 0, recent: [] } as const;
const FAILED = { state: "failed", ageMs: null, recent: [] } as const;

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

const SERVER = "127.0.0.1:4000";

/** Each event with its line for programs and its line for people. */
const EVENTS: readonly [LineEvent, json: string, text: string][] = [
  [
    { kind: "attached", server: SERVER, name: "ada", rttMs: 0.0415 },
    '{"schema":1,"event":"attached","server":"127.0.0.1:4000","name":"ada","rtt_us":41.5}',
    "attached to 127.0.0.1:4000 as ada (41.5 us)",
  ],
  [
    { kind: "attached", server: SERVER, name: "ada", rttMs: null },
    '{"schema":1,"event":"attached","server":"127.0.0.1:4000","name":"ada","rtt_us":null}',
    "attached to 127.0.0.1:4000 as ada",
  ],
  [
    {
      kind: "moved",
      from: SERVER,
      server: "[::1]:4010",
      rttMs: 1.5,
      reason: "nearer",
    },
    '{"schema":1,"event":"moved","from":"127.0.0.1:4000","server":"[::1]:4010","rtt_us":1500,"reason":"nearer"}',
    "moved from 127.0.0.1:4000 to [::1]:4010 (1.50 ms): nearer",
  ],
  [
    { kind: "searching", from: SERVER, reason: "home-lost" },
    '{"schema":1,"event":"searching","from":"127.0.0.1:4000","reason":"home-lost"}',
    "lost 127.0.0.1:4000: looking for a server",
  ],
  [
    { kind: "searching", from: SERVER, reason: "leaving" },
    '{"schema":1,"event":"searching","from":"127.0.0.1:4000","reason":"leaving"}',
    "left 127.0.0.1:4000: looking for a server",
  ],
  [
    { kind: "message", from: "bob", to: "ada", text: "hello" },
    '{"schema":1,"event":"message","from":"bob","to":"ada","text":"hello"}',
    "bob: hello",
  ],
  [
    { kind: "message", from: "bob", to: "*", text: 'say "hi"' },
    '{"schema":1,"event":"message","from":"bob","to":"*","text":"say \\"hi\\""}',
    'bob (to all): say "hi"',
  ],
  [
    {
      kind: "receipt",
      to: "ada",
      seq: 1,
      status: "delivered",
      reason: null,
      latencyMs: 0.153,
      legsMs: { homeMs: 0.1, farMs: 0, receiverMs: 0.053 },
    },
    '{"schema":1,"event":"receipt","to":"ada","seq":1,"status":"delivered","reason":null,' +
    '"latency_us":153,"home_us":100,"far_us":0,"receiver_us":53}',
    "message 1 to ada: delivered in 153.0 us",
  ],
  [
    {
      kind: "receipt",
      to: "ada",
      seq: 2,
      status: "unconfirmed",
      reason: null,
      latencyMs: 0.2,
    },
    '{"schema":1,"event":"receipt","to":"ada","seq":2,"status":"unconfirmed","reason":null,"latency_us":200}',
    "message 2 to ada: sent in 200.0 us, but cannot be confirmed",
  ],
  [
    {
      kind: "receipt",
      to: "nobody",
      seq: 3,
      status: "failed",
      reason: "no-such-name",
      latencyMs: null,
    },
    '{"schema":1,"event":"receipt","to":"nobody","seq":3,"status":"failed","reason":"no-such-name","latency_us":null}',
    "message 3 to nobody: not delivered: nobody has that name",
  ],
  [
    {
      kind: "receipt",
      to: "ada",
      seq: 4,
      status: "failed",
      reason: "from-the-future",
      latencyMs: null,
    },
    '{"schema":1,"event":"receipt","to":"ada","seq":4,"status":"failed","reason":"from-the-future","latency_us":null}',
    "message 4 to ada: not delivered: from-the-future",
  ],
  [
    {
      kind: "receipt",
      to: "*",
      seq: 5,
      status: "delivered",
      reason: null,
      latencyMs: 2.5,
      counts: { failed: 0, delivered: 3 },
    },
    '{"schema":1,"event":"receipt","to":"*","seq":5,"status":"delivered","reason":null,"latency_us":2500,"delivered":3,"failed":0}',
    "message 5 to all: delivered to 3, not to 0 in 2.50 ms",
  ],
  [
    {
      kind: "receipt",
      to: "*",
      seq: 6,
      status: "failed",
      reason: "timed-out",
      latencyMs: null,
      counts: { delivered: 2, failed: 1 },
    },
    '{"schema":1,"event":"receipt","to":"*","seq":6,"status":"failed","reason":"timed-out","latency_us":null,"delivered":2,"failed":1}',
    "message 6 to all: delivered to 2, not to 1 (no receipt came in time, it may have been shown)",
  ],
  [
    { kind: "client", name: "ada", server: SERVER },
    '{"schema":1,"event":"client","name":"ada","server":"127.0.0.1:4000"}',
    "ada is at 127.0.0.1:4000",
  ],
  [
    { kind: "joined", name: "ada" },
    '{"schema":1,"event":"joined","name":"ada"}',
    "ada joined",
  ],
  [
    { kind: "left", name: "ada" },
    '{"schema":1,"event":"left","name":"ada"}',
    "ada left",
  ],
  [
    {
      kind: "server",
      address: SERVER,
      id: "0123456789ab",
      label: "attic",
      clients: 2,
    },
    '{"schema":1,"event":"server","address":"127.0.0.1:4000","id":"0123456789ab","label":"attic","clients":2}',
    "127.0.0.1:4000 (attic), 2 clients",
  ],
  [
    { kind: "server", address: SERVER, id: "0", label: "", clients: 1 },
    '{"schema":1,"event":"server","address":"127.0.0.1:4000","id":"0","label":"","clients":1}',
    "127.0.0.1:4000, 1 client",
  ],
  [
    { kind: "server", address: SERVER, id: null, label: null, clients: null },
    '{"schema":1,"event":"server","address":"127.0.0.1:4000","id":null,"label":null,"clients":null}',
    "127.0.0.1:4000",
  ],
  [
    { kind: "rtt", server: SERVER, summary: SUMMARY, nearest: true, ...MEASURED },
    '{"schema":1,"event":"rtt","server":"127.0.0.1:4000","sent":10,"received":10,"loss":0,' +
    '"min_us":41.5,"mean_us":50,"p50_us":47.6,"p95_us":88.8,"p99_us":100,"max_us":1234,' +
    '"mdev_us":10.1,"jitter_us":12.3,"nearest":true,"late":0,"state":"measured"}',
    "127.0.0.1:4000: min 41.5 us, p50 47.6 us, max 1.23 ms, loss 0.0%, nearest",
  ],
  [
    { kind: "rtt", server: SERVER, summary: UNANSWERED, nearest: false, ...FAILED },
    '{"schema":1,"event":"rtt","server":"127.0.0.1:4000","sent":3,"received":0,"loss":1,' +
    '"min_us":null,"mean_us":null,"p50_us":null,"p95_us":null,"p99_us":null,"max_us":null,' +
    '"mdev_us":null,"jitter_us":null,"nearest":false,"late":0,"state":"failed"}',
    "127.0.0.1:4000: min -, p50 -, max -, loss 100.0%",
  ],
  [
    { kind: "error", code: "name-taken", message: "somebody is ada already" },
    '{"schema":1,"event":"error","code":"name-taken","message":"somebody is ada already"}',
    "somebody is ada already",
  ],
];

Deno.test("every event as JSON", () => {
  for (const [event, json] of EVENTS) assertEquals(jsonLine(event), json);
});

Deno.test("every event in words", () => {
  for (const [event, , text] of EVENTS) {
    assertEquals(textLines(event, { colour: false, width: null }), [text]);
  }
});

Deno.test("microseconds carry no float noise, and loss is not rounded", () => {
  const summary = { ...SUMMARY, minMs: 0.0415000001, meanMs: 0.1 + 0.2 };
  const line = jsonLine({
    kind: "rtt",
    server: SERVER,
    summary: { ...summary, sent: 3, received: 2, loss: 1 / 3 },
    nearest: false,
    ...MEASURED,
  });
  assertEquals(
    line.slice(0, line.indexOf(',"p50_us"')),
    '{"schema":1,"event":"rtt","server":"127.0.0.1:4000","sent":3,"received":2,' +
      '"loss":0.3333333333333333,"min_us":41.5,"mean_us":300',
  );
  for (const [rttMs, rtt_us] of [[0.0000006, 0.001], [1.0005, 1000.5]]) {
    const line = jsonLine({
      kind: "attached",
      server: "",
      name: "",
      rttMs: rttMs ?? null,
    });
    assertEquals(JSON.parse(line).rtt_us, rtt_us);
  }
});

Deno.test("nothing that is not in the schema leaks into JSON", () => {
  const event = { kind: "joined", name: "ada", token: "secret" } as const;
  assertEquals(jsonLine(event), '{"schema":1,"event":"joined","name":"ada"}');
});

Deno.test("text from others is verbatim in JSON, yet cannot drive a terminal", () => {
  const text = "\u001b[2J\u009b1m\u202eevil\u007f\n007";
  const line = jsonLine({ kind: "message", from: "bob", to: "ada", text });
  assertEquals(
    line,
    '{"schema":1,"event":"message","from":"bob","to":"ada",' +
      '"text":"\\u001b[2J\\u009b1m\\u202eevil\\u007f\\n007"}',
  );
  assertEquals(JSON.parse(line).text, text);
});

Deno.test("text from others is cleaned in words, each part by itself", () => {
  const evil = "\u001b]0;";
  const lines: readonly [LineEvent, string][] = [
    [
      { kind: "message", from: "bob", to: "ada", text: "a\u001b[2J\nada: b" },
      "bob: a ada: b",
    ],
    [
      { kind: "message", from: evil, to: "*", text: "x\u0007y" },
      "0; (to all): xy",
    ],
    [{ kind: "joined", name: "\u202eada" }, "ada joined"],
    [{ kind: "error", code: "refused", message: "no\u001b[31m" }, "no"],
    [
      {
        kind: "server",
        address: "a:1\r",
        id: null,
        label: "\u009b2Jattic",
        clients: null,
      },
      "a:1  (attic)",
    ],
  ];
  for (const [event, line] of lines) {
    assertEquals(textLines(event, { colour: false, width: 80 }), [line]);
  }
});

Deno.test("colour is outside the cleaned text, and only if asked for", () => {
  const colour = { colour: true, width: null };
  const cases: readonly [LineEvent, string][] = [
    [
      { kind: "error", code: "refused", message: "\u001b[32mno" },
      "\u001b[31mno\u001b[0m",
    ],
    [{ kind: "joined", name: "ada" }, "\u001b[2mada joined\u001b[0m"],
    [{ kind: "message", from: "bob", to: "ada", text: "hi" }, "bob: hi"],
  ];
  for (const [event, line] of cases) {
    assertEquals(textLines(event, colour), [line]);
  }
  const receipt = (status: "delivered" | "failed", failed: number): string =>
    textLines({
      kind: "receipt",
      to: "*",
      seq: 1,
      status,
      reason: null,
      latencyMs: null,
      counts: { delivered: 1, failed },
    }, colour).join();
  assertEquals(receipt("delivered", 0).startsWith("\u001b[2m"), true);
  assertEquals(receipt("delivered", 1).startsWith("\u001b[31m"), true);
  assertEquals(receipt("failed", 0).startsWith("\u001b[31m"), true);
});

Deno.test("durations with their unit", () => {
  const cases: readonly [number | null, string][] = [
    [null, "-"],
    [0, "0.0 us"],
    [0.0415, "41.5 us"],
    [0.9999, "999.9 us"],
    [1, "1.00 ms"],
    [12.345, "12.35 ms"],
    [1000, "1.0 s"],
    [30_000, "30.0 s"],
  ];
  for (const [ms, text] of cases) assertEquals(durationText(ms), text);
});

Deno.test("percentages never show a loss as none", () => {
  const cases: readonly [number, string][] = [
    [0, "0.0%"],
    [1 / 100_000, "<0.1%"],
    [0.001, "0.1%"],
    [1 / 3, "33.3%"],
    [1, "100.0%"],
  ];
  for (const [ratio, text] of cases) assertEquals(percentText(ratio), text);
});

import { assert, assertEquals } from "@std/assert";
import { NODE_LIMITS } from "../../lib/core/node.ts";
import { MAX_WRITE_BYTES } from "../../lib/core/outbox.ts";
import { FORGOTTEN_MS, LEFT_MS } from "../../lib/core/members.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "../../lib/core/target.ts";
import { MOVING_MS } from "../../lib/core/moving_names.ts";
import { PEER_SAMPLES } from "../../lib/core/echoes.ts";
import { FRESH_MS, ROW_STALE_MS } from "../../lib/core/rows.ts";
import { NEWS_MS, ROW_MS } from "../../lib/core/measuring.ts";
import { PROBE_TIMEOUT_MS } from "../../lib/core/probes.ts";
import { RECEIPT_TIMEOUT_MS } from "../../lib/core/sending.ts";
import { MAX_CELLS } from "../../lib/codec/matrix.ts";
import { MAX_NAME_BYTES } from "../../lib/codec/name.ts";
import { FrameReader } from "../../lib/codec/reader.ts";
import { DROP_REASONS, Status } from "../../lib/codec/status.ts";
import { MAX_TEXT_BYTES } from "../../lib/codec/stream.ts";
import {
  type CloseReason,
  HEADER_BYTES,
  Kind,
  kindText,
  MAX_CARRIED_PAYLOAD_BYTES,
  MAX_PAYLOAD_BYTES,
} from "../../lib/codec/wire.ts";
import { fromHex, joined, toHex, utf8 } from "./naive_codec.ts";
import { EXAMPLES } from "./protocol_examples.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../PROTOCOL.md", import.meta.url));

/** Keyed by every reason, so that a new one that is not listed here does not compile. */
const CLOSE_REASONS: Readonly<Record<CloseReason, true>> = {
  "frame-too-long": true,
  "malformed": true,
  "unexpected-frame": true,
  "unfinished-frame": true,
  "no-welcome": true,
  "no-accept": true,
  "silent": true,
  "slow-consumer": true,
  "duplicate": true,
  "replaced": true,
  "self": true,
  "moved": true,
  "name-lost": true,
  "leaving": true,
  "carrier-lost": true,
  "full": true,
  "done": true,
};

/** The bytes of an example: hex pairs, text in quotes, comments behind `#`. */
function bytesOf(example: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const token = /\s+|#[^\n]*|'([^'\n]*)'|([0-9a-f]{2})(?![0-9a-f])/gy;
  while (token.lastIndex < example.length) {
    const at = token.lastIndex;
    const match = token.exec(example);
    if (match === null) throw new Error(`Cannot read example: ${example.slice(at)}`);
    const [, text, hex] = match;
    if (text !== undefined) parts.push(utf8(text));
    if (hex !== undefined) parts.push(fromHex(hex));
  }
  return joined(parts);
}

/** The examples of the document, by the names in their fences. */
function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, body] of DOCUMENT.matchAll(/^```frame (.+)\n([^`]*)^```$/gm)) {
    assert(name !== undefined && body !== undefined);
    assert(!found.has(name), `${name} is shown twice`);
    found.set(name, body);
  }
  return found;
}

/** The cells of the table rows of one section, by its number. */
function rows(section: number): string[][] {
  const [, body] =
    DOCUMENT.match(new RegExp(`^## ${section}\\. .*\\n([^]*?)(?=^## |$(?![^]))`, "m")) ??
      [];
  assert(body !== undefined, `there is no section ${section}`);
  return body.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("every example is what the codec makes", () => {
  const shown = examples();
  assertEquals([...shown.keys()].sort(), Object.keys(EXAMPLES).sort());
  for (const [name, body] of shown) {
    assertEquals(toHex(bytesOf(body)), toHex(EXAMPLES[name] as Uint8Array), name);
  }
});

Deno.test("every example is one whole frame, of the kind that it is called by", () => {
  for (const [name, body] of examples()) {
    const toClient = name === "2/0 registered";
    const reader = new FrameReader(toClient ? "client" : "server");
    const bytes = bytesOf(body);
    reader.feed(bytes);
    assert(reader.next(), name);
    assertEquals([kindText(reader.kind), reader.end], [name.split(" ")[0], bytes.length], name);
  }
});

Deno.test("every kind is in the table of frames, and has an example", () => {
  const listed = new Set(rows(6).map(([kind]) => kind));
  const shown = new Set([...examples().keys()].map((name) => name.split(" ")[0]));
  for (const kind of Object.values(Kind)) {
    assert(listed.has(kindText(kind)), `${kindText(kind)} is not in the table`);
    assert(shown.has(kindText(kind)), `${kindText(kind)} has no example`);
  }
});

Deno.test("every close reason is in the table, and no other", () => {
  const listed = rows(9).slice(2).map(([reason]) => reason);
  assertEquals(listed.sort(), Object.keys(CLOSE_REASONS).map((reason) => `\`${reason}\``).sort());
});

Deno.test("every status is in the table, and no other", () => {
  const words: Readonly<Record<number, string>> = {
    [Status.Delivered]: "delivered",
    [Status.Gap]: "gap",
    [Status.Skipped]: "skipped",
    [Status.Unconfirmed]: "unconfirmed",
  };
  const listed = rows(10).slice(2).map(([status, name]) => `${status} ${name}`);
  const expected = Object.values(Status).map((status) =>
    `${status} ${words[status] ?? `\`${DROP_REASONS[status]}\``}`
  );
  assertEquals(listed.sort(), expected.sort());
});

Deno.test("the numbers of the table are those of the code", () => {
  const numbers = new Map(rows(8).map(([, what, value]) => [what, value]));
  const count = (value: number): string => value.toLocaleString("en-US");
  const bytes = (value: number): string => `${count(value)} bytes`;
  const ms = (value: number): string => value < 1_000 ? `${value} ms` : `${value / 1_000} s`;
  const hours = (value: number): string => `${value / 3_600_000} h`;
  const mib = (value: number): string => `${value / 2 ** 20} MiB`;
  const expected = {
    "payload of a frame": bytes(MAX_PAYLOAD_BYTES),
    "frame that can be carried inside another": bytes(HEADER_BYTES + MAX_CARRIED_PAYLOAD_BYTES),
    "text of an extended message, whatever the names": bytes(MAX_TEXT_BYTES),
    "name": bytes(MAX_NAME_BYTES),
    "hello answered": ms(NODE_LIMITS.helloMs),
    "link between servers accepted": ms(NODE_LIMITS.helloMs),
    "begun frame finished": ms(NODE_LIMITS.unfinishedMs),
    "echo between servers": ms(NODE_LIMITS.echoMs),
    "silence between servers": ms(NODE_LIMITS.peerSilenceMs),
    "silence of an extended client, or its home": ms(NODE_LIMITS.clientSilenceMs),
    "probe of the older link of a pair": ms(NODE_LIMITS.probeMs),
    "registration waits for peers": ms(NODE_LIMITS.registrationMs),
    "a removed name is moving": ms(MOVING_MS),
    "redial: first, longest": `${ms(REDIAL_MIN_MS)}, ${ms(REDIAL_MAX_MS)}`,
    "a member that left is remembered": hours(LEFT_MS),
    "a member never seen is forgotten": hours(FORGOTTEN_MS),
    "receipt": ms(RECEIPT_TIMEOUT_MS),
    "reply to a measuring echo": ms(PROBE_TIMEOUT_MS),
    "cells of a row": count(MAX_CELLS),
    "samples that a cell is made of": count(PEER_SAMPLES),
    "the row is told: always, after news": `${ms(ROW_MS)}, ${ms(NEWS_MS)}`,
    "a sample, a row is stale": `${ms(FRESH_MS)}, ${ms(ROW_STALE_MS)}`,
    "connections of a server": count(NODE_LIMITS.connections),
    "outbox of a client": mib(NODE_LIMITS.clientOutboxBytes),
    "outbox of a server": mib(NODE_LIMITS.peerOutboxBytes),
    "one write": `${MAX_WRITE_BYTES / 1024} KiB`,
  };
  for (const [what, value] of Object.entries(expected)) {
    assertEquals(numbers.get(what), value, what);
  }
});

Deno.test("links inside the document lead somewhere", () => {
  const anchors = new Set(
    [...DOCUMENT.matchAll(/^##+ (.+)$/gm)].map(([, title]) =>
      `#${title?.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")}`
    ),
  );
  for (const [, target] of DOCUMENT.matchAll(/\]\((#[^)]*)\)/g)) {
    assert(anchors.has(target ?? ""), `${target} leads nowhere`);
  }
});

/**
 * The RTT that the client reports, beside the time that a relay really held
 * that very echo and its reply. Nothing here depends on how fast the machine is.
 */

import { assert, assertEquals } from "@std/assert";
import { Kind } from "../../lib/codec/wire.ts";
import { WARMUP_PROBES } from "../../lib/core/probes.ts";
import { EchoRecord } from "../testing/echo_record.ts";
import { type Json, run, ServerProgram } from "../testing/program.ts";
import { Relay } from "../testing/relay.ts";

/** A machine so busy that every window is useless so often is broken. */
const MOST_TRIES = 100;

/** How long what is held is held at least. */
const HOLD_MS = 20;

/** Measures until all samples count: none is missing, none was taken while the client was late. */
async function rtt(address: string, count: number): Promise<Json> {
  const args = ["rtt", "--json", "--interval", "0", "--count", `${count}`, "--server", address];
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { out, err } = await run("client", args);
    const [measured = {}] = out.map((line) => JSON.parse(line) as Json);
    assertEquals([measured["event"], err], ["rtt", []]);
    if (measured["received"] === count && measured["late"] === 0) return measured;
  }
  throw new Error(`This machine is too busy: none of ${MOST_TRIES} windows counts`);
}

function relayTo({ address }: ServerProgram): Relay {
  return new Relay(Number(address.split(":").at(-1)));
}

for (const held of [[], ["forth"], ["back"], ["forth", "back"]] as const) {
  const where = held.length === 0 ? "nowhere" : held.join(" and ");
  Deno.test(`an RTT counts all that its echo was held, and that once: ${where}`, async () => {
    await using server = await ServerProgram.start([]);
    await using relay = relayTo(server);
    for (const way of held) relay.delaysMs[way] = HOLD_MS;
    const record = new EchoRecord(relay);
    const rttMs = Number((await rtt(relay.address, 1))["min_us"]) / 1_000;
    const [before, echo, ...more] = record.echoes().slice(WARMUP_PROBES - 1);
    assert(before !== undefined && echo !== undefined && more.length === 0);
    assert(echo.heldMs >= held.length * HOLD_MS, `held ${echo.heldMs} ms`);
    assert(rttMs >= echo.heldMs, `${rttMs} ms, held ${echo.heldMs} ms`);
    // The echo was sent after the reply before it was passed on; the client
    // says goodbye after it has its reply. On a busy machine that is long, and
    // still true.
    const goodbye = record.passages("forth").find(({ kind }) => kind === Kind.Close);
    const mostMs = (goodbye?.readAt ?? performance.now()) - before.back.passedAt;
    assert(rttMs <= mostMs, `${rttMs} ms, at most ${mostMs} ms`);
  });
}

Deno.test("a window of RTTs is never below the times held, rank by rank", async () => {
  await using server = await ServerProgram.start([]);
  await using relay = relayTo(server);
  const record = new EchoRecord(relay);
  const { onPassing } = relay;
  relay.onPassing = (piece, connection) => {
    onPassing(piece, connection);
    // Each reply is held longer than the one before.
    if (piece.way === "back") relay.delaysMs.back = 3 * record.echoes().length;
  };
  // Of three samples the minimum, the median and the maximum are all of them.
  const measured = await rtt(relay.address, 3);
  const rttsMs = ["min_us", "p50_us", "max_us"].map((key) => Number(measured[key]) / 1_000);
  const held = record.echoes().slice(WARMUP_PROBES).map(({ heldMs }) => heldMs);
  assertEquals(held.length, 3);
  for (const [rank, heldMs] of held.toSorted((a, b) => a - b).entries()) {
    assert((rttsMs[rank] ?? 0) >= heldMs, `${rttsMs} ms, held ${held} ms`);
  }
});

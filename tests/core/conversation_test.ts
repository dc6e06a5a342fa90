import { assertEquals } from "@std/assert";
import { ackFrame, decodeAck } from "../../lib/codec/receipt.ts";
import { resolved } from "../../lib/codec/resolve.ts";
import { Status } from "../../lib/codec/status.ts";
import { HEADER_BYTES, Kind } from "../../lib/codec/wire.ts";
import { Conversation } from "../../lib/core/conversation.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import { Outbox } from "../../lib/core/outbox.ts";
import { message } from "../testing/node_in_hand.ts";

const ADA = 101;
const BOB = 102;

/** Bob's conversation, what he was shown, and the outbox to his home. */
function bob(): { conversation: Conversation; shown: string[]; outbox: Outbox } {
  const shown: string[] = [];
  const conversation = new Conversation(BOB, (event: ClientEvent) => {
    if (event.kind === "message") shown.push(event.text);
  });
  const outbox = new Outbox(1_000_000);
  conversation.attach({ outbox, extended: true }, "bob");
  return { conversation, shown, outbox };
}

/** Ada's message `number` arrives. */
function arrive(conversation: Conversation, number: number, to = "bob"): void {
  const session = to === "*" ? 0 : BOB;
  const bytes = message({ from: ADA, sender: "ada", to, session, number, text: `${number}` });
  conversation.message(
    bytes.subarray(HEADER_BYTES),
    bytes.length - HEADER_BYTES - `${number}`.length,
  );
}

/** The acknowledgements that wait in the outbox: `number status`. */
function acks(outbox: Outbox): string[] {
  const bytes = outbox.pull() ?? new Uint8Array(0);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += HEADER_BYTES + 28) {
    assertEquals(bytes[at], Kind.Ack >> 8);
    const { number, status } = decodeAck(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + 28));
    found.push(`${number} ${status}`);
  }
  return found;
}

Deno.test("one acknowledgement covers all that one read brought from a sender", () => {
  const { conversation, shown, outbox } = bob();
  for (const number of [1, 2, 3]) arrive(conversation, number);
  assertEquals(acks(outbox), []);
  conversation.flushAcks();
  assertEquals([shown, acks(outbox)], [["1", "2", "3"], [`3 ${Status.Delivered}`]]);
});

Deno.test("each message to everybody is acknowledged by itself", () => {
  const { conversation, outbox } = bob();
  for (const number of [1, 2]) arrive(conversation, number, "*");
  assertEquals(acks(outbox), [`1 ${Status.Delivered}`, `2 ${Status.Delivered}`]);
});

Deno.test("what comes after the name was lost is not shown: its sender is told that it was not", () => {
  const { conversation, shown, outbox } = bob();
  conversation.detach(0);
  arrive(conversation, 1);
  conversation.flushAcks();
  assertEquals([shown, acks(outbox)], [[], []]);
});

Deno.test("who lost its home tells its senders how far they got, so that they need not wait", () => {
  const { conversation, outbox } = bob();
  for (const number of [1, 2]) arrive(conversation, number);
  conversation.flushAcks();
  outbox.pull();
  conversation.detach(0);
  conversation.attach({ outbox, extended: true }, "bob");
  conversation.remind();
  assertEquals(acks(outbox), [`2 ${Status.Gap}`]);
});

Deno.test("under another name a sender's numbers begin anew, under the same one they go on", () => {
  const { conversation, shown, outbox } = bob();
  arrive(conversation, 1);
  conversation.detach(0);
  conversation.attach({ outbox, extended: true }, "bob");
  arrive(conversation, 1);
  assertEquals(shown, ["1"]);
  conversation.attach({ outbox, extended: true }, "rob");
  arrive(conversation, 1);
  assertEquals(shown, ["1", "1"]);
});

Deno.test("an answer to what was said under one name settles nothing that was said under another", () => {
  const receipts: string[] = [];
  const conversation = new Conversation(BOB, (event: ClientEvent) => {
    if (event.kind === "receipt") receipts.push(`${event.to} ${event.seq} ${event.status}`);
  });
  const outbox = new Outbox(1_000_000);
  conversation.attach({ outbox, extended: true }, "bob");
  for (const name of ["ada", "eve"]) {
    conversation.send(name, "hello", 0);
    // One session that answers under both names in turn.
    const answer = resolved({ name, session: ADA, reason: null });
    conversation.answer(Kind.Resolved, answer.subarray(HEADER_BYTES), 0);
    conversation.pump(0);
  }
  const ack = { to: BOB, from: ADA, number: 1, status: Status.Delivered, everybody: false };
  const bytes = ackFrame(Kind.Ack, { ...ack, homeStamp: 0, farStamp: 0 });
  conversation.answer(Kind.Ack, bytes.subarray(HEADER_BYTES), 1);
  assertEquals([receipts, conversation.openCount], [["ada 1 delivered"], 1]);
});

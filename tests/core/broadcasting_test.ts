import { assert, assertEquals } from "@std/assert";
import { Status } from "../../lib/codec/status.ts";
import type { Tally } from "../../lib/codec/tally.ts";
import { Broadcasting } from "../../lib/core/broadcasting.ts";
import { RECEIPT_TIMEOUT_MS } from "../../lib/core/sending.ts";

/** A stream to everybody, what it sent, and the receipts. */
class Announcer {
  readonly receipts: string[] = [];
  readonly broadcasting: Broadcasting;

  constructor() {
    this.broadcasting = new Broadcasting(({ number, status, reason, counts }) => {
      const { delivered, failed } = counts;
      this.receipts.push(`${number} ${status} ${reason ?? "-"} ${delivered}/${failed}`);
    });
  }

  say(count = 1, now = 0): void {
    for (let n = 0; n < count; n++) this.broadcasting.push(new Uint8Array(1), now);
  }

  /** The numbers that are sent now, of which the network has room for `room`. */
  pump(room = Infinity): number[] {
    const sent: number[] = [];
    this.broadcasting.pump(({ number }) => {
      if (sent.length >= room) return false;
      sent.push(number);
      return true;
    });
    return sent;
  }

  tally(server: string, number: number, counts: Partial<Tally> = {}): void {
    const none = { peers: 0, reached: 0, unconfirmed: 0, dropped: 0 };
    this.broadcasting.tally({ to: 1, server, number, ...none, ...counts }, 10);
  }

  ack(from: number, number: number, status: number = Status.Delivered): void {
    const stamps = { homeStamp: 0, farStamp: 0 };
    this.broadcasting.ack({ to: 1, from, number, status, everybody: true, ...stamps }, 10);
  }

  refuse(number: number, status: number): void {
    const stamps = { homeStamp: 0, farStamp: 0 };
    this.broadcasting.receipt({ to: 1, from: 0, number, status, everybody: true, ...stamps }, 10);
  }
}

Deno.test("to nobody at all is delivered as soon as the home has said so", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1);
  assertEquals(ada.receipts, ["1 delivered - 0/0"]);
});

Deno.test("the receipt waits for every server and every client that was reached", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1, { peers: 2, reached: 1 });
  ada.ack(11, 1);
  ada.tally("b", 1, { reached: 2 });
  ada.ack(12, 1);
  ada.tally("c", 1);
  assertEquals(ada.receipts, []);
  ada.ack(13, 1);
  assertEquals(ada.receipts, ["1 delivered - 3/0"]);
  assertEquals(ada.broadcasting.openCount, 0);
});

Deno.test("acknowledgements may overtake the tallies of other servers", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1, { peers: 1 });
  ada.ack(11, 1);
  ada.tally("b", 1, { reached: 1 });
  assertEquals(ada.receipts, ["1 delivered - 1/0"]);
});

Deno.test("one receiver's word counts once, however often it says it", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1, { reached: 2 });
  ada.ack(11, 1);
  ada.ack(11, 1);
  assertEquals(ada.receipts, []);
});

Deno.test("who passed it over, and who had no room, make it fail", () => {
  const ada = new Announcer();
  ada.say(2);
  ada.pump();
  ada.tally("home", 1, { reached: 2 });
  ada.ack(11, 1);
  ada.ack(12, 1, Status.Skipped);
  ada.tally("home", 2, { reached: 1, dropped: 3 });
  ada.ack(11, 2);
  assertEquals(ada.receipts, ["1 failed timed-out 1/1", "2 failed slow 1/3"]);
});

Deno.test("with base clients among the receivers it is unconfirmed", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1, { reached: 1, unconfirmed: 2 });
  ada.ack(11, 1);
  assertEquals(ada.receipts, ["1 unconfirmed - 1/0"]);
});

Deno.test("who says nothing for 30 s has failed, and the others still count", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1, { reached: 2 });
  ada.ack(11, 1);
  assertEquals(ada.broadcasting.nextDeadline(), RECEIPT_TIMEOUT_MS);
  ada.broadcasting.tick(RECEIPT_TIMEOUT_MS - 1);
  assertEquals(ada.receipts, []);
  ada.broadcasting.tick(RECEIPT_TIMEOUT_MS);
  assertEquals(ada.receipts, ["1 failed timed-out 1/1"]);
  assertEquals(ada.broadcasting.nextDeadline(), Infinity);
});

Deno.test("64 are on their way at once; each receipt makes room for one", () => {
  const ada = new Announcer();
  ada.say(100);
  assertEquals(ada.pump().length, 64);
  ada.tally("home", 3);
  assertEquals(ada.pump(), [65]);
});

Deno.test("what the network has no room for is sent later, in order", () => {
  const ada = new Announcer();
  ada.say(3);
  assertEquals([ada.pump(1), ada.pump()], [[1], [2, 3]]);
});

Deno.test("at a new home it is sent once more and counted anew, but nobody is forgotten", () => {
  const ada = new Announcer();
  ada.say(2);
  ada.pump();
  ada.tally("old home", 1, { peers: 1, reached: 1 });
  ada.ack(11, 1);
  ada.broadcasting.linkLost();
  assertEquals(ada.pump(), [1, 2]);
  ada.tally("new home", 1, { reached: 2 });
  assertEquals(ada.receipts, []);
  ada.ack(12, 1);
  assertEquals(ada.receipts, ["1 delivered - 2/0"]);
});

Deno.test("a home that does not know the sender is no reason to give up, another refusal is", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.refuse(1, Status.NotRegistered);
  assertEquals(ada.receipts, []);
  ada.refuse(1, Status.SenderTaken);
  assertEquals(ada.receipts, ["1 failed sender-taken 0/0"]);
});

Deno.test("at a base home it is unconfirmed, and the end fails what is open", () => {
  const ada = new Announcer();
  ada.say(2);
  ada.pump();
  ada.broadcasting.unconfirmed(1, 10);
  ada.broadcasting.end(20);
  assertEquals(ada.receipts, ["1 unconfirmed - 0/0", "2 failed timed-out 0/0"]);
});

Deno.test("words about a message that has its receipt change nothing", () => {
  const ada = new Announcer();
  ada.say();
  ada.pump();
  ada.tally("home", 1);
  ada.tally("home", 1);
  ada.ack(11, 1);
  ada.refuse(1, Status.Slow);
  assert(ada.receipts.length === 1);
});

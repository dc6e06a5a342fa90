import { assert, assertEquals } from "@std/assert";
import { Status } from "../../lib/codec/status.ts";
import { RECEIPT_TIMEOUT_MS, SendingStream, type Settled } from "../../lib/core/sending.ts";

const BOB = 7;

/** A stream to bob, what it sent, and the receipts. */
class Sender {
  readonly receipts: string[] = [];
  readonly stream: SendingStream;
  sent: string[] = [];
  floors: number[] = [];
  now = 0;
  /** Messages that the network has room for. */
  room = Infinity;

  constructor({ firstNumber = 1 } = {}) {
    const settled = ({ number, status, reason }: Settled): void => {
      this.receipts.push(`${number} ${reason ?? status}`);
    };
    this.stream = new SendingStream("bob", settled, { firstNumber });
  }

  /** With bob's session known. */
  static resolved(): Sender {
    const sender = new Sender();
    sender.stream.resolved({ name: "bob", session: BOB, reason: null }, 0);
    return sender;
  }

  say(...texts: string[]): void {
    for (const text of texts) this.stream.push(new TextEncoder().encode(text), this.now);
  }

  /** What is sent now: `number:text`, `@0` behind it when sent to a bare name. */
  pump(): string[] {
    this.sent = [];
    this.stream.pump(({ number, floor, text, receiverSession }) => {
      if (this.sent.length >= this.room) return false;
      const to = receiverSession === BOB ? "" : `@${receiverSession}`;
      this.sent.push(`${number}:${new TextDecoder().decode(text)}${to}`);
      this.floors.push(floor);
      return true;
    }, this.now);
    return this.sent;
  }

  ack(number: number, status: number = Status.Delivered): void {
    this.stream.ack(word(number, status), this.now);
  }

  refuse(number: number, status: number): void {
    this.stream.receipt(word(number, status), this.now);
  }

  /** Waits until the stream wants to be asked again, then asks it. */
  waitForDeadline(): number {
    const deadline = this.stream.nextDeadline(this.now);
    assert(deadline > this.now && deadline < Infinity, `a deadline at ${deadline}`);
    const waited = deadline - this.now;
    this.now = deadline;
    this.stream.tick(this.now);
    return waited;
  }
}

function word(
  number: number,
  status: number,
): Parameters<SendingStream["ack"]>[0] {
  return { to: 1, from: BOB, number, status, everybody: false, homeStamp: 0, farStamp: 0 };
}

Deno.test("nothing is sent before the home has said whom the name means", () => {
  const sender = new Sender();
  assertEquals(sender.stream.wantsResolving(0), false);
  sender.say("a");
  assertEquals([sender.pump(), sender.stream.wantsResolving(0)], [[], true]);
  sender.stream.resolving = true;
  assertEquals(sender.stream.wantsResolving(0), false);
  sender.stream.resolved({ name: "bob", session: BOB, reason: null }, 0);
  assertEquals(sender.pump(), ["1:a"]);
});

Deno.test("messages are numbered from one and sent once, in order", () => {
  const sender = Sender.resolved();
  sender.say("a", "b");
  assertEquals([sender.pump(), sender.pump()], [["1:a", "2:b"], []]);
  sender.say("c");
  assertEquals(sender.pump(), ["3:c"]);
});

Deno.test("a stream in place of a forgotten one goes on above its numbers", () => {
  const sender = new Sender({ firstNumber: 40 });
  sender.stream.resolved({ name: "bob", session: BOB, reason: null }, 0);
  sender.say("a");
  assertEquals(sender.pump(), ["40:a"]);
  assertEquals(sender.floors, [40]);
});

Deno.test("an acknowledgement settles every number up to its own, once", () => {
  const sender = Sender.resolved();
  sender.say("a", "b", "c");
  sender.pump();
  sender.ack(2);
  sender.ack(2);
  assertEquals(sender.receipts, ["1 delivered", "2 delivered"]);
  assertEquals([sender.stream.openCount, sender.stream.floor], [1, 3]);
});

Deno.test("each message carries the lowest number that is not settled", () => {
  const sender = Sender.resolved();
  sender.say("a", "b");
  sender.pump();
  sender.ack(1);
  sender.say("c");
  sender.pump();
  assertEquals(sender.floors, [1, 1, 2]);
});

Deno.test("what the network has no room for goes out later, in order", () => {
  const sender = Sender.resolved();
  sender.room = 2;
  sender.say("a", "b", "c", "d");
  assertEquals([sender.pump(), sender.pump()], [["1:a", "2:b"], ["3:c", "4:d"]]);
});

Deno.test("no more is on its way than the window holds, whether the texts are long or empty", () => {
  for (const text of ["", "x".repeat(8_000)]) {
    const sender = Sender.resolved();
    for (let n = 0; n < 10_000; n++) sender.say(text);
    const first = sender.pump().length;
    assert(first < 5_000 && first > 10, `${first} messages at once`);
    assertEquals(sender.pump(), []);
    sender.ack(5);
    assertEquals(sender.pump().length, 5);
  }
});

Deno.test("after a gap it goes back to the first open message, and on once that is through", () => {
  const sender = Sender.resolved();
  sender.say("a", "b", "c");
  sender.pump();
  sender.ack(1, Status.Gap);
  assertEquals(sender.pump(), ["2:b"]);
  // What came behind the gap was refused as well; that is no news.
  sender.ack(1, Status.Gap);
  assertEquals(sender.pump(), []);
  sender.ack(2);
  assertEquals(sender.pump(), ["3:c"]);
});

Deno.test("a soft refusal is tried again, later each time, and is no receipt", () => {
  for (const status of [Status.Moving, Status.Slow, Status.LinkLost, Status.NotRegistered]) {
    const sender = Sender.resolved();
    sender.say("a", "b");
    sender.pump();
    const waits: number[] = [];
    for (let n = 0; n < 7; n++) {
      sender.refuse(1, status);
      assertEquals(sender.pump(), []);
      waits.push(sender.waitForDeadline());
      assertEquals(sender.pump(), ["1:a"]);
    }
    assertEquals(waits, [50, 100, 200, 400, 800, 1_000, 1_000]);
    assertEquals(sender.receipts, []);
    sender.ack(1);
    assertEquals(sender.pump(), ["2:b"]);
  }
});

Deno.test("a refusal of a later message while one is tried again changes nothing", () => {
  const sender = Sender.resolved();
  sender.say("a", "b");
  sender.pump();
  sender.refuse(1, Status.Moving);
  const deadline = sender.stream.nextDeadline(0);
  sender.refuse(2, Status.Moving);
  assertEquals(sender.stream.nextDeadline(0), deadline);
});

Deno.test("a hard refusal ends everything open, and the name is asked for anew", () => {
  for (
    const [status, reason] of [
      [Status.NoSuchName, "no-such-name"],
      [Status.ReceiverChanged, "receiver-changed"],
      [Status.SenderTaken, "sender-taken"],
    ] as const
  ) {
    const sender = Sender.resolved();
    sender.say("a", "b");
    sender.pump();
    sender.refuse(1, status);
    assertEquals(sender.receipts, [`1 ${reason}`, `2 ${reason}`]);
    assertEquals([sender.stream.session, sender.stream.nextDeadline(0)], [null, Infinity]);
    sender.say("c");
    assertEquals([sender.pump(), sender.stream.wantsResolving(0)], [[], true]);
  }
});

Deno.test("one that is too long for the way fails alone", () => {
  const sender = Sender.resolved();
  sender.say("a", "b", "c");
  sender.pump();
  sender.refuse(2, Status.TooLong);
  sender.ack(3);
  assertEquals(sender.receipts, ["2 too-long", "1 delivered", "3 delivered"]);
});

Deno.test("a name that nobody has fails at once; one that moves is asked for again", () => {
  const gone = new Sender();
  gone.say("a");
  gone.stream.resolved({ name: "bob", session: null, reason: "no-such-name" }, 0);
  assertEquals(gone.receipts, ["1 no-such-name"]);
  const moving = new Sender();
  moving.say("a");
  moving.stream.resolved({ name: "bob", session: null, reason: "moving" }, 0);
  assertEquals([moving.receipts, moving.stream.wantsResolving(0)], [[], false]);
  moving.waitForDeadline();
  assert(moving.stream.wantsResolving(moving.now));
});

Deno.test("what nobody confirms is sent again, after one second and then each two", () => {
  const sender = Sender.resolved();
  sender.say("a");
  sender.pump();
  const waits = [1, 2, 3, 4, 5].map(() => {
    const waited = sender.waitForDeadline();
    assertEquals(sender.pump(), ["1:a"]);
    return waited;
  });
  assertEquals(waits, [1_000, 2_000, 2_000, 2_000, 2_000]);
});

Deno.test("without a receipt for 30 s it has timed out, and the next one has its own time", () => {
  const sender = Sender.resolved();
  sender.say("a");
  sender.now = 10_000;
  sender.say("b");
  sender.pump();
  sender.now = RECEIPT_TIMEOUT_MS;
  sender.stream.tick(sender.now);
  assertEquals(sender.receipts, ["1 timed-out"]);
  sender.now = RECEIPT_TIMEOUT_MS + 10_000;
  sender.stream.tick(sender.now);
  assertEquals(sender.receipts, ["1 timed-out", "2 timed-out"]);
  assertEquals(sender.stream.nextDeadline(sender.now), Infinity);
});

Deno.test("what was never sent says why, and not that it may have been shown", () => {
  const sender = new Sender();
  sender.say("a");
  sender.stream.resolved({ name: "bob", session: null, reason: "moving" }, 0);
  sender.now = RECEIPT_TIMEOUT_MS;
  sender.stream.tick(sender.now);
  assertEquals(sender.receipts, ["1 moving"]);
});

Deno.test("at a new home it begins with the first open message, then all of them", () => {
  const sender = Sender.resolved();
  sender.say("a", "b", "c");
  sender.pump();
  sender.ack(1);
  sender.stream.linkLost(0);
  assertEquals(sender.pump(), ["2:b"]);
  sender.ack(2);
  assertEquals(sender.pump(), ["3:c"]);
});

Deno.test("a bare name is unconfirmed, and asked for again when somebody took it", () => {
  const sender = new Sender();
  sender.stream.resolved({ name: "bob", session: 0, reason: null }, 0);
  sender.say("a", "b");
  assertEquals(sender.pump(), ["1:a@0", "2:b@0"]);
  sender.refuse(1, Status.Unconfirmed);
  assertEquals(sender.receipts, ["1 unconfirmed"]);
  sender.refuse(2, Status.ReceiverChanged);
  assertEquals([sender.receipts.length, sender.stream.session], [1, null]);
});

Deno.test("the end fails everything open", () => {
  const sender = Sender.resolved();
  sender.room = 1;
  sender.say("a", "b");
  sender.pump();
  sender.stream.end(0);
  assertEquals(sender.receipts, ["1 timed-out", "2 timed-out"]);
  assertEquals(sender.stream.openCount, 0);
});

Deno.test("every deadline lies ahead, so that nobody spins", () => {
  const sender = Sender.resolved();
  sender.say("a");
  sender.room = 0;
  sender.pump();
  assertEquals(sender.stream.nextDeadline(0), RECEIPT_TIMEOUT_MS);
  sender.now = 20_000;
  sender.stream.tick(sender.now);
  assertEquals(sender.stream.nextDeadline(sender.now), RECEIPT_TIMEOUT_MS);
});

Deno.test("what may have been shown is not called refused when a later copy is", () => {
  const sender = Sender.resolved();
  sender.say("a", "b");
  sender.pump();
  sender.stream.linkLost(sender.now);
  sender.pump();
  sender.refuse(1, Status.NoSuchName);
  assertEquals(sender.receipts, ["1 timed-out", "2 timed-out"]);
});

Deno.test("a hard refusal leaves open what was sent before it, until its own answer comes", () => {
  const sender = Sender.resolved();
  sender.say("a", "b", "c");
  sender.pump();
  sender.refuse(2, Status.ReceiverChanged);
  assertEquals(sender.receipts, ["2 receiver-changed", "3 receiver-changed"]);
  sender.ack(1);
  assertEquals(sender.receipts.at(-1), "1 delivered");
});

Deno.test("a soft refusal of one does not leave in doubt what followed it", () => {
  const sender = Sender.resolved();
  sender.say("a", "b");
  sender.pump();
  sender.refuse(1, Status.Moving);
  sender.waitForDeadline();
  sender.pump();
  sender.refuse(1, Status.NoSuchName);
  assertEquals(sender.receipts, ["1 no-such-name", "2 no-such-name"]);
});

import { assert, assertEquals } from "@std/assert";
import { Link, MAX_READ_BYTES, MIN_READ_BYTES } from "../../lib/net/link.ts";
import { nextTurn, ScriptedOwner, ScriptedSocket } from "./scripted.ts";

interface Fixture {
  readonly owner: ScriptedOwner;
  readonly socket: ScriptedSocket;
  readonly link: Link;
}

function started(): Fixture {
  const owner = new ScriptedOwner();
  const socket = new ScriptedSocket();
  const link = new Link(1, socket, owner);
  link.start();
  return { owner, socket, link };
}

/** Until the link has asked for its `count`th read. */
function reads({ socket }: Fixture, count: number): Promise<void> {
  return socket.seen.until(() => socket.asked.length === count);
}

function over({ owner }: Fixture): Promise<void> {
  return owner.seen.until(() => owner.closedFor.length > 0);
}

Deno.test("Link reads on after a read of no bytes", async () => {
  const fixture = started();
  fixture.socket.arrive(0, 0, 3, null);
  await over(fixture);
  assertEquals(fixture.owner.received, [3]);
  assertEquals(fixture.owner.closedFor, ["closed by the other end"]);
});

Deno.test("Link reads into a small buffer that grows while it is filled", async () => {
  const fixture = started();
  fixture.socket.arrive(512, 4096, 32768, 65536, 65536);
  await reads(fixture, 6);
  assertEquals(fixture.socket.asked[0], MIN_READ_BYTES);
  assertEquals(fixture.socket.asked, [512, 4096, 32768, 65536, 65536, 65536]);
  assertEquals(fixture.socket.asked.at(-1), MAX_READ_BYTES);
  fixture.socket.arrive(null);
  await over(fixture);
});

Deno.test("Link shrinks its buffer after a while of small reads", async () => {
  const fixture = started();
  const small = Array<number>(60).fill(20);
  fixture.socket.arrive(512, 4096, 32768, ...small);
  await reads(fixture, 64);
  assertEquals(fixture.socket.asked[3], 65536);
  assertEquals(fixture.socket.asked.at(-1), MIN_READ_BYTES);
  fixture.socket.arrive(null);
  await over(fixture);
});

Deno.test("Link keeps its buffer while large reads come between small ones", async () => {
  const fixture = started();
  const mixed = Array.from({ length: 60 }, (_, i) => i % 10 === 0 ? 9000 : 20);
  fixture.socket.arrive(512, 4096, 32768, ...mixed);
  await reads(fixture, 64);
  assertEquals(fixture.socket.asked.at(-1), 65536);
  fixture.socket.arrive(null);
  await over(fixture);
});

Deno.test("Link writes the rest of what a write took only partly", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  socket.takes = (size): number => Math.min(size, 2);
  owner.outbox.push(Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6, 7));
  link.kick();
  await socket.seen.until(() => socket.written.length === 7);
  assertEquals(socket.written, [1, 2, 3, 4, 5, 6, 7]);
  socket.arrive(null);
  await over(fixture);
});

Deno.test("Link has one write under way, however often it is kicked", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  for (let i = 0; i < 5; i++) {
    owner.outbox.push(Uint8Array.of(i));
    link.kick();
  }
  await socket.seen.until(() => socket.written.length === 5);
  assertEquals(socket.written, [0, 1, 2, 3, 4]);
  assertEquals(socket.mostWriting, 1);
  socket.arrive(null);
  await over(fixture);
});

Deno.test("Link that is to end writes what is pending, then waits for the other end", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  owner.outbox.push(Uint8Array.of(1), Uint8Array.of(2));
  link.end("closed");
  await socket.seen.until(() => socket.shut === 1);
  assertEquals(socket.written, [1, 2]);
  assertEquals(owner.closedFor, []);
  socket.arrive(5, null);
  await over(fixture);
  assertEquals(owner.received, [], "what comes after is not listened to");
  assertEquals(owner.closedFor, ["closed"]);
  assertEquals(socket.closed, 1);
});

Deno.test("Link that the other end closed still writes what is pending", async () => {
  const fixture = started();
  const { owner, socket } = fixture;
  owner.outbox.push(Uint8Array.of(1), Uint8Array.of(2));
  socket.arrive(null);
  await over(fixture);
  assertEquals(socket.written, [1, 2]);
  assertEquals(owner.closedFor, ["closed by the other end"]);
});

Deno.test("Link that is to end goes at its deadline if the other end stays", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  link.end("closed");
  await socket.seen.until(() => socket.shut === 1);
  assert(link.sweep(owner.dueAt - 1) === owner.dueAt, "not due yet");
  link.sweep(owner.dueAt);
  await over(fixture);
  assertEquals(owner.closedFor, ["closed"]);
  assertEquals(owner.abandonedWrites, 0);
});

Deno.test("Link lets go of a write without progress", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  socket.takes = (): null => null;
  owner.outbox.push(Uint8Array.of(1));
  link.kick();
  assert(link.sweep(owner.dueAt - 1) === owner.dueAt, "not due yet");
  link.sweep(owner.dueAt);
  await over(fixture);
  assertEquals(owner.closedFor, ["slow-consumer"]);
  assertEquals(owner.abandonedWrites, 1);
  assertEquals(socket.closed, 1);

  // Its result comes after all, and changes nothing.
  socket.unstick(new Deno.errors.BrokenPipe("late"));
  await nextTurn();
  link.kick();
  assertEquals(owner.closedFor, ["slow-consumer"]);
});

Deno.test("Link gives a write that makes progress its time again", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  socket.takes = (): null => null;
  owner.outbox.push(Uint8Array.of(1, 2));
  link.kick();
  const first = owner.dueAt;
  socket.unstick(1);
  await socket.seen.until(() => socket.written.length === 1);
  await socket.seen.until(() => socket.writing === 1);
  assert(link.sweep(first) > first);
  link.sweep(Infinity);
  await over(fixture);
  assertEquals(owner.closedFor, ["slow-consumer"]);
});

Deno.test("Link hears what the other end said before a write failed", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  socket.takes = (): number => {
    throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  };
  owner.outbox.push(Uint8Array.of(1));
  link.kick();
  socket.arrive(7, new Deno.errors.ConnectionReset("reset (os error 104)"));
  await over(fixture);
  assertEquals(owner.received, [7]);
  assertEquals(owner.closedFor, ["reset"]);
});

Deno.test("Link that is cut closes its socket at once, and only once", async () => {
  const fixture = started();
  const { owner, socket, link } = fixture;
  link.cut("closed");
  link.cut("again");
  link.end("again");
  await over(fixture);
  assertEquals(owner.closedFor, ["closed"]);
  assertEquals(socket.closed, 1);
  assertEquals(socket.shut, 0);
});

Deno.test("Link that is flooded lets others have their turn", async () => {
  const owner = new ScriptedOwner();
  const others = Promise.withResolvers<void>();
  const giveUpAt = performance.now() + 5_000;
  let served = false;
  let reads = 0;
  const socket = new ScriptedSocket();
  // Bytes are always there, so a read never waits for the event loop.
  socket.read = (buffer) => {
    reads++;
    return Promise.resolve(served || performance.now() > giveUpAt ? null : buffer.length);
  };
  new Link(1, socket, owner).start();
  const timer = setTimeout(() => {
    served = true;
    others.resolve();
  });
  await owner.seen.until(() => owner.closedFor.length > 0);
  assert(served, `${reads} reads went by, and nobody else had a turn`);
  await others.promise;
  clearTimeout(timer);
});

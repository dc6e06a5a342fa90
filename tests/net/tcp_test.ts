import { assert, assertEquals, assertThrows } from "@std/assert";
import { acceptAll, dial, type Dialled, listen, reason, unmapped } from "../../lib/net/tcp.ts";
import { scriptedListener, ScriptedSocket } from "./scripted.ts";

const HOST = "127.0.0.1";
const DEADLINE = { deadlineMs: 60_000 };

/** A port that nobody listens on. */
function freePort(): number {
  using listener = listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** Connects as to an address that swallows packets: until it is aborted. */
function swallowed({ signal }: Deno.ConnectOptions): Promise<Deno.TcpConn> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

function failed(why: string): Dialled {
  return { kind: "failed", why };
}

Deno.test("listen takes any free port for port 0", () => {
  using listener = listen({ hostname: HOST, port: 0 });
  assertEquals(listener.addr.hostname, HOST);
  assert(listener.addr.port > 0);
});

Deno.test("listen says that the port is taken, as an AddrInUse", () => {
  using listener = listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr;
  const error = assertThrows(
    () => listen({ hostname: HOST, port }),
    Deno.errors.AddrInUse,
  );
  assertEquals(error.message, `Cannot listen on ${HOST}:${port}: the port is taken`);
  assert(error.cause instanceof Deno.errors.AddrInUse);
});

Deno.test("listen says that the address isn't this machine's", () => {
  assertThrows(
    () => listen({ hostname: "192.0.2.1", port: 4000 }),
    Error,
    "Cannot listen on 192.0.2.1:4000: address not available on this machine",
  );
});

Deno.test("listen puts an IPv6 address into brackets", () => {
  assertThrows(
    () => listen({ hostname: "2001:db8::1", port: 4000 }),
    Error,
    "Cannot listen on [2001:db8::1]:4000: ",
  );
});

Deno.test({
  name: "listen and dial say that they lack permission",
  permissions: { net: false },
  async fn(): Promise<void> {
    const why = "network access is not permitted";
    const address = { hostname: "server.example", port: 4000 };
    assertThrows(() => listen(address), Error, `Cannot listen on server.example:4000: ${why}`);
    assertEquals(await dial(address, DEADLINE), failed(why));
  },
});

Deno.test("dial connects and says what that took", async () => {
  using listener = listen({ hostname: HOST, port: 0 });
  const [dialled, accepted] = await Promise.all([
    dial({ hostname: HOST, port: listener.addr.port }, DEADLINE),
    listener.accept(),
  ]);
  using _accepted = accepted;
  assert(dialled.kind === "connected");
  using _conn = dialled.conn;
  assert(dialled.connectMs > 0);
});

Deno.test("listen and dial take localhost for 127.0.0.1", async () => {
  using listener = listen({ hostname: "localhost", port: 0 });
  assertEquals(listener.addr.hostname, HOST);
  const address = { hostname: "localhost", port: listener.addr.port };
  const [dialled, accepted] = await Promise.all([dial(address, DEADLINE), listener.accept()]);
  using _accepted = accepted;
  assert(dialled.kind === "connected");
  using conn = dialled.conn;
  assertEquals(conn.remoteAddr.hostname, HOST);
});

Deno.test("dial says that nobody listens", async () => {
  const address = { hostname: HOST, port: freePort() };
  assertEquals(await dial(address, DEADLINE), failed("connection refused"));
});

Deno.test("dial says that a host name doesn't resolve", async () => {
  const tooLong = { hostname: "a".repeat(64), port: 4000 };
  assertEquals(await dial(tooLong, DEADLINE), failed("host name does not resolve"));
});

Deno.test("dial says that a host name can't be one", async () => {
  const spaced = { hostname: "no such host", port: 4000 };
  assertEquals(await dial(spaced, DEADLINE), failed("not a valid host name"));
});

Deno.test("dial gives up at its deadline", async () => {
  const options = { deadlineMs: 50, connect: swallowed };
  assertEquals(
    await dial({ hostname: HOST, port: 4000 }, options),
    failed("no answer within 0.05 s"),
  );
});

Deno.test("dial gives up when it is told to", async () => {
  const stop = new AbortController();
  const options = { ...DEADLINE, signal: stop.signal, connect: swallowed };
  const dialling = dial({ hostname: HOST, port: 4000 }, options);
  stop.abort();
  assertEquals(await dialling, failed("given up"));
  assertEquals(
    await dial({ hostname: HOST, port: 4000 }, options),
    failed("given up"),
  );
});

Deno.test("dial closes a connection that comes after it gave up", async () => {
  const late = Promise.withResolvers<Deno.TcpConn>();
  const closed = Promise.withResolvers<void>();
  const signals: unknown[] = [];
  const connect = (options: Deno.ConnectOptions): Promise<Deno.TcpConn> => {
    signals.push(options.signal);
    return late.promise;
  };
  const slow = { hostname: "slow.example", port: 4000 };
  const dialled = await dial(slow, { deadlineMs: 1, connect });
  assertEquals(dialled, failed("no answer within 0.001 s"));
  late.resolve({ close: closed.resolve } as unknown as Deno.TcpConn);
  await closed.promise;
  assertEquals(signals, [undefined], "a name goes without a signal");
});

Deno.test("acceptAll goes on after accepting failed, and warns once", async () => {
  const full = (): Error => new Error("Too many open files (os error 24)");
  const listener = scriptedListener([
    full(),
    full(),
    full(),
    new ScriptedSocket(),
    full(),
    new ScriptedSocket(),
  ]);
  const warnings: string[] = [];
  let accepted = 0;
  await acceptAll(listener, {
    onConnection(): void {
      if (++accepted === 2) listener[Symbol.dispose]();
    },
    onWarning: (message) => warnings.push(message),
    backoffMs: 1,
    signal: new AbortController().signal,
  });
  assertEquals(accepted, 2);
  const warning = "Cannot accept connections: too many open files, trying again";
  assertEquals(warnings, [warning, warning]);
});

Deno.test("acceptAll doesn't wait any longer once it is to stop", async () => {
  const stop = new AbortController();
  const listener = scriptedListener([new Error("broken"), new Error("broken")]);
  await acceptAll(listener, {
    onConnection: () => {},
    onWarning: () => stop.abort(),
    backoffMs: 60_000,
    signal: stop.signal,
  });
});

Deno.test("unmapped takes the IPv4 address out of its IPv6 form", () => {
  assertEquals(unmapped("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(unmapped("::FFFF:192.0.2.1"), "192.0.2.1");
  assertEquals(unmapped("192.0.2.1"), "192.0.2.1");
  assertEquals(unmapped("2001:db8::1"), "2001:db8::1");
  assertEquals(unmapped("::ffff:0:192.0.2.1"), "::ffff:0:192.0.2.1");
});

Deno.test("reason says what the system's errors mean", () => {
  const meanings: [Error, string][] = [
    [new Deno.errors.ConnectionReset("x"), "reset"],
    [new Deno.errors.BrokenPipe("x"), "reset"],
    [new Deno.errors.TimedOut("x"), "no answer"],
    [new Deno.errors.NotCapable("Requires net access"), "network access is not permitted"],
    [new Error("Network is unreachable (os error 101)"), "network unreachable"],
    [new Error("No route to host (os error 113)"), "host unreachable"],
    [new Error("Too many open files (os error 24)"), "too many open files"],
    [new Error("Something else (os error 99)"), "Something else"],
  ];
  for (const [error, words] of meanings) assertEquals(reason(error), words);
});

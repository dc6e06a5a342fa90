import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes/equals";
import { Driver, type DriverOptions } from "../../lib/net/driver.ts";
import type { DialAction, NetAction } from "../../lib/net/core.ts";
import { dial, listen } from "../../lib/net/tcp.ts";
import {
  echoCore,
  nextTurn,
  type Say,
  ScriptedCore,
  scriptedListener,
  ScriptedSocket,
  Seen,
} from "./scripted.ts";

const HOST = "127.0.0.1";
const MIB = 1024 * 1024;

type Options = Partial<DriverOptions<NetAction | Say>>;

function driverOf(core: ScriptedCore, options: Options = {}): Driver<NetAction | Say> {
  return new Driver(core, { onAction: () => {}, ...options });
}

/** Lets `driver` listen on a free port, and says which. */
function listening(driver: Driver<NetAction | Say>): number {
  const listener = listen({ hostname: HOST, port: 0 });
  driver.listen(listener);
  return listener.addr.port;
}

function dialAction(port: number, number = 1): DialAction {
  return { kind: "dial", dial: number, hostname: HOST, port, deadlineMs: 60_000 };
}

/** Whether this machine can listen on IPv6 addresses. */
function hasIpv6(): boolean {
  try {
    listen({ hostname: "::", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** Bytes that differ from place to place. */
function patterned(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31) ^ (i >> 8);
  return bytes;
}

/** Keeps the event loop from running. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Reads up to the end. */
async function readAll(conn: Deno.Conn, chunk = 16 * 1024): Promise<Uint8Array> {
  let bytes = new Uint8Array(chunk);
  let length = 0;
  while (true) {
    if (length + chunk > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
    const count = await conn.read(bytes.subarray(length, length + chunk));
    if (count === null) return bytes.subarray(0, length);
    length += count;
  }
}

Deno.test("Driver carries bytes there and back between two cores", async () => {
  const server = echoCore();
  const client = new ScriptedCore();
  await using serving = driverOf(server);
  await using _calling = driverOf(client);
  const port = listening(serving);

  client.onOpened = (link): void => client.send(link, patterned(100));
  client.act(dialAction(port, 7));
  await client.seen.until(() => client.bytesFrom(1).length === 100);

  assert(equals(client.bytesFrom(1), patterned(100)));
  const called = client.how.get(1);
  const answered = server.how.get(1);
  assertEquals(called?.dial, 7);
  assert((called?.connectMs ?? 0) > 0);
  assertEquals(called?.remote, { hostname: HOST, port });
  assertEquals(answered?.dial, null);
  assertEquals(answered?.connectMs, 0);
  assertEquals(answered?.remote, called?.local);
  assertEquals(answered?.local, called?.remote);
});

Deno.test({
  name: "Driver says IPv4 addresses as such on a socket for both families",
  ignore: !hasIpv6(), // no IPv6 here
  async fn(): Promise<void> {
    const core = new ScriptedCore();
    await using driver = driverOf(core);
    const listener = listen({ hostname: "::", port: 0 });
    driver.listen(listener);
    using _conn = await Deno.connect({ hostname: HOST, port: listener.addr.port });
    await core.logged("opened 1");
    assertEquals(core.how.get(1)?.remote.hostname, HOST);
    assertEquals(core.how.get(1)?.local.hostname, HOST);
  },
});

Deno.test("Driver numbers its links from 1 and never again", async () => {
  const core = new ScriptedCore();
  await using driver = driverOf(core);
  const port = listening(driver);
  for (const link of [1, 2, 3]) {
    const conn = await Deno.connect({ hostname: HOST, port });
    await core.logged(`opened ${link}`);
    conn.close();
    await core.logged(`closed ${link}: closed by the other end`);
  }
});

for (const [size, name] of [[64 * 1024, "64 KiB"], [8 * MIB, "8 MiB"]] as const) {
  Deno.test(`Driver writes 8 MiB to a slow reader in views of ${name}`, async () => {
    const core = new ScriptedCore();
    const sent = patterned(8 * MIB);
    core.onOpened = (link): void => {
      for (let at = 0; at < sent.length; at += size) {
        core.send(link, sent.subarray(at, at + size));
      }
      core.act({ kind: "close", link });
    };
    await using driver = driverOf(core, { flushMs: 60_000 });
    const port = listening(driver);
    using conn = await Deno.connect({ hostname: HOST, port });
    assert(equals(await readAll(conn, 4096), sent));
  });
}

Deno.test("Driver closes a link that nobody reads, while another one flows", async () => {
  const core = echoCore();
  await using driver = driverOf(core, { writeDeadlineMs: 100 });
  const port = listening(driver);
  using stuck = await Deno.connect({ hostname: HOST, port });
  await core.logged("opened 1");
  using flowing = await Deno.connect({ hostname: HOST, port });

  const big = new Uint8Array(64 * 1024);
  for (let i = 0; i < 1024; i++) core.send(1, big);
  driver.poke();

  let rounds = 0;
  const buffer = new Uint8Array(16);
  while (!core.log.includes("closed 1: slow-consumer")) {
    await flowing.write(buffer);
    assertEquals(await flowing.read(buffer), 16);
    rounds++;
  }
  assert(rounds > 1);
  assertEquals(driver.abandonedWrites, 1);
  assertEquals(core.count("closed"), 1);

  // The write that was left behind ends when the other end reads after all.
  const rest = await readAll(stuck);
  assert(rest.length < 1024 * big.length);
  await nextTurn();
});

Deno.test("Driver says why a dial failed", async () => {
  const core = new ScriptedCore();
  const refusing = listen({ hostname: HOST, port: 0 });
  const { port } = refusing.addr;
  refusing.close();
  core.act(dialAction(port, 1));
  core.act({ ...dialAction(port, 2), hostname: "a".repeat(64) });
  await using _driver = driverOf(core);
  await core.logged("failed 1: connection refused");
  await core.logged("failed 2: host name does not resolve");
});

Deno.test("Driver gives up a dial at its deadline, and every dial when it closes", async () => {
  const core = new ScriptedCore();
  const driver = driverOf(core, {
    connect: (address, options) =>
      dial(address, {
        ...options,
        connect: ({ signal }) =>
          new Promise((_, reject) => signal?.addEventListener("abort", reject)),
      }),
  });
  core.act({ ...dialAction(9, 1), deadlineMs: 1 });
  core.act(dialAction(9, 2));
  await core.logged("failed 1: no answer within 0.001 s");
  await driver.close();
  assertEquals(core.log, ["failed 1: no answer within 0.001 s", "failed 2: given up"]);
});

Deno.test("Driver writes what the core said last before it closes the link", async () => {
  const core = new ScriptedCore();
  core.onReceive = (link): void => {
    core.send(link, patterned(100_000));
    core.act({ kind: "close", link });
  };
  await using driver = driverOf(core);
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  // The second part is never read by the core; it must not cost us the reply.
  await conn.write(new Uint8Array(10));
  await core.logged("received 1");
  await conn.write(new Uint8Array(10));
  assert(equals(await readAll(conn), patterned(100_000)));
  conn.closeWrite();
  await core.logged("closed 1: closed");
  assertEquals(core.count("received"), 1);
});

Deno.test("Driver closes a link that stays open after it was asked to go", async () => {
  const core = new ScriptedCore();
  core.onOpened = (link): void => core.act({ kind: "close", link });
  await using driver = driverOf(core, { flushMs: 20 });
  using _conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await core.logged("closed 1: closed");
});

Deno.test("Driver answers one that has closed its own half", async () => {
  const core = echoCore();
  await using driver = driverOf(core);
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await conn.write(patterned(5_000));
  await conn.closeWrite();
  assert(equals(await readAll(conn), patterned(5_000)));
  await core.logged("closed 1: closed by the other end");
});

Deno.test("Driver tells of each link once that it closed, whoever closed it", async () => {
  const core = new ScriptedCore();
  const other = new ScriptedCore();
  const driver = driverOf(core);
  const port = listening(driver);
  await using _others = driverOf(other);
  for (let i = 1; i <= 30; i++) other.act(dialAction(port, i));
  await core.seen.until(() => core.count("opened") === 30);
  await other.seen.until(() => other.count("opened") === 30);

  // Ten by the one side, ten by both, and the rest by ending the driver.
  for (let link = 1; link <= 20; link++) core.act({ kind: "close", link });
  for (let link = 11; link <= 20; link++) other.act({ kind: "close", link });
  core.act({ kind: "close", link: 1 });
  core.act({ kind: "close", link: 999 });
  driver.poke();
  _others.poke();
  await core.seen.until(() => core.count("closed") >= 20);
  await driver.close();
  await driver.close();
  await other.seen.until(() => other.count("closed") >= 30);

  for (const { log } of [core, other]) {
    const closed = log.filter((entry) => entry.startsWith("closed"));
    const links = new Set(closed.map((entry) => entry.split(":")[0]));
    assertEquals([closed.length, links.size], [30, 30]);
  }
});

Deno.test("Driver drains: what is in the outboxes arrives", async () => {
  const core = new ScriptedCore();
  const driver = driverOf(core, { flushMs: 60_000 });
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await core.logged("opened 1");
  const sent = patterned(4 * MIB);
  for (let at = 0; at < sent.length; at += 65536) core.send(1, sent.subarray(at, at + 65536));
  const drained = driver.drain();
  assert(equals(await readAll(conn), sent));
  conn.closeWrite();
  await drained;
  assertEquals(core.log.at(-1), "closed 1: closed");
});

for (const how of ["drain", "close"] as const) {
  Deno.test(`Driver leaves a stuck write behind when it is to ${how}`, async () => {
    const core = new ScriptedCore();
    const socket = new ScriptedSocket();
    const driver = driverOf(core, { flushMs: 20 });
    core.onOpened = (link): void => core.send(link, new Uint8Array(10));
    socket.takes = (): null => null;
    driver.listen(scriptedListener([socket]));
    await core.logged("pulled 1");
    await driver[how]();
    assertEquals(core.log.at(-1), "closed 1: closed");
    assertEquals(driver.abandonedWrites, 1);
    assertEquals(socket.closed, 1);
  });
}

Deno.test("Driver goes on accepting after accepting failed", async () => {
  const core = new ScriptedCore();
  const full = (): Error => new Error("Too many open files (os error 24)");
  const warnings: string[] = [];
  await using driver = driverOf(core, {
    onWarning: (message) => warnings.push(message),
    acceptBackoffMs: 1,
  });
  driver.listen(scriptedListener([full(), full(), full(), new ScriptedSocket()]));
  await core.logged("opened 1");
  assertEquals(warnings, ["Cannot accept connections: too many open files, trying again"]);
});

Deno.test("Driver tells the core all that arrived together before it writes", async () => {
  const core = new ScriptedCore();
  const sockets = [1, 2, 3, 4].map(() => new ScriptedSocket());
  core.onReceive = (_, bytes): void => core.send(4, bytes.slice());
  await using driver = driverOf(core);
  driver.listen(scriptedListener([...sockets]));
  await core.logged("opened 4");
  for (const socket of sockets.slice(0, 3)) socket.arrive(10);
  await core.logged("pulled 4");
  const from = core.log.indexOf("opened 4") + 1;
  assertEquals(core.log.slice(from, from + 4), [
    "received 1",
    "received 2",
    "received 3",
    "pulled 4",
  ]);
});

Deno.test("Driver ticks when the core wants, and after each round of input", async () => {
  const core = new ScriptedCore();
  const wanted: number[] = [];
  core.onTick = (now): number => {
    // As a core does: what isn't due yet stays wanted.
    const last = wanted.at(-1) ?? -Infinity;
    if (now >= last && wanted.length < 5) wanted.push(now + 3);
    return wanted.length < 5 ? wanted.at(-1) ?? Infinity : Infinity;
  };
  await using driver = driverOf(core);
  await core.seen.until(() => wanted.length === 5);
  for (const [i, at] of wanted.entries()) {
    if (i > 0) assert(at >= (wanted[i - 1] ?? 0) + 3, "no tick before its time counts");
  }
  assert(core.ticks.every((at, i) => i === 0 || at >= (core.ticks[i - 1] ?? 0)));

  const before = core.ticks.length;
  driver.poke();
  driver.poke();
  await core.seen.until(() => core.ticks.length > before);
  assertEquals(core.ticks.length, before + 1);
});

Deno.test("Driver reads what arrived while the program stood still before it ticks", async () => {
  const core = new ScriptedCore();
  let tickWanted = Infinity;
  core.onTick = (now): number => {
    if (now >= tickWanted) {
      core.log.push("due tick");
      tickWanted = Infinity;
    }
    core.seen.changed();
    return tickWanted;
  };
  await using driver = driverOf(core, { stallMs: 20 });
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await core.logged("opened 1");
  tickWanted = performance.now() + 5;
  driver.poke();
  await conn.write(patterned(10));
  standStill(60);
  await core.logged("due tick");
  assert(core.log.indexOf("received 1") < core.log.indexOf("due tick"));
  assert(core.log.includes("received 1"));
});

Deno.test("Driver hands over every action that isn't its own, in order", async () => {
  const core = new ScriptedCore();
  const said: string[] = [];
  const seen = new Seen();
  await using driver = driverOf(core, {
    onAction(action): void {
      said.push(action.text);
      // The app may answer with more of the same.
      if (action.text === "one") core.act({ kind: "say", text: "three" });
      driver.poke();
      seen.changed();
    },
  });
  core.act({ kind: "say", text: "one" });
  core.act({ kind: "close", link: 5 });
  core.act({ kind: "say", text: "two" });
  driver.poke();
  await seen.until(() => said.length === 3);
  assertEquals(said, ["one", "two", "three"]);
});

Deno.test("Driver doesn't hide what the core throws, and goes on", async () => {
  const core = echoCore();
  const errors: unknown[] = [];
  const echo = core.onReceive;
  core.onReceive = (link, bytes): void => {
    if (bytes.length === 1) throw new TypeError("a bug");
    echo(link, bytes);
  };
  await using driver = driverOf(core, { onError: (error) => errors.push(error) });
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await conn.write(new Uint8Array(1));
  await core.logged("received 1");
  await conn.write(new Uint8Array(2));
  assertEquals(await conn.read(new Uint8Array(9)), 2);
  assertEquals(errors.map(String), ["TypeError: a bug"]);
});

Deno.test("Driver stops listening when it closes", async () => {
  const core = new ScriptedCore();
  const driver = driverOf(core);
  const port = listening(driver);
  await driver.close();
  const dialled = await dial({ hostname: HOST, port }, { deadlineMs: 60_000 });
  assertEquals(dialled, { kind: "failed", why: "connection refused" });
  // Nothing runs any more, whatever the core asks for.
  core.act(dialAction(port));
  driver.poke();
  await nextTurn();
  assertEquals(core.log, []);
});

Deno.test("Driver survives a listener that others close", async () => {
  const core = new ScriptedCore();
  await using driver = driverOf(core);
  const listener = listen({ hostname: HOST, port: 0 });
  driver.listen(listener);
  listener.close();
  using conn = await Deno.connect({ hostname: HOST, port: listening(driver) });
  await core.logged("opened 1");
  conn.close();
  await core.logged("closed 1: closed by the other end");
});

import { assert, assertEquals } from "@std/assert";
import type { ClientEvent } from "../../lib/core/events.ts";
import { type Guest, Scene, SECOND } from "../testing/scene.ts";

type Rtt = Extract<ClientEvent, { kind: "rtt" }>;

const WATCH = { watch: true, intervalMs: 200 } as const;

function rtts(guest: Guest): Rtt[] {
  return guest.client.session.rtts(guest.scene.world.now) as Rtt[];
}

function rttOf(guest: Guest, server: string): Rtt {
  const found = rtts(guest).find((rtt) => guest.scene.nameOf(rtt.server) === server);
  assert(found !== undefined, `${server} is in the table`);
  return found;
}

/** In words what the newest samples are: `+` a sample, `.` a missing one. */
function sparks({ recent }: Rtt): string {
  return recent.map((ms) => ms === null ? "." : "+").join("");
}

Deno.test("who watches probes every server for ever, and attaches to none", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(10 * SECOND);
  assertEquals(rtts(ada).map(({ server, state }) => `${scene.nameOf(server)} ${state}`), [
    "a measured",
    "b measured",
  ]);
  const before = rttOf(ada, "a").summary.sent;
  assert(before > 30 && before < 50, `${before} in 10 s`);
  scene.world.run(60 * SECOND);
  const { summary, recent, ageMs } = rttOf(ada, "a");
  assertEquals([summary.sent, recent.length], [120, 60], "the newest are kept, half of them told");
  assert(ageMs !== null && ageMs < SECOND);
  assertEquals([ada.home, ada.machine.ends.size], ["nowhere", 2]);
});

Deno.test("however seldom it looks, its connections stay", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", { ...WATCH, intervalMs: 40 * SECOND });
  scene.world.run(130 * SECOND);
  for (const server of ["a", "b"]) assertEquals(sparks(rttOf(ada, server)), "+++");
});

Deno.test("it sees a server become slower as its samples come", () => {
  const scene = new Scene({ a: 10 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(5 * SECOND);
  const [end] = ada.machine.ends.values();
  assert(end !== undefined);
  scene.world.wires.jitterMs = 200;
  scene.world.run(3 * SECOND);
  const newest = rttOf(ada, "a").recent.slice(-5);
  assert(newest.every((ms) => ms !== null && ms > 20), newest.join());
});

Deno.test("a server that is gone stays in the table with its samples, and misses each probe", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(8 * SECOND);
  scene.world.kill(scene.server("b").machine);
  scene.world.run(4 * SECOND);
  const gone = rttOf(ada, "b");
  assertEquals(gone.state, "failed");
  assert(/^\++\.{15,25}$/.test(sparks(gone)), sparks(gone));
  assert(gone.summary.minMs !== null, "what was measured before is still there");
});

Deno.test("one that comes back is measured again within 5 s and a moment, and its samples go on", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(8 * SECOND);
  scene.world.kill(scene.server("b").machine);
  scene.world.run(2 * SECOND);
  scene.world.server({ host: "10.0.0.2", port: 4000, join: ["10.0.0.1:4000"] });
  scene.world.run(6 * SECOND);
  const back = rttOf(ada, "b");
  assertEquals([back.state, rtts(ada).length], ["measured", 2]);
  assert(/^\++\.+\++$/.test(sparks(back)), sparks(back));
});

Deno.test("one that says nothing any more is failed, though its connection stays", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(8 * SECOND);
  scene.server("b").machine.freeze();
  scene.world.run(7 * SECOND);
  assertEquals([rttOf(ada, "a").state, rttOf(ada, "b").state], ["measured", "failed"]);
  scene.server("b").machine.thaw();
  scene.world.run(8 * SECOND);
  assertEquals(rttOf(ada, "b").state, "measured");
});

Deno.test("a server that joins the clique appears", () => {
  const scene = new Scene({ a: 10 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(5 * SECOND);
  scene.rttMs["b"] = 5;
  scene.start("b");
  scene.world.run(10 * SECOND);
  // Those that it is connected to tell only whoever asks them anew.
  assertEquals(rtts(ada).map(({ server }) => scene.nameOf(server)), ["b", "a"]);
});

Deno.test("where nobody answers the user is told, and it goes on trying", () => {
  const scene = new Scene({ a: 10 });
  scene.world.kill(scene.server("a").machine);
  const ada = scene.client("ada", WATCH);
  scene.world.run(10 * SECOND);
  assertEquals(ada.client.events.map(({ kind }) => kind), ["error"]);
  assertEquals(rttOf(ada, "a").state, "failed");
  scene.world.server({ host: "10.0.0.1", port: 4000 });
  scene.world.run(10 * SECOND);
  assertEquals(rttOf(ada, "a").state, "measured");
});

Deno.test("who quits while it watches leaves nothing open", () => {
  const scene = new Scene({ a: 10, b: 20 });
  const ada = scene.client("ada", WATCH);
  scene.world.run(5 * SECOND);
  ada.machine.act((session, now) => session.quit(now));
  scene.world.run(10 * SECOND);
  assertEquals([ada.client.ended, ada.machine.ends.size], [true, 0]);
});

// The same table for somebody who is attached.

Deno.test("who is attached has the results of the last rounds, with their age", () => {
  const scene = new Scene({ a: 10, b: 11, c: 12, far: 200 });
  const ada = scene.client("ada");
  scene.world.run(60 * SECOND);
  const table = rtts(ada);
  assertEquals(table.map(({ server }) => scene.nameOf(server)), ["a", "b", "c", "far"]);
  assertEquals(table.map(({ nearest }) => nearest), [true, false, false, false]);
  assertEquals(table.map(({ state }) => state), ["measured", "measured", "measured", "stale"]);
  const [near, , , far] = table;
  assert((near?.ageMs ?? Infinity) < 30 * SECOND && (far?.ageMs ?? 0) > 30 * SECOND);
  assertEquals(near?.recent.length, 10);
  assertEquals(ada.client.session.servers().length, 4);
});

Deno.test("a server that can't be reached is in the table as such, behind the others", () => {
  const scene = new Scene({ a: 10, b: 11 });
  const servers = ["10.0.0.7:4000", "10.0.0.1:4000"];
  const ada = scene.client("ada", { servers });
  scene.world.run(5 * SECOND);
  const table = rtts(ada);
  assertEquals(table.map(({ server }) => server), [
    "10.0.0.1:4000",
    "10.0.0.2:4000",
    "10.0.0.7:4000",
  ]);
  assertEquals(table.map(({ state }) => state), ["measured", "measured", "failed"]);
});

Deno.test("of servers that were only asked who they are there is no data", () => {
  const scene = new Scene({ a: 10 });
  const ada = scene.client("ada", { probes: 0 });
  scene.world.run(5 * SECOND);
  const [only] = rtts(ada);
  assertEquals([only?.state, only?.ageMs, only?.recent], ["none", null, []]);
});

Deno.test("what connecting took is no sample of a server that was told of and says nothing", () => {
  const scene = new Scene({ a: 10, b: 20 });
  scene.server("b").machine.freeze();
  const ada = scene.client("ada", WATCH);
  scene.world.run(3 * SECOND);
  const { summary, state } = rttOf(ada, "b");
  assertEquals([summary.received, summary.minMs, state], [0, null, "none"]);
  scene.world.run(4 * SECOND);
  assertEquals(rttOf(ada, "b").state, "failed");
});

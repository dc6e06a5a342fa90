import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Cell, MatrixNews, Row } from "../../lib/codec/matrix.ts";
import { ProtocolError } from "../../lib/codec/wire.ts";
import type { ClientEvent } from "../../lib/core/events.ts";
import { MatrixAnswer } from "../../lib/core/matrix_answer.ts";
import { BaseServer } from "../testing/base_server.ts";
import { type SimServer, World } from "../testing/world.ts";

const SECOND = 1_000;
const NOTHING: MatrixNews = { reset: false, done: false, servers: [], row: null };

type Told = Extract<ClientEvent, { kind: "matrix" }>;

function row(from: string, ...to: string[]): Row {
  const none = { minMs: null, p50Ms: null, jitterMs: null, loss: null, ageMs: null, via: null };
  const cells: Cell[] = to.map((id) => ({ to: id, state: "none", ...none }));
  return { from, ageMs: 5, lagMs: 1, cells };
}

/** What an answer in these frames says; nobody knows an address but theirs. */
function told(...news: Partial<MatrixNews>[]): Told {
  const answer = new MatrixAnswer();
  for (const part of news) answer.take({ ...NOTHING, ...part });
  return answer.event((id) => id, "10.0.0.9") as Told;
}

Deno.test("an answer is whole with its last frame, and not before", () => {
  const answer = new MatrixAnswer();
  answer.take({ ...NOTHING, reset: true });
  assertEquals(answer.isWhole, false);
  answer.take({ ...NOTHING, done: true });
  assertEquals(answer.isWhole, true);
});

Deno.test("a row that comes in parts is one row", () => {
  const { rows } = told({ row: row("a", "b") }, { row: row("b") }, { row: row("a", "c") });
  assertEquals(rows.map(({ from, cells }) => [from, cells.map(({ to }) => to)]), [
    ["a", ["b", "c"]],
    ["b", []],
  ]);
});

Deno.test("a server is called what the client knows it by, else what it is said to be reached at", () => {
  const answer = new MatrixAnswer();
  const addresses = ["127.0.0.1:4000", "10.0.0.2:4000"];
  answer.take({
    ...NOTHING,
    servers: [
      { id: "a", label: "attic", addresses },
      { id: "b", label: "", addresses },
      { id: "c", label: "", addresses: [] },
    ],
    row: row("a", "b"),
    done: true,
  });
  const event = answer.event((id) => id === "a" ? "attic.lan:4000" : id, "10.0.0.9") as Told;
  assertEquals(event.rows, [{ ...row("a", "b"), address: "attic.lan:4000", label: "attic" }]);
  assertEquals(event.servers, [
    { id: "a", address: "attic.lan:4000", label: "attic" },
    { id: "b", address: "10.0.0.2:4000", label: "" },
    { id: "c", address: "c", label: "" },
  ]);
});

Deno.test("a row of somebody who is not among the servers is shown by its id", () => {
  assertEquals(told({ row: row("x") }).rows, [{ ...row("x"), address: "x", label: "" }]);
});

Deno.test("more servers than a clique has are malformed", () => {
  const servers = Array.from({ length: 1_025 }, (_, at) => ({
    id: `${at}`,
    label: "",
    addresses: [],
  }));
  const error = assertThrows(() => told({ servers }), ProtocolError);
  assertEquals(error.reason, "malformed");
  const rows = Array.from({ length: 1_025 }, (_, at) => ({ row: row(`${at}`) }));
  assertThrows(() => told(...rows), ProtocolError);
});

// Clients that ask.

/** Three servers, 10.0.0.1:4000 and so on, that have told each other everything. */
function clique(): { world: World; servers: SimServer[] } {
  const world = new World(1);
  const join = ["10.0.0.1:4000"];
  const servers = [1, 2, 3].map((at) => world.server({ host: `10.0.0.${at}`, port: 4000, join }));
  world.run(10 * SECOND);
  return { world, servers };
}

Deno.test("a client asks its home, and is told the whole matrix with addresses and labels", () => {
  const { world, servers } = clique();
  const { machine, client } = world.client({ servers: ["10.0.0.1:4000"], name: "ada" });
  assert(world.runUntil(() => client.attached, 5 * SECOND));
  assert(client.session.matrix());
  machine.act(() => {});
  world.run(SECOND);
  const [event, ...more] = client.events.filter((it): it is Told => it.kind === "matrix");
  assertEquals(more, []);
  assertEquals(
    event?.rows.map(({ from }) => from).sort(),
    servers.map(({ node: { id } }) => id).sort(),
  );
  assertEquals(event?.rows.map(({ address, label }) => `${address} ${label}`).sort(), [
    "10.0.0.1:4000 s1",
    "10.0.0.2:4000 s2",
    "10.0.0.3:4000 s3",
  ]);
  assert(event?.rows.every(({ cells }) => cells.every(({ state }) => state === "measured")));
  assertEquals(event?.servers.length, 3);
});

Deno.test("a client that reached nobody, or an original only, can't ask", () => {
  const world = new World(1);
  world.listen(new BaseServer({}), "127.0.0.1:4000");
  const host = "127.0.0.1";
  const { client } = world.client({ host, servers: ["127.0.0.1:4000"], name: "ada" });
  assertEquals(client.session.matrix(), false);
  assert(world.runUntil(() => client.attached, 5 * SECOND));
  assertEquals(client.session.matrix(), false);
});

Deno.test("who asked a server that is then lost need not wait", () => {
  const { world, servers } = clique();
  const { machine, client } = world.client({ servers: ["10.0.0.1:4000"], name: "ada", pin: true });
  assert(world.runUntil(() => client.attached, 5 * SECOND));
  const completed: string[] = [];
  Object.assign(machine, {
    onAction: (action: { kind: string; what?: string }) => {
      if (action.kind === "complete") completed.push(action.what ?? "");
    },
  });
  (servers[0] as SimServer).machine.freeze();
  assert(client.session.matrix());
  machine.act(() => {});
  world.run(SECOND);
  assertEquals(completed, []);
  world.kill((servers[0] as SimServer).machine);
  world.run(SECOND);
  assertEquals(completed, ["matrix"]);
});

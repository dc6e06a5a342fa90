/** Servers that measure each other over real connections, and tell whoever asks. */

import { assert, assertEquals } from "@std/assert";
import type { Row } from "../../lib/core/matrix.ts";
import { Cluster } from "../testing/cluster.ts";

/** Whether so many servers each say of each other that it is measured. */
function isWhole(rows: readonly Row[], count: number): boolean {
  return rows.length === count && rows.every(({ cells }) =>
    cells.length === count - 1 &&
    cells.every(({ state, minMs, via }) => state === "measured" && minMs !== null && via === null)
  );
}

Deno.test("three servers each know the whole matrix, and tell it to a client", async () => {
  await using cluster = new Cluster();
  const first = cluster.server({ label: "attic" });
  const others = [1, 2].map(() => cluster.server({ join: [first.address] }));
  const servers = [first, ...others];
  await cluster.formed(3);
  await cluster.until(
    "all know the matrix",
    () => servers.every(({ matrix }) => isWhole(matrix, 3)),
  );

  const ada = await cluster.clientAt(first, "ada");
  const { rows } = await ada.matrix();
  assert(isWhole(rows, 3));
  assertEquals(
    rows.map(({ from, address }) => `${from} ${address}`).sort(),
    servers.map(({ id, address }) => `${id} ${address}`).sort(),
  );
  assertEquals(rows.find(({ from }) => from === first.id)?.label, "attic");
});

Deno.test("a client that only looks around can ask, too", async () => {
  await using cluster = new Cluster();
  const first = cluster.server();
  cluster.server({ join: [first.address] });
  await cluster.formed(2);
  const client = cluster.client({ servers: [first.address] });
  await client.gathered();
  const { rows, servers } = await client.matrix();
  assertEquals([rows.length > 0, servers.length], [true, 2]);
});

Deno.test("a server that dies has failed for the others, and one that leaves is gone", async () => {
  await using cluster = new Cluster();
  const first = cluster.server();
  const [second, third] = [1, 2].map(() => cluster.server({ join: [first.address] }));
  assert(second !== undefined && third !== undefined);
  await cluster.formed(3);
  await cluster.until("all know all", () => isWhole(first.matrix, 3));

  await third[Symbol.asyncDispose]();
  const stateIn = (row: Row | undefined): string | undefined =>
    row?.cells.find(({ to }) => to === third.id)?.state;
  await cluster.until(
    "the first knows that both miss the third",
    () =>
      [first, second].every(({ id }) =>
        stateIn(first.matrix.find(({ from }) => from === id)) === "failed"
      ),
  );

  await second.leave();
  await cluster.until(
    "the second is in no row",
    () =>
      first.matrix.every(({ from, cells }) =>
        from !== second.id && cells.every(({ to }) => to !== second.id || from === third.id)
      ),
  );
});

import { assertEquals } from "@std/assert";
import { isWhole, matrixJson } from "../../lib/app/matrix_json.ts";
import { FAILED, measured, NONE, TestMatrix, told } from "../testing/matrix.ts";

Deno.test("matrix as JSON: a line a cell, and one for the verdict", () => {
  const carried = { ...measured(0.7), via: "garden", loss: 1 / 3, ageMs: 500.4 };
  const matrix = new TestMatrix(3).way("attic", "cellar", carried).way("cellar", "attic", FAILED)
    .way("garden", "attic", { ...NONE });
  const at = (index: number): string => `"127.0.0.1:4000${index}"`;
  const cell = (from: number, to: number): string =>
    `{"schema":1,"event":"cell","from":${at(from)},"to":${at(to)}`;
  const well = '"state":"measured","min_us":270,"p50_us":300,"jitter_us":30,"loss":0,' +
    '"age_ms":500,"via":null}';
  const nothing = '"min_us":null,"p50_us":null,"jitter_us":null,"loss":null,"age_ms":null,' +
    '"via":null}';
  assertEquals(matrixJson(told(matrix)), [
    `${cell(0, 1)},"state":"measured","min_us":630,"p50_us":700,"jitter_us":70,` +
    `"loss":0.3333333333333333,"age_ms":500,"via":${at(2)}}`,
    `${cell(0, 2)},${well}`,
    `${cell(1, 0)},"state":"failed",${nothing}`,
    `${cell(1, 2)},${well}`,
    `${cell(2, 0)},"state":"none",${nothing}`,
    `${cell(2, 1)},${well}`,
    `{"schema":1,"event":"verdict","kind":"carried","suspect":[${at(0)},${at(1)}],` +
    '"text":"attic and cellar have no direct link, garden carries theirs, while both are well ' +
    'with all others: suspect the path between them, one way or both."}',
  ]);
});

Deno.test("matrix as JSON: a server that nobody knows an address of is told by its id", () => {
  const { rows } = new TestMatrix(2).silent("cellar");
  const [first = ""] = matrixJson({ rows, servers: [] });
  assertEquals([JSON.parse(first)["from"], JSON.parse(first)["to"]], ["attic", "cellar"]);
});

Deno.test("a matrix is whole when every server tells, and reaches every other one", () => {
  const clique = (): TestMatrix => new TestMatrix(3);
  assertEquals(isWhole(told(clique())), true);
  assertEquals(isWhole(told(new TestMatrix(1))), true);
  assertEquals(isWhole(told(clique().way("attic", "cellar", NONE))), true);
  assertEquals(isWhole(told(clique().way("attic", "cellar", FAILED))), false);
  assertEquals(isWhole(told(clique().silent("cellar"))), false);
});

import { assertEquals } from "@std/assert";
import { matrixView } from "../../lib/app/matrix_view.ts";
import type { TextOptions } from "../../lib/app/print.ts";
import { FAILED, measured, NONE, TestMatrix, told } from "../testing/matrix.ts";

const SLOW = measured(31.2);

const at = (width: number): TextOptions => ({ colour: false, width });

Deno.test("matrix: a healthy clique, in us", () => {
  assertEquals(matrixView(told(new TestMatrix(5, 0.312)), at(80)), [
    "        attic cellar garden   loft  porch",
    "attic            312    312    312    312",
    "cellar    312           312    312    312",
    "garden    312    312           312    312",
    "loft      312    312    312           312",
    "porch     312    312    312    312",
    "medians in us; row measures column; rows up to 1 s old",
    "All well: each server reaches each other one directly, in 312 us.",
  ]);
});

Deno.test("matrix: a slow server, all numbers in ms", () => {
  assertEquals(
    matrixView(told(new TestMatrix(3).seen("garden", SLOW).sees("garden", SLOW)), at(80)),
    [
      "        attic cellar garden",
      "attic           0.30   31.2",
      "cellar   0.30          31.2",
      "garden   31.2   31.2",
      "medians in ms; row measures column; rows up to 1 s old",
      "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so:",
      "suspect garden's own link.",
    ],
  );
});

Deno.test("matrix: no data, failed, stale, carried and busy look different", () => {
  assertEquals(
    matrixView(
      told(
        new TestMatrix(5).link("attic", "cellar", { ...measured(0.7), via: "garden" })
          .way("loft", "attic", NONE).way("loft", "cellar", { state: "stale" })
          .way("attic", "loft", FAILED).late("porch", 120).silent("garden"),
      ),
      at(80),
    ),
    [
      "        attic cellar garden   loft  porch",
      "attic           700v   300    fail   300",
      "cellar   700v          300    300    300",
      "garden      ·      ·             ·      ·",
      "loft        ·  ~300    300           300",
      "porch    300!   300!   300!   300!",
      "medians in us; row measures column; · no data; ~ stale; v carried by a third",
      "server; ! measured by a busy machine; rows up to 1 s old",
      "attic and loft do not reach each other: nobody carries their link: suspect the",
      "path between them. And 2 more problems.",
    ],
  );
});

Deno.test("matrix: eight servers fit 80 columns", () => {
  assertEquals(matrixView(told(new TestMatrix(8, 48)), at(80)), [
    "        attic cellar garden   loft  porch   roof   shed   yard",
    "attic           48.0   48.0   48.0   48.0   48.0   48.0   48.0",
    "cellar   48.0          48.0   48.0   48.0   48.0   48.0   48.0",
    "garden   48.0   48.0          48.0   48.0   48.0   48.0   48.0",
    "loft     48.0   48.0   48.0          48.0   48.0   48.0   48.0",
    "porch    48.0   48.0   48.0   48.0          48.0   48.0   48.0",
    "roof     48.0   48.0   48.0   48.0   48.0          48.0   48.0",
    "shed     48.0   48.0   48.0   48.0   48.0   48.0          48.0",
    "yard     48.0   48.0   48.0   48.0   48.0   48.0   48.0",
    "medians in ms; row measures column; rows up to 1 s old",
    "All well: each server reaches each other one directly, in 48.0 ms.",
  ]);
});

Deno.test("matrix: long names have a letter each", () => {
  assertEquals(matrixView(told(new TestMatrix(3), false), at(80)), [
    "                    A   B   C",
    "A 127.0.0.1:40000     300 300",
    "B 127.0.0.1:40001 300     300",
    "C 127.0.0.1:40002 300 300",
    "medians in us; row measures column; rows up to 1 s old",
    "All well: each server reaches each other one directly, in 300 us.",
  ]);
});

Deno.test("matrix: with less room a letter stands above each column", () => {
  assertEquals(matrixView(told(new TestMatrix(5).link("attic", "porch", SLOW)), at(34)), [
    "            A    B    C    D    E",
    "A attic       0.30 0.30 0.30 31.2",
    "B cellar 0.30      0.30 0.30 0.30",
    "C garden 0.30 0.30      0.30 0.30",
    "D loft   0.30 0.30 0.30      0.30",
    "E porch  31.2 0.30 0.30 0.30",
    "medians in ms; row measures",
    "column; rows up to 1 s old",
    "attic and porch see each other",
    "slowly (31.2 ms, typical is 300",
    "us), while both are well with all",
    "others: suspect the path between",
    "them.",
  ]);
});

Deno.test("matrix: with less room numbers have fewer digits", () => {
  assertEquals(matrixView(told(new TestMatrix(6).link("attic", "porch", SLOW)), at(30)), [
    "    A   B   C   D   E   F",
    "A     0.3 0.3 0.3  31 0.3",
    "B 0.3     0.3 0.3 0.3 0.3",
    "C 0.3 0.3     0.3 0.3 0.3",
    "D 0.3 0.3 0.3     0.3 0.3",
    "E  31 0.3 0.3 0.3     0.3",
    "F 0.3 0.3 0.3 0.3 0.3",
    "A=attic B=cellar C=garden",
    "D=loft E=porch F=roof",
    "medians in ms; row measures",
    "column; rows up to 1 s old",
    "attic and porch see each other",
    "slowly (31.2 ms, typical is",
    "300 us), while both are well",
    "with all others: suspect the",
    "path between them.",
  ]);
});

Deno.test("matrix: with less room levels are left", () => {
  assertEquals(
    matrixView(
      told(new TestMatrix(6).link("attic", "porch", SLOW).link("attic", "roof", FAILED)),
      at(24),
    ),
    [
      "  A B C D E F",
      "A   2 2 2 7 x",
      "B 2   2 2 2 2",
      "C 2 2   2 2 2",
      "D 2 2 2   2 2",
      "E 7 2 2 2   2",
      "F x 2 2 2 2",
      "A=attic B=cellar",
      "C=garden D=loft E=porch",
      "F=roof",
      "levels of medians, from",
      "1: they begin at 0,",
      "0.25, 0.5, 1, 2.5, 5,",
      "10, 50 ms; row measures",
      "column; x failed; rows",
      "up to 1 s old",
      "attic and roof do not",
      "reach each other: nobody",
      "carries their link:",
      "suspect the path between",
      "them. And 1 more",
      "problem.",
    ],
  );
});

Deno.test("matrix: with no room the worst ways are left", () => {
  assertEquals(
    matrixView(
      told(new TestMatrix(8).link("attic", "porch", SLOW).link("attic", "roof", FAILED)),
      at(16),
    ),
    [
      "attic to roof:",
      "  fail",
      "roof to attic:",
      "  fail",
      "attic to porch:",
      "  31.2 ms",
      "porch to attic:",
      "  31.2 ms",
      "attic to cellar:",
      "  0.30 ms",
      "attic to garden:",
      "  0.30 ms",
      "attic to loft:",
      "  0.30 ms",
      "attic to shed:",
      "  0.30 ms",
      "attic to yard:",
      "  0.30 ms",
      "cellar to attic:",
      "  0.30 ms",
      "and 46 more",
      "the worst ways,",
      "by their",
      "medians; rows up",
      "to 1 s old",
      "attic and roof",
      "do not reach",
      "each other:",
      "nobody carries",
      "their link:",
      "suspect the path",
      "between them.",
      "And 1 more",
      "problem.",
    ],
  );
});

Deno.test("matrix: colours are beside the numbers, not in place of them", () => {
  assertEquals(
    matrixView(
      told(
        new TestMatrix(3).seen("garden", SLOW).way("cellar", "attic", NONE).way(
          "garden",
          "attic",
          FAILED,
        ),
      ),
      { colour: true, width: 80 },
    ),
    [
      "\u001b[1m        attic cellar garden\u001b[0m",
      "attic         \u001b[38;5;255;48;5;54m  0.30\u001b[0m \u001b[38;5;16;48;5;148m  31.2\u001b[0m",
      "cellar \u001b[2m     ·\u001b[0m        \u001b[38;5;16;48;5;148m  31.2\u001b[0m",
      "garden \u001b[7m  fail\u001b[0m \u001b[38;5;255;48;5;54m  0.30\u001b[0m",
      "\u001b[2mmedians in ms; row measures column; · no data; rows up to 1 s old\u001b[0m",
      "\u001b[1mAll others see garden slowly (31.2 ms, typical is 300 us): suspect garden's own\u001b[0m",
      "\u001b[1mlink.\u001b[0m",
    ],
  );
});

Deno.test("matrix: one server is told of in words", () => {
  assertEquals(matrixView(told(new TestMatrix(1)), at(80)), [
    "Only attic is here: there is nothing to compare.",
  ]);
});

Deno.test("matrix: no servers", () => {
  assertEquals(matrixView({ rows: [], servers: [] }, at(80)), [
    "No server says anything.",
  ]);
});

Deno.test("matrix: more cells than a call takes arguments", () => {
  const servers = Array.from({ length: 400 }, (_, at) => ({
    id: `${at}`,
    address: `10.0.0.${at}:4000`,
    label: "",
  }));
  const rows = [{ from: "0", ageMs: 0, lagMs: 0, cells: [{ ...measured(0.3), to: "1" }] }];
  assertEquals(
    matrixView({ rows, servers }, at(80))[0],
    "10.0.0.0:4000 to 10.0.0.1:4000: 300 us",
  );
});

import { assertEquals } from "@std/assert";
import { verdictOf } from "../../lib/core/verdict.ts";
import { FAILED, measured, NONE, TestMatrix } from "../testing/matrix.ts";

/** What is wrong, what the verdict is, whom it suspects, and how it says so. */
type Scenario = readonly [what: string, TestMatrix, kind: string, suspects: string, text: string];

const STALE = { state: "stale", ageMs: 30_000 } as const;
const SLOW = measured(31.2);
/** Most samples are slow, the best is not. */
const UNSTEADY = { ...measured(31.2), minMs: 0.35 };
const THERE_AND_BACK = "an echo goes there and back";
const PATH = "suspect the path between them";
const OTHERWISE = "while both are well with all others";

const clique = (count: number, ms = 0.3): TestMatrix => new TestMatrix(count, ms);

const HEALTHY: readonly Scenario[] = [
  ["no server", clique(0), "alone", "", "No server says anything."],
  ["one", clique(1), "alone", "", "Only attic is here: there is nothing to compare."],
  [
    "two",
    clique(2),
    "well",
    "",
    "All well, as far as two can tell: attic and cellar are 300 us apart.",
  ],
  ["three", clique(3), "well", "", wellIn("300 us")],
  ["five", clique(5), "well", "", wellIn("300 us")],
  ["eight", clique(8), "well", "", wellIn("300 us")],
  ["eight, far apart", clique(8, 48), "well", "", wellIn("48.0 ms")],
  [
    "80 and 200 us are no alarm",
    clique(5, 0.08).seen("loft", measured(0.2)),
    "well",
    "",
    wellIn("80 us to 200 us"),
  ],
  [
    "nor are 20 and 45 ms",
    clique(5, 20).link("attic", "loft", measured(45)),
    "well",
    "",
    wellIn("20.0 ms to 45.0 ms"),
  ],
  ["noise", noise(clique(5)), "well", "", wellIn("300 us to 1.10 ms")],
  [
    "one lost probe is no alarm",
    clique(3).way("attic", "cellar", { loss: 0.05 }),
    "well",
    "",
    wellIn("300 us"),
  ],
  [
    "a late wake-up is no alarm",
    clique(3).late("attic", 90),
    "well",
    "",
    wellIn("300 us"),
  ],
  [
    "some ways are not measured yet",
    clique(3).way("attic", "cellar", NONE).way("garden", "cellar", STALE),
    "well",
    "",
    "All well, as far as 4 of 6 ways tell: each server reaches each other one directly, " +
    "in 300 us.",
  ],
  [
    "one server does not tell, as an older one",
    clique(4).silent("loft"),
    "well",
    "",
    "All well, as far as 9 of 12 ways tell: each server reaches each other one directly, " +
    "in 300 us.",
  ],
];

const SERVERS: readonly Scenario[] = [
  [
    "a slow server",
    clique(5).seen("garden", SLOW).sees("garden", SLOW),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link.",
  ],
  [
    "of three, where most ways are slow",
    clique(3).seen("garden", SLOW).sees("garden", SLOW),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link.",
  ],
  [
    "its best samples are well",
    clique(3).seen("garden", UNSTEADY).sees("garden", UNSTEADY),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link, and load rather than distance: at best it takes 350 us.",
  ],
  [
    "it does not tell itself",
    clique(4).seen("garden", SLOW).silent("garden"),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us): suspect garden's own link.",
  ],
  [
    "near the limit: one of the ways is below it",
    clique(4, 1).seen("loft", measured(3.5)).sees("loft", measured(3.5))
      .way("loft", "attic", measured(2.5)),
    "slow-server",
    "loft",
    "All others see loft slowly (3.50 ms, typical is 1.00 ms), and it sees 2 of 3 so: suspect " +
    "loft's own link.",
  ],
  [
    "a server that loses probes",
    clique(4).seen("garden", { loss: 0.3 }).sees("garden", { loss: 0.3 }),
    "slow-server",
    "garden",
    "All others see garden badly (30 % of probes get no reply), and it sees them so: suspect " +
    "garden's own link.",
  ],
  [
    "a server that is down",
    clique(4).seen("garden", FAILED).silent("garden"),
    "down",
    "garden",
    "No other server reaches garden: it is down, or its own link is.",
  ],
  [
    "it is down, and its last row is old",
    clique(4).seen("garden", FAILED).row("garden", (row) => ({ ...row, ageMs: 20_000 })),
    "down",
    "garden",
    "No other server reaches garden: it is down, or its own link is.",
  ],
  [
    "it was down a moment ago: what it said before is no proof that it is there",
    clique(4).seen("garden", FAILED),
    "down",
    "garden",
    "No other server reaches garden: it is down, or its own link is.",
  ],
  [
    "the server that is asked was cut off a moment ago",
    clique(4).sees("garden", FAILED),
    "down",
    "garden",
    "garden reaches no other server: suspect its own link.",
  ],
  [
    "the server that is asked is cut off",
    clique(4).seen("garden", FAILED).sees("garden", FAILED),
    "down",
    "garden",
    "garden reaches no other server, and none reaches it: suspect its own link.",
  ],
  [
    "nobody reaches anybody",
    ["attic", "cellar", "garden"].reduce((it, id) => it.sees(id, FAILED), clique(3)),
    "down",
    "",
    "No server reaches any other: suspect the network that they share.",
  ],
];

const LINKS: readonly Scenario[] = [
  [
    "a slow link",
    clique(5).link("attic", "cellar", SLOW),
    "slow-link",
    "attic cellar",
    `attic and cellar see each other slowly (31.2 ms, typical is 300 us), ${OTHERWISE}: ${PATH}.`,
  ],
  [
    "a link that loses probes",
    clique(3).link("attic", "cellar", { ...measured(0.3), loss: 0.25 }),
    "slow-link",
    "attic cellar",
    `attic and cellar see each other badly (25 % of probes get no reply), ${OTHERWISE}: ${PATH}.`,
  ],
  [
    "a link that nobody carries",
    clique(3).link("attic", "cellar", FAILED),
    "cut",
    "attic cellar",
    `attic and cellar do not reach each other: nobody carries their link, ${OTHERWISE}: ${PATH}.`,
  ],
  [
    "the only link",
    clique(2).link("attic", "cellar", FAILED),
    "cut",
    "attic cellar",
    "attic and cellar do not reach each other: one of them is down, or the path between them.",
  ],
  [
    "a link that a third server carries",
    clique(3).link("attic", "cellar", { ...measured(0.7), via: "garden" }),
    "carried",
    "attic cellar",
    `attic and cellar have no direct link, garden carries theirs, ${OTHERWISE}: ${PATH}, one ` +
    "way or both.",
  ],
];

const ONE_WAY: readonly Scenario[] = [
  [
    "one fails to reach another that reaches it",
    clique(3).way("attic", "cellar", FAILED),
    "one-way",
    "attic cellar",
    "attic gets no answer from cellar, but cellar sees attic well (300 us): " +
    `${THERE_AND_BACK}, so the path works; suspect one of the two programs, or that the fault ` +
    "is seconds old.",
  ],
  [
    "one sees another slowly that sees it well",
    clique(4).way("cellar", "attic", SLOW),
    "one-way",
    "cellar attic",
    "cellar sees attic slowly (31.2 ms, typical is 300 us), but attic sees cellar well " +
    `(300 us): ${THERE_AND_BACK}, so suspect not the path but one of the two programs.`,
  ],
  [
    "of two: the same",
    clique(2).way("cellar", "attic", SLOW),
    "one-way",
    "cellar attic",
    "cellar sees attic slowly (31.2 ms, typical is 300 us), but attic sees cellar well " +
    `(300 us): ${THERE_AND_BACK}, so suspect not the path but one of the two programs.`,
  ],
  [
    "all see one slowly that sees all well",
    clique(4).seen("loft", SLOW),
    "one-way",
    "loft",
    "All others see loft slowly (31.2 ms, typical is 300 us), but it sees them well: " +
    `${THERE_AND_BACK}, so suspect not its link but its program, which answers late.`,
  ],
  [
    "one sees all slowly that all see well",
    clique(4).sees("loft", SLOW),
    "one-way",
    "loft",
    "loft sees all others slowly (31.2 ms, typical is 300 us), but they see it well: " +
    `${THERE_AND_BACK}, so suspect not its link but its program, which measures badly.`,
  ],
];

const BUSY: readonly Scenario[] = [
  [
    "a program was late, and nothing else",
    clique(3).late("garden", 120),
    "busy",
    "garden",
    "garden's program was 120 ms late: its machine is busy, its numbers say little.",
  ],
  [
    "all see it slowly, but for the best samples",
    clique(4).seen("garden", UNSTEADY).late("garden", 120),
    "busy",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), but it sees them well; but its " +
    "program was 120 ms late: its machine is busy, that is not the network's fault.",
  ],
  [
    "the best samples are slow, too: a late program is no excuse",
    clique(4).seen("garden", SLOW).sees("garden", SLOW).late("garden", 120),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link.",
  ],
  [
    "it was not as late as it is slow",
    clique(4).seen("garden", { ...UNSTEADY, p50Ms: 300 })
      .sees("garden", { ...UNSTEADY, p50Ms: 300 }).late("garden", 120),
    "slow-server",
    "garden",
    "All others see garden slowly (300 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link, and load rather than distance: at best it takes 350 us.",
  ],
];

const TOO_LITTLE: readonly Scenario[] = [
  [
    "only one tells",
    clique(3).silent("cellar", "garden"),
    "unknown",
    "",
    "Too little is known: only attic says what it sees.",
  ],
  [
    "only one tells, and it misses another",
    clique(2).way("attic", "cellar", FAILED).silent("cellar"),
    "unknown",
    "",
    "Too little is known: only attic says what it sees, and it does not reach cellar.",
  ],
  [
    "mostly stale",
    clique(4).sees("attic", STALE).sees("cellar", STALE).sees("garden", STALE),
    "unknown",
    "",
    "Too little is known: 3 of 12 ways have new numbers.",
  ],
  [
    "mostly old rows",
    ["attic", "cellar", "garden"].reduce(
      (it, id) => it.row(id, (row) => ({ ...row, ageMs: 16_000 })),
      clique(5),
    ),
    "unknown",
    "",
    "Too little is known: 8 of 20 ways have new numbers.",
  ],
];

const SEVERAL: readonly Scenario[] = [
  [
    "one down, one slow, one busy: the worst, and how many more",
    clique(5).seen("loft", SLOW).sees("loft", SLOW).link("loft", "garden", FAILED)
      .seen("garden", FAILED).silent("garden").late("attic", 110),
    "down",
    "garden",
    "No other server reaches garden: it is down, or its own link is. And 2 more problems.",
  ],
  [
    "two slow servers",
    clique(5).seen("loft", SLOW).sees("loft", SLOW).seen("garden", SLOW).sees("garden", SLOW),
    "slow-server",
    "garden",
    "All others see garden slowly (31.2 ms, typical is 300 us), and it sees them so: suspect " +
    "garden's own link. And 1 more problem.",
  ],
  [
    "a slow link, and a carried one beside it",
    clique(4).link("attic", "cellar", SLOW)
      .link("attic", "loft", { ...measured(0.6), via: "garden" }),
    "carried",
    "attic loft",
    `attic and loft have no direct link, garden carries theirs: ${PATH}, one way or both. And 1 ` +
    "more problem.",
  ],
];

/** Ways of 0.3 to 1.1 ms, as an idle LAN of old machines has them. */
function noise(matrix: TestMatrix): TestMatrix {
  const ids = matrix.rows.map(({ from }) => from);
  for (const [row, from] of ids.entries()) {
    for (const [column, to] of ids.entries()) {
      matrix.way(from, to, measured(0.2 + ((3 * row + 7 * column) % 10) / 10));
    }
  }
  return matrix;
}

function wellIn(range: string): string {
  return `All well: each server reaches each other one directly, in ${range}.`;
}

for (
  const [group, scenarios] of Object.entries({
    "all is well": HEALTHY,
    "a server stands out": SERVERS,
    "a link stands out": LINKS,
    "what one end sees only": ONE_WAY,
    "a busy machine": BUSY,
    "too little to judge": TOO_LITTLE,
    "several problems": SEVERAL,
  })
) {
  Deno.test(`verdict: ${group}`, () => {
    for (const [what, matrix, kind, suspects, text] of scenarios) {
      const verdict = verdictOf(matrix.rows, (id) => id);
      assertEquals(
        [verdict.kind, verdict.suspects.join(" "), verdict.text],
        [kind, suspects, text],
        what,
      );
    }
  });
}

Deno.test("verdict: the order of the rows does not matter", () => {
  const { rows } = clique(5).link("attic", "cellar", SLOW).late("loft", 110);
  assertEquals(verdictOf(rows.toReversed(), String), verdictOf(rows, String));
});

import { assert, assertEquals } from "@std/assert";
import { precedes } from "../../lib/core/claim.ts";
import { Roster } from "../../lib/core/roster.ts";
import { claim, homeOf } from "../testing/claims.ts";
import { pick, seededRandom } from "../testing/random.ts";

Deno.test("the smaller stamp holds the name, then the smaller server, whatever came first", () => {
  const early = claim("ada", "early", { stamp: 1, server: "z" });
  const late = claim("ada", "late", { stamp: 2, server: "a" });
  assert(precedes(early, late) && !precedes(late, early));
  const tied = claim("ada", "tied", { stamp: 1, server: "b" });
  assert(precedes(tied, early) && !precedes(early, tied));
  for (const order of [[early, late, tied], [late, tied, early], [tied, late, early]]) {
    const roster = new Roster<string>();
    for (const it of order) roster.put(it, it.server, "");
    assertEquals(roster.holder("ada")?.claim.token, "tied");
  }
});

Deno.test("one session at two servers is where it moved last, older claims notwithstanding", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "t", { moves: 1 }), "b", "");
  roster.put(claim("ada", "t", { moves: 0 }), "a", "");
  assertEquals(homeOf(roster, "ada"), "b");
  roster.remove("a", claim("ada", "t").session, { released: false, now: 0 });
  assertEquals(homeOf(roster, "ada"), "b");
});

Deno.test("a session that moved keeps its place in the order of claims", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "stranger", { stamp: 2, server: "b" }), "b", "");
  roster.put(claim("ada", "t", { stamp: 1, moves: 3 }), "c", "");
  assertEquals(roster.holder("ada")?.claim.token, "t");
});

Deno.test("servers that heard the same claims in any order agree on every holder", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 200; round++) {
    const said = Array.from({ length: 8 }, () => {
      const token = pick(random, ["t", "u", "v"]);
      const home = pick(random, ["a", "b", "c"]);
      // One token's claim keeps stamp and server wherever it moves to.
      const made = { stamp: token.charCodeAt(0) % 3, server: token };
      return { claim: claim("ada", token, { ...made, moves: Math.floor(random() * 3) }), home };
    });
    // Of one client at one server only the last word counts: say it once.
    const last = new Map(said.map((it) => [`${it.home} ${it.claim.token}`, it]));
    const holders = [0, 1, 2].map(() => {
      const roster = new Roster<string>();
      for (const it of [...last.values()].sort(() => random() - 0.5)) {
        roster.put(it.claim, it.home, "");
      }
      return `${roster.holder("ada")?.claim.token} at ${homeOf(roster, "ada")}`;
    });
    assertEquals(new Set(holders).size, 1, holders.join());
  }
});

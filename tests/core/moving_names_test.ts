import { assertEquals } from "@std/assert";
import { MOVING_MS } from "../../lib/core/moving_names.ts";
import { Roster } from "../../lib/core/roster.ts";
import { absence, claim, homeOf } from "../testing/claims.ts";

Deno.test("a name that was removed is moving for 5 s: its token's, and nobody else's", () => {
  const roster = new Roster<string>();
  const ada = claim("ada", "t");
  roster.put(ada, "a", "");
  const change = roster.remove("a", ada.session, { released: false, now: 100 });
  assertEquals([change?.after, change?.news], [null, null]);
  assertEquals([roster.holder("ada"), roster.owner("ada")?.token], [null, "t"]);
  assertEquals(absence(roster, ada.session, "ada"), "moving");
  assertEquals(absence(roster, 99, "ada"), "no-such-name");
  assertEquals(roster.byToken("t")?.name, "ada");
  assertEquals(roster.expire(100 + MOVING_MS - 1), []);
  assertEquals(roster.expire(100 + MOVING_MS).map(({ name, news }) => [name, news]), [
    ["ada", "left"],
  ]);
  assertEquals([roster.owner("ada"), roster.byToken("t")], [null, null]);
});

Deno.test("names that are moving end in the order in which they were removed last", () => {
  const roster = new Roster<string>();
  for (const name of ["x", "y"]) roster.put(claim(name, name), "a", "");
  roster.removeHome("a", 0);
  roster.put(claim("x", "x", { moves: 1 }), "b", "");
  roster.removeHome("b", 1_000);
  assertEquals(roster.expire(MOVING_MS).map(({ name }) => name), ["y"]);
  assertEquals(roster.expire(MOVING_MS + 999), []);
  assertEquals(roster.expire(MOVING_MS + 1_000).map(({ name }) => name), ["x"]);
});

Deno.test("a name that comes back before it is gone neither left nor joined", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "t"), "a", "");
  roster.removeHome("a", 0);
  const change = roster.put(claim("ada", "t", { moves: 1 }), "b", "");
  assertEquals([change.news, homeOf(roster, "ada")], [null, "b"]);
  assertEquals(roster.expire(MOVING_MS), []);
});

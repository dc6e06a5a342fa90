import { assertEquals } from "@std/assert";
import { Roster } from "../../lib/core/roster.ts";
import { absence, claim } from "../testing/claims.ts";

Deno.test("a name is free until it is claimed, and then its claimer's", () => {
  const roster = new Roster<string>();
  assertEquals([roster.holder("ada"), roster.owner("ada")], [null, null]);
  const change = roster.put(claim("ada", "t"), "a", "to a");
  assertEquals([change.news, change.after?.route], ["joined", "to a"]);
  assertEquals(roster.holder("ada")?.claim.token, "t");
  assertEquals(roster.bySession(claim("ada", "t").session)?.home, "a");
});

Deno.test("when an older claim turns up, the seat that loses the name is reported", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "late", { stamp: 9, server: "b" }), "b", "");
  const change = roster.put(claim("ada", "early"), "a", "");
  assertEquals(change.losers.map(({ home }) => home), ["b"]);
  assertEquals([change.before?.home, change.after?.home, change.news], ["b", "a", null]);
});

Deno.test("a name that was given up is nobody's at once", () => {
  const roster = new Roster<string>();
  const ada = claim("ada", "t");
  roster.put(ada, "a", "");
  assertEquals(roster.remove("a", ada.session, { released: true, now: 0 })?.news, "left");
  assertEquals([roster.owner("ada"), roster.byToken("t")], [null, null]);
  assertEquals(absence(roster, ada.session, "ada"), "no-such-name");
});

Deno.test("a stranger who has the name now is not the receiver that was meant", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "stranger"), "a", "");
  assertEquals(absence(roster, 99, "ada"), "receiver-changed");
});

Deno.test("a new stamp is larger than every one seen", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "t", { stamp: 41 }), "a", "");
  assertEquals([roster.nextStamp(), roster.nextStamp()], [42, 43]);
});

Deno.test("removing a client that is not known changes nothing", () => {
  const roster = new Roster<string>();
  assertEquals(roster.remove("a", 1, { released: true, now: 0 }), null);
});

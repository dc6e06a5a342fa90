import { assert, assertEquals } from "@std/assert";
import type { Claim } from "../../lib/codec/claims.ts";
import { MOVING_MS, precedes, Roster } from "../../lib/core/roster.ts";
import { pick, seededRandom } from "../testing/random.ts";

/** A claim of `token`'s on `name`, first made at server `a` unless told otherwise. */
function claim(name: string, token: string, rest: Partial<Claim> = {}): Claim {
  const session = [...token].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  return { name, token, session, stamp: 1, server: "a", moves: 0, base: false, ...rest };
}

/** At which server the holder of a name is. */
function homeOf(roster: Roster<string>, name: string): string | null {
  return roster.holder(name)?.home ?? null;
}

function absence(roster: Roster<string>, session: number, name: string): string {
  const bytes = new TextEncoder().encode(name);
  return roster.absence(session, { bytes, start: 0, end: bytes.length });
}

Deno.test("a name is free until it is claimed, and then its claimer's", () => {
  const roster = new Roster<string>();
  assertEquals([roster.holder("ada"), roster.owner("ada")], [null, null]);
  const change = roster.put(claim("ada", "t"), "a", "to a");
  assertEquals([change.news, change.after?.route], ["joined", "to a"]);
  assertEquals(roster.holder("ada")?.claim.token, "t");
  assertEquals(roster.bySession(claim("ada", "t").session)?.home, "a");
});

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

Deno.test("when an older claim turns up, the seat that loses the name is reported", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "late", { stamp: 9, server: "b" }), "b", "");
  const change = roster.put(claim("ada", "early"), "a", "");
  assertEquals(change.losers.map(({ home }) => home), ["b"]);
  assertEquals([change.before?.home, change.after?.home, change.news], ["b", "a", null]);
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

Deno.test("a name that was given up is nobody's at once", () => {
  const roster = new Roster<string>();
  const ada = claim("ada", "t");
  roster.put(ada, "a", "");
  assertEquals(roster.remove("a", ada.session, { released: true, now: 0 })?.news, "left");
  assertEquals([roster.owner("ada"), roster.byToken("t")], [null, null]);
  assertEquals(absence(roster, ada.session, "ada"), "no-such-name");
});

Deno.test("a name that comes back before it is gone neither left nor joined", () => {
  const roster = new Roster<string>();
  roster.put(claim("ada", "t"), "a", "");
  roster.removeHome("a", 0);
  const change = roster.put(claim("ada", "t", { moves: 1 }), "b", "");
  assertEquals([change.news, homeOf(roster, "ada")], [null, "b"]);
  assertEquals(roster.expire(MOVING_MS), []);
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

Deno.test("names are found by their bytes, also among many with the same hash", () => {
  const roster = new Roster<string>();
  const names = Array.from({ length: 3_000 }, (_, at) => `näme-${at}`);
  for (const name of names) roster.put(claim(name, name), "a", "");
  const random = seededRandom(3);
  const removed = new Set(Array.from({ length: 1_000 }, () => pick(random, names)));
  for (const name of removed) {
    roster.remove("a", claim(name, name).session, { released: true, now: 0 });
  }
  for (const name of names) {
    const bytes = new TextEncoder().encode(`<${name}>`);
    const found = roster.byNameBytes(bytes, 1, bytes.length - 1);
    assertEquals(found?.claim.name, removed.has(name) ? undefined : name);
  }
});

Deno.test("who was found a moment ago is found as he is now", () => {
  const roster = new Roster<string>();
  const names = Array.from({ length: 40 }, (_, at) => `n${at}`);
  const random = seededRandom(5);
  const routes = new Map<string, string>();
  for (let step = 0; step < 5_000; step++) {
    const name = pick(random, names);
    const { session } = claim(name, name);
    const what = random();
    if (what < 0.2) {
      roster.put(claim(name, name), "a", `route ${step}`);
      routes.set(name, `route ${step}`);
    } else if (what < 0.4) {
      roster.remove("a", session, { released: random() < 0.5, now: step });
      routes.delete(name);
    } else if (what < 0.5) roster.expire(step);
    const bytes = new TextEncoder().encode(name);
    assertEquals(roster.byNameBytes(bytes, 0, bytes.length)?.route, routes.get(name));
    assertEquals(roster.bySession(session)?.route, routes.get(name));
  }
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

import { assertEquals } from "@std/assert";
import { Roster } from "../../lib/core/roster.ts";
import { claim } from "../testing/claims.ts";
import { pick, seededRandom } from "../testing/random.ts";

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

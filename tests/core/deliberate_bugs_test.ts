/**
 * Shows that the simulation can fail: each rule of the cores is broken in turn,
 * by a switch that exists here only, and must be found within so many seeds.
 */

// What stands in for a method has the method's own type.
// deno-lint-ignore-file explicit-function-return-type

import { assert } from "@std/assert";
import { Status } from "../../lib/codec/status.ts";
import { Carriage } from "../../lib/core/carriage.ts";
import { Dialling } from "../../lib/core/dialling.ts";
import { Gossip } from "../../lib/core/gossip.ts";
import { Liveness } from "../../lib/core/liveness.ts";
import { LEFT_MS, Members } from "../../lib/core/members.ts";
import { Pairing } from "../../lib/core/pairing.ts";
import { Receiving } from "../../lib/core/receiving.ts";
import { Registry } from "../../lib/core/registry.ts";
import { Roster } from "../../lib/core/roster.ts";
import { SendingStream } from "../../lib/core/sending.ts";
import { type Finding, troubled } from "../testing/trouble.ts";

/** One rule broken; disposing mends it. */
interface Bug {
  readonly what: string;
  /** The first seed that is played; 0 unless those before take long. */
  readonly from?: number;
  /** It is found within so many seeds. */
  readonly within: number;
  readonly breaks: () => Disposable;
}

// deno-lint-ignore no-explicit-any
type Method = (this: any, ...args: any[]) => any;

/** Puts `make(original)` in the place of a method, or of a getter. */
// deno-lint-ignore ban-types
function broken(prototype: object, key: string, make: (original: Function) => Method): Disposable {
  const before = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
  const kind = before.get === undefined ? "value" : "get";
  const original = before[kind];
  Object.defineProperty(prototype, key, { ...before, [kind]: make(original) });
  return { [Symbol.dispose]: () => void Object.defineProperty(prototype, key, before) };
}

const BUGS: readonly Bug[] = [
  {
    what: "both servers of a pair decide which link they use",
    from: 16,
    within: 5,
    breaks: () => broken(Pairing.prototype, "decides", () => () => true),
  },
  {
    what: "neither server of a pair decides which link they use",
    within: 5,
    breaks: () => broken(Pairing.prototype, "decides", () => () => false),
  },
  {
    what: "the claim that came last holds the name",
    from: 16,
    within: 20,
    breaks: () => {
      let last = 0;
      return broken(Roster.prototype, "put", (original) =>
        function (claim, home, route) {
          return original.call(this, { ...claim, stamp: --last }, home, route);
        });
    },
  },
  {
    what: "tokens are not compared",
    within: 50,
    breaks: () =>
      broken(Roster.prototype, "put", (original) =>
        function (claim, home, route) {
          return original.call(this, { ...claim, token: "any" }, home, route);
        }),
  },
  {
    what: "a name whose client lost its link is anybody's at once",
    // Some 80 of all are needed.
    from: 75,
    within: 125,
    breaks: () =>
      broken(Roster.prototype, "remove", (original) =>
        function (home, session, how) {
          return original.call(this, home, session, { ...how, released: true });
        }),
  },
  {
    what: "a new link does not replay who is here",
    within: 5,
    breaks: () => broken(Registry.prototype, "peerLinked", () => () => {}),
  },
  {
    what: "servers that left are forgotten, and taken in again",
    from: 20,
    within: 50,
    breaks: () =>
      broken(Members.prototype, "leave", (original) =>
        function (id, now) {
          const isNews = original.call(this, id, now);
          this.expire(now + LEFT_MS);
          return isNews;
        }),
  },
  {
    what: "who answers at a member's address is not looked at",
    within: 50,
    breaks: () =>
      broken(Members.prototype, "answered", (original) =>
        function (target, answer) {
          if (target.kind !== "member") return original.call(this, target, answer);
          return false;
        }),
  },
  {
    what: "a dial that failed is not tried again",
    within: 50,
    breaks: () =>
      broken(Dialling.prototype, "failed", (original) =>
        function (target, now) {
          original.call(this, target, now);
          target.next = Infinity;
        }),
  },
  {
    what: "what everybody knows is told on as news",
    from: 16,
    within: 5,
    breaks: () =>
      broken(Members.prototype, "learn", (original) =>
        function (card, from) {
          original.call(this, card, from);
          return true;
        }),
  },
  {
    what: "nobody is told of other servers, but in the welcome",
    from: 100,
    within: 50,
    breaks: () => {
      const bugs = new DisposableStack();
      // Either of the two makes up for the other, but in one story of 200.
      bugs.use(broken(Gossip.prototype, "spread", () => () => {}));
      bugs.use(broken(Gossip.prototype, "introduce", () => () => {}));
      return bugs;
    },
  },
  {
    what: "nobody looks for a way around a broken link",
    within: 20,
    breaks: () => broken(Carriage.prototype, "dial", () => () => {}),
  },
  {
    what: "a carried frame is passed on twice",
    within: 20,
    breaks: () =>
      broken(Carriage.prototype, "take", (original) =>
        function (link) {
          original.call(this, link);
          original.call(this, link);
        }),
  },
  {
    what: "who is reached through a third server is not dialled any more",
    from: 30,
    within: 70,
    breaks: () =>
      broken(Members.prototype, "linked", (original) =>
        function (id, now) {
          original.call(this, id, now);
        }),
  },
  {
    what: "silence is not noticed",
    within: 200,
    breaks: () => broken(Liveness.prototype, "sweep", () => () => {}),
  },
  {
    what: "a copy is shown again",
    within: 20,
    breaks: () =>
      broken(Receiving.prototype, "direct", (original) =>
        function (message) {
          const verdict = original.call(this, message);
          return { ...verdict, show: verdict.status === Status.Delivered };
        }),
  },
  {
    what: "a copy of a message to everybody is shown again",
    within: 50,
    breaks: () =>
      broken(Receiving.prototype, "everybody", (original) =>
        function (message) {
          return { ...original.call(this, message), show: true };
        }),
  },
  {
    what: "what comes behind a gap is shown",
    // Those before tell nothing, and take ten seconds: some 170 of all are needed.
    from: 165,
    within: 135,
    breaks: () => {
      const bugs = new DisposableStack();
      bugs.use(broken(Receiving.prototype, "direct", (original) =>
        function (message) {
          return original.call(this, { ...message, floor: message.number });
        }));
      // Senders that are reminded in time hardly ever leave a gap.
      bugs.use(broken(Receiving.prototype, "shownLast", () => () => []));
      return bugs;
    },
  },
  {
    what: "the floor stays where the stream began",
    within: 50,
    breaks: () => {
      const first = new WeakMap<object, number>();
      return broken(SendingStream.prototype, "floor", (original) =>
        function () {
          if (!first.has(this)) first.set(this, original.call(this));
          return first.get(this);
        });
    },
  },
  {
    what: "the floor runs ahead of what is settled",
    within: 100,
    breaks: () =>
      broken(SendingStream.prototype, "floor", () =>
        function () {
          return this.nextNumber - 1;
        }),
  },
  {
    what: "a refusal is taken for a receipt",
    within: 20,
    breaks: () =>
      broken(SendingStream.prototype, "receipt", () =>
        function (ack, now) {
          this.ack({ ...ack, status: Status.Delivered }, now);
        }),
  },
];

/** The first finding, and how many seeds it took. */
function firstFinding(from: number, within: number): { seeds: number; finding: Finding } | null {
  for (let seed = from; seed < from + within; seed++) {
    const finding = troubled(seed);
    if (finding !== null) return { seeds: seed - from + 1, finding };
  }
  return null;
}

for (const { what, from = 0, within, breaks } of BUGS) {
  Deno.test(`found within ${within} seeds${from > 0 ? ` from ${from} on` : ""}: ${what}`, () => {
    using _bug = breaks();
    const found = firstFinding(from, within);
    if (Deno.args.includes("--tell")) {
      // deno-lint-ignore no-console
      console.log(`${found?.seeds} seeds: ${what}\n    ${found?.finding.what.slice(0, 160)}`);
    }
    assert(found !== null, "nobody noticed");
  });
}

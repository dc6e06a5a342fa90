import { assertEquals } from "@std/assert";
import { Pairing, type PairingStep } from "../../lib/core/pairing.ts";

const PROBE_MS = 1_000;

/** Steps as short words: `accept a`, `probe a`, `duplicate b`. */
function words(steps: readonly PairingStep<string>[]): string[] {
  return steps.map((step) => `${step.kind === "close" ? step.reason : step.kind} ${step.link}`);
}

/** The side of the pair with the smaller id, and the other one. */
function pair(): { decider: Pairing<string>; other: Pairing<string> } {
  const options = { probeMs: PROBE_MS, isCarried: (link: string) => link.startsWith("via") };
  return { decider: new Pairing("aa", options), other: new Pairing("bb", options) };
}

Deno.test("the server with the smaller id decides, the other waits for its word", () => {
  const { decider, other } = pair();
  assertEquals([decider.decides("bb"), other.decides("aa")], [true, false]);
  assertEquals(words(decider.offered("bb", "one", 0)), ["accept one"]);
  assertEquals(words(other.offered("aa", "one", 0)), []);
  assertEquals(other.accepted("aa"), undefined);
  assertEquals(words(other.wasAccepted("aa", "one")), []);
  assertEquals([decider.accepted("bb"), other.accepted("aa")], ["one", "one"]);
});

Deno.test("crossed dials: the older link answers the probe, the newer is closed", () => {
  const { decider } = pair();
  decider.offered("bb", "older", 0);
  assertEquals(words(decider.offered("bb", "newer", 10)), ["probe older"]);
  assertEquals(decider.nextDeadline(), 10 + PROBE_MS);
  assertEquals(words(decider.heard("bb", "older")), ["duplicate newer"]);
  assertEquals(decider.accepted("bb"), "older");
  assertEquals(decider.nextDeadline(), Infinity);
});

Deno.test("the older link is dead at the other end: the newer takes its place", () => {
  const { decider, other } = pair();
  decider.offered("bb", "older", 0);
  other.wasAccepted("aa", "older");
  decider.offered("bb", "newer", 10);
  assertEquals(decider.expire(10 + PROBE_MS - 1), []);
  const [ended] = decider.expire(10 + PROBE_MS);
  assertEquals(words(ended?.steps ?? []), ["replaced older", "accept newer"]);
  assertEquals(words(other.wasAccepted("aa", "newer")), ["replaced older"]);
  assertEquals([decider.accepted("bb"), other.accepted("aa")], ["newer", "newer"]);
});

Deno.test("what is heard on another link of the pair does not save the older one", () => {
  const { decider } = pair();
  decider.offered("bb", "older", 0);
  decider.offered("bb", "newer", 0);
  assertEquals(words(decider.heard("bb", "newer")), []);
  assertEquals(decider.expire(PROBE_MS).length, 1);
});

Deno.test("a third link while two are in question is closed at once", () => {
  const { decider } = pair();
  decider.offered("bb", "older", 0);
  decider.offered("bb", "newer", 0);
  assertEquals(words(decider.offered("bb", "third", 1)), ["duplicate third"]);
});

Deno.test("the older link is lost while it is probed: the newer is used at once", () => {
  const { decider } = pair();
  decider.offered("bb", "older", 0);
  decider.offered("bb", "newer", 0);
  assertEquals(words(decider.closed("bb", "older")), ["accept newer"]);
  assertEquals(decider.expire(PROBE_MS), []);
});

Deno.test("the newer link is lost while the older is probed: nothing changes", () => {
  const { decider } = pair();
  decider.offered("bb", "older", 0);
  decider.offered("bb", "newer", 0);
  assertEquals(words(decider.closed("bb", "newer")), []);
  assertEquals(decider.expire(PROBE_MS), []);
  assertEquals(decider.accepted("bb"), "older");
});

Deno.test("after the link is gone the next one is accepted without a question", () => {
  const { decider } = pair();
  decider.offered("bb", "one", 0);
  decider.closed("bb", "one");
  assertEquals(words(decider.offered("bb", "two", 5)), ["accept two"]);
});

Deno.test("a link offered twice is accepted once", () => {
  const { decider } = pair();
  decider.offered("bb", "one", 0);
  assertEquals(words(decider.offered("bb", "one", 1)), []);
});

Deno.test("pairs do not mind each other", () => {
  const { decider } = pair();
  decider.offered("bb", "to b", 0);
  assertEquals(words(decider.offered("cc", "to c", 0)), ["accept to c"]);
  decider.closed("bb", "to b");
  assertEquals(decider.accepted("cc"), "to c");
});

Deno.test("a direct link that answers replaces a carried one, and a carried one never a direct one that lives", () => {
  const { decider, other } = pair();
  assertEquals(decider.offered("bb", "via c", 0), [{ kind: "accept", link: "via c" }]);
  other.wasAccepted("aa", "via c");
  assertEquals(decider.offered("bb", "direct", 1), [{ kind: "probe", link: "direct" }]);
  assertEquals(decider.heard("bb", "via c"), []);
  assertEquals(decider.heard("bb", "direct"), [
    { kind: "close", link: "via c", reason: "replaced" },
    { kind: "accept", link: "direct" },
  ]);
  assertEquals(other.wasAccepted("aa", "direct"), [
    { kind: "close", link: "via c", reason: "replaced" },
  ]);
  assertEquals(decider.offered("bb", "via d", 2), [{ kind: "probe", link: "direct" }]);
  assertEquals(decider.heard("bb", "direct"), [
    { kind: "close", link: "via d", reason: "duplicate" },
  ]);
});

Deno.test("a direct link that does not answer does not replace the way around", () => {
  const { decider } = pair();
  decider.offered("bb", "via c", 0);
  decider.offered("bb", "direct", 0);
  assertEquals(decider.expire(PROBE_MS), [
    { peer: "bb", steps: [{ kind: "close", link: "direct", reason: "silent" }] },
  ]);
  assertEquals(decider.accepted("bb"), "via c");
  // The way around goes while the other one is asked: that one is used.
  decider.offered("bb", "direct again", 2 * PROBE_MS);
  assertEquals(decider.closed("bb", "via c"), [{ kind: "accept", link: "direct again" }]);
});

Deno.test("after a link fell silent the next direct one has to answer a probe, a carried one has not", () => {
  const { decider } = pair();
  decider.offered("bb", "old", 0);
  decider.doubt("bb");
  decider.closed("bb", "old");
  assertEquals(decider.offered("bb", "direct", 0), [{ kind: "probe", link: "direct" }]);
  assertEquals(decider.accepted("bb"), undefined);
  assertEquals(decider.offered("bb", "via c", 1), [{ kind: "accept", link: "via c" }]);
  assertEquals(decider.expire(PROBE_MS), [
    { peer: "bb", steps: [{ kind: "close", link: "direct", reason: "silent" }] },
  ]);
  assertEquals(decider.accepted("bb"), "via c");
  decider.offered("bb", "direct again", 2 * PROBE_MS);
  assertEquals(decider.heard("bb", "direct again"), [
    { kind: "close", link: "via c", reason: "replaced" },
    { kind: "accept", link: "direct again" },
  ]);
  // It has shown that it is well: the next one is taken at once.
  decider.closed("bb", "direct again");
  assertEquals(decider.offered("bb", "next", 0), [{ kind: "accept", link: "next" }]);
});

Deno.test("a link that has to answer a probe and closes leaves nothing behind", () => {
  const { decider } = pair();
  decider.doubt("bb");
  decider.offered("bb", "direct", 0);
  assertEquals(decider.closed("bb", "direct"), []);
  assertEquals(decider.nextDeadline(), Infinity);
  assertEquals(decider.offered("bb", "again", 1), [{ kind: "probe", link: "again" }]);
  assertEquals(decider.heard("bb", "again"), [{ kind: "accept", link: "again" }]);
});

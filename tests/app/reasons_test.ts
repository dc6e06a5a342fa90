import { assertEquals } from "@std/assert";
import { reasonWords } from "../../lib/app/reasons.ts";
import { DROP_REASONS } from "../../lib/codec/status.ts";

Deno.test("every drop reason of the protocol has words", () => {
  for (const reason of Object.values(DROP_REASONS)) {
    assertEquals(reasonWords(reason) === reason, false, reason);
  }
});

Deno.test("the reasons in words", () => {
  const words: readonly [string, string][] = [
    ["no-such-name", "nobody has that name"],
    ["timed-out", "no receipt came in time, it may have been shown"],
    ["receiver-changed", "somebody else has that name now"],
    ["too-long", "the text has more than 32587 bytes"],
    ["slow", "the receiver reads too slowly"],
    ["moving", "the receiver is moving to another server"],
    ["link-lost", "the link to the receiver's server was lost"],
    ["not-registered", "the sender has no name at its server"],
    ["sender-taken", "somebody else has the sender's name"],
    ["name-taken", "somebody else took the name first"],
    ["home-lost", "the server was lost"],
    ["from-the-future", "from-the-future"],
    ["constructor", "constructor"],
  ];
  for (const [reason, text] of words) assertEquals(reasonWords(reason), text);
});

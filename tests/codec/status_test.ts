import { assertEquals } from "@std/assert";
import { DROP_REASONS, Status } from "../../lib/codec/status.ts";

Deno.test("the statuses, and the drop reasons that receipts carry", () => {
  assertEquals<Record<string, number>>({ ...Status }, {
    Delivered: 0,
    Gap: 1,
    Skipped: 2,
    Unconfirmed: 16,
    NoSuchName: 17,
    Moving: 18,
    Slow: 19,
    LinkLost: 20,
    ReceiverChanged: 21,
    TooLong: 22,
    NotRegistered: 23,
    SenderTaken: 24,
  });
  assertEquals({ ...DROP_REASONS }, {
    17: "no-such-name",
    18: "moving",
    19: "slow",
    20: "link-lost",
    21: "receiver-changed",
    22: "too-long",
    23: "not-registered",
    24: "sender-taken",
  });
});

/**
 * What an acknowledgement or a receipt says of a message, and the words for
 * those that are the reason of a drop.
 *
 * @module
 */

/** What an acknowledgement (below 16) or a receipt says. */
export const Status = {
  /** Everything up to the number was shown. */
  Delivered: 0,
  /** Shown up to the number; what came is further on. */
  Gap: 1,
  /** To everybody: this one was passed over, and never will be shown. */
  Skipped: 2,
  /** Passed to somebody who can't confirm. */
  Unconfirmed: 16,
  NoSuchName: 17,
  Moving: 18,
  Slow: 19,
  LinkLost: 20,
  ReceiverChanged: 21,
  TooLong: 22,
  NotRegistered: 23,
  SenderTaken: 24,
} as const;

/** The drop reasons as words, by status. */
export const DROP_REASONS: Readonly<Record<number, string>> = {
  [Status.NoSuchName]: "no-such-name",
  [Status.Moving]: "moving",
  [Status.Slow]: "slow",
  [Status.LinkLost]: "link-lost",
  [Status.ReceiverChanged]: "receiver-changed",
  [Status.TooLong]: "too-long",
  [Status.NotRegistered]: "not-registered",
  [Status.SenderTaken]: "sender-taken",
};

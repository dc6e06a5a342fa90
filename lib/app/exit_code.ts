/** What both programs end with, so that scripts can tell failures apart. */
export const ExitCode = {
  done: 0,
  /** A message was not delivered, or only a part of the work was done. */
  undelivered: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No server answered. */
  unreachable: 3,
  /** A server answered and refused. */
  refused: 4,
  nameTaken: 5,
  /** Ended by SIGINT: 128 and the signal's number, as shells count. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

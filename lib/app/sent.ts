/**
 * What was sent in a chat, each line with what became of it. A receipt comes
 * within milliseconds, so a line is shown when its receipts are there; one that
 * has to wait is shown without them, and once more when they come.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";

/** What became of one message. */
export type Receipt = Extract<ClientEvent, { kind: "receipt" }>;

/** Nobody notices such a delay of one's own line; receipts on a LAN take a tenth of it. */
export const HOLD_MS = 200;

/** One line that was typed, and its receipt from each receiver. */
export interface SentLine {
  /** What was typed, without the names. */
  readonly text: string;
  /** When it was typed. */
  readonly at: Date;
  /** Whom it is for, in the order in which they were typed. */
  readonly receivers: readonly string[];
  /** By receiver; only those that came. */
  readonly receipts: ReadonlyMap<string, Receipt>;
}

interface Waiting extends SentLine {
  readonly receipts: Map<string, Receipt>;
  readonly since: number;
  isShown: boolean;
}

/** The lines of one chat that have no receipt yet, or were not shown. */
export class SentLines {
  readonly #show: (line: SentLine) => void;
  /** In the order in which they were typed. */
  #lines: Waiting[] = [];
  /** By receiver: the lines whose receipt is to come, by number of message. */
  readonly #open = new Map<string, Map<number, Waiting>>();
  readonly #counts = new Map<string, number>();

  /** `show` takes each line when it is due. */
  constructor(show: (line: SentLine) => void) {
    this.#show = show;
  }

  /** Takes a line before it is sent: a receipt may come at once. */
  add(line: Omit<SentLine, "receipts">, now: number): void {
    const waiting: Waiting = { ...line, receipts: new Map(), since: now, isShown: false };
    this.#lines.push(waiting);
    for (const receiver of line.receivers) {
      const number = (this.#counts.get(receiver) ?? 0) + 1;
      this.#counts.set(receiver, number);
      const open = this.#open.get(receiver) ?? new Map<number, Waiting>();
      this.#open.set(receiver, open.set(number, waiting));
    }
  }

  /** Takes a receipt. False when no line is known that it could be for. */
  settle(receipt: Receipt, now: number): boolean {
    const open = this.#open.get(receipt.to);
    // A stream that was idle for long may have begun to count anew.
    const number = open?.has(receipt.seq) ? receipt.seq : [...open?.keys() ?? []][0];
    const line = open?.get(number ?? 0);
    if (open === undefined || line === undefined) return false;
    open.delete(number ?? 0);
    line.receipts.set(receipt.to, receipt);
    this.flush(now);
    return true;
  }

  /** Shows what is due, and returns how long the next line may be held back; null: none is. */
  flush(now: number): number | null {
    for (const line of this.#lines) {
      if (isSettled(line)) this.#tell(line);
      else if (!line.isShown) {
        const left = line.since + HOLD_MS - now;
        if (left > 0) return left;
        this.#tell(line);
      }
      this.#lines = this.#lines.filter((it) => it !== line || !isSettled(it));
    }
    return null;
  }

  #tell(line: Waiting): void {
    line.isShown = true;
    this.#show(line);
  }
}

/** Whether all its receipts are there. */
export function isSettled({ receivers, receipts }: SentLine): boolean {
  return receipts.size === receivers.length;
}

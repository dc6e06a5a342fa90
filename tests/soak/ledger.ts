/**
 * What was sent, what became of it by its receipt, and what was shown: compared
 * message by message. Messages of one sender to one receiver are numbered from
 * 1, and their text is that number.
 *
 * @module
 */

/** What a receipt says. */
export interface Receipt {
  readonly status: string;
  readonly reason: string | null;
  readonly latencyMs: number | null;
}

/** All messages of one sender to one receiver. */
interface Stream {
  readonly from: string;
  readonly to: string;
  sent: number;
  readonly receipts: Map<number, Receipt>;
  readonly shown: number[];
}

/** How often each promise was broken, and how much there was. */
export interface Counts {
  readonly sent: number;
  readonly shown: number;
  readonly delivered: number;
  /** Receipts that say something else, by what they say. */
  readonly otherwise: Readonly<Record<string, number>>;
  readonly deliveredNotShown: number;
  readonly shownTwice: number;
  readonly outOfOrder: number;
  readonly withoutReceipt: number;
  readonly receiptTwice: number;
  /** The receipt says failed, for a reason that excludes that it was shown. */
  readonly failedButShown: number;
  /** Shown or confirmed without having been sent. */
  readonly neverSent: number;
}

/** The reason of a failure that leaves open whether the message was shown. */
const MAY_BE_SHOWN = "timed-out";

/** A record of a talk. */
export class Ledger {
  readonly #streams = new Map<string, Stream>();
  readonly #surplus: string[] = [];
  #receiptTwice = 0;
  #neverSent = 0;

  /** The next number of a message; it is about to be sent. */
  send(from: string, to: string): number {
    return ++this.#stream(from, to).sent;
  }

  /** A message was shown. */
  show(from: string, to: string, text: string): void {
    const stream = this.#stream(from, to);
    const number = Number(text);
    if (number >= 1 && number <= stream.sent) stream.shown.push(number);
    else {
      this.#neverSent++;
      this.#surplus.push(`${from} -> ${to}: '${text}' was shown, but never sent`);
    }
  }

  /** A sender got a receipt. */
  receipt(from: string, to: string, { seq, ...receipt }: Receipt & { seq: number }): void {
    const stream = this.#stream(from, to);
    if (!(seq >= 1 && seq <= stream.sent)) {
      this.#neverSent++;
      this.#surplus.push(`${from} -> ${to}: a receipt for ${seq}, which was never sent`);
    } else if (stream.receipts.has(seq)) {
      this.#receiptTwice++;
      this.#surplus.push(`${from} -> ${to}: a second receipt for ${seq}, ${words(receipt)}`);
    } else stream.receipts.set(seq, receipt);
  }

  /** How long the receipts that say delivered took, ascending, in milliseconds. */
  latencies(): number[] {
    return [...this.#streams.values()]
      .flatMap(({ receipts }) => [...receipts.values()])
      .flatMap(({ status, latencyMs }) =>
        status === "delivered" && latencyMs !== null ? [latencyMs] : []
      )
      .sort((a, b) => a - b);
  }

  /** Compares everything. Each offending message has its line in `problems`. */
  compare(): { readonly counts: Counts; readonly problems: readonly string[] } {
    const problems = [...this.#surplus];
    const total = {
      sent: 0,
      shown: 0,
      delivered: 0,
      otherwise: {} as Record<string, number>,
      deliveredNotShown: 0,
      shownTwice: 0,
      outOfOrder: 0,
      withoutReceipt: 0,
      receiptTwice: this.#receiptTwice,
      failedButShown: 0,
      neverSent: this.#neverSent,
    };
    for (const stream of this.#streams.values()) {
      const { from, to, sent, shown, receipts } = stream;
      const add = (what: string): void => void problems.push(`${from} -> ${to}: ${what}`);
      total.sent += sent;
      total.shown += shown.length;
      const seen = new Set<number>();
      let highest = 0;
      for (const number of shown) {
        if (seen.has(number)) {
          total.shownTwice++;
          add(`${number} was shown twice, the second time after ${highest}`);
        } else if (number < highest) {
          total.outOfOrder++;
          add(`${number} was shown after ${highest}`);
        }
        seen.add(number);
        highest = Math.max(highest, number);
      }
      for (let number = 1; number <= sent; number++) {
        const receipt = receipts.get(number);
        if (receipt === undefined) {
          total.withoutReceipt++;
          add(`${number} has no receipt, ${seen.has(number) ? "was" : "was not"} shown`);
        } else if (receipt.status === "delivered") {
          total.delivered++;
          if (seen.has(number)) continue;
          total.deliveredNotShown++;
          add(`${number} was not shown, the receipt says ${words(receipt)}`);
        } else {
          const what = words(receipt);
          total.otherwise[what] = (total.otherwise[what] ?? 0) + 1;
          if (!seen.has(number) || receipt.reason === MAY_BE_SHOWN) continue;
          total.failedButShown++;
          add(`${number} was shown, the receipt says ${what}`);
        }
      }
    }
    return { counts: total, problems };
  }

  #stream(from: string, to: string): Stream {
    const key = `${from} ${to}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const stream: Stream = { from, to, sent: 0, receipts: new Map(), shown: [] };
    this.#streams.set(key, stream);
    return stream;
  }
}

function words({ status, reason }: Receipt): string {
  return reason === null ? status : `${status}: ${reason}`;
}

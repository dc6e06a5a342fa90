/**
 * The receiving end of streams: what is shown, and what is acknowledged. A
 * message is shown exactly once and in order, however often and in whatever
 * order its copies come.
 *
 * @module
 */

import { Status } from "../codec/status.ts";

/** Streams that a receiver remembers; the one not heard longest goes first. */
const MAX_STREAMS = 16_384;

/** Numbers remembered as shown in a stream to everybody, above its floor. */
const MAX_SHOWN = 4_096;

/** Senders told how far they got when a home was lost; all at once would be a storm. */
const MAX_REMINDED = 32;

/** What to do with one message, and what to say of it. */
export interface Verdict {
  /** Whether the user gets to see it. */
  readonly show: boolean;
  /** What is acknowledged: all up to this number; in a stream to everybody, only this one. */
  readonly number: number;
  /** One of `Status`: delivered; a gap before it; or, to everybody only, skipped. */
  readonly status: number;
}

/** The addressing of one message, as far as the order depends on it. */
export interface Numbered {
  /** The session that sent it, below 2^48: with the kind of receiver, it names the stream. */
  readonly senderSession: number;
  /** Its number in the stream, from 1 and below 2^48. */
  readonly number: number;
  /** The lowest number of the stream that its sender has not settled yet. */
  readonly floor: number;
}

/** What was shown of one stream to everybody: the last number, and those above the floor. */
interface Shown {
  last: number;
  readonly numbers: Set<number>;
}

/** All streams that one client receives. */
export class Receiving {
  readonly #next = new Map<number, number>();
  readonly #everybody = new Map<number, Shown>();

  /**
   * A message to this client: shown if it is exactly the next one. Of the
   * numbers below the floor the sender knows all there is to know.
   */
  direct({ senderSession, number, floor }: Numbered): Verdict {
    const next = Math.max(this.#next.get(senderSession) ?? floor, floor);
    const show = number === next;
    remember(this.#next, senderSession, show ? next + 1 : next);
    if (show) return { show, number, status: Status.Delivered };
    return { show, number: next - 1, status: number < next ? Status.Delivered : Status.Gap };
  }

  /** What was shown last of each of the streams that were heard last. */
  shownLast(): { readonly senderSession: number; readonly number: number }[] {
    return [...this.#next].slice(-MAX_REMINDED)
      .map(([senderSession, next]) => ({ senderSession, number: next - 1 }));
  }

  /** This client has another name now: every stream to it begins anew. */
  renamed(): void {
    this.#next.clear();
  }

  /**
   * A message to everybody: shown unless it, or a later one, was shown. It is
   * sent to each receiver once, so one that is missing is not waited for.
   */
  everybody({ senderSession, number, floor }: Numbered): Verdict {
    const shown = this.#everybody.get(senderSession) ?? { last: 0, numbers: new Set() };
    remember(this.#everybody, senderSession, shown);
    const show = number > shown.last;
    if (show) {
      shown.last = number;
      shown.numbers.add(number);
    }
    const status = shown.numbers.has(number) ? Status.Delivered : Status.Skipped;
    for (const old of shown.numbers) {
      // They were added in order, so the first that is to stay ends it.
      if (old >= floor && shown.numbers.size <= MAX_SHOWN) break;
      shown.numbers.delete(old);
    }
    return { show, number, status };
  }
}

function remember<Value>(streams: Map<number, Value>, session: number, value: Value): void {
  streams.delete(session);
  streams.set(session, value);
  if (streams.size <= MAX_STREAMS) return;
  for (const oldest of streams.keys()) {
    streams.delete(oldest);
    return;
  }
}

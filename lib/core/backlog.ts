/**
 * Messages without a receipt, in the order of their numbers.
 *
 * @module
 */

/** A front that was taken off is dropped once it is so long, and half of all. */
const MIN_DEAD = 64;

/**
 * A first-in, first-out list. Taking off its front costs the same however long
 * it is, and a number is found without looking at all of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Backlog } from "./backlog.ts";
 *
 * const backlog = new Backlog<{ number: number }>();
 * for (const number of [4, 5, 7]) backlog.push({ number });
 * assertEquals(backlog.indexOf(7), 2);
 * assertEquals(backlog.remove(0)?.number, 4);
 * assertEquals(backlog.at(0)?.number, 5);
 * ```
 */
export class Backlog<Message extends { readonly number: number }> {
  #messages: (Message | undefined)[] = [];
  #head = 0;

  /** How many there are. */
  get length(): number {
    return this.#messages.length - this.#head;
  }

  /** The one at `index`, counted from the front. */
  at(index: number): Message | undefined {
    return this.#messages[this.#head + index];
  }

  /** Adds one at the end; its number is larger than all before. */
  push(message: Message): void {
    this.#messages.push(message);
  }

  /** Where the message with this number is; -1 when there is none. */
  indexOf(number: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.at(middle)?.number ?? 0;
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Takes out the one at `index`; cheap near the front. */
  remove(index: number): Message | undefined {
    const removed = this.at(index);
    if (removed === undefined) return undefined;
    const messages = this.#messages;
    for (let at = this.#head + index; at > this.#head; at--) messages[at] = messages[at - 1];
    messages[this.#head++] = undefined;
    if (this.#head >= MIN_DEAD && this.#head * 2 >= messages.length) {
      this.#messages = messages.slice(this.#head);
      this.#head = 0;
    }
    return removed;
  }
}

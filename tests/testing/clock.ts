/**
 * Virtual time: what is to happen, in the order in which it does.
 *
 * @module
 */

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until the next thing happens. */
export class Clock {
  /** Milliseconds since the start. */
  now = 0;
  /** How many things have happened. */
  steps = 0;
  /** A binary heap; the next one is the first. */
  readonly #waiting: Happening[] = [];
  #order = 0;

  /** Runs `run` at `at`, behind everything that was planned for that moment before. */
  at(at: number, run: () => void): void {
    const happening = { at, order: this.#order++, run };
    const heap = this.#waiting;
    let index = heap.push(happening) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(happening, heap[parent])) break;
      heap[index] = heap[parent] as Happening;
      index = parent;
    }
    heap[index] = happening;
  }

  /** Lets the next thing happen, unless it is later than `until`; whether there was one. */
  step(until: number): boolean {
    const heap = this.#waiting;
    const first = heap[0];
    if (first === undefined || first.at > until) return false;
    const last = heap.pop() as Happening;
    if (heap.length > 0) this.#sink(last);
    this.now = Math.max(this.now, first.at);
    this.steps++;
    first.run();
    return true;
  }

  #sink(last: Happening): void {
    const heap = this.#waiting;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && before(heap[right], heap[left]) ? right : left;
      if (!before(heap[child], last)) break;
      heap[index] = heap[child] as Happening;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Happening | undefined, b: Happening | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

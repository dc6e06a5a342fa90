/**
 * The events of a session, for several listeners, and to wait on.
 *
 * @module
 */

import type { ClientEvent } from "../core/events.ts";

/** Passes events on, and wakes who waits for something to become true. */
export class Events {
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  readonly #waiting = new Set<() => void>();

  /** Tells everyone. */
  emit(event: ClientEvent): void {
    for (const listener of this.#listeners) listener(event);
    for (const look of [...this.#waiting]) look();
  }

  /** Hears every event from now on. */
  listen(listener: (event: ClientEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves as soon as `holds` does, now or after some event. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (!holds()) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    return promise;
  }
}

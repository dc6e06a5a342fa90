/**
 * A client's core on the network.
 *
 * @module
 */

import type { SessionAction, SessionConfig } from "../core/client_context.ts";
import type { ClientEvent } from "../core/events.ts";
import { Session } from "../core/session.ts";
import { Driver } from "../net/driver.ts";
import { Failure } from "./failure.ts";
import type { Log } from "./log.ts";

/** What a session may complete, and whoever asked for it waits for. */
export type Completion = Extract<SessionAction, { kind: "complete" }>["what"];

/** What a client's verb tells the session at its start. */
export type LiveOptions =
  & Pick<SessionConfig, "servers" | "found" | "pin" | "probes" | "intervalMs" | "watch" | "pace">
  & {
    /** Takes what the core says about its decisions. */
    readonly log?: Log;
  };

/** A running client session. Disposing it says goodbye and closes everything. */
export class LiveSession implements AsyncDisposable {
  /** Takes every event. */
  onEvent: (event: ClientEvent) => void = () => {};
  readonly #session: Session;
  readonly #driver: Driver<SessionAction>;
  readonly #waiting = new Map<Completion, PromiseWithResolvers<void>>();

  /** Contacts nobody yet. */
  constructor({ log, ...options }: LiveOptions) {
    this.#session = new Session({
      ...options,
      session: randomSession(),
      token: crypto.randomUUID(),
      random: Math.random,
    });
    this.#driver = new Driver<SessionAction>(this.#session, {
      onAction: (action) => {
        if (action.kind === "event") this.onEvent(action.event);
        else if (action.kind === "complete") this.#complete(action.what);
        else log?.[action.level](action.event, action.message, action.fields);
      },
    });
  }

  /** Messages that have no receipt yet. */
  get openCount(): number {
    return this.#session.openCount;
  }

  /** Calls the core. */
  call<Result>(call: (session: Session, now: number) => Result): Result {
    const result = call(this.#session, performance.now());
    this.#driver.poke();
    return result;
  }

  /**
   * Contacts the servers, and measures them.
   *
   * @throws {Failure} when none can be reached.
   */
  async gather(): Promise<void> {
    const unreachable = Promise.withResolvers<never>();
    this.onEvent = (event) => {
      if (event.kind === "error") unreachable.reject(new Failure(event.code, event.message));
    };
    const gathered = this.completed("gathered");
    this.call((core, now) => core.start(now));
    await Promise.race([gathered, unreachable.promise]);
  }

  /** Resolves when the core completes something the next time. */
  completed(what: Completion): Promise<void> {
    const waiting = this.#waiting.get(what) ?? Promise.withResolvers<void>();
    this.#waiting.set(what, waiting);
    return waiting.promise;
  }

  /** Says goodbye, waits for the answers a moment, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.completed("ended");
    this.call((session, now) => session.quit(now));
    await ended;
    await this.#driver.close();
  }

  #complete(what: Completion): void {
    this.#waiting.get(what)?.resolve();
    this.#waiting.delete(what);
  }
}

/** A random number from 1 to 2^48 - 1. */
function randomSession(): number {
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 16) * 2 ** 32 + low || 1;
}

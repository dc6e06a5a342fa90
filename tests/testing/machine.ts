/**
 * A core on the simulated network, as a driver would run it.
 *
 * @module
 */

import type { Node } from "../../lib/core/node.ts";
import type { Clock } from "./clock.ts";
import type { End } from "./wires.ts";

/** A core that wants to be woken at once is woken after so long. */
const SOON_MS = 0.01;

/** A core that wants it more often in a row, with nothing to do, would spin. */
const MAX_RESTLESS = 20;

/** What all cores have in common, as a driver sees them. */
export interface Core {
  opened(link: number, how: Parameters<Node["opened"]>[1], now: number): void;
  failed(dial: number, why: string, now: number): void;
  receive(link: number, bytes: Uint8Array, now: number): void;
  closed(link: number, why: string, now: number): void;
  tick(now: number): number;
  pull(link: number, now: number): Uint8Array | null;
  takeReady(): readonly number[];
  takeActions(): readonly { readonly kind: string }[];
}

/** A core wants to connect. */
export interface DialAction {
  readonly kind: "dial";
  readonly dial: number;
  readonly hostname: string;
  readonly port: number;
  readonly deadlineMs: number;
}

/** What a machine is plugged into. */
export interface Plug {
  readonly clock: Clock;
  /** Connects, sooner or later. */
  dial(from: Machine<Core>, action: DialAction): void;
  /** The link got something to write. */
  write(end: End): void;
  /** The link is to be closed once everything is written. */
  close(end: End): void;
}

/** A core, the host it runs on, and its links. */
export class Machine<Kind extends Core = Core> {
  readonly ends = new Map<number, End>();
  alive = true;
  /** Its process is stopped: everything waits. */
  frozen = false;
  wakesAt = Infinity;
  /** How often in a row it wanted to be woken at once, though nothing had happened. */
  restless = 0;
  /** What happened while it was frozen. */
  readonly #missed: (() => void)[] = [];

  constructor(
    readonly plug: Plug,
    readonly core: Kind,
    public host: string,
    readonly onAction: (action: { readonly kind: string }) => void,
  ) {}

  /** How many connections it has to `other`. */
  connectionsTo(other: Machine<Core>): number {
    let count = 0;
    for (const { peer } of this.ends.values()) if (peer?.machine === other) count++;
    return count;
  }

  /** Calls the core, then does what it wants. */
  act(call: (core: Kind, now: number) => void): void {
    if (!this.alive) return;
    if (this.frozen) {
      this.#missed.push(() => call(this.core, this.plug.clock.now));
      return;
    }
    call(this.core, this.plug.clock.now);
    this.#settle();
  }

  /** Stops the process. */
  freeze(): void {
    this.frozen = true;
  }

  /** Continues it: what has arrived is read before time is looked at. */
  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    if (!this.alive) return;
    for (const call of this.#missed.splice(0)) call();
    this.#settle();
  }

  #settle(): void {
    const { core, plug } = this;
    const { now } = plug.clock;
    const next = core.tick(now);
    for (const link of core.takeReady()) {
      const end = this.ends.get(link);
      if (end !== undefined) plug.write(end);
    }
    for (const action of core.takeActions()) {
      if (action.kind === "dial") plug.dial(this, action as DialAction);
      else if (action.kind === "close") {
        const end = this.ends.get((action as { readonly kind: string; link: number }).link);
        if (end !== undefined) plug.close(end);
      } else this.onAction(action);
    }
    if (next > now) this.restless = 0;
    if (next < this.wakesAt && next !== Infinity) this.#wakeLater(next);
  }

  #wakeLater(at: number): void {
    this.wakesAt = at;
    const { clock } = this.plug;
    clock.at(Math.max(at, clock.now + SOON_MS), () => {
      if (this.wakesAt !== at) return;
      this.wakesAt = Infinity;
      if (this.frozen) return;
      if (++this.restless > MAX_RESTLESS) {
        throw new Error(`Cannot run on: ${this.host} wants to be woken at ${at}, again and again`);
      }
      this.act(() => {});
    });
  }
}

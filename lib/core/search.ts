/**
 * Finding a server to be at, while there is none: asking all that are known,
 * the next best ones when a home dies, and again later when nobody answers.
 *
 * @module
 */

import type { ClientContext } from "./client_context.ts";
import type { Contact } from "./contact.ts";
import type { Directory } from "./directory.ts";
import type { Survey } from "./survey.ts";
import { REDIAL_MAX_MS, REDIAL_MIN_MS } from "./target.ts";

/** Servers tried by the last samples, at once, before all are asked again. */
const DIRECT_ATTEMPTS = 2;

/** A home that it is not at any more, and why not. */
export interface Left {
  readonly from: string;
  readonly reason: string;
}

/** One search after the other. */
export class Search {
  /** The home to replace; null when there was none under this name. */
  left: Left | null = null;
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #survey: Survey;
  /** Asking, done with that, waiting to try again, or there is a home, at last or almost. */
  #phase: "surveying" | "surveyed" | "waiting" | "over" = "over";
  #deadline = Infinity;
  /** Attempts to attach that failed since it was attached last. */
  #failures = 0;
  /** How often it had to wait before it tried again. */
  #waits = 0;
  #wasAttached = false;
  /** The user knows that it searches. */
  #isTold = false;

  /** Searches nothing before `start`. */
  constructor(
    context: ClientContext,
    { directory, survey }: { readonly directory: Directory; readonly survey: Survey },
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#survey = survey;
  }

  /** The servers are known, and the choice is whose name is still missing. */
  get isReady(): boolean {
    return this.#phase === "surveyed";
  }

  /** Asks all servers. */
  start(now: number): void {
    this.#phase = "surveying";
    this.#deadline = Infinity;
    this.#survey.begin(this.#directory.places, { withBase: true, now });
  }

  /** Everybody has answered, or will not. Whether there is somebody to choose. */
  finished(now: number): boolean {
    if (this.#phase !== "surveying") return false;
    if (this.#directory.usable.length === 0) {
      this.#inVain(now);
      return false;
    }
    this.#phase = "surveyed";
    this.#context.actions.push({ kind: "complete", what: "gathered" });
    return true;
  }

  /** It is on its way to a server. */
  chosen(): void {
    this.#phase = "over";
    this.#deadline = Infinity;
  }

  /** The name was refused where another one can't be asked for: the choice is open again. */
  reopen(): void {
    this.#phase = "surveyed";
  }

  /** It is attached. */
  attached(): void {
    this.chosen();
    this.left = null;
    this.#failures = 0;
    this.#waits = 0;
    this.#wasAttached = true;
    this.#isTold = false;
  }

  /** A home, or what was to be one, is gone: the next one to try; null when it must ask first. */
  next(now: number, { hasName }: { readonly hasName: boolean }): Contact | null {
    const attempt = this.#failures++;
    const best = this.#directory.nextBest(null);
    if (attempt < DIRECT_ATTEMPTS && best !== null && hasName) return best;
    if (attempt <= DIRECT_ATTEMPTS) {
      this.#failures = DIRECT_ATTEMPTS + 1;
      this.start(now);
      // If no registration succeeds, it must not try in a loop.
    } else this.#inVain(now);
    return null;
  }

  /** A server announced itself: there is no reason to wait any longer. */
  found(now: number): void {
    if (this.#phase === "waiting") this.#deadline = now;
  }

  /** Does what is due. */
  tick(now: number): void {
    if (now >= this.#deadline) this.start(now);
  }

  /** When `tick` has something to do. */
  nextDeadline(): number {
    return this.#deadline;
  }

  #inVain(now: number): void {
    this.#tell();
    // Who watches dials them again by and by.
    if (this.#context.config.watch) return;
    this.#phase = "waiting";
    const most = Math.min(REDIAL_MIN_MS * 2 ** Math.min(this.#waits++, 20), REDIAL_MAX_MS);
    this.#deadline = now + most * this.#context.config.random();
  }

  #tell(): void {
    if (this.#wasAttached) {
      if (this.left !== null && !this.#isTold) {
        this.#isTold = true;
        this.#context.tell({ kind: "searching", ...this.left });
      }
      return;
    }
    const reasons = this.#directory.failures.map(({ address, why }) => `${address}: ${why}`);
    this.#context.fail("unreachable", `Cannot reach any server: ${reasons.join("; ")}`);
  }
}

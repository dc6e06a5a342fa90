/**
 * Looking for a nearer server while there is a home: when to measure whom
 * again, and what to make of it.
 *
 * A round makes fresh connections to all whom it measures, the home too: so
 * like is compared with like, and the talk on the home's own link neither
 * disturbs the samples nor is disturbed.
 *
 * @module
 */

import { explained, Hysteresis, type Measured, noiseOf, type Verdict } from "./choice.ts";
import type { ClientContext } from "./client_context.ts";
import type { Contact, Place } from "./contact.ts";
import type { Directory } from "./directory.ts";
import type { Survey } from "./survey.ts";

/** The shortest time between two rounds, in ms. */
export const ROUND_MS = 20_000;

/** The longest is so many times that: clients that started together drift apart. */
const SPREAD = 1.3;

/**
 * After a home was lost, or left, the servers are measured anew within this, at
 * random: not all clients of a dead server at the same moment.
 */
const ANEW_MS = 5_000;

/** When the home leaves and nobody else is known, somebody new is looked for within this. */
const URGENT_MS = 1_000;

/** Each so manieth round measures all servers, those too that are far away or failed. */
const FULL_ROUND = 5;

/** A server that was at most so many times as far as the home may be nearer the next time. */
const PROMISING = 2;

/**
 * Of those so many are measured each time, the nearest first. With 50 servers
 * that are equally near, each of 10,000 clients would else open 50 connections.
 */
const MOST_PROMISING = 8;

/** So many are, however far away: should the home become slow, they are where to go. */
const LEAST_OTHERS = 2;

/** The rounds of one client. */
export class Rounds {
  readonly #context: ClientContext;
  readonly #directory: Directory;
  readonly #survey: Survey;
  readonly #hysteresis: Hysteresis;
  #nextAt = Infinity;
  /** The next round is to measure all servers, however far away. */
  #isUrgent = false;
  #count = 0;

  /** None is due before `resume`. */
  constructor(
    context: ClientContext,
    { directory, survey }: { readonly directory: Directory; readonly survey: Survey },
  ) {
    this.#context = context;
    this.#directory = directory;
    this.#survey = survey;
    this.#hysteresis = new Hysteresis(context.config.pace?.restMs);
  }

  /** When the next round is due; Infinity when there is none. */
  get nextAt(): number {
    return this.#nextAt;
  }

  /** It has a home, the first one or, for a `reason`, another one. */
  attached(home: Contact, reason: string | null, now: number): void {
    if (reason !== null) this.#hysteresis.moved(now);
    const wantsRounds = home.extended && !this.#context.config.pin;
    if (!wantsRounds) this.#nextAt = Infinity;
    else if (reason === null || reason === "nearer") this.#later(now);
    else this.#within(ANEW_MS, now);
  }

  /** The home leaves, and there is nowhere to go. */
  hurry(now: number): void {
    this.#within(URGENT_MS, now);
  }

  /** It has no home. */
  stop(): void {
    this.#nextAt = Infinity;
  }

  /** The move to a nearer server was in vain. */
  moveFailed(): void {
    this.#hysteresis.failed();
  }

  /** Begins the round that is due, unless it is at no `home` right now, or the last one goes on. */
  begin(home: Contact | null, now: number): void {
    this.#later(now);
    if (home === null || this.#survey.isActive) return;
    const isFull = ++this.#count % FULL_ROUND === 0 || this.#isUrgent;
    this.#isUrgent = false;
    const places = roundOf(this.#directory.places, home, { isFull });
    this.#survey.begin(places, { withBase: false, now });
  }

  /** A round is over: the next one comes so long after it. */
  ended(now: number): void {
    this.#later(now);
  }

  /** What follows from the last round: where to move from `home`, or null. */
  decide(home: Contact, now: number): Contact | null {
    const contacts = this.#survey.contacts.filter(({ state, extended, leaving }) =>
      state === "ready" && extended && !leaving
    );
    const ofHome = contacts.find((contact) => contact.isSame(home));
    const others = contacts.filter((contact) => contact !== ofHome);
    const verdict = this.#hysteresis.judge(
      ofHome === undefined ? unmeasured(home) : measured(ofHome),
      others.map(measured),
      now,
    );
    this.#explain(verdict);
    if (verdict.kind !== "moves") return null;
    return others.find((contact) => idOf(contact) === verdict.rival.id) ?? null;
  }

  #explain(verdict: Verdict): void {
    const { home } = verdict;
    const rival = "rival" in verdict ? verdict.rival : null;
    this.#context.log(verdict.kind === "moves" ? "moves" : "stays", {
      message: explained(verdict),
      fields: {
        why: verdict.kind,
        server: home.address,
        rtt_us: microseconds(home.minMs),
        rival: rival?.address ?? null,
        rival_rtt_us: microseconds(rival?.minMs ?? null),
      },
    });
  }

  get #roundMs(): number {
    return this.#context.config.pace?.roundMs ?? ROUND_MS;
  }

  #later(now: number): void {
    const stretch = 1 + (SPREAD - 1) * this.#context.config.random();
    this.#nextAt = now + this.#roundMs * stretch;
  }

  #within(ms: number, now: number): void {
    this.#isUrgent = true;
    this.#nextAt = Math.min(
      this.#nextAt,
      now + Math.min(ms, this.#roundMs) * this.#context.config.random(),
    );
  }
}

/**
 * Whom to measure in a round: the home, whoever was never contacted, and of the
 * others those that could become the home. All others have their turn in each
 * fifth round only (`isFull`); base servers never, who could not confirm
 * anything.
 */
export function roundOf(
  places: readonly Place[],
  home: Contact,
  { isFull }: { readonly isFull: boolean },
): Place[] {
  const extended = places.filter((place) => place !== home.place && mayBeExtended(place));
  if (isFull) return [home.place, ...extended];
  const homeMs = home.place.last?.minMs ?? home.minMs ?? 0;
  const promising = extended.filter(({ last }) => last !== null && isCandidate(last, home))
    .toSorted((a, b) => distance(a) - distance(b))
    .filter((place, rank) =>
      rank < LEAST_OTHERS || (rank < MOST_PROMISING && distance(place) <= PROMISING * homeMs)
    );
  return [home.place, ...extended.filter(({ last }) => last === null), ...promising];
}

function mayBeExtended({ isBase, last }: Place): boolean {
  return !isBase && last?.protocol !== "base" && last?.protocol !== "mute";
}

function isCandidate(contact: Contact, home: Contact): boolean {
  return contact.state === "ready" && !contact.leaving && !contact.isSame(home);
}

function distance({ last }: Place): number {
  return last?.minMs ?? Number.MAX_VALUE;
}

function idOf({ id, address }: Contact): string {
  return id ?? address;
}

function measured(contact: Contact): Measured {
  const { address, minMs, window } = contact;
  const noiseMs = noiseOf(window.samples());
  return { id: idOf(contact), address, minMs, noiseMs, lost: window.lost };
}

function unmeasured(contact: Contact): Measured {
  return { id: idOf(contact), address: contact.address, minMs: null, noiseMs: 0, lost: 0 };
}

function microseconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1e6) / 1e3;
}

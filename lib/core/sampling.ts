/**
 * When to send which probe to one server, and how many.
 *
 * @module
 */

import type { ClientContext } from "./client_context.ts";
import type { ClientLink, Contact } from "./contact.ts";
import { CHOICE_PROBES, type Sample, WARMUP_PROBES } from "./probes.ts";
import { WATCHED_SAMPLES } from "./watching.ts";

/** The pause between two probes of one server is random up to this. */
const PROBE_GAP_MS = 8;

/** A server closes the connection of a client that says nothing for 15 s. */
const KEEP_MS = 5_000;

/** Samples taken for each one that a choice wants, if those before were late. */
const MOST_TRIES = 3;

/** Takes the samples of all contacts, each by itself: so they are interleaved. */
export class Sampling {
  readonly #context: ClientContext;
  readonly #wanted: number;

  /** Takes as many samples as the configuration says. */
  constructor(context: ClientContext) {
    this.#context = context;
    this.#wanted = context.config.probes ?? CHOICE_PROBES;
  }

  /** Samples that a contact has to keep. */
  get capacity(): number {
    if (this.#context.config.watch) return WATCHED_SAMPLES;
    return Math.max(1, this.#chooses ? MOST_TRIES * this.#wanted : this.#wanted);
  }

  /** Whether there are not enough samples of a contact yet. */
  wantsMore({ state, protocol, window }: Contact): boolean {
    if (state !== "ready" || protocol === "mute") return false;
    if (this.#context.config.watch) return true;
    if (window.size >= window.capacity) return false;
    // Late ones are not chosen on; who asked for a number gets that.
    return window.size - (this.#chooses ? window.late : 0) < this.#wanted;
  }

  /** A probe of `link` was answered; `sample` is null when it had timed out. */
  echoed({ contact }: ClientLink, sample: Sample | null, now: number): void {
    if (sample === null) return;
    if (contact.isSampling) {
      if (contact.probesEnded++ >= WARMUP_PROBES) contact.sampled(sample, now);
      contact.nextSampleAt = now + this.#gapMs(contact);
    }
    contact.nextProbeAt = Math.min(contact.nextSampleAt, now + KEEP_MS);
  }

  /** Sends the next probe when it is due; one without a reply is missing. */
  tend(contact: Contact, now: number): void {
    const { link } = contact;
    if (link === null || !this.wantsMore(contact)) return;
    const lost = link.probes.expire(now);
    if (lost > 0) {
      if (contact.isSampling) {
        contact.window.miss(lost);
        contact.probesEnded += lost;
      }
      contact.nextProbeAt = now;
    }
    const mayProbe = link.probes.waiting === 0 && !link.echoQueued && this.wantsMore(contact);
    if (!mayProbe || now < contact.nextProbeAt) return;
    contact.isSampling = now >= contact.nextSampleAt;
    this.#context.echo(link);
  }

  /** When `tend` has something to do. */
  nextDeadline(contact: Contact): number {
    const { link, nextProbeAt } = contact;
    if (link === null || !this.wantsMore(contact)) return Infinity;
    if (link.probes.waiting > 0) return link.probes.nextTimeout();
    return link.echoQueued ? Infinity : nextProbeAt;
  }

  /** Nobody asked for a pace: it is about choosing a home. */
  get #chooses(): boolean {
    return this.#context.config.intervalMs === undefined;
  }

  #gapMs({ probesEnded }: Contact): number {
    if (probesEnded < WARMUP_PROBES) return 0;
    const { intervalMs, random } = this.#context.config;
    return intervalMs ?? random() * PROBE_GAP_MS;
  }
}

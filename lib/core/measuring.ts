/**
 * A server measures the way to each of its peers, tells them what it found, and
 * answers whoever asks for the whole matrix.
 *
 * @module
 */

import { decodeRow, matrixReply, type Row, row } from "../codec/matrix.ts";
import type { MemberCard } from "../codec/members.ts";
import { ECHO, unexpected } from "../codec/wire.ts";
import type { Context } from "./context.ts";
import { Echoes } from "./echoes.ts";
import { HEARTBEAT_MS } from "./lag.ts";
import type { Link } from "./link.ts";
import { Rows } from "./rows.ts";

/** How often a server tells each peer its row. */
export const ROW_MS = 5_000;

/** A link that came, went, or has its first sample is told at once, but many of them together. */
export const NEWS_MS = 500;

/**
 * Phases that lie apart however many there are: each falls into the largest
 * gap, more or less. Thirty replies that come at once would wait for each other.
 */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Two turns of one link are never closer, whatever the rounding. */
const MIN_PAUSE_MS = 1;

/** What the measuring asks of the rest of the server. */
export interface MeasuringSources {
  /** The ids of all other servers that this one knows of. */
  memberIds(): readonly string[];
  /** All servers as they are told on a link, this one included. */
  cards(link: Link): readonly MemberCard[];
}

/** When a link is to get what; all in ms. */
interface Turns {
  /** Its own phase within a second, and within five. */
  readonly echoPhase: number;
  readonly rowPhase: number;
  echoAt: number;
  rowAt: number;
}

/** The measuring of one server. */
export class Measuring {
  readonly #context: Context;
  readonly #sources: MeasuringSources;
  readonly #rows: Rows;
  readonly #turns = new Map<Link, Turns>();
  #links = 0;
  /** When all peers are to hear of a link that came, went, or is measured; null when none is new. */
  #newsAt: number | null = null;
  #lastNewsAt = -Infinity;
  /** When the next of all these is due. */
  #dueAt = Infinity;
  /** What was answered last: who asks a thousand times at once must not hold up all others. */
  #answered: { readonly link: Link; readonly at: number; readonly frames: Uint8Array[] } | null =
    null;

  /** Measures nothing yet. */
  constructor(context: Context, sources: MeasuringSources) {
    this.#context = context;
    this.#sources = sources;
    this.#rows = new Rows(context.id, context.lag);
  }

  /** What is known of all ways between servers, this one's own first. */
  get rows(): Row[] {
    this.#look();
    return this.#rows.all(this.#context.now);
  }

  /** The id of the peer through which `to` is nearest; null when there is no way around. */
  bestCarrier(to: string): string | null {
    this.#look();
    return this.#rows.bestCarrier({ to, now: this.#context.now });
  }

  /** A pair uses this link from now on. */
  linked(link: Link): void {
    const { now, limits, lag } = this.#context;
    const echoes = new Echoes(lag);
    link.echoes = echoes;
    const phase = (++this.#links * GOLDEN) % 1;
    const echoPhase = now + phase * limits.echoMs;
    const rowPhase = now + phase * ROW_MS;
    this.#turns.set(link, { echoPhase, rowPhase, echoAt: echoPhase, rowAt: now });
    this.#dueAt = now;
    this.#look();
    this.#rows.linked(link.peer ?? "", { echoes, via: link.carrier?.peer ?? null });
    this.#isNews();
  }

  /** A pair's link is gone. */
  lost(peer: string): void {
    for (const link of this.#turns.keys()) if (link.peer === peer) this.#turns.delete(link);
    this.#rows.lost(peer);
    this.#isNews();
  }

  /** Asks for a sign of life on a link between servers, which is a sample too. */
  probe(link: Link): void {
    const { echoes } = link;
    if (echoes !== null && echoes.queuedAt !== null) return;
    if (echoes !== null) echoes.queuedAt = this.#context.now;
    this.#context.send(link, ECHO);
  }

  /** 6/1: there is a sample, unless nobody asked. The first one of a link is news. */
  replied({ echoes }: Link): void {
    if (echoes === null) return;
    const wasMeasured = echoes.newestAt !== null;
    echoes.replied(this.#context.now);
    if (!wasMeasured && echoes.newestAt !== null) this.#isNews();
  }

  /** 17/0: what a peer says of itself, and of nobody else. */
  told(link: Link, payload: Uint8Array): void {
    const { role, peer } = link;
    if (role !== "peer" || peer === null) throw unexpected("a row", "it comes from a peer");
    this.#look();
    this.#rows.told(peer, decodeRow(payload), this.#context.now);
  }

  /** 17/1: what does everybody say? */
  answer(link: Link): void {
    if (!link.extended) throw unexpected("a matrix request", "hello comes before it");
    const { now: at } = this.#context;
    if (this.#answered?.link !== link || this.#answered.at !== at) {
      const told = { servers: this.#sources.cards(link), rows: this.rows };
      this.#answered = { link, at, frames: matrixReply(told) };
    }
    for (const bytes of this.#answered.frames) this.#context.send(link, bytes);
  }

  /** Sends the echoes and tells the rows that are due. */
  tick(): void {
    const { now } = this.#context;
    this.#answered = null;
    // It is called in every round, and a round of messages is short.
    if (now < this.#dueAt) return;
    if (now >= (this.#newsAt ?? Infinity)) {
      this.#lastNewsAt = now;
      this.#newsAt = null;
      for (const turns of this.#turns.values()) turns.rowAt = now;
    }
    for (const [link, turns] of this.#turns) if (now >= turns.echoAt) this.#echo(link, turns);
    this.#tell([...this.#turns].filter(([, { rowAt }]) => now >= rowAt));
    this.#dueAt = this.#newsAt ?? Infinity;
    for (const { echoAt, rowAt } of this.#turns.values()) {
      this.#dueAt = Math.min(this.#dueAt, echoAt, rowAt);
    }
  }

  /** When `tick` has something to do, or wants to see whether it is called in time. */
  nextDeadline(): number {
    for (const { echoes } of this.#turns.keys()) {
      if (echoes?.isWaiting) return Math.min(this.#dueAt, this.#context.now + HEARTBEAT_MS);
    }
    return this.#dueAt;
  }

  #echo(link: Link, turns: Turns): void {
    const { now, limits } = this.#context;
    turns.echoAt = nextTurn(turns.echoPhase, limits.echoMs, now);
    link.echoes?.expire(now);
    this.probe(link);
  }

  #tell(due: readonly (readonly [Link, Turns])[]): void {
    if (due.length === 0) return;
    this.#look();
    const { now } = this.#context;
    const frames = row(this.#rows.own(now));
    for (const [link, turns] of due) {
      turns.rowAt = nextTurn(turns.rowPhase, ROW_MS, now);
      for (const bytes of frames) this.#context.send(link, bytes);
    }
  }

  #isNews(): void {
    this.#newsAt ??= Math.max(this.#context.now, this.#lastNewsAt + NEWS_MS);
    this.#dueAt = Math.min(this.#dueAt, this.#newsAt);
  }

  #look(): void {
    this.#rows.keep(this.#sources.memberIds(), this.#context.now);
  }
}

/** The next moment after `now` that is a whole number of periods from `phase`. */
function nextTurn(phase: number, periodMs: number, now: number): number {
  const next = phase + periodMs * Math.ceil((now - phase) / periodMs);
  return next - now >= MIN_PAUSE_MS ? next : next + periodMs;
}

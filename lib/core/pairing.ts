/**
 * One link for a pair of servers. Of two servers the one with the smaller id
 * decides: it keeps the older link if that still answers a probe, accepts
 * exactly one, and closes the other with `duplicate`. The other server uses
 * whichever link was accepted. A direct link replaces one that is carried, but
 * only when it answers a probe: the way around works. So crossed dials, and a dial after a link died
 * at one end only, end with the same single link at both.
 *
 * @module
 */

/** What to do with links of one pair, in order. */
export type PairingStep<Link> =
  | { readonly kind: "accept"; readonly link: Link }
  | {
    readonly kind: "close";
    readonly link: Link;
    readonly reason: "duplicate" | "replaced" | "silent";
  }
  | { readonly kind: "probe"; readonly link: Link };

interface Contest<Link> {
  /** Null when there was none, and the newer one has to prove itself. */
  readonly older: Link | null;
  readonly newer: Link;
  /** The one that must answer: else the other one is used. */
  readonly probed: Link;
  readonly deadline: number;
}

/** The links of all pairs, seen from the server `selfId`. */
export class Pairing<Link> {
  readonly #selfId: string;
  readonly #probeMs: number;
  readonly #isCarried: (link: Link) => boolean;
  readonly #accepted = new Map<string, Link>();
  readonly #contests = new Map<string, Contest<Link>>();
  /** Whose last direct link fell silent: a handshake alone does not show that the way is well. */
  readonly #doubted = new Set<string>();

  /**
   * `probeMs` is how long an older link may take to answer a probe before a
   * newer one replaces it; `isCarried` tells a way around from a direct link.
   */
  constructor(
    selfId: string,
    { probeMs, isCarried }: {
      readonly probeMs: number;
      readonly isCarried: (link: Link) => boolean;
    },
  ) {
    this.#selfId = selfId;
    this.#probeMs = probeMs;
    this.#isCarried = isCarried;
  }

  /** Whether this server decides for the pair. */
  decides(peer: string): boolean {
    return this.#selfId < peer;
  }

  /** The link that the pair uses. */
  accepted(peer: string): Link | undefined {
    return this.#accepted.get(peer);
  }

  /** Both ends know each other on `link`: what the deciding server does. */
  offered(peer: string, link: Link, now: number): PairingStep<Link>[] {
    if (!this.decides(peer)) return [];
    const older = this.#accepted.get(peer) ?? null;
    if (older === link) return [];
    const isDirect = !this.#isCarried(link);
    if (older === null && !(isDirect && this.#doubted.has(peer))) return this.#accept(peer, link);
    if (this.#contests.has(peer)) {
      return [{ kind: "close", link, reason: "duplicate" }];
    }
    const mustProve = older === null || (isDirect && this.#isCarried(older));
    const probed = mustProve ? link : older;
    this.#contests.set(peer, { older, newer: link, probed, deadline: now + this.#probeMs });
    return [{ kind: "probe", link: probed }];
  }

  /** Something was heard on a link: it is alive. */
  heard(peer: string, link: Link): PairingStep<Link>[] {
    const contest = this.#contests.get(peer);
    if (contest === undefined || contest.probed !== link) return [];
    this.#contests.delete(peer);
    const { newer } = contest;
    if (link !== newer) return [{ kind: "close", link: newer, reason: "duplicate" }];
    this.#doubted.delete(peer);
    // Perhaps a way around was found meanwhile.
    const used = this.#accepted.get(peer);
    const closed: PairingStep<Link>[] = used === undefined
      ? []
      : [{ kind: "close", link: used, reason: "replaced" }];
    return [...closed, ...this.#accept(peer, newer)];
  }

  /** The direct link of a pair fell silent: the next one has to answer a probe. */
  doubt(peer: string): void {
    this.#doubted.add(peer);
  }

  /** The other server, which decides, accepted `link`. */
  wasAccepted(peer: string, link: Link): PairingStep<Link>[] {
    const older = this.#accepted.get(peer);
    this.#accepted.set(peer, link);
    if (older === undefined || older === link) return [];
    return [{ kind: "close", link: older, reason: "replaced" }];
  }

  /** A link is gone. A newer one that waited takes its place. */
  closed(peer: string, link: Link): PairingStep<Link>[] {
    const contest = this.#contests.get(peer);
    if (contest?.newer === link) this.#contests.delete(peer);
    if (this.#accepted.get(peer) !== link) return [];
    this.#accepted.delete(peer);
    if (contest === undefined || contest.older !== link) return [];
    this.#contests.delete(peer);
    return this.#accept(peer, contest.newer);
  }

  /** Probes without an answer: that link is dead, the other one is used. */
  expire(
    now: number,
  ): { readonly peer: string; readonly steps: PairingStep<Link>[] }[] {
    const ended = [];
    for (const [peer, { older, newer, probed, deadline }] of this.#contests) {
      if (deadline > now) continue;
      this.#contests.delete(peer);
      if (probed === newer) {
        ended.push({ peer, steps: [{ kind: "close", link: newer, reason: "silent" } as const] });
        continue;
      }
      if (older === null) continue;
      const close = { kind: "close", link: older, reason: "replaced" } as const;
      ended.push({ peer, steps: [close, ...this.#accept(peer, newer)] });
    }
    return ended;
  }

  /** When the next probe runs out; Infinity when there is none. */
  nextDeadline(): number {
    let next = Infinity;
    for (const { deadline } of this.#contests.values()) {
      next = Math.min(next, deadline);
    }
    return next;
  }

  #accept(peer: string, link: Link): PairingStep<Link>[] {
    this.#accepted.set(peer, link);
    return [{ kind: "accept", link }];
  }
}

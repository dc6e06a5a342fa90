/**
 * The servers that this one knows of, linked or not: who is a member, who left,
 * and what is told of them.
 *
 * @module
 */

import type { MemberCard } from "../codec/members.ts";
import { isUniversalText, parseAddress } from "./address.ts";
import type { AddressBook, MemberTarget } from "./address_book.ts";
import type { Dialling } from "./dialling.ts";
import { MOVING_MS } from "./moving_names.ts";
import type { Target } from "./target.ts";

/** A member that left is not taken for a new one so long. */
export const LEFT_MS = 3_600_000;

/** A member that nobody could reach so long is forgotten. */
export const FORGOTTEN_MS = 24 * 3_600_000;

/** A member that was not reached so long is perhaps reached through a third one. */
export const AROUND_MS = 1_000;

/** More addresses than this help nobody, and a peer could fill our memory. */
const MAX_ADDRESSES = 16;

/** More members than this no clique has; what a peer tells beyond it is ignored. */
const MAX_MEMBERS = 1_024;

interface Member {
  label: string;
  /** Where it is, and whether there is a link to it. */
  readonly target: MemberTarget;
  seenAt: number;
  /** When a way around may be tried, while there is no link. */
  aroundAt: number;
  /** Others say that it left, and this server still has a link to it. */
  saidToLeave: boolean;
}

/** Membership: pure bookkeeping, told what happened, and telling `Dialling` what that means for it. */
export class Members {
  readonly #selfId: string;
  readonly #book: AddressBook;
  readonly #dialling: Dialling;
  readonly #members = new Map<string, Member>();
  readonly #left = new Map<string, number>();

  /** `selfId` is never taken for a member; `dialling` dials what is in `book`. */
  constructor(
    { selfId, book, dialling }: {
      readonly selfId: string;
      readonly book: AddressBook;
      readonly dialling: Dialling;
    },
  ) {
    this.#selfId = selfId;
    this.#book = book;
    this.#dialling = dialling;
  }

  /**
   * Whether somebody may be at a server that this one has no link to yet, or
   * has just lost: a seed was not tried to the end once, or a member was there
   * a moment ago.
   */
  mayMissNames(now: number): boolean {
    if (this.#book.hasUntriedSeed) return true;
    return this.#members.values().some(({ target, seenAt }) =>
      !target.linked && now - seenAt < MOVING_MS
    );
  }

  /** Ids of members that left and are not to be taken in again. */
  get left(): string[] {
    return [...this.#left.keys()];
  }

  /** What to tell about the members known, or only about the linked ones. */
  cards({ linkedOnly }: { readonly linkedOnly: boolean }): MemberCard[] {
    return [...this.#members].filter(([, { target }]) => target.linked || !linkedOnly)
      .map(([id, member]) => ({
        id,
        label: member.label,
        addresses: member.target.addresses,
      }));
  }

  /**
   * Takes in a member. Its own word (`itself`) replaces the addresses known;
   * another's word about a linked member changes nothing. Returns whether it
   * is news worth telling.
   */
  learn(
    card: MemberCard,
    from: { readonly itself: boolean; readonly now: number },
  ): boolean {
    if (card.id === this.#selfId) return false;
    if (this.#left.has(card.id)) {
      // It speaks for itself, so it is there: whoever said it left was wrong.
      if (!from.itself) return false;
      this.#left.delete(card.id);
    }
    const known = this.#members.get(card.id);
    const addresses = this.#book.zoned(card.id, card.addresses)
      .filter((text) => parseAddress(text) !== null)
      .slice(0, MAX_ADDRESSES);
    if (known === undefined) {
      if (this.#members.size >= MAX_MEMBERS) return false;
      this.#members.set(card.id, {
        label: card.label,
        target: this.#dialling.joined(card.id, addresses, from.now),
        seenAt: from.now,
        aroundAt: from.now + AROUND_MS,
        saidToLeave: false,
      });
      return true;
    }
    if (known.target.linked && !from.itself) return false;
    if (from.itself) known.saidToLeave = false;
    const merged = from.itself
      ? addresses
      : [...new Set([...known.target.addresses, ...addresses])].slice(
        0,
        MAX_ADDRESSES,
      );
    const label = from.itself ? card.label : known.label;
    const changed = merged.join() !== known.target.addresses.join() || known.label !== label;
    known.label = label;
    // What it says over a loopback link may lack the addresses others need.
    if (merged.length > 0) this.#dialling.readdressed(known.target, merged);
    return changed;
  }

  /** Others say that a member left. While there is a link to it, that remains to be seen. */
  hearsayLeave(id: string, now: number): boolean {
    const member = this.#members.get(id);
    if (member === undefined || !member.target.linked) return this.leave(id, now);
    member.saidToLeave = true;
    return false;
  }

  /** A member said that it leaves. */
  leave(id: string, now: number): boolean {
    if (this.#left.has(id) || id === this.#selfId) return false;
    // Told of more leavers than a clique has members, it remembers the newest.
    for (const oldest of this.#left.keys()) {
      if (this.#left.size < MAX_MEMBERS) break;
      this.#left.delete(oldest);
    }
    this.#left.set(id, now + LEFT_MS);
    this.#members.delete(id);
    this.#dialling.left(id, now);
    return true;
  }

  /** There is a link to a member now, or a way around. */
  linked(id: string, now: number, { carried } = { carried: false }): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    member.saidToLeave = false;
    member.seenAt = now;
    this.#dialling.linked(id, now, { carried });
  }

  /**
   * The link to a member is gone: it is redialled, at first soon. Where nothing
   * comes any more the way is broken; who hung up may just have been restarted.
   * Whether it is believed now that the member has left: that is news.
   */
  unlinked(id: string, now: number, { silent } = { silent: false }): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    if (member.saidToLeave) return this.leave(id, now);
    member.seenAt = now;
    member.aroundAt = silent ? now : now + AROUND_MS;
    this.#dialling.unlinked(id, now);
    return false;
  }

  /** The members that there is no link to for so long that a way around is worth a try now. */
  unreached(now: number): string[] {
    return [...this.#members].flatMap(([id, member]) => {
      if (member.target.linked || member.aroundAt > now) return [];
      member.aroundAt = now + AROUND_MS;
      return [id];
    });
  }

  /** Whether there is a link to this member, direct or carried. */
  isLinked(id: string): boolean {
    return this.#members.get(id)?.target.linked ?? false;
  }

  /**
   * A server answered at the address of a target. A seed remembers it. If it
   * is another one than the member that was dialled, the address is not that
   * member's any more: on a LAN address the old id is gone for good; a loopback
   * or link-local address may be another machine's, so only the address goes.
   * Whether a member is gone: others may not be able to find that out.
   */
  answered(target: Target, { address, id, now }: {
    readonly address: string;
    readonly id: string;
    readonly now: number;
  }): boolean {
    if (target.kind !== "member") {
      this.#dialling.answered(target, id);
      return false;
    }
    if (target.id === id || target.id === null) return false;
    return this.#isNotAt(target, address, now);
  }

  /**
   * This server answered at the address: it is never dialled again. A member
   * that was there before is gone.
   */
  isSelf(target: Target, { address, now }: {
    readonly address: string;
    readonly now: number;
  }): void {
    if (target.kind === "member") this.#isNotAt(target, address, now);
    else this.#dialling.isSelf(target);
  }

  /** Drops what is too old to be true. */
  expire(now: number): void {
    for (const [id, until] of this.#left) {
      if (until <= now) this.#left.delete(id);
    }
    for (const [id, member] of this.#members) {
      if (member.target.linked) member.seenAt = now;
      else if (member.seenAt + FORGOTTEN_MS <= now) {
        this.#members.delete(id);
        this.#dialling.forgotten(id);
      }
    }
  }

  /** Somebody else is at the address of a member. Whether it is gone for good. */
  #isNotAt(target: Target, address: string, now: number): boolean {
    const before = target.addresses.length;
    this.#dialling.isNotAt(target, address);
    const { length } = target.addresses;
    // It may have said meanwhile that it is somewhere else.
    const gone = length < before && (isUniversalText(address) || length === 0);
    if (gone && target.id !== null && !this.isLinked(target.id)) return this.leave(target.id, now);
    this.#dialling.later(target, now);
    return false;
  }
}

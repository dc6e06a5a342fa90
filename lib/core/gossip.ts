/**
 * What servers tell each other about servers. Everyone tells everyone what is
 * news to it, and only the addresses that mean something at the other end.
 *
 * @module
 */

import { type MemberCard, members as memberFrames, type MembersNews } from "../codec/members.ts";
import { isLoopbackText, parseAddress, tellable, understood } from "./address.ts";
import type { AddressBook } from "./address_book.ts";
import type { Context } from "./context.ts";
import type { Dialling } from "./dialling.ts";
import type { Link } from "./link.ts";
import type { Members } from "./members.ts";

/** The servers that one knows of: where they may be, when they are dialled, who is a member. */
export interface Acquaintances {
  readonly book: AddressBook;
  readonly dialling: Dialling;
  readonly members: Members;
}

/** What became news, and the peer that knows it already: it told it. */
interface Spread {
  /** Ids: what is told of a member is what is known of it by then. */
  readonly members: readonly string[];
  readonly base: readonly string[];
  readonly left: readonly string[];
  readonly except: Link | null;
}

/** Takes in and passes on who else there is, or was. */
export class Gossip {
  readonly #context: Context;
  readonly #book: AddressBook;
  readonly #dialling: Dialling;
  readonly #members: Members;
  readonly #linked: ReadonlySet<Link>;
  /** What is still to be told. While a clique forms there is a lot of it at once. */
  #spreads: Spread[] = [];
  /** New peers: so many of these came before them, and were told with all the rest. */
  readonly #introduced = new Map<Link, number>();

  /** Keeps what it learns in what is `known`, and tells it on the links that are in `linked` by then. */
  constructor(context: Context, known: Acquaintances, linked: ReadonlySet<Link>) {
    this.#context = context;
    this.#book = known.book;
    this.#dialling = known.dialling;
    this.#members = known.members;
    this.#linked = linked;
  }

  /** What this server says of itself on `link`. */
  card(link: Link): MemberCard {
    const { id, config } = this.#context;
    return { id, label: config.label, addresses: this.#context.addressesFor(link) };
  }

  /** The members that there is a link to, as told on `link`. */
  linkedCards(link: Link): MemberCard[] {
    return told(link, this.#members.cards({ linkedOnly: true }));
  }

  /** Every server that this one knows of, itself included, as told on `link`. */
  cards(link: Link): MemberCard[] {
    return [this.card(link), ...told(link, this.#members.cards({ linkedOnly: false }))];
  }

  /** The base servers that there is a link to, as told on `link`. */
  base(link: Link): string[] {
    return link.loopback ? this.#book.base() : [];
  }

  /** The server at the other end of `link` says who it is. */
  met(link: Link, { id, label, addresses: said }: MemberCard): void {
    link.peer = id;
    const addresses = understood(said, hostnameOf(link));
    link.reachedAt = addresses[0] ?? null;
    const card = { id, label, addresses };
    const isNews = this.#members.learn(card, { itself: true, now: this.#context.now });
    if (isNews) this.spread({ members: [card], base: [], left: [] }, link);
  }

  /** Takes in what `from` tells, and passes on what is news. */
  take(news: MembersNews, from: Link): void {
    const { now } = this.#context;
    const members = news.members
      .map((card) => ({ ...card, addresses: understood(card.addresses, hostnameOf(from)) }))
      .filter((card) => this.#members.learn(card, { itself: card.id === from.peer, now }));
    const coming = news.left.length === 0 ? null : this.#coming();
    const left = news.left.filter((id) => !coming?.has(id) && this.#members.hearsayLeave(id, now));
    // Base servers serve their own machine: from elsewhere they mean nothing here.
    const bases = from.loopback ? news.base.filter(isLoopbackText) : [];
    for (const address of bases) this.#dialling.learnBase(address, { now, announced: false });
    this.spread({ members, base: [], left }, from);
  }

  /** Tells a new peer all there is to know. */
  introduce(link: Link): void {
    this.#introduced.set(link, this.#spreads.length);
    this.#tell(link, {
      members: this.#members.cards({ linkedOnly: false }),
      base: this.#book.base(),
      left: this.#members.left,
    });
  }

  /** Every peer is to be told but the one that it came from. */
  spread({ members, base, left }: MembersNews, except: Link | null): void {
    if (members.length + base.length + left.length === 0) return;
    this.#spreads.push({ members: members.map(({ id }) => id), base, left, except });
  }

  /** Tells each peer at once what became news since the last time. */
  flush(): void {
    if (this.#spreads.length > 0) {
      const cards = this.#members.cards({ linkedOnly: false });
      for (const link of this.#linked) this.#tell(link, this.#newsFor(link, cards));
    }
    this.#spreads = [];
    this.#introduced.clear();
  }

  /** Who has just said itself that it is there, on a link that is not in use yet. */
  #coming(): Set<string | null> {
    const candidates = this.#context.links.values()
      .filter(({ role, closing }) => role === "candidate" && closing === null);
    return new Set(candidates.map(({ peer }) => peer));
  }

  #newsFor(link: Link, cards: readonly MemberCard[]): MembersNews {
    const spreads = this.#spreads.slice(this.#introduced.get(link) ?? 0)
      .filter(({ except }) => except !== link);
    const ids = new Set(spreads.flatMap(({ members }) => members));
    return {
      members: cards.filter(({ id }) => ids.has(id)),
      base: [...new Set(spreads.flatMap(({ base }) => base))],
      left: [...new Set(spreads.flatMap(({ left }) => left))],
    };
  }

  #tell(link: Link, { members, base, left }: MembersNews): void {
    const news = { members: told(link, members), base: link.loopback ? base : [], left };
    for (const bytes of memberFrames(news)) this.#context.send(link, bytes);
  }
}

/** Cards as they are told on `link`: not the one of who is there, no useless address. */
function told(link: Link, cards: readonly MemberCard[]): MemberCard[] {
  return cards.filter(({ id }) => id !== link.peer)
    .map((card) => ({ ...card, addresses: tellable(card.addresses, hostnameOf(link)) }));
}

/** What a link was made on. The zone of a link-local address only its dialler knows. */
function hostnameOf({ how, dialled }: Link): string {
  const hostname = parseAddress(dialled?.address ?? "")?.hostname ?? "";
  return hostname.startsWith(`${how.remote.hostname}%`) ? hostname : how.remote.hostname;
}

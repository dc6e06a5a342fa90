/**
 * Discovery on the network: a server announces itself, a client looks for
 * servers, and nobody types an address.
 *
 * @module
 */

import { isIPv4 } from "node:net";
import type { AnnouncedServer } from "../codec/announcement.ts";
import { type Address, addressText, isLinkLocal } from "../core/address.ts";
import { Discovery, type Found } from "../core/discovery.ts";
import { Alarm } from "../net/alarm.ts";
import { Multicast, type MulticastOptions } from "../net/multicast.ts";

/** The UDP port of everybody: no server listens there, that is TCP. */
export const DISCOVERY_PORT = 4040;

/** Groups of no wider scope than a site, and a link; "p2p" on both. */
export const IPV4_GROUP = "239.255.112.112";
/** The group on IPv6, of link-local scope; joined on each link. */
export const IPV6_GROUP = "ff12::7032:7072";

/** Links come and go while a program runs; to look for them takes 2 ms. */
const REFRESH_MS = 5_000;

/** An address is not used before the system has asked whether somebody else has it. */
const SETTLE_MS = 3_000;

/** A client looks no longer: its questions were repeated four times by then. */
const SEARCH_MS = 2_000;

/** Who was found first knows the others. This is for those of another half of the clique. */
const SEARCH_GRACE_MS = 100;

/** This machine, for servers that share it. */
const LOOPBACK = "127.0.0.1";

/** The links to use. */
export type Links = Pick<MulticastOptions, "ipv4Addresses" | "defaultLink" | "ipv6Group">;

/** What a {@linkcode LiveDiscovery} needs to know. */
export interface LiveDiscoveryOptions {
  /** The name of the clique: only servers of this name are found, and only they find this one. */
  readonly clique: string;
  /** Null for a client. */
  readonly server: AnnouncedServer | null;
  /** Where to announce and to listen. */
  readonly links: Links;
  /** Takes each server that was found, now and then again. */
  readonly onFound: (found: Found) => void;
  /** Takes the links that it uses, at the start and when they change. */
  readonly onLinks?: (links: readonly string[]) => void;
}

/** Discovery that goes on until it is disposed of. */
export class LiveDiscovery implements Disposable {
  readonly #options: LiveDiscoveryOptions;
  readonly #discovery: Discovery;
  readonly #multicast: Multicast;
  readonly #alarm = new Alarm(() => this.#round());
  readonly #startedAt = performance.now();
  #isOver = false;
  #refreshedAt = -Infinity;
  #links: string | null = null;

  /** Starts at once; what it finds comes by `onFound`, never during this call. */
  constructor(options: LiveDiscoveryOptions) {
    this.#options = options;
    const { clique, server, links } = options;
    this.#discovery = new Discovery({ clique, server, random: Math.random });
    this.#multicast = new Multicast({
      port: DISCOVERY_PORT,
      ipv4Group: IPV4_GROUP,
      ...links,
      onDatagram: (datagram, hostname) => {
        this.#discovery.receive(datagram, hostname, performance.now());
        this.#round();
      },
    });
    this.#alarm.ask(performance.now());
  }

  /** Says and hears nothing any more, and closes the sockets. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#alarm[Symbol.dispose]();
    this.#multicast[Symbol.dispose]();
  }

  #round(): void {
    if (this.#isOver) return;
    const now = performance.now();
    for (const found of this.#discovery.takeFound(now)) this.#options.onFound(found);
    this.#alarm.ask(this.#discovery.tick(now));
    const datagrams = this.#discovery.takeDatagrams();
    if (datagrams.length > 0) this.#send(datagrams, now);
  }

  async #send(datagrams: readonly Uint8Array[], now: number): Promise<void> {
    if (now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now;
      await this.#multicast.refresh();
    }
    if (this.#isOver) return;
    await Promise.all(datagrams.map((datagram) => this.#multicast.send(datagram)));
    if (!this.#isOver) this.#tellLinks();
  }

  #tellLinks(): void {
    const { links } = this.#multicast;
    const isAlone = links.every((link) => link === LOOPBACK);
    if (isAlone && performance.now() - this.#startedAt < SETTLE_MS) return;
    if (links.join() === this.#links) return;
    this.#links = links.join();
    this.#options.onLinks?.(links);
  }
}

/** How a server that listens at `listen` takes part. */
export function announcing(
  { id, listen, advertise }: {
    readonly id: string;
    readonly listen: Address;
    readonly advertise: readonly Address[];
  },
): Pick<LiveDiscoveryOptions, "server" | "links"> {
  const { hostname, port } = listen;
  const isEverywhere = hostname === "::" || hostname === "0.0.0.0";
  // Where it listens on one address, others must not dial whichever they hear.
  const listensAt = isEverywhere || isLinkLocal(hostname) ? [] : [listen];
  const addresses = (advertise.length > 0 ? advertise : listensAt).map(addressText);
  const own = [hostname, ...advertise.map((address) => address.hostname)]
    .filter((name) => isIPv4(name) && name !== "0.0.0.0");
  return {
    server: { id, port, addresses },
    links: {
      ipv4Addresses: isEverywhere ? [LOOPBACK, ...own] : own,
      defaultLink: isEverywhere || !isIPv4(hostname),
      // On IPv6 the source of a datagram is no address that it could be reached at.
      ipv6Group: hostname === "0.0.0.0" && addresses.length === 0 ? null : IPV6_GROUP,
    },
  };
}

/** A client's search for the servers of one clique. It goes on while the client runs. */
export class Search implements Disposable {
  /** Takes each server that is found after the first ones. */
  onFound: (found: Found) => void = () => {};
  readonly #found = new Map<string, Found>();
  readonly #first = Promise.withResolvers<void>();
  readonly #discovery: LiveDiscovery;
  #timer: ReturnType<typeof setTimeout>;

  /** Starts at once: on this machine, the link of the IPv4 default route, and each IPv6 link. */
  constructor(clique: string) {
    this.#timer = setTimeout(() => this.#first.resolve(), SEARCH_MS);
    this.#discovery = new LiveDiscovery({
      clique,
      server: null,
      links: { ipv4Addresses: [LOOPBACK], defaultLink: true, ipv6Group: IPV6_GROUP },
      onFound: (found) => this.#take(found),
    });
  }

  /** The servers that answered first; none when none did in time. */
  async first(): Promise<readonly Found[]> {
    await this.#first.promise;
    return [...this.#found.values()];
  }

  /** Ends the search: nothing more is found, and the sockets are closed. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#discovery[Symbol.dispose]();
  }

  #take(found: Found): void {
    if (this.#found.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#first.resolve(), SEARCH_GRACE_MS);
    }
    this.#found.set(found.id, found);
    this.onFound(found);
  }
}

/**
 * Datagrams to and from everybody on the links of this machine.
 *
 * The programs may not ask the system for its interfaces, so they are found by
 * trying. On IPv6 a link has a number, its zone, and a socket bound to the
 * group on one zone sends and receives there alone: it knows the link that a
 * datagram came by, which its source address does not say. On IPv4 a link can
 * only be named by this machine's address on it; without one the system takes
 * the link of its default route.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";

/** Zones are counted up by the system: of a machine's own links few are above. */
const MAX_ZONE = 1_024;

/** Looking again must not hold up the program: this many take 2 ms. */
const MAX_NEW_ZONE = 64;

/** The first link of a machine is the one to itself, which carries no multicast on IPv6. */
const LOOPBACK_ZONE = 1;

/** The link of the default route. */
const DEFAULT_LINK = "0.0.0.0";

/** Options of {@linkcode Multicast}. */
export interface MulticastOptions {
  /** The UDP port of everybody. */
  readonly port: number;
  /** The group on IPv4. */
  readonly ipv4Group: string;
  /** The group on IPv6, of link-local scope; null: no IPv6. */
  readonly ipv6Group: string | null;
  /** This machine's IPv4 addresses, as far as they are known: one for each link. */
  readonly ipv4Addresses: readonly string[];
  /** Whether to use the link of the IPv4 default route too. */
  readonly defaultLink: boolean;
  /** Takes each datagram, and the address that it came from; borrowed for the call. */
  readonly onDatagram: (datagram: Uint8Array, hostname: string) => void;
}

/** Sockets of one group; they stay open until it is disposed of. */
export class Multicast implements Disposable {
  readonly #options: MulticastOptions;
  /** By link: an IPv4 address of this machine, or `%` and a zone. */
  readonly #sockets = new Map<string, Socket>();
  readonly #joined = new Set<string>();
  /** Links without an address to send from, such as IPv6 ones where IPv6 is disabled. */
  readonly #mute = new Set<string>();
  #looked = false;
  #isClosed = false;

  /** Opens no socket yet: {@linkcode Multicast.refresh} does. */
  constructor(options: MulticastOptions) {
    this.#options = options;
  }

  /**
   * The links that the last datagram was sent on: IPv4 addresses of this
   * machine, `0.0.0.0` for the default route, and `%` with an IPv6 zone.
   */
  get links(): readonly string[] {
    return [...this.#joined].filter((link) => !this.#mute.has(link)).sort();
  }

  /** Opens a socket for each link that there is by now; quick when there is nothing new. */
  async refresh(): Promise<void> {
    const { ipv4Addresses, defaultLink, ipv6Group } = this.#options;
    const zones = ipv6Group === null ? [] : await this.#zones();
    if (this.#isClosed) return;
    const links = [...(defaultLink ? [DEFAULT_LINK] : []), ...ipv4Addresses];
    await Promise.all([
      ...links.map((link) => this.#openIpv4(link)),
      ...zones.map((zone) => this.#openIpv6(zone, ipv6Group ?? "")),
    ]);
  }

  /** Sends to everybody on every link. What gets lost is lost. */
  async send(datagram: Uint8Array): Promise<void> {
    await Promise.all([...this.#joined].map((link) => this.#sendOn(link, datagram)));
  }

  /** Closes every socket; nothing is sent or received any more. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#joined.clear();
  }

  #sendOn(link: string, datagram: Uint8Array): Promise<void> {
    const { port, ipv4Group, ipv6Group } = this.#options;
    const group = link.startsWith("%") ? `${ipv6Group}${link}` : ipv4Group;
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = this.#sockets.get(link);
    socket?.once("close", resolve);
    socket?.send(datagram, port, group, (error) => {
      // A link that is down may be up the next time.
      if (error === null) this.#mute.delete(link);
      else this.#mute.add(link);
      socket.off("close", resolve);
      resolve();
    });
    return promise;
  }

  async #openIpv4(link: string): Promise<void> {
    const socket = this.#sockets.get(link) ??
      await this.#open(link, { type: "udp4", address: DEFAULT_LINK });
    if (socket === null || this.#isClosed) return;
    const named = link === DEFAULT_LINK ? undefined : link;
    try {
      // Again each time: the default route may have come, or lead elsewhere now.
      socket.addMembership(this.#options.ipv4Group, named);
      if (named !== undefined) socket.setMulticastInterface(named);
      this.#joined.add(link);
    } catch {
      // A member already; or no such link for now.
    }
  }

  async #openIpv6(zone: number, group: string): Promise<void> {
    const link = `%${zone}`;
    if (this.#sockets.has(link)) return;
    const socket = await this.#open(link, { type: "udp6", address: `${group}${link}` });
    if (socket === null || this.#isClosed) return;
    try {
      socket.addMembership(group, `::${link}`);
      this.#joined.add(link);
    } catch {
      // The link went while it was looked at.
      this.#drop(link, socket);
    }
  }

  /** A socket on the port, which all programs of this machine share; null when that can't be. */
  #open(
    link: string,
    { type, address }: { type: "udp4" | "udp6"; address: string },
  ): Promise<Socket | null> {
    const { port, onDatagram } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Socket | null>();
    const socket = createSocket({ type, reuseAddr: true });
    this.#sockets.set(link, socket);
    socket.on("error", () => this.#drop(link, socket));
    socket.on("close", () => resolve(null));
    socket.on("message", (datagram, { address }) => {
      onDatagram(datagram, /^fe[89ab]/.test(address) ? `${address}${link}` : address);
    });
    socket.bind(port, address, () => resolve(socket));
    return promise;
  }

  #drop(link: string, socket: Socket): void {
    this.#joined.delete(link);
    if (this.#sockets.delete(link)) socket.close();
  }

  /** The numbers of this machine's links. */
  async #zones(): Promise<number[]> {
    const most = this.#looked ? MAX_NEW_ZONE : MAX_ZONE;
    this.#looked = true;
    const socket = createSocket("udp6");
    try {
      await bound(socket);
      const zones = Array.from({ length: most }, (_, at) => at + 1);
      return zones.filter((zone) => zone !== LOOPBACK_ZONE && isZone(socket, zone));
    } catch {
      // This machine has no IPv6.
      return [];
    } finally {
      socket.close();
    }
  }
}

function bound(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.bind(0, "::", resolve);
  return promise;
}

/** The system takes no number that is no link's. */
function isZone(socket: Socket, zone: number): boolean {
  try {
    socket.setMulticastInterface(`::%${zone}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Original servers in the clique. Each uses only connections that it dialled
 * to send forwards, and expects the same of others: so this server dials
 * everyone who announces itself, and sends forwards on what it dialled.
 *
 * @module
 */

import * as base from "../codec/base.ts";
import { Kind, ProtocolError } from "../codec/wire.ts";
import { addressText, isLoopback, parseAddress } from "./address.ts";
import type { AddressBook } from "./address_book.ts";
import type { Context } from "./context.ts";
import type { Dialling } from "./dialling.ts";
import type { Link } from "./link.ts";
import type { Peers } from "./peers.ts";

/** The base servers of this machine. */
export class BaseServers {
  readonly #context: Context;
  readonly #book: AddressBook;
  readonly #dialling: Dialling;
  readonly #peers: Peers;
  readonly #dialled = new Set<Link>();

  /** Dials through `peers` what `dialling` is told of the base servers that announce themselves. */
  constructor(
    context: Context,
    { book, dialling, peers }: {
      readonly book: AddressBook;
      readonly dialling: Dialling;
      readonly peers: Peers;
    },
  ) {
    this.#context = context;
    this.#book = book;
    this.#dialling = dialling;
    this.#peers = peers;
  }

  /** The links on which forwards are sent. */
  get links(): ReadonlySet<Link> {
    return this.#dialled;
  }

  /** 0/0, 2/0 or 33/0 and four digits: another server on this machine. */
  announced(link: Link, kind: number, digits: Uint8Array): void {
    // An extended server sends 0/0 beside its hello, for originals only.
    if (link.extended) return;
    if (!link.loopback) {
      throw new ProtocolError(
        "unexpected-frame",
        "Cannot take a base server: it is on another machine, where it could not be dialled back",
      );
    }
    const port = base.decodeDigits(digits);
    if (link.role === "new") link.role = "base-server";
    if (port !== this.#context.config.listen.port) {
      const address = addressText({ hostname: "127.0.0.1", port });
      this.#dialling.learnBase(address, {
        now: this.#context.now,
        announced: true,
      });
      this.#peers.dialDue();
    }
    if (kind === Kind.CliqueRequest) {
      this.#context.send(link, base.cliqueReply(this.#reachable(port)));
    }
  }

  /** 1/0: the dialled server is a base one, and names others. */
  cliqueReply(link: Link, payload: Uint8Array): void {
    if (link.dialled === null || link.extended) {
      throw new ProtocolError(
        "unexpected-frame",
        "Cannot take a clique reply: nobody asked",
      );
    }
    this.#use(link);
    for (const { hostname, port } of base.decodeCliqueReply(payload)) {
      if (port === this.#context.config.listen.port || !isLoopback(hostname)) {
        continue;
      }
      const address = addressText({ hostname: "127.0.0.1", port });
      this.#dialling.learnBase(address, {
        now: this.#context.now,
        announced: false,
      });
    }
    this.#peers.dialDue();
  }

  /** A link was dialled back to a server that announced itself: nothing to say. */
  dialledBack(link: Link): void {
    this.#use(link);
  }

  /** A link is gone. */
  closed(link: Link): void {
    if (!this.#dialled.delete(link) || link.dialled === null) return;
    this.#dialling.baseLost(link.dialled.target, this.#context.now);
    this.#context.log("info", "base-server-lost", {
      message: `lost the base server at ${link.dialled.address}`,
    });
  }

  /** The ports of the other servers that an original can reach. */
  ports(): number[] {
    return this.#reachable(null).map(({ port }) => port);
  }

  #use(link: Link): void {
    const { dialled } = link;
    if (dialled === null || this.#dialled.has(link)) return;
    link.role = "base-server";
    this.#dialled.add(link);
    this.#dialling.baseLinked(dialled.target);
    this.#context.log("info", "base-server-linked", {
      message: `linked to the base server at ${dialled.address}`,
    });
    this.#peers.tellBase(dialled.address);
  }

  /** Servers linked now, on 127.0.0.1 with four digits, and the asker. */
  #reachable(asker: number | null): base.BaseAddress[] {
    const texts = [
      ...this.#book.linked(),
      ...this.#book.base(),
      // Of two that ask at the same moment one must hear of the other: they never ask again.
      ...(asker === null ? [] : this.#book.announced()),
    ];
    const ports = texts.flatMap((text) => {
      const address = parseAddress(text);
      const known = address?.hostname === "127.0.0.1" ||
        address?.hostname === "localhost";
      return known && base.isBasePort(address.port) ? [address.port] : [];
    });
    if (asker !== null) ports.push(asker);
    return [...new Set(ports)].map((port) => ({ hostname: "127.0.0.1", port }));
  }
}

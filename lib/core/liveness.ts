/**
 * Which connections are of no use any more: those that fell silent, that began
 * a frame and did not finish it, or that are too many.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { Link } from "./link.ts";

/** Watches the links of one server, and closes what is dead. */
export class Liveness {
  readonly #context: Context;
  readonly #unfinished = new Set<Link>();
  /** Accepted connections that never said anything, the oldest first. */
  readonly #silent = new Set<Link>();

  /** Watches no link yet; the limits and the time are those of `context`. */
  constructor(context: Context) {
    this.#context = context;
  }

  /** Over the limit, the one silent longest goes: the newest, if all others have spoken. */
  accepted(link: Link): void {
    this.#silent.add(link);
    const { links, limits } = this.#context;
    if (links.size <= limits.connections) return;
    for (const silent of this.#silent) {
      this.#silent.delete(silent);
      this.#context.close(silent, "full", `more than ${limits.connections} connections`);
      return;
    }
  }

  /** Bytes of `link` were read, and so many whole frames in them. */
  read(link: Link, frames: number): void {
    if (frames > 0) this.#silent.delete(link);
    if (link.reader.unfinishedBytes === 0) {
      if (link.unfinishedSince === null) return;
      link.unfinishedSince = null;
      this.#unfinished.delete(link);
    } else if (link.unfinishedSince === null || frames > 0) {
      link.unfinishedSince = this.#context.now;
      this.#unfinished.add(link);
    }
  }

  /** A link is gone. */
  closed(link: Link): void {
    this.#unfinished.delete(link);
    this.#silent.delete(link);
  }

  /** Closes what is dead by now. */
  sweep(): void {
    const { now, limits, links } = this.#context;
    for (const link of this.#unfinished) {
      if (now - (link.unfinishedSince ?? now) < limits.unfinishedMs) continue;
      this.#context.close(
        link,
        "unfinished-frame",
        `a frame was begun ${limits.unfinishedMs} ms ago and not finished`,
      );
    }
    for (const link of links.values()) if (link.closing === null) this.#judge(link);
  }

  #judge(link: Link): void {
    const { now, limits } = this.#context;
    const silentMs = now - link.heardAt;
    if (link.role === "candidate" && now - link.openedAt >= limits.helloMs) {
      this.#context.close(link, "no-accept", "the other server did not take the link");
    } else if (link.role === "peer" && silentMs >= limits.peerSilenceMs) {
      this.#context.close(link, "silent", `nothing came for ${limits.peerSilenceMs} ms`);
    } else if (link.role === "new" && link.dialled !== null && silentMs >= limits.helloMs) {
      const why = link.dialled.target.id !== null
        ? "the server that was there has stopped, or hangs"
        : this.#context.basePort === null
        ? "no original server could answer this one, which is not on a 4-digit port of 127.0.0.1"
        : "whoever listens there is no server of this kind";
      this.#context.close(link, "no-welcome", `no answer to hello; ${why}`);
    } else if (
      link.extended && link.role !== "peer" && link.role !== "candidate" &&
      silentMs >= limits.clientSilenceMs
    ) {
      // Base connections may be silent for hours: somebody thinks about a name.
      this.#context.close(link, "silent", `nothing came for ${limits.clientSilenceMs} ms`);
    }
  }
}

/**
 * What the driver runs: a core. A core does no I/O and reads no clock; it is
 * told what happened and when, keeps its own outboxes, and is asked for bytes.
 *
 * Links and dials are numbers. Every `now` is in milliseconds on one monotonic
 * clock.
 *
 * @module
 */

/** An IP address or host name, and a TCP port. */
export interface Address {
  /** An IPv6 address stands here without brackets. */
  readonly hostname: string;
  /** At most 65,535; to listen on 0 lets the system choose. */
  readonly port: number;
}

/** How a link came to be. */
export interface Opened {
  /** The number of the dial action that led to it; null for an accepted one. */
  readonly dial: number | null;
  /** What connecting took, in milliseconds; 0 for an accepted one. */
  readonly connectMs: number;
  /** This end. An IPv4 address is never in its `::ffff:` form. */
  readonly local: Address;
  /** The other end, likewise. */
  readonly remote: Address;
}

/** Connect; `opened` or `failed` follows, with the same number, while the driver runs. */
export interface DialAction {
  /** Tells the actions apart. */
  readonly kind: "dial";
  /** Chosen by the core. */
  readonly dial: number;
  /** An IP address, without brackets, or a host name. */
  readonly hostname: string;
  /** The TCP port to connect to. */
  readonly port: number;
  /** How long connecting may take, in milliseconds. */
  readonly deadlineMs: number;
}

/**
 * Write what the outbox still holds, within a bound, then close. Nothing is
 * received from the link any more; `closed` follows when it is gone.
 */
export interface CloseAction {
  /** Tells the actions apart. */
  readonly kind: "close";
  /** The number that `opened` gave the link. */
  readonly link: number;
}

/** The decisions that the driver itself carries out. */
export type NetAction = DialAction | CloseAction;

/** What the driver runs. No method may throw: a throw is a bug in the core. */
export interface Core<Action extends { readonly kind: string }> {
  /** A link is there, by a dial or accepted. */
  opened(link: number, how: Opened, now: number): void;

  /** A dial did not connect. `why` is one short clause: `connection refused`. */
  failed(dial: number, why: string, now: number): void;

  /** Bytes arrived. They are borrowed: the buffer is reused after the call. */
  receive(link: number, bytes: Uint8Array, now: number): void;

  /**
   * The link is gone; exactly once for each `opened`. `why` is `closed` if the
   * core wanted it, else `closed by the other end`, `reset`, `slow-consumer`,
   * or what the system said.
   *
   * A write that was abandoned may still read the view last pulled, so the
   * memory behind that view must not be used for another link.
   */
  closed(link: number, why: string, now: number): void;

  /**
   * Does what is due, and returns when it wants to be called next: at that
   * time (`Infinity`: only after something else happened).
   *
   * It is called after every round of input too, because that may change the
   * wish, and now and then early: it must be cheap when nothing is due.
   */
  tick(now: number): number;

  /**
   * The next bytes to write to the link, at most 64 KiB, or null. The view
   * stays valid until the next pull of that link.
   */
  pull(link: number, now: number): Uint8Array | null;

  /** Links that got something to write since the last call; may repeat. */
  takeReady(): readonly number[];

  /** Decisions since the last call, in order. */
  takeActions(): readonly Action[];
}

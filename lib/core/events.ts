/**
 * What a client's core tells its user. One event is one line of `--json`, and
 * one or no line of text. Durations are milliseconds; `null` is "not measured".
 *
 * @module
 */

import type { MatrixRow, MatrixServer } from "./matrix.ts";

/** Statistics over one window of samples of one server. */
export interface RttSummary {
  /** Probes that ended: with a reply or without one. */
  readonly sent: number;
  /** Probes that got a reply in time. */
  readonly received: number;
  /**
   * Replies among them that came while the event loop of this program was late:
   * they say more about this program than about the network, and nothing is
   * computed from them.
   */
  readonly late: number;
  /** Share of probes without a reply, 0 to 1. */
  readonly loss: number;
  /** The smallest sample. */
  readonly minMs: number | null;
  /** The arithmetic mean. */
  readonly meanMs: number | null;
  /** The median; like all percentiles here a sample, by nearest rank. */
  readonly p50Ms: number | null;
  /** The 95th percentile. */
  readonly p95Ms: number | null;
  /** The 99th percentile. */
  readonly p99Ms: number | null;
  /** The largest sample. */
  readonly maxMs: number | null;
  /** The standard deviation, as ping(8) computes its mdev. */
  readonly mdevMs: number | null;
  /** The mean difference of consecutive samples; null below two. */
  readonly jitterMs: number | null;
}

/**
 * Where the time between a message and its acknowledgement went. Each leg is
 * there and back, measured by one clock.
 */
export interface Legs {
  /** Between this client and its home. */
  readonly homeMs: number;
  /** Between its home and the receiver's; 0 when that is the same one. */
  readonly farMs: number;
  /** Between the receiver's home and the receiver. */
  readonly receiverMs: number;
}

/**
 * What there is to say of one server's RTT: it was `measured`; it was, but the
 * samples are old (`stale`); it can't be reached or answers no probe
 * (`failed`); or there are no samples to go by (`none`).
 */
export type RttState = "measured" | "stale" | "failed" | "none";

/** What became of one message. Soft reasons are retried and never end here. */
export type ReceiptStatus = "delivered" | "unconfirmed" | "failed";

/** Why a client gives up, and the exit code that says so. */
export type FailureCode =
  | "unreachable"
  | "refused"
  | "name-taken"
  | "bad-name"
  | "too-long"
  | "timed-out";

/** Something that a client's user is told; `kind` says what. */
export type ClientEvent =
  | {
    readonly kind: "attached";
    readonly server: string;
    readonly name: string;
    readonly rttMs: number | null;
  }
  | {
    readonly kind: "moved";
    readonly from: string;
    readonly server: string;
    readonly rttMs: number | null;
    readonly reason: string;
  }
  /** Its home is lost, or leaves, and no other server can be attached to at once. */
  | { readonly kind: "searching"; readonly from: string; readonly reason: string }
  | {
    readonly kind: "message";
    readonly from: string;
    /** The name it was sent to, or `*`. */
    readonly to: string;
    readonly text: string;
  }
  | {
    readonly kind: "receipt";
    readonly to: string;
    readonly seq: number;
    readonly status: ReceiptStatus;
    readonly reason: string | null;
    readonly latencyMs: number | null;
    /** Only when it was sent once, and this very message was acknowledged. */
    readonly legsMs?: Legs;
    /** Only for `*`: how many were shown it, and how many were not. */
    readonly counts?: { readonly delivered: number; readonly failed: number };
  }
  | { readonly kind: "client"; readonly name: string; readonly server: string }
  | { readonly kind: "joined" | "left"; readonly name: string }
  | {
    readonly kind: "server";
    readonly address: string;
    readonly id: string | null;
    readonly label: string | null;
    readonly clients: number | null;
    /** Servers that it reaches only through others, by their addresses; only when there are any. */
    readonly carried?: readonly { readonly to: string; readonly via: string }[];
  }
  | {
    readonly kind: "rtt";
    readonly server: string;
    readonly summary: RttSummary;
    readonly nearest: boolean;
    readonly state: RttState;
    /** How long ago the last sample was taken; null when there is none. */
    readonly ageMs: number | null;
    /** The newest samples, oldest first: null for a missing one, negative for a late one. */
    readonly recent: readonly (number | null)[];
  }
  /** How far the servers are from each other, as far as the server that was asked knows. */
  | {
    readonly kind: "matrix";
    readonly rows: readonly MatrixRow[];
    /** All servers that it knows of, those too that have told it nothing. */
    readonly servers: readonly MatrixServer[];
  }
  | {
    readonly kind: "error";
    readonly code: FailureCode;
    readonly message: string;
  };

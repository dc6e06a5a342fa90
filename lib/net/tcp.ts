/**
 * TCP sockets: listen, dial with a deadline, and say in words what went wrong.
 *
 * @module
 */

import type { Address } from "./core.ts";

/** What became of a dial. */
export type Dialled =
  | {
    readonly kind: "connected";
    readonly conn: Deno.TcpConn;
    /** From the call to the open connection, in milliseconds. */
    readonly connectMs: number;
  }
  | {
    readonly kind: "failed";
    /** One short clause: `connection refused`. */
    readonly why: string;
  };

/** Options of {@linkcode dial}. */
export interface DialOptions {
  /** How long connecting may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
  /** What connects: `Deno.connect`, unless a test has its own. */
  readonly connect?: (options: Deno.ConnectOptions) => Promise<Deno.TcpConn>;
}

/** What the system's errors mean, matched against their name and message. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^AddrInUse/, "the port is taken"],
  [/^AddrNotAvailable/, "address not available on this machine"],
  [/^ConnectionRefused/, "connection refused"],
  [/^(ConnectionReset|ConnectionAborted|BrokenPipe)/, "reset"],
  [/^NotCapable/, "network access is not permitted"],
  [/^PermissionDenied/, "permission denied"],
  [/^TimedOut/, "no answer"],
  [/^URIError/, "not a valid host name"],
  [/lookup address information|No resolved address/, "host name does not resolve"],
  [/too many open files/i, "too many open files"],
  [/network is unreachable/i, "network unreachable"],
  [/(no route to host|host is unreachable)/i, "host unreachable"],
];

/** What an error of the network means, as one short clause. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.name}: ${error.message}`;
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ??
    error.message.replace(/ \(os error \d+\)$/, "");
}

/**
 * Listens for connections. Port 0 takes any free port; `addr` of the result
 * says which.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken.
 * @throws {Error} when the machine has no such address, the system refuses, or
 * the host name does not resolve. The messages say so.
 */
export function listen(address: Address): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: concrete(address.hostname), port: address.port });
  } catch (cause) {
    const message = `Cannot listen on ${addressText(address)}: ${reason(cause)}`;
    throw cause instanceof Deno.errors.AddrInUse
      ? new Deno.errors.AddrInUse(message, { cause })
      : new Error(message, { cause });
  }
}

/** Options of {@linkcode acceptAll}. */
export interface AcceptOptions {
  /** Takes each connection. */
  readonly onConnection: (conn: Deno.TcpConn) => void;
  /** Takes one line when accepting begins to fail. */
  readonly onWarning: (message: string) => void;
  /** How long to wait after an accept that failed, in milliseconds. */
  readonly backoffMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Accepts connections until `listener` is closed. Out of open files, accepting
 * fails at once, again and again: then it is tried again after a while.
 */
export async function acceptAll(
  listener: Deno.TcpListener,
  options: AcceptOptions,
): Promise<void> {
  let failing = false;
  while (true) {
    let conn: Deno.TcpConn;
    try {
      conn = await listener.accept();
      failing = false;
    } catch (error) {
      const closed = error instanceof Deno.errors.BadResource;
      if (closed || options.signal.aborted) return;
      if (!failing) {
        options.onWarning(
          `Cannot accept connections: ${reason(error)}, trying again`,
        );
      }
      failing = true;
      await pause(options.backoffMs, options.signal);
      continue;
    }
    options.onConnection(conn);
  }
}

/** Connects, or says why not; never rejects. */
export async function dial(
  address: Address,
  options: DialOptions,
): Promise<Dialled> {
  const { deadlineMs, signal, connect = Deno.connect } = options;
  const hostname = concrete(address.hostname);
  const { port } = address;
  if (signal?.aborted) return { kind: "failed", why: "given up" };
  const givenUp = Promise.withResolvers<Dialled>();
  const abort = new AbortController();
  const giveUp = (why: string): void => {
    givenUp.resolve({ kind: "failed", why });
    abort.abort();
  };
  const onAbort = (): void => giveUp("given up");
  const timer = setTimeout(
    giveUp,
    deadlineMs,
    `no answer within ${deadlineMs / 1000} s`,
  );
  signal?.addEventListener("abort", onAbort);
  try {
    const started = performance.now();
    // An abort while a name resolves is heeded only afterwards, and leaves the
    // connection open with nobody to close it. So names go without a signal.
    const connecting = isIpAddress(hostname)
      ? connect({ hostname, port, signal: abort.signal })
      : connect({ hostname, port });
    const dialled = connecting.then(
      (conn): Dialled => {
        if (abort.signal.aborted) conn.close();
        const connectMs = performance.now() - started;
        return { kind: "connected", conn, connectMs };
      },
      (error): Dialled => ({ kind: "failed", why: reason(error) }),
    );
    return await Promise.race([givenUp.promise, dialled]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** An IPv4 address as itself, also when it comes as `::ffff:192.0.2.1`. */
export function unmapped(hostname: string): string {
  return hostname.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}

/** `192.0.2.1:4000` or `[2001:db8::1]:4000`. */
function addressText(address: Address): string {
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Only the first address of a name is tried, and for `localhost` that is ::1 on
 * many machines, where servers of 127.0.0.1 can't be reached.
 */
function concrete(hostname: string): string {
  return hostname === "localhost" ? "127.0.0.1" : hostname;
}

function isIpAddress(hostname: string): boolean {
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, signal.aborted ? 0 : ms);
  const onAbort = (): void => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}

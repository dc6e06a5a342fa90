/**
 * The server program: a node on the network, with its log.
 *
 * @module
 */

import { WELL_KNOWN_PORTS } from "../codec/wire.ts";
import { type Address, addressText, isLoopback } from "../core/address.ts";
import type { NodeAction } from "../core/context.ts";
import { Node } from "../core/node.ts";
import { Driver } from "../net/driver.ts";
import { listen } from "../net/tcp.ts";
import { ALL_INTERFACES, ALL_INTERFACES_IPV6 } from "./address.ts";
import { askPort, canAsk } from "./ask.ts";
import { announcing, LiveDiscovery } from "./discover.ts";
import { ExitCode } from "./exit_code.ts";
import { Interrupted } from "./interrupts.ts";
import { Log } from "./log.ts";
import { LogWriter } from "./log_writer.ts";
import { OutputError, writeError, writeOut } from "./output.ts";
import { parseServerArgs, type ServerOptions } from "./server_args.ts";
import { UsageError } from "./usage_error.ts";

const LOOPBACK = "127.0.0.1";

/**
 * Runs a server until `leave` is aborted, and returns the exit code.
 *
 * @param args the command line, without the program's name.
 */
export async function runServer(args: readonly string[], leave: AbortSignal): Promise<number> {
  try {
    const command = parseServerArgs(args);
    if (command.kind !== "run") {
      writeOut(command.text);
      return ExitCode.done;
    }
    using listener = await openListener(command.options, leave);
    await serve(command.options, listener, leave);
    return ExitCode.done;
  } catch (error) {
    if (error instanceof Interrupted) return ExitCode.interrupted;
    if (!(error instanceof UsageError || error instanceof OutputError)) throw error;
    writeError(error.message);
    return error instanceof UsageError ? ExitCode.usage : ExitCode.undelivered;
  }
}

async function serve(
  options: ServerOptions,
  listener: Deno.TcpListener,
  leave: AbortSignal,
): Promise<void> {
  await using lines = new LogWriter({
    write: (bytes) => Deno.stderr.write(bytes),
    onDropped: (count) =>
      log.warn("log-dropped", `dropped ${count} lines of this log: nobody read it`, { count }),
  });
  const log = new Log({
    format: options.logFormat,
    level: options.logLevel,
    write: (line) => lines.write(line),
    now: () => new Date(),
  });
  const { hostname, port } = listener.addr;
  const joins = options.join ?? wellKnown().filter((address) => address.port !== port);
  const node = new Node({
    id: randomId(),
    label: options.label ?? "",
    listen: { hostname, port },
    advertise: options.advertise.map(addressText),
    join: joins.map(addressText),
    joinIsGuess: options.join === null,
    random: Math.random,
    limits: { drainMs: options.drainMs },
  });
  const left = Promise.withResolvers<void>();
  await using driver = new Driver<NodeAction>(node, {
    onAction: (action) => {
      if (action.kind === "log") log[action.level](action.event, action.message, action.fields);
      else left.resolve();
    },
    onWarning: (message) => log.warn("network", message),
    // A bug: the program ends with it, once the log is written.
    onError: left.reject,
  });
  driver.listen(listener);
  writeOut(`listening on ${addressText({ hostname, port })}`);
  log.info("started", `server ${node.id} started`, { id: node.id });
  if (isLoopback(hostname)) {
    log.info(
      "loopback-only",
      `only this machine can reach it; --listen :${port} opens it to the network`,
    );
  } else {
    log.warn(
      "open-to-network",
      "anybody on this network can join the clique and read what is sent through it",
    );
  }
  using discovery = options.discover === null ? null : new LiveDiscovery({
    clique: options.discover,
    ...announcing({ id: node.id, listen: { hostname, port }, advertise: options.advertise }),
    onFound: (found) => {
      node.found(found, performance.now());
      driver.poke();
    },
    onLinks: (links) => logLinks(log, options.discover ?? "", links),
  });
  const onLeave = (): void => {
    discovery?.[Symbol.dispose]();
    node.leave(performance.now());
    driver.poke();
  };
  if (leave.aborted) onLeave();
  else leave.addEventListener("abort", onLeave, { once: true });
  await left.promise;
  log.info("left", "left the clique");
}

async function openListener(
  { listen: wanted, discover }: ServerOptions,
  interrupt: AbortSignal,
): Promise<Deno.TcpListener> {
  if (wanted !== null) return tryListen(wanted, discover === null ? listen : listenEverywhere);
  if (discover !== null) return firstFree(ALL_INTERFACES_IPV6);
  if (!canAsk()) return firstFree(LOOPBACK);
  while (true) {
    const port = await askPort("Which server is this", interrupt);
    try {
      return tryListen({ hostname: LOOPBACK, port });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      writeError(error.message);
    }
  }
}

function firstFree(hostname: string): Deno.TcpListener {
  for (const port of WELL_KNOWN_PORTS) {
    try {
      return listenEverywhere({ hostname, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw asUsageError(error);
    }
  }
  throw new UsageError(
    `Cannot listen on ${hostname}: the ports ${WELL_KNOWN_PORTS.join(", ")} are all taken; ` +
      "name another one with --listen",
  );
}

function tryListen(address: Address, open = listen): Deno.TcpListener {
  try {
    return open(address);
  } catch (error) {
    throw asUsageError(error);
  }
}

/** As `listen`; all interfaces are those of IPv4 on a machine without IPv6. */
function listenEverywhere(address: Address): Deno.TcpListener {
  try {
    return listen(address);
  } catch (error) {
    const isEverywhere = address.hostname === ALL_INTERFACES_IPV6;
    if (!isEverywhere || error instanceof Deno.errors.AddrInUse) throw error;
    return listen({ ...address, hostname: ALL_INTERFACES });
  }
}

/** Where it looks for others, and what that leaves out. */
function logLinks(log: Log, clique: string, links: readonly string[]): void {
  const fields = { clique, links };
  const outside = links.filter((link) => link !== LOOPBACK);
  if (outside.length > 0) {
    const where = outside.map(linkText).join(", ");
    log.info("discovery", `looks for servers of clique '${clique}' on ${where}`, fields);
  } else {
    log.warn(
      "discovery",
      "finds servers on this machine only: it sees no IPv6 link and no IPv4 default route, " +
        "or UDP port 4040 is taken; name this machine's address with --listen",
      fields,
    );
  }
}

function linkText(link: string): string {
  if (link.startsWith("%")) return `link ${link.slice(1)} (IPv6)`;
  return link === ALL_INTERFACES ? "the link of the default route (IPv4)" : `${link} (IPv4)`;
}

function asUsageError(error: unknown): UsageError {
  return new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
}

function wellKnown(): Address[] {
  return WELL_KNOWN_PORTS.map((port) => ({ hostname: LOOPBACK, port }));
}

function randomId(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

/**
 * The servers that are measured: one process, or two that form a clique.
 *
 * @module
 */

import { decodeWelcome, type Welcome } from "../../lib/codec/handshake.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { awaitFrame, connect, type Dialect, writeAll } from "./dialect.ts";
import { COPY } from "./dialect_base.ts";
import { NATS } from "./dialect_nats.ts";
import type { Setting } from "./setting.ts";

/** Between two looks at whether a server is up. */
const LOOK_AGAIN_MS = 2;

/** Running servers that a load can go through. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly dialect: Dialect;
  /** Where senders connect, and where receivers do: of two servers each at its own. */
  readonly senderPort: number;
  readonly receiverPort: number;
  readonly pids: readonly number[];
}

/** How servers are started. */
export interface StartOptions {
  readonly dialect: Dialect;
  /** One, or two that are linked. */
  readonly servers: 1 | 2;
  /** What runs them, such as `taskset -c 0`. */
  readonly by?: readonly string[];
}

/** Our servers. */
export async function ourServers(setting: Setting, options: StartOptions): Promise<Contender> {
  const running = new Running();
  const ports: number[] = [];
  for (let server = 0; server < options.servers; server++) {
    const join = ports[0] === undefined ? "none" : `127.0.0.1:${ports[0]}`;
    const args = ["--listen", "127.0.0.1:0", "--join", join];
    const child = running.start([...options.by ?? [], ...setting.server, ...args]);
    ports.push(await listeningPort(child));
  }
  for (const port of ports) await linked(port, options.servers - 1);
  return contender("ours", running, { ...options, ports });
}

/** `nats-server`, which `setting` knows where to find. */
export async function natsServers(setting: Setting, options: StartOptions): Promise<Contender> {
  const running = new Running();
  const ports: number[] = [];
  const routes = [freePort(), freePort()] as const;
  for (let server = 0; server < options.servers; server++) {
    const port = freePort();
    const cluster = ["-cluster", `nats://127.0.0.1:${routes[server]}`, "-cluster_name", "bench"];
    const route = ["-routes", `nats://127.0.0.1:${routes[0]}`];
    const args = ["-a", "127.0.0.1", "-p", String(port)];
    running.start([
      ...options.by ?? [],
      setting.nats ?? "",
      ...args,
      ...options.servers > 1 ? cluster : [],
      ...server > 0 ? route : [],
    ]);
    await accepting(port);
    ports.push(port);
  }
  return contender("nats-server", running, { ...options, ports });
}

/** What contends: ours in each of the dialects, and the peer where it is installed. */
export async function contenders(
  setting: Setting,
  { dialects, ...options }: Omit<StartOptions, "dialect"> & {
    readonly dialects: readonly Dialect[];
    readonly peer?: Dialect;
  },
): Promise<{ readonly ours: readonly Contender[]; readonly peer: Contender | null }> {
  const ours = [];
  for (const dialect of dialects) ours.push(await ourServers(setting, { ...options, dialect }));
  const { peer: dialect = NATS } = options;
  const peer = setting.nats === null ? null : await natsServers(setting, { ...options, dialect });
  return { ours, peer };
}

/**
 * A process that copies from each connection to the so many next ones; or two in
 * a row, the way that a message takes over two servers, for one lane at a time.
 */
export async function bareCopy(
  { to = 1, by = [], servers = 1 }: {
    readonly to?: number;
    readonly by?: readonly string[];
    readonly servers?: 1 | 2;
  } = {},
): Promise<Contender> {
  const running = new Running();
  const script = new URL("copy.ts", import.meta.url).pathname;
  const run = [...by, Deno.execPath(), "run", "--quiet", "--allow-net", script];
  const last = await listeningPort(running.start([...run, "to", String(to)]));
  const first = servers === 1
    ? []
    : [await listeningPort(running.start([...run, "on", String(last)]))];
  return contender("bare copy", running, { dialect: COPY, servers, ports: [...first, last] });
}

/** Waits for the line that says where a program of ours listens. */
export async function listeningPort({ stdout }: Deno.ChildProcess): Promise<number> {
  const reader = stdout.getReader();
  let heard = "";
  while (!heard.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Cannot measure: a server ended at once");
    heard += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return Number(/:(\d+)\n/.exec(heard)?.[1]);
}

/** Waits until a server of ours says that it is linked to so many others. */
async function linked(port: number, others: number): Promise<void> {
  while ((await welcomeOf(port)).members.length < others) await pause();
}

async function welcomeOf(port: number): Promise<Welcome> {
  using conn = await connect(port);
  await writeAll(conn, frame(Kind.Hello));
  return decodeWelcome(await awaitFrame(conn, Kind.Welcome));
}

/** Waits until a port accepts connections. */
export async function accepting(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await pause();
    }
  }
}

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Processes that end together. */
export class Running implements AsyncDisposable {
  readonly children: Deno.ChildProcess[] = [];

  /** Starts one, of which nobody reads the log: a pipe that fills up would stop it. */
  start([command = "", ...args]: readonly string[]): Deno.ChildProcess {
    const options = { args, stdin: "null", stdout: "piped", stderr: "null" } as const;
    const child = new Deno.Command(command, options).spawn();
    this.children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map(async (child) => {
      child.kill("SIGKILL");
      await child.stdout.cancel();
      await child.status;
    }));
  }
}

function contender(
  name: string,
  running: Running,
  { dialect, ports }: StartOptions & { readonly ports: readonly number[] },
): Contender {
  return {
    name,
    dialect,
    senderPort: ports[0] ?? 0,
    receiverPort: ports.at(-1) ?? 0,
    pids: running.children.map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}

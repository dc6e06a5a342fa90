/**
 * A LAN inside this machine: hosts that are network namespaces of Linux, on
 * networks that are bridges. Nothing of it can be reached from outside, nor
 * outside from it. It takes root and the program `ip`.
 *
 * @module
 */

import { Program } from "./program.ts";

/** No command of the system takes longer. */
const COMMAND_MS = 10_000;

let folder: string | null = null;

/** From now on hosts run the compiled programs in `binaries`; null: `deno run` again. */
export function runCompiled(binaries: string | null): void {
  folder = binaries;
}

/** What a program's file is called. */
function named(program: "server" | "client"): string {
  return folder === null ? program : `p2p-rtt-${program}`;
}

function compiled(): { readonly binaries?: string } {
  return folder === null ? {} : { binaries: folder };
}

/** How a host begins. */
export interface HostOptions {
  /** False: it knows no IPv6 at all. */
  readonly ipv6?: boolean;
  /** The network of its default route, which leads nowhere; null: it has none. */
  readonly defaultRoute?: string | null;
}

/** Several hosts on several networks. */
export class Lan implements AsyncDisposable {
  readonly #name: string;
  readonly #hosts: Host[] = [];
  readonly #networks = new Set<string>();
  #plugs = 0;

  private constructor(name: string) {
    this.#name = name;
  }

  /** A LAN without any hosts yet. */
  static async create(): Promise<Lan> {
    const lan = new Lan(`lan-${crypto.randomUUID().slice(0, 8)}`);
    await ip("netns", "add", lan.#name);
    return lan;
  }

  /**
   * A host on `networks`, with its address on each, such as `10.1.0.1/24`;
   * without one, it has the address that IPv6 gives to every interface.
   */
  async host(
    networks: Readonly<Record<string, string | null>>,
    options: HostOptions = {},
  ): Promise<Host> {
    const namespace = `${this.#name}-${this.#hosts.length + 1}`;
    await ip("netns", "add", namespace);
    const host = new Host(namespace);
    this.#hosts.push(host);
    await host.begin(options);
    for (const [network, address] of Object.entries(networks)) {
      await this.#plug(namespace, network);
      if (address !== null) await host.addAddress(network, address);
      await host.ip("link", "set", network, "up");
    }
    if (options.defaultRoute) {
      await host.ip("route", "add", "default", "dev", options.defaultRoute);
    }
    return host;
  }

  /** Takes every host away. */
  async [Symbol.asyncDispose](): Promise<void> {
    const namespaces = [...this.#hosts.map(({ namespace }) => namespace), this.#name];
    const removals = namespaces.map((namespace) => ip("netns", "del", namespace));
    // One that can't be removed must not keep the others.
    for (const removal of await Promise.allSettled(removals)) {
      if (removal.status === "rejected") throw removal.reason;
    }
  }

  async #plug(namespace: string, network: string): Promise<void> {
    await this.#network(network);
    const plug = `plug${++this.#plugs}`;
    const cable = ["link", "add", network, "netns", namespace, "type", "veth", "peer", plug];
    await ip("-n", this.#name, ...cable);
    await ip("-n", this.#name, "link", "set", plug, "master", network, "up");
  }

  async #network(network: string): Promise<void> {
    if (this.#networks.has(network)) return;
    this.#networks.add(network);
    await ip("-n", this.#name, "link", "add", network, "type", "bridge", "mcast_snooping", "0");
    await ip("-n", this.#name, "link", "set", network, "up");
  }
}

/** One host. Its interfaces have the names of their networks. */
export class Host {
  constructor(readonly namespace: string) {}

  /** What runs a program on this host. */
  get by(): string[] {
    return ["ip", "netns", "exec", this.namespace];
  }

  /** Before it has any interface but its own. */
  async begin({ ipv6 = true }: HostOptions): Promise<void> {
    // Nobody else has its addresses: they need no second of waiting for objections.
    await this.#set("accept_dad", "0");
    if (!ipv6) await this.#set("disable_ipv6", "1");
    await this.ip("link", "set", "lo", "up");
  }

  /** Gives it one more address on a network, such as `10.1.0.1/24`. */
  async addAddress(network: string, address: string): Promise<void> {
    await this.ip("address", "add", address, "dev", network);
  }

  /** Another address on a network, in place of all that it gave itself or was given. */
  async renumber(network: string, address: string): Promise<void> {
    await this.ip("-4", "address", "flush", "dev", network);
    await this.addAddress(network, address);
  }

  /** The address that means it on one network only, without its zone. */
  async linkLocal(network: string): Promise<string> {
    const text = await this.ip("-6", "-oneline", "address", "show", "dev", network);
    const [, address] = /inet6 (fe80:[^/]+)\//.exec(text) ?? [];
    if (address === undefined) throw new Error(`Cannot find its link-local address: ${text}`);
    return address;
  }

  /** Starts a server on this host, and waits until it accepts connections. */
  async server(...args: readonly string[]): Promise<Program> {
    const server = new Program(named("server"), [...args, "--log-format", "json"], {
      by: this.by,
      ...compiled(),
    });
    try {
      await server.says("listening on ");
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Starts a client on this host. */
  client(...args: readonly string[]): Program {
    return new Program(named("client"), ["--json", ...args], { by: this.by, ...compiled() });
  }

  /** Runs `ip` on this host, and returns what it prints. */
  ip(...args: readonly string[]): Promise<string> {
    return ip("-n", this.namespace, ...args);
  }

  async #set(what: string, value: string): Promise<void> {
    const [command = "", ...by] = this.by;
    const write =
      'for scope in all default; do echo "$2" > /proc/sys/net/ipv6/conf/$scope/$1; done';
    await run(command, [...by, "sh", "-c", write, "sh", what, value]);
  }
}

/** Why there can be no LAN inside this machine; null when there can. */
export async function lanProblem(): Promise<string | null> {
  try {
    await using lan = await Lan.create();
    await lan.host({ home: "10.1.0.1/24" });
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "no program ip";
    return /not permitted|denied/i.test(String(error)) ? "not root" : String(error);
  }
}

function ip(...args: readonly string[]): Promise<string> {
  return run("ip", args);
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    signal: AbortSignal.timeout(COMMAND_MS),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`Cannot run ${command} ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
}

/**
 * The servers that are measured: processes, and how to speak to them.
 *
 * @module
 */

import { baseMessage, delivery, register } from "../../lib/codec/base.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";
import { NUMBER_DIGITS, type Wire, writeAll } from "./flood.ts";

/** A running server that a flood can go through. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  /** The wire for texts of so many bytes. */
  wire(textBytes: number): Wire;
}

/** Our server, spoken to in base frames. */
export async function ourServer(): Promise<Contender> {
  const root = new URL("../../", import.meta.url);
  const args = ["run", "--quiet", "--allow-net", new URL("server.ts", root).pathname];
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args, "--listen", "127.0.0.1:0", "--join", "none", "--log-level", "error"],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const port = await listeningPort(process);
  return contender("server", process, (textBytes) => {
    const text = "0".repeat(textBytes);
    const arriving = delivery({ sender: "ada", receiver: "bob", text });
    return {
      sent: baseMessage("bob", text),
      sentDigitsAt: baseMessage("bob", "").length,
      receivedBytes: arriving.length,
      receivedDigitsAt: arriving.length - textBytes,
      connect: async () => ({
        sender: await registered(port, "ada"),
        receiver: await registered(port, "bob"),
      }),
    };
  });
}

/** A process that copies without looking: what the generator itself can do. */
export async function pipe(): Promise<Contender> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net", new URL("pipe.ts", import.meta.url).pathname],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const port = await listeningPort(process);
  return contender("bare copy", process, (textBytes) => {
    const sent = baseMessage("bob", "0".repeat(textBytes));
    const digitsAt = sent.length - textBytes;
    return {
      sent,
      sentDigitsAt: digitsAt,
      receivedBytes: sent.length,
      receivedDigitsAt: digitsAt,
      connect: async () => ({
        sender: await Deno.connect({ hostname: "127.0.0.1", port }),
        receiver: await Deno.connect({ hostname: "127.0.0.1", port }),
      }),
    };
  });
}

/** `nats-server`, if this machine has it. */
export function natsServer(): Contender | null {
  const port = freePort();
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command("nats-server", {
      args: ["-a", "127.0.0.1", "-p", String(port)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return contender("nats-server", process, (textBytes) => {
    const text = "0".repeat(textBytes);
    const sent = bytesOf(`PUB bob ${textBytes}\r\n${text}\r\n`);
    const head = `MSG bob 1 ${textBytes}\r\n`;
    return {
      sent,
      sentDigitsAt: sent.length - textBytes - 2,
      receivedBytes: head.length + textBytes + 2,
      receivedDigitsAt: head.length,
      connect: async () => ({
        sender: await natsClient(port, ""),
        receiver: await natsClient(port, "SUB bob 1\r\n"),
      }),
    };
  });
}

function contender(
  name: string,
  process: Deno.ChildProcess,
  wire: (textBytes: number) => Wire,
): Contender {
  return {
    name,
    wire: (textBytes) => wire(Math.max(textBytes, NUMBER_DIGITS)),
    [Symbol.asyncDispose]: async () => {
      process.kill("SIGKILL");
      await process.stdout.cancel().catch(() => {});
      await process.status;
    },
  };
}

async function registered(port: number, name: string): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  // The name of the last run may still be held until its connection is gone.
  for (;;) {
    await writeAll(conn, register(name));
    const reply = new Uint8Array(6);
    await conn.read(reply);
    if (reply[0] === frame(Kind.JoinOrRegistered)[0]) return conn;
  }
}

async function natsClient(port: number, then: string): Promise<Deno.TcpConn> {
  const conn = await connectWhenUp(port);
  await writeAll(conn, bytesOf(`CONNECT {"verbose":false}\r\n${then}PING\r\n`));
  let heard = "";
  const buffer = new Uint8Array(4096);
  while (!heard.includes("PONG\r\n")) {
    const read = await conn.read(buffer);
    if (read === null) throw new Error("Cannot connect: nats-server closed the connection");
    heard += new TextDecoder().decode(buffer.subarray(0, read));
  }
  return conn;
}

async function connectWhenUp(port: number): Promise<Deno.TcpConn> {
  for (;;) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
  }
}

async function listeningPort(process: Deno.ChildProcess): Promise<number> {
  const reader = process.stdout.getReader();
  let heard = "";
  while (!heard.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Cannot measure: the server ended at once");
    heard += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return Number(/:(\d+)\n/.exec(heard)?.[1]);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

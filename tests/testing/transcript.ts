/**
 * What happened in a simulated world, line by line, for people.
 *
 * @module
 */

import { readU48 } from "../../lib/codec/big_endian.ts";
import { HEADER_BYTES, Kind, kindText } from "../../lib/codec/wire.ts";
import type { World } from "./world.ts";

/** Writes down every frame that is sent, and all that is told to users and logs. */
export function transcribe(world: World, write: (line: string) => void): void {
  const { clock } = world.wires;
  const line = (text: string): void => write(`${clock.now.toFixed(2)} #${clock.steps} ${text}`);
  world.trace = line;
  const heard = world.wires.onSent;
  world.wires.onSent = (from, bytes) => {
    heard?.(from, bytes);
    const frames = framesIn(bytes);
    if (frames !== "") line(`${from.host} to ${from.peer?.host} (${from.link}): ${frames}`);
  };
}

/** The frames of one write. */
export function* framesOf(
  bytes: Uint8Array,
): IterableIterator<{ readonly kind: number; readonly payload: Uint8Array }> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const kind = (bytes[at] as number) << 8 | (bytes[at + 1] as number);
    const length = (bytes[at + 2] as number) << 8 | (bytes[at + 3] as number);
    yield { kind, payload: bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) };
    at += HEADER_BYTES + length;
  }
}

function framesIn(bytes: Uint8Array): string {
  // Signs of life, and what they say, would bury everything else.
  return [...framesOf(bytes)].filter(({ kind }) => !ROUTINE.has(kind))
    .map(({ kind, payload }) => frameText(kind, payload)).join("; ");
}

const ROUTINE: ReadonlySet<number> = new Set([Kind.Echo, Kind.EchoReply, Kind.Row]);

function frameText(kind: number, payload: Uint8Array): string {
  const type = kindText(kind);
  const text = new TextDecoder();
  switch (kind) {
    case Kind.StreamMessage:
    case Kind.StreamForward: {
      const words = text.decode(payload.subarray(34));
      return `${type} number ${readU48(payload, 12)} floor ${readU48(payload, 18)} ${words}`;
    }
    case Kind.Ack:
    case Kind.Receipt: {
      const [to, from, number] = [0, 6, 12].map((at) => readU48(payload, at));
      return `${type} to ${to} from ${from} number ${number} status ${payload[18]}`;
    }
    case Kind.Tally:
      return `${type} number ${readU48(payload, 12)}`;
    default:
      return payload.length === 0 ? type : `${type} ${text.decode(payload)}`;
  }
}

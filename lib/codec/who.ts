/**
 * Which names there are, and where; to whoever watches, also which ones come
 * and go.
 *
 * @module
 */

import { chunkedFrames, decodeFields, type Fields, jsonFrame } from "./json.ts";
import { Kind } from "./wire.ts";

/** One name and the id of the server that it is at. */
export interface NameCard {
  /** A registered name. */
  readonly name: string;
  /** The server's id, as in its card. */
  readonly server: string;
}

/** 15/0: which names are there? With `watch`, also from now on. */
export function who(watch: boolean): Uint8Array {
  return jsonFrame(Kind.Who, { watch });
}

/**
 * 15/0: whether the client wants to hear of changes, too.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeWho(payload: Uint8Array): boolean {
  return decodeFields(Kind.Who, payload).flag("watch");
}

/** 15/1, in as many frames as it needs; the last carries `done`. */
export function names(clients: readonly NameCard[]): Uint8Array[] {
  const frames = chunkedFrames(
    Kind.Names,
    { key: "clients", values: clients },
    true,
  );
  return [...frames, jsonFrame(Kind.Names, { clients: [], done: true })];
}

/** 15/1 to a watcher: one name came, or left. */
export function nameNews(
  change: "joined" | "left",
  client: NameCard,
): Uint8Array {
  return jsonFrame(
    Kind.Names,
    change === "joined" ? { joined: [client] } : { left: [client] },
  );
}

/** One 15/1, decoded. */
export interface NamesNews {
  /** Whether it is the first frame of a whole list, which replaces all told before. */
  readonly reset: boolean;
  /** Whether it ends the whole list. */
  readonly done: boolean;
  /** The part of the whole list that is in this frame. */
  readonly clients: readonly NameCard[];
  /** Names that appeared, told to watchers. */
  readonly joined: readonly NameCard[];
  /** Names that disappeared, told to watchers. */
  readonly left: readonly NameCard[];
}

/**
 * 15/1: a part of the list, or news; a list that is not there reads as empty.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeNames(payload: Uint8Array): NamesNews {
  const fields = decodeFields(Kind.Names, payload);
  return {
    reset: fields.flag("reset"),
    done: fields.flag("done"),
    clients: fields.objects("clients").map(nameCard),
    joined: fields.objects("joined").map(nameCard),
    left: fields.objects("left").map(nameCard),
  };
}

function nameCard(fields: Fields): NameCard {
  return { name: fields.text("name"), server: fields.text("server") };
}

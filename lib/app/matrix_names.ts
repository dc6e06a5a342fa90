/**
 * What servers are called in a matrix.
 *
 * @module
 */

import type { MatrixServer } from "../core/matrix.ts";
import { clean } from "./clean.ts";

/** What a server is called, by its id: its label, if no other has the same, else its address. */
export function namesOf(servers: readonly MatrixServer[]): (id: string) => string {
  const labels = servers.map(({ label }) => clean(label));
  const names = new Map(servers.map(({ id, address }, at) => {
    const label = labels[at] ?? "";
    const isOwn = label !== "" && labels.filter((other) => other === label).length === 1;
    return [id, isOwn ? label : clean(address)];
  }));
  return (id) => names.get(id) ?? clean(id);
}

/** A, B, ..., Z, AA, AB, ...: the letters of a server by its index. */
export function lettersOf(index: number): string {
  const letter = String.fromCharCode("A".charCodeAt(0) + index % 26);
  return index < 26 ? letter : lettersOf(Math.floor(index / 26) - 1) + letter;
}

/**
 * What servers are called in a matrix.
 *
 * @module
 */

import type { MatrixRow } from "../core/events.ts";
import { clean } from "./clean.ts";

/** The label of each server, if no other has the same, else its address; by id. */
export function namesOf(rows: readonly MatrixRow[]): ReadonlyMap<string, string> {
  const labels = rows.map(({ label }) => clean(label));
  return new Map(rows.map(({ from, address }, at) => {
    const label = labels[at] ?? "";
    const isOwn = label !== "" && labels.filter((other) => other === label).length === 1;
    return [from, isOwn ? label : clean(address)];
  }));
}

/** A, B, ..., Z, AA, AB, ...: the letters of a server by its index. */
export function lettersOf(index: number): string {
  const letter = String.fromCharCode("A".charCodeAt(0) + index % 26);
  return index < 26 ? letter : lettersOf(Math.floor(index / 26) - 1) + letter;
}

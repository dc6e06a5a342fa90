import { assertEquals } from "@std/assert";
import { lettersOf, namesOf } from "../../lib/app/matrix_names.ts";

Deno.test("a server is called by its label, if no other has it, else by its address", () => {
  const row = { ageMs: 0, lagMs: 0, cells: [] };
  const names = namesOf([
    { ...row, from: "1", address: "a:1", label: "attic" },
    { ...row, from: "2", address: "b:2", label: "twin" },
    { ...row, from: "3", address: "c:3\u001b[2J", label: "twin" },
    { ...row, from: "4", address: "d:4", label: "" },
    { ...row, from: "5", address: "e:5", label: "\u001b[31mred" },
  ]);
  assertEquals([...names.values()], ["attic", "b:2", "c:3", "d:4", "red"]);
});

Deno.test("letters of servers, more than there are letters", () => {
  assertEquals([0, 1, 25, 26, 51, 52, 701, 702].map(lettersOf), [
    ...["A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA"],
  ]);
});

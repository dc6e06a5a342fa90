import { assertEquals } from "@std/assert";
import { lettersOf, namesOf } from "../../lib/app/matrix_names.ts";

Deno.test("a server is called by its label, if no other has it, else by its address", () => {
  const nameOf = namesOf([
    { id: "1", address: "a:1", label: "attic" },
    { id: "2", address: "b:2", label: "twin" },
    { id: "3", address: "c:3\u001b[2J", label: "twin" },
    { id: "4", address: "d:4", label: "" },
    { id: "5", address: "e:5", label: "\u001b[31mred" },
  ]);
  assertEquals(["1", "2", "3", "4", "5"].map(nameOf), ["attic", "b:2", "c:3", "d:4", "red"]);
  assertEquals(nameOf("6\u001b[2J"), "6");
});

Deno.test("letters of servers, more than there are letters", () => {
  assertEquals([0, 1, 25, 26, 51, 52, 701, 702].map(lettersOf), [
    ...["A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA"],
  ]);
});

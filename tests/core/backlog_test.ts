import { assertEquals } from "@std/assert";
import { Backlog } from "../../lib/core/backlog.ts";
import { seededRandom } from "../testing/random.ts";

Deno.test("a backlog is in every step what an array would be", () => {
  const random = seededRandom(1);
  const backlog = new Backlog<{ number: number }>();
  const naive: number[] = [];
  let number = 0;
  for (let step = 0; step < 20_000; step++) {
    const choice = random();
    if (choice < 0.5) {
      number += 1 + Math.floor(random() * 2);
      backlog.push({ number });
      naive.push(number);
    } else {
      const index = choice < 0.9 ? 0 : Math.floor(random() * naive.length);
      assertEquals(backlog.remove(index)?.number, naive.splice(index, 1)[0]);
    }
    const wanted = Math.floor(random() * (number + 2));
    assertEquals(backlog.indexOf(wanted), naive.indexOf(wanted));
    assertEquals(backlog.length, naive.length);
    assertEquals(backlog.at(0)?.number, naive[0]);
    assertEquals(backlog.at(naive.length), undefined);
  }
});

Deno.test("nothing is taken from an empty backlog", () => {
  const backlog = new Backlog<{ number: number }>();
  assertEquals(backlog.remove(0), undefined);
  assertEquals(backlog.indexOf(1), -1);
});

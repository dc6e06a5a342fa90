import { assertEquals } from "@std/assert";
import { watchView } from "../../lib/app/watch_view.ts";
import { RttWindow } from "../../lib/core/window.ts";
import type { Rtt } from "../../lib/app/tables.ts";

const AT = { colour: false, width: 80, height: 24, intervalMs: 1_000 };

/** What samples of a server look like: null is missing, negative is late. */
function watched(server: string, recent: (number | null)[], more: Partial<Rtt> = {}): Rtt {
  const window = new RttWindow(60);
  for (const ms of recent) {
    if (ms === null) window.miss(1);
    else window.add(Math.abs(ms), { late: ms < 0 });
  }
  const summary = window.summary();
  return {
    ...{ kind: "rtt", server, summary, nearest: false, state: "measured", ageMs: 300, recent },
    ...more,
  };
}

const NEAR = watched("10.0.0.1:4000", [0.31, 0.3, 0.9, -70, 0.4, 0.35], { nearest: true });
const FAR = watched("10.0.0.2:4000", [31.2, 33, null, 30.5, 36.5, 30.9]);
const GONE = watched("10.0.0.3:4000", [null, null, null], { state: "failed", ageMs: null });
const NEW = watched("10.0.0.4:4000", [], { state: "none", ageMs: null });

Deno.test("watch: the nearest first, each with its samples on one scale", () => {
  assertEquals(watchView([NEW, GONE, FAR, NEAR], AT), [
    "  server           loss      min     p50     max",
    "* 10.0.0.1:4000    0.0%    0.300   0.350   0.900                          ▁▁▃!▂▁",
    "  10.0.0.2:4000   16.7%   30.500  31.200  36.500                          ██×███",
    "  10.0.0.3:4000  100.0%   failed       -       -                             ×××",
    "  10.0.0.4:4000       -  no data       -       -",
    "times in ms, * nearest; 1 of 11 samples left out: this machine was busy; ▁ 200",
    "us to █ 50 ms; × no reply; ! late here; each 1 s; Ctrl-C ends",
  ]);
});

Deno.test("watch: on a narrow terminal columns go, then bars", () => {
  assertEquals(watchView([NEAR, FAR], { ...AT, width: 40 }), [
    "  server          loss     min",
    "* 10.0.0.1:4000   0.0%   0.300    ▁▁▃!▂▁",
    "  10.0.0.2:4000  16.7%  30.500    ██×███",
    "times in ms, * nearest; 1 of 11 samples",
    "left out: this machine was busy; ▁ 200",
    "us to █ 50 ms; × no reply; ! late here;",
    "each 1 s; Ctrl-C ends",
  ]);
  assertEquals(watchView([NEAR], { ...AT, width: 32 }).slice(0, 2), [
    "  server         loss    min",
    "* 10.0.0.1:4000  0.0%  300.0",
  ]);
});

Deno.test("watch: a low terminal shows the nearest, and how many there are besides", () => {
  const many = [1, 2, 3, 4, 5, 6].map((at) => watched(`10.0.0.${at}:4000`, [at / 10]));
  assertEquals(watchView(many, { ...AT, height: 6 }), [
    "  server         loss    min    p50    max",
    "  10.0.0.1:4000  0.0%  100.0  100.0  100.0                                     ▁",
    "  10.0.0.2:4000  0.0%  200.0  200.0  200.0                                     ▄",
    "  10.0.0.3:4000  0.0%  300.0  300.0  300.0                                     ▆",
    "and 3 more; times in us, * nearest; ▁ 100 us to █ 1 ms; each 1 s; Ctrl-C ends",
  ]);
});

Deno.test("watch: in colour late samples are dim, and numbers have the colours of their values", () => {
  assertEquals(watchView([NEAR], { ...AT, colour: true }), [
    "\u001b[1m  server         loss    min    p50    max\u001b[0m",
    "* 10.0.0.1:4000  0.0%  \u001b[38;5;255;48;5;54m300.0\u001b[0m  " +
    "\u001b[38;5;255;48;5;54m350.0\u001b[0m  \u001b[38;5;255;48;5;24m900.0\u001b[0m" +
    "                                ▃▃█\u001b[2m█\u001b[0m▄▃",
    "\u001b[2mtimes in us, * nearest; 1 of 6 samples left out: this machine was busy; ▁ 200 us\u001b[0m",
    "\u001b[2mto █ 1 ms; dim: late here; each 1 s; Ctrl-C ends\u001b[0m",
  ]);
});

Deno.test("watch: what a server calls itself drives no terminal", () => {
  const [, row = ""] = watchView([watched("a\u001b[2J:1", [0.3])], AT);
  assertEquals(row.startsWith("  a:1  "), true, row);
});

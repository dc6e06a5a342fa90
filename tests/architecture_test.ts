/**
 * Who may import whom, and where the outside world may appear. The cores stay
 * pure, so that they can be simulated, and be fast.
 */

import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** What each folder may import: folders of ours, and packages. */
const MAY_IMPORT: Readonly<Record<string, { ours: readonly string[]; packages: RegExp }>> = {
  "lib/codec": { ours: ["lib/codec"], packages: /^@std\/bytes\// },
  "lib/core": { ours: ["lib/core", "lib/codec"], packages: /^$/ },
  "lib/net": { ours: ["lib/net"], packages: /^node:(dgram|timers)$/ },
  "lib/app": {
    ours: ["lib/app", "lib/net", "lib/core", "lib/codec"],
    packages: /^(@std\/cli\/|node:(net|readline|stream)$)/,
  },
  "": { ours: ["lib/app"], packages: /^$/ },
};

/** The outside world, which codec/ and core/ must not know. */
const OUTSIDE = /\bDeno\.|\bDate\b|\bperformance\b|\bMath\.random\b|\bset(Timeout|Interval)\b/;

/** The top level: nothing else grows there. */
const TOP_LEVEL = [
  ".ci",
  ".git",
  ".gitignore",
  "CHANGELOG.md",
  "LICENSE",
  "PROTOCOL.md",
  "README.md",
  "client.ts",
  "deno.json",
  "deno.lock",
  "lib",
  "server.ts",
  "tests",
];

/** Entry points only parse, listen for signals and run. */
const MAX_ENTRY_LINES = 80;

interface Source {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

async function* sourcesIn(folder: string): AsyncIterableIterator<Source> {
  for await (const entry of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sourcesIn(path);
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) {
      yield { path, folder, text: await Deno.readTextFile(new URL(path, ROOT)) };
    }
  }
}

async function sources(): Promise<Source[]> {
  const found: Source[] = await Array.fromAsync(sourcesIn("lib"));
  for (const path of ["server.ts", "client.ts"]) {
    found.push({ path, folder: "", text: await Deno.readTextFile(new URL(path, ROOT)) });
  }
  return found;
}

/** The code without comments, in which examples import whatever they like. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

function importsOf({ text }: Source): string[] {
  return [...codeOf(text).matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)";/gm)]
    .map((match) => match[1] ?? "");
}

/** The folder that a relative import leads to. */
function targetOf(path: string, specifier: string): string {
  const target = new URL(specifier, new URL(path, "file:///")).pathname.slice(1);
  return target.slice(0, Math.max(0, target.lastIndexOf("/")));
}

Deno.test("everyone imports only whom he may", async () => {
  const wrong: string[] = [];
  for (const source of await sources()) {
    const rule = MAY_IMPORT[source.folder];
    if (rule === undefined) {
      wrong.push(`${source.path}: no rule for this folder; lib has codec, core, net and app`);
      continue;
    }
    for (const specifier of importsOf(source)) {
      const isOurs = specifier.startsWith(".");
      const allowed = isOurs
        ? rule.ours.includes(targetOf(source.path, specifier))
        : rule.packages.test(specifier);
      if (!allowed) {
        wrong.push(
          `${source.path} imports ${specifier}: arrows go entry -> app -> {net, core}, ` +
            "core -> codec -> @std/bytes, and net imports nothing of ours",
        );
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("the outside world stays out of codec and core", async () => {
  const wrong: string[] = [];
  for (const { path, folder, text } of await sources()) {
    if (folder !== "lib/codec" && folder !== "lib/core") continue;
    for (const line of codeOf(text).split("\n")) {
      if (!OUTSIDE.test(line)) continue;
      wrong.push(`${path}: ${line.trim()}: time and randomness come in as values`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("the top level holds the programs, the library, the tests and the documents", async () => {
  const extra: string[] = [];
  for await (const { name } of Deno.readDir(ROOT)) {
    const isIgnored = ["dist", "coverage", "node_modules"].includes(name);
    if (!TOP_LEVEL.includes(name) && !isIgnored) extra.push(name);
  }
  assertEquals(extra, []);
});

Deno.test("the entry points are thin", async () => {
  for (const { path, folder, text } of await sources()) {
    if (folder !== "") continue;
    const lines = text.split("\n").length;
    assertEquals(lines <= MAX_ENTRY_LINES, true, `${path} has ${lines} lines`);
  }
});

Deno.test("no barrel, no cycle", async () => {
  const imports = new Map<string, string[]>();
  for (const source of await sources()) {
    imports.set(
      source.path,
      importsOf(source).filter((specifier) => specifier.startsWith("."))
        .map((specifier) => new URL(specifier, new URL(source.path, "file:///")).pathname.slice(1)),
    );
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (trail.includes(path) || done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  assertEquals(cycles, []);
});

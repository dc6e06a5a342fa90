import { assert, assertEquals } from "@std/assert";
import { parseServerArgs } from "../../lib/app/server_args.ts";
import { SERVICE_BINARY } from "../../lib/app/service_unit.ts";

/** A label with everything in it that means something to one of the formats. */
const AWKWARD = `a"b\\c'd$e%f&g<h>i;j#k`;

const OPTIONS = ["--label", AWKWARD, "--join=[fe80::1%eth0]:4000", "--join", "b:2", "--discover"];

/** The arguments that the service must run with. */
const ARGS = ["--join=[fe80::1%eth0]:4000", "--join=b:2", "--discover", `--label=${AWKWARD}`];

function unit(...args: readonly string[]): string {
  const command = parseServerArgs(["service-unit", ...args]);
  assert(command.kind === "service-unit");
  return command.text;
}

Deno.test("a unit for systemd runs the server with the options given", () => {
  const text = unit("systemd", ...OPTIONS);
  const [, line = ""] = /^ExecStart=(.*)$/m.exec(text) ?? [];
  assertEquals(systemdWords(line), [SERVICE_BINARY, ...ARGS]);
  for (const each of ["Restart=on-failure", "DynamicUser=yes", "WantedBy=multi-user.target"]) {
    assert(text.split("\n").includes(each), each);
  }
  assertEquals(text.match(/^\[.*\]$/gm), ["[Unit]", "[Service]", "[Install]"]);
});

Deno.test("a low port takes a capability, and nothing else does", () => {
  const bounding = (...args: readonly string[]): string | undefined =>
    /^CapabilityBoundingSet=(.*)$/m.exec(unit("systemd", ...args))?.[1];
  assertEquals(bounding("--listen", ":80"), "CAP_NET_BIND_SERVICE");
  assertEquals(bounding("--listen", ":1024"), "");
  assertEquals(bounding("--listen", ":0"), "");
  assertEquals(bounding(), "");
});

Deno.test("a service that only its own machine reaches says so", () => {
  for (const system of ["systemd", "launchd"]) {
    assert(unit(system).includes("only this machine reaches it"), system);
    for (const option of ["--discover", "--listen=:4000"]) {
      assert(!unit(system, option).includes("only this machine"), system);
    }
  }
});

Deno.test("a plist for launchd is well-formed, and runs the server with the options given", () => {
  const value = plistValue(unit("launchd", ...OPTIONS));
  assertEquals(value["ProgramArguments"], [SERVICE_BINARY, ...ARGS]);
  assertEquals(value["Label"], "p2p-rtt-server");
  assertEquals([value["RunAtLoad"], value["KeepAlive"]], [true, { SuccessfulExit: false }]);
  plistValue(unit("launchd"));
});

const analyze = await hasSystemdAnalyze();

Deno.test({
  name: `systemd finds nothing wrong with the unit${
    analyze ? "" : " (skipped: systemd-analyze is not installed)"
  }`,
  ignore: !analyze,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/p2p-rtt-server.service`;
      // It insists on a program that exists.
      const text = unit("systemd", ...OPTIONS, "--listen", ":80").replaceAll(
        SERVICE_BINARY,
        "/bin/true",
      );
      await Deno.writeTextFile(path, `${text}\n`);
      const { code, stderr } = await new Deno.Command("systemd-analyze", {
        args: ["verify", "--man=no", path],
      }).output();
      const said = new TextDecoder().decode(stderr).split("\n");
      // Other units of this machine are none of our business.
      assertEquals(said.filter((line) => line.includes("p2p-rtt")), []);
      assertEquals(code, 0, said.join("\n"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function hasSystemdAnalyze(): Promise<boolean> {
  try {
    return (await new Deno.Command("systemd-analyze", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/** A command line as systemd reads it: words, in quotes or not, with its two doubled letters. */
function systemdWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)]
    .map(([, inQuotes, bare]) => inQuotes?.replaceAll(/\\(.)/g, "$1") ?? bare ?? "")
    .map((word) => word.replaceAll("%%", "%").replaceAll("$$", "$"));
}

type PlistValue = string | boolean | PlistValue[] | { [key: string]: PlistValue };

/** A strict reader of the few elements that a plist has; throws when it is not well-formed. */
function plistValue(text: string): { readonly [key: string]: PlistValue } {
  const comments = [...text.matchAll(/<!--([^]*?)-->/g)].map(([, comment = ""]) => comment);
  assert(comments.every((comment) => !comment.includes("--")), "two dashes inside a comment");
  const body = text.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<!DOCTYPE plist [^>]*>/, "")
    .replaceAll(/<!--[^]*?-->/g, "");
  const tokens = [...body.matchAll(/<(\/?)(\w+)((?: [^<>]*?)?)(\/?)>|([^<>]+)/g)];
  assertEquals(tokens.map(([token]) => token).join(""), body);
  let at = 0;
  const next = (): string => {
    while (/^\s+$/.test(tokens[at]?.[0] ?? "")) at++;
    return tokens[at++]?.[0] ?? "";
  };
  const textOf = (element: string): string => {
    const inside = tokens[at]?.[0] ?? "";
    const isText = !inside.startsWith("<");
    if (isText) at++;
    assertEquals(next(), `</${element}>`);
    if (!isText) return "";
    assert(!/&(?!(amp|lt|gt);)/.test(inside), inside);
    return inside.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  };
  const value = (token: string): PlistValue => {
    if (token === "<true/>" || token === "<false/>") return token === "<true/>";
    if (token === "<string>") return textOf("string");
    if (token === "<integer>") return textOf("integer");
    if (token === "<array>") {
      const items: PlistValue[] = [];
      for (let item = next(); item !== "</array>"; item = next()) items.push(value(item));
      return items;
    }
    assertEquals(token, "<dict>");
    const entries: [string, PlistValue][] = [];
    for (let key = next(); key !== "</dict>"; key = next()) {
      assertEquals(key, "<key>");
      entries.push([textOf("key"), value(next())]);
    }
    return Object.fromEntries(entries);
  };
  assertEquals(next(), '<plist version="1.0">');
  const result = value(next());
  assertEquals([next(), next()], ["</plist>", ""]);
  return result as { readonly [key: string]: PlistValue };
}

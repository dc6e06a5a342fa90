/**
 * Descriptions of a server that the system starts, for systemd and for launchd.
 * They are printed, not installed.
 *
 * @module
 */

import type { Address } from "../core/address.ts";
import { NODE_LIMITS } from "../core/node.ts";
import { BINARIES } from "./program.ts";
import { suggest } from "./suggest.ts";
import { quoted, UsageError } from "./usage_error.ts";

/** The systems that there are descriptions for. */
export const SYSTEMS = ["systemd", "launchd"] as const;

/** Where a system keeps programs that did not come with it. */
export const SERVICE_BINARY = `/usr/local/bin/${BINARIES.server}`;

/** Open files: connections, and some for the program itself. */
const OPEN_FILES = NODE_LIMITS.connections + 512;

/** Ports below need a permission. */
const FIRST_FREE_PORT = 1024;

/** How the server shall run. */
export interface Service {
  /** The arguments that say so. */
  readonly args: readonly string[];
  /** Null: it chooses one on this machine, or on all interfaces if it discovers. */
  readonly listen: Address | null;
  /** The clique that it finds on the LAN, and is found in. Null: none. */
  readonly discover: string | null;
}

/**
 * The description for the system that `rest` of the command line names, or for
 * the one that is usual here.
 *
 * @throws {UsageError} when `rest` is anything but one system.
 */
export function serviceUnit(service: Service, rest: readonly string[]): string {
  const [word = Deno.build.os === "darwin" ? "launchd" : "systemd", more] = rest;
  const system = SYSTEMS.find((known) => known === word);
  if (system === undefined) {
    const meant = suggest(word, SYSTEMS);
    const advice = meant === null ? `allowed are ${SYSTEMS.join(", ")}` : `did you mean ${meant}?`;
    throw new UsageError(`Unknown system ${quoted(word)}: ${advice}`);
  }
  if (more !== undefined) {
    throw new UsageError(`Unexpected argument ${quoted(more)}: service-unit takes one system`);
  }
  return system === "systemd" ? systemdUnit(service) : launchdPlist(service);
}

function systemdUnit(service: Service): string {
  const { args, listen } = service;
  const isPrivileged = listen !== null && listen.port > 0 && listen.port < FIRST_FREE_PORT;
  const capability = isPrivileged ? "CAP_NET_BIND_SERVICE" : "";
  return `# ${BINARIES.server} as a service of systemd. As root:
#   install dist/${BINARIES.server} ${SERVICE_BINARY}
#   ${[BINARIES.server, "service-unit", "systemd", "..."].join(" ")} > ` +
    `/etc/systemd/system/${BINARIES.server}.service
#   systemctl daemon-reload && systemctl enable --now ${BINARIES.server}
# Its log: journalctl -u ${BINARIES.server}
${loopbackRemark(service, "# ")}[Unit]
Description=Server of the p2p-rtt clique
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${[SERVICE_BINARY, ...args].map(systemdQuoted).join(" ")}
Restart=on-failure
RestartSec=2
# ${NODE_LIMITS.connections} connections, and some for itself.
LimitNOFILE=${OPEN_FILES}
# It needs the network, and nothing else of the machine.
DynamicUser=yes
NoNewPrivileges=yes
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077

[Install]
WantedBy=multi-user.target`;
}

function launchdPlist(service: Service): string {
  const log = `/var/tmp/${BINARIES.server}.log`;
  const file = `/Library/LaunchDaemons/${BINARIES.server}.plist`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ` +
    `"http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${BINARIES.server} as a service of launchd. As root:
       cp dist/${BINARIES.server} ${SERVICE_BINARY}
       ${[BINARIES.server, "service-unit", "launchd", "..."].join(" ")} > ${file}
       launchctl bootstrap system ${file}
     Its log: ${log}
${loopbackRemark(service, "     ")}-->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${BINARIES.server}</string>
  <key>ProgramArguments</key>
  <array>
${
      [SERVICE_BINARY, ...service.args].map((word) => `    <string>${xmlText(word)}</string>`).join(
        "\n",
      )
    }
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>UserName</key>
  <string>nobody</string>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>${OPEN_FILES}</integer>
  </dict>
  <key>StandardOutPath</key>
  <string>${log}</string>
  <key>StandardErrorPath</key>
  <string>${log}</string>
</dict>
</plist>`;
}

/** Whoever makes a service of it hardly means that; the log says so where nobody looks. */
function loopbackRemark({ listen, discover }: Service, margin: string): string {
  if (listen !== null || discover !== null) return "";
  // Two dashes in a row would end a comment of XML.
  return `${margin}It is told neither to listen nor to discover: only this machine reaches it.\n`;
}

/** One word of a command line, as systemd reads it. */
function systemdQuoted(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[\w@%$:.,=/[\]+-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

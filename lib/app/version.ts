/** The version of both programs; the same as in deno.json. */
export const VERSION = "0.1.0";

/** What `--version` prints. */
export const VERSION_TEXT = `p2p-rtt ${VERSION}`;

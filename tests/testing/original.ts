/**
 * The original programs, emulated for tests: a server and a client that speak
 * the base protocol over real TCP on 127.0.0.1, with their quirks. They were
 * written from the protocol's facts and share no code with the product.
 *
 * @module
 */

export {
  OriginalClient,
  type OriginalClientOptions,
  type OriginalMessage,
  RefusedError,
} from "./original_client.ts";
export type { ReceivedFrame } from "./original_frame.ts";
export { OriginalServer } from "./original_server.ts";
export type { OriginalConnections } from "./original_sockets.ts";
export type { OriginalServerOptions, OriginalVariant } from "./original_variant.ts";
export { freeFourDigitPort, onFourDigitPort } from "./original_wire.ts";

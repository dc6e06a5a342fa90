/**
 * What somebody who chats may ask: who is here, which servers there are, and
 * how far away they are.
 *
 * @module
 */

import type { Attachment } from "./attachment.ts";
import { Failure } from "./failure.ts";
import { LiveSession } from "./live_session.ts";
import { type Client, type Rtt, rttTable, type Server, serverTable, whoTable } from "./tables.ts";

/** The questions of one chat. Answers come in the order of the questions. */
export class Questions {
  readonly #attachment: Attachment;
  readonly #complain: (problem: string) => void;
  #clients: Client[] = [];
  #asking: Promise<unknown> = Promise.resolve();
  #answers: Promise<void> = Promise.resolve();

  /** `complain` takes why there is no answer, in one line. */
  constructor(attachment: Attachment, complain: (problem: string) => void) {
    this.#attachment = attachment;
    this.#complain = complain;
  }

  /** Resolves when everything that was asked so far has its answer. */
  get answered(): Promise<void> {
    return this.#answers;
  }

  /** The home tells of a client. */
  client(event: Client): void {
    this.#clients.push(event);
  }

  /** `/who`. */
  who(): void {
    const { session } = this.#attachment;
    if (session.call((core) => core.home) === null) {
      this.#complain("Cannot list clients: there is no server at the moment");
      return;
    }
    this.#answer(async () => {
      const clients = await this.clients({ watch: false });
      if (clients !== null) this.#attachment.printer.table(clients, whoTable);
      else this.#complain("Cannot list clients: an original server does not tell them");
    });
  }

  /** `/servers`. */
  servers(): void {
    this.#answer(async () => {
      await using fresh = await this.#survey({ probes: 0 });
      const servers = fresh.call((core) => core.servers());
      this.#attachment.printer.table(servers as Server[], serverTable);
    });
  }

  /** `/rtt`. */
  rtts(): void {
    this.#answer(async () => {
      await using fresh = await this.#survey({});
      const rtts = fresh.call((core, now) => core.rtts(now));
      this.#attachment.printer.table(rtts as Rtt[], rttTable);
    });
  }

  /** Everybody, and with `watch` who comes and goes from now on; null if the home can't tell. */
  clients({ watch }: { watch: boolean }): Promise<readonly Client[] | null> {
    const { session } = this.#attachment;
    // One question at a time: the answers carry nothing to tell them apart by.
    const answer = this.#asking.then(async () => {
      this.#clients = [];
      const answered = session.completed("who");
      if (!session.call((core) => core.who(watch))) return null;
      await answered;
      return this.#clients;
    });
    this.#asking = answer;
    return answer;
  }

  /** Asks the servers anew: what was learnt on arrival may be long ago. */
  async #survey(options: { readonly probes?: number }): Promise<LiveSession> {
    const known = this.#attachment.session.call((core) => core.servers()) as Server[];
    const servers = known.map(({ address }) => address);
    const fresh = new LiveSession({ servers, pin: false, ...options });
    try {
      await fresh.gather();
      return fresh;
    } catch (error) {
      await fresh[Symbol.asyncDispose]();
      throw error;
    }
  }

  #answer(work: () => Promise<void>): void {
    this.#answers = this.#answers.then(work).catch((error) => {
      if (!(error instanceof Failure)) throw error;
      this.#complain(error.message);
    });
  }
}

import { Attachment } from "./attachment.js";
import { Backoff } from "./backoff.js";
import type { Core } from "./core.js";
import { type Connection, connect } from "./dial.js";
import { ClosedError, type HubError, StatusError, SupersededError } from "./errors.js";
import { lookAtCapabilities, newHello, refusedSubscription } from "./hello.js";
import { AnewError } from "./hubs.js";
import { type HubStatus, hubError, isAlias, isFinal } from "./link-status.js";
import { type Greeting, Stream } from "./stream.js";
import { Token } from "./token.js";

/** How often a link looks whether the hub at its address is still one that another link leads to, in milliseconds. */
const RECHECK = 30_000;

/** After any other code an envelope may be what ended the stream: it is not sent again. */
const RESUMABLE = ["UNAVAILABLE", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED"];

/** Keeps this process attached to the hub at one address, whichever it is at the moment. */
export class Link {
  readonly core: Core;
  readonly address: string;
  /** Whether somebody looks for a hub here. */
  wanted = true;
  /** Id of the hub to which it was attached last. */
  last = "";
  /** Id of the hub that is believed to be there. */
  expected: string;
  /** Hubs that its hello names, while it has no answer. */
  greets: string[] | undefined;
  refused = false;
  #since: Date | undefined;
  #problem: HubError | undefined;
  #attachment: Attachment | undefined;
  #stream: Stream | undefined;
  #again: Backoff;
  #text = "";
  /** Whether the log has a warning that there is no hub here, and not yet that there is one. */
  #warned = false;
  readonly #token: Token;
  #wake: (() => void) | undefined;
  #resting = false;

  constructor(core: Core, address: string, expected: string) {
    this.core = core;
    this.address = address;
    this.expected = expected;
    this.#token = new Token(core.settings);
    this.#again = new Backoff(core.settings.backoffMin, core.settings.backoffMax);
  }

  /** Attaches again and again until the core closes or nobody looks for a hub here. An error ends the run. */
  async serve(): Promise<HubError | undefined> {
    try {
      for (;;) {
        if (!this.wanted || this.core.aborted) return undefined;
        const error = await this.#once().catch(hubError);
        if (this.core.aborted) return undefined;
        if (this.core.closing && !(this.#attachment?.ended === false && this.#attachment.busy)) return undefined;
        const ends = this.#judge(error);
        if (ends !== undefined) return ends;
        if (this.wanted) await this.#wait(error);
      }
    } finally {
      this.#drop("closed");
    }
  }

  /** Notes a refusal; the error that ends the run, if it does. */
  #judge(error: HubError | undefined): HubError | undefined {
    if (error instanceof SupersededError && !this.core.runner.mayMeet(this.last)) return error;
    this.refused = isFinal(error, this.core.attachedOnce) && !this.#tokenMayDiffer(error);
    if (this.refused) return this.core.runner.refusedEverywhere() ? error : undefined;
    if (!isAlias(error)) this.core.runner.unreachable();
    return undefined;
  }

  #tokenMayDiffer(error: HubError | undefined): boolean {
    return error?.code === "UNAUTHENTICATED" && this.core.settings.tokenMayDiffer;
  }

  async #wait(error: HubError | undefined): Promise<void> {
    this.#problem = error;
    let delay = this.#again.next();
    this.#resting = isAlias(error);
    if (this.#resting) delay = RECHECK;
    else if (this.refused) delay = this.core.settings.backoffMax;
    this.#complain(error, delay);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    this.#resting = false;
    if (
      this.#tokenMayDiffer(error) &&
      this.wanted &&
      !this.core.closing &&
      !this.core.aborted &&
      !(await this.#token.another())
    ) {
      return this.#wait(error);
    }
  }

  /** Ends a wait: the link is not wanted any more, or the core closes. */
  stir(): void {
    this.#wake?.();
  }

  /** A stream of another link has ended: the hub here may be free. */
  freed(): void {
    if (this.#resting) this.#wake?.();
  }

  /** Begins to leave. */
  drain(): void {
    this.#stream?.drain();
    if (this.greets !== undefined && this.#attachment === undefined) this.#stream?.abort(new ClosedError()); // nobody needs the welcome
    if (this.#attachment === undefined || !this.#attachment.busy) this.stir();
  }

  /** Something has come to an end while leaving. */
  drained(): void {
    this.#stream?.drained();
  }

  abort(): void {
    this.#stream?.abort(new ClosedError());
    this.stir();
  }

  async #once(): Promise<HubError | undefined> {
    if (this.#attachment !== undefined && !this.#attachment.wake()) this.#drop("lost");
    const resume = this.#attachment?.out.resumable && this.#attachment.id.length > 0 ? this.#attachment : undefined;
    if (resume === undefined) {
      this.#drop("lost");
      if (this.core.closing) return undefined;
    }
    let stream: Stream;
    let greeting: Greeting;
    try {
      const connection = await this.#dial();
      if (this.core.aborted || (this.core.closing && resume === undefined)) {
        connection.close();
        throw new ClosedError();
      }
      [stream, greeting] = await this.core.runner.inTurn(() => this.#greet(connection, resume));
    } catch (error) {
      this.#stream = undefined;
      return this.#notAttached(error);
    }
    const attachment = this.#attachment as Attachment;
    this.#text = "";
    this.refused = false;
    this.#since = new Date();
    this.#problem = undefined;
    this.core.attached(attachment, greeting.welcome.resumed, this.#warned);
    this.#warned = false;
    const over = stream.serve(attachment, greeting.early);
    this.core.line.open(attachment);
    if (this.core.closing) stream.drain();
    const error = await over;
    if (Date.now() - stream.began >= stream.heartbeat) this.#again.reset();
    return this.#ended(attachment, error);
  }

  /** Connects. The credential is looked up each time. */
  async #dial(): Promise<Connection> {
    await this.#token.next();
    this.#token.check(this.address);
    return connect(this.core.settings, this.address);
  }

  async #greet(connection: Connection, resume: Attachment | undefined): Promise<[Stream, Greeting]> {
    const stream = new Stream(connection, connection.call(this.#token.shown), this.address);
    this.#stream = stream;
    const hello = newHello(this.core, this, resume);
    this.greets = hello.attachedHubIds;
    try {
      const greeting = await stream.greet(hello);
      this.#welcome(stream, greeting, hello.anew, resume);
      return [stream, greeting];
    } catch (error) {
      stream.hangUp();
      throw error;
    } finally {
      this.greets = undefined;
    }
  }

  /** Applies the hub's answer: takes the attachment up, or makes a new one. */
  #welcome(stream: Stream, { welcome, seq }: Greeting, anew: boolean, resume: Attachment | undefined): void {
    this.expected = welcome.hubId;
    const beat = welcome.heartbeatInterval;
    if (beat !== undefined) stream.heartbeat = Math.max(beat.seconds * 1000 + beat.nanos / 1e6, 50);
    const refused = refusedSubscription(this.core, welcome);
    if (refused !== undefined) throw refused;
    lookAtCapabilities(this.core, this.address, welcome);
    if (resume !== undefined && welcome.resumed) {
      this.core.hubs.resumed(this, resume.peer, welcome);
      if (resume.takeUp(welcome, seq)) return;
      this.core.hubs.ended(this, resume.peer);
      this.#drop("lost");
      throw new StatusError("UNAVAILABLE", "", "the attachment cannot be resumed");
    }
    this.#drop("lost");
    const peer = this.core.hubs.meet(this, welcome, anew);
    const attachment = new Attachment(this, peer, welcome);
    if (resume === undefined) attachment.out.number(); // the hello's
    attachment.received = seq;
    this.#attachment = attachment;
    this.last = welcome.hubId;
    this.core.hubs.attach(peer, attachment);
  }

  /** What becomes of the attachment after its stream. */
  #ended(attachment: Attachment, error: HubError | undefined): HubError | undefined {
    this.#stream = undefined;
    this.#since = new Date();
    const superseded = error?.code === "ABORTED";
    const resumable = error !== undefined && RESUMABLE.includes(error.code);
    if (resumable) attachment.suspend(); // before anybody may take the hub for lost
    const replaced = this.core.hubs.ended(this, attachment.peer);
    this.core.line.close(attachment);
    this.core.detached(attachment, error);
    this.core.runner.freed(this);
    if (replaced) {
      this.#drop("lost");
      return new StatusError("ALREADY_EXISTS", "ALREADY_ATTACHED", "another address leads to the hub");
    }
    if (!resumable) this.#drop(this.core.closing ? "closed" : "lost");
    return superseded ? new SupersededError() : error;
  }

  #notAttached(error: unknown): HubError {
    const reason = hubError(error);
    if (error instanceof AnewError) this.#again.reset();
    if (isAlias(reason)) this.#drop("lost");
    this.#attachment?.suspend();
    return reason;
  }

  #drop(reason: string): void {
    const attachment = this.#attachment;
    this.#attachment = undefined;
    attachment?.end(reason);
  }

  /** Logs why there is no stream, once for each reason. */
  #complain(error: HubError | undefined, delay: number): void {
    const text = error?.message ?? "";
    if (error === undefined || text === this.#text) return;
    this.#text = text;
    const fields = { address: this.address, ...(this.last && { hub: this.last }), err: error, retry: `${Math.round(delay)}ms` };
    const expected = isAlias(error) || error.cause instanceof AnewError;
    if (!expected) this.#warned = true;
    if (expected) this.core.log.debug("no stream to this address", fields);
    else if (this.refused) this.core.log.error("a hub refuses this process", fields);
    else this.core.log.warn("no hub", fields);
  }

  get status(): HubStatus {
    const attached = this.#attachment?.stream !== undefined;
    const home = attached && this.core.line.home === this.#attachment;
    return { hubId: this.last, address: this.address, attached, home, since: this.#since, error: this.#problem };
  }
}

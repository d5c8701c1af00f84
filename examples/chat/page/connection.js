// One conversation with the hub: login, messages that survive anything, and an
// honest account of who is reachable. Nothing in here touches the page.

const PULSE_EVERY = 1000; // how often we look after the service
const AWAY_AFTER = 1500; //  no answer for this long: the service is away
const RESEND_AFTER = 35_000; // the hub keeps what waits for a service for 30 s

// States: 'connecting' (the hub is asked), 'waiting' (the hub is there, the
// service has not decided), 'connected', 'away' (connected, but the service
// does not answer), 'reconnecting' (the connection itself is gone).
export class Connection extends EventTarget {
  #socket;
  #state = 'idle';
  #unacked = new Map(); // id -> {event, args, sentAt}, in the order of sending
  #askedAt = 0; // the pulse without an answer, 0 when there is none
  #pulse = setInterval(() => this.#beat(), PULSE_EVERY);

  constructor(name) {
    super();
    const socket = this.#socket = io('/chat', { auth: { name }, forceNew: true, reconnectionDelayMax: 3000 });
    this.#become('connecting');
    socket.on('connect', () => this.#connected());
    socket.on('connect_error', (err) => this.#failed(err));
    socket.on('disconnect', (reason) => this.#disconnected(reason));
    for (const event of ['message', 'image', 'people', 'typing']) {
      socket.on(event, (...args) => this.#tell(event, ...args));
    }
    socket.io.on('open', () => {
      this.#become('waiting');
      socket.io.engine.on('upgrade', () => this.#tell('transport', this.transport));
    });
  }

  get id() { return this.#socket.id; }
  get transport() { return this.#socket.io.engine?.transport.name; }

  // Sends a message until the service acknowledges it. The id stays the same on
  // every try, so that whoever reads it can tell a repetition.
  send(event, id, ...args) {
    this.#unacked.set(id, { event, args, sentAt: 0 });
    this.#emit(id);
  }

  // Says something that nobody needs to hear.
  mention(event) {
    if (this.#state === 'connected') this.#socket.volatile.emit(event);
  }

  close() {
    clearInterval(this.#pulse);
    this.#socket.disconnect();
  }

  #emit(id) {
    if (!this.#socket.connected) return; // #connected sends it
    const message = this.#unacked.get(id);
    message.sentAt = Date.now();
    this.#socket.emit(message.event, ...message.args, (answer) => {
      if (this.#unacked.delete(id)) this.#tell('acked', id, answer);
      this.#answered();
    });
  }

  // Asks the service whether it is there. One question at a time: while the
  // service is away it waits in the hub like everything else, and its answer is
  // the sign that the service is back.
  #beat() {
    if (!this.#socket.connected) return;
    const now = Date.now();
    const since = this.#askedAt || now;
    if (now - since > AWAY_AFTER) this.#become('away');
    if (!this.#askedAt || now - since > RESEND_AFTER) {
      this.#askedAt = now;
      this.#socket.emit('alive', () => this.#answered());
    }
    for (const [id, { sentAt }] of this.#unacked) {
      if (now - sentAt > RESEND_AFTER) this.#emit(id);
    }
  }

  #answered() {
    this.#askedAt = 0;
    this.#become('connected');
  }

  #connected() {
    this.#answered();
    this.#tell('transport', this.transport);
    for (const id of this.#unacked.keys()) this.#emit(id);
  }

  #disconnected(reason) {
    this.#become('reconnecting');
    if (!this.#socket.active) this.#end('The chat closed your connection.', reason);
  }

  #failed(err) {
    if (this.#socket.active) return this.#become('reconnecting');
    this.#end(err.message, err.data);
  }

  #end(message, detail) {
    this.close();
    this.#tell('refused', message, detail);
  }

  #become(state) {
    if (state === this.#state) return;
    const before = this.#state;
    this.#state = state;
    this.#tell('state', state, before);
  }

  #tell(type, ...detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

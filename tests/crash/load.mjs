// Agents and people who work against one running program until it dies, and write down what they asked and
// what was answered. Nothing here waits for anybody: whoever has nothing to do mints.
import { Agent, Line, Person, lost } from './callers.mjs';
import { finalStates } from './ledger.mjs';
import { Violation } from './program.mjs';

const agents = 4;
const people = 2;
const pollers = 2;
let made = 0;

export class Load {
  #stopped = false;
  #work = [];
  #tray = []; // minted and not yet taken by a person
  #connections = []; // entries with a connection that nobody asked to remove
  inFlight = new Map(); // what is asked right now: 'submit' → how many
  reached = new Set(); // states that handoffs of this run were in

  // strict: an answer that no honest program gives is a finding; else only what is left counts.
  constructor(running, ledger, random, { strict }) {
    this.line = new Line(running.baseUrl);
    this.agent = new Agent(this.line, running.agentToken);
    this.person = new Person(this.line, ledger.session);
    this.running = running;
    this.ledger = ledger;
    this.random = random;
    this.strict = strict;
    this.#tray = ledger.entries.filter(({ url, state }) => url && !finalStates.has(state)).slice(-20);
    this.#connections = ledger.entries
      .filter(({ kind, state, connection, removalAsked }) => kind === 'secret_form' && state === 'completed' && connection && !removalAsked)
      .slice(-20);
  }

  begin() {
    for (let n = 0; n < agents; ++n) this.#work.push(this.#until(() => this.#actAsAgent()));
    for (let n = 0; n < pollers; ++n) this.#work.push(this.#until(() => this.#poll()));
    this.#work.push(this.#person());
    this.failed = Promise.all(this.#work).then(() => null, (error) => error);
  }

  // After the kill: until the last cut call is noticed. Throws what went wrong while it ran.
  async end() {
    this.#stopped = true;
    const error = await this.failed;
    this.line.close();
    if (error) throw error;
  }

  async #until(step) {
    while (!this.#stopped) await step();
  }

  // Runs one call; an answer that is neither expected nor a loss is a finding.
  async #ask(name, call, expected) {
    this.inFlight.set(name, (this.inFlight.get(name) ?? 0) + 1);
    const answer = (await call()) ?? { status: 0, text: '', headers: {}, noForm: true };
    // What is asked at the moment of death stays counted.
    if (answer.status === 0 && !answer.noForm) this.#stopped = true;
    else this.inFlight.set(name, this.inFlight.get(name) - 1);
    const closing = this.#ending && answer.status === 503;
    if (this.strict && answer.status !== 0 && !closing && !expected.includes(answer.status)) {
      throw new Violation(`${name} answered ${answer.status}: ${answer.text.slice(0, 600)}`);
    }
    return answer;
  }

  #ending = false;
  // From SIGTERM on, 503 is an honest answer.
  expectEnd() {
    this.#ending = true;
  }

  // One step of one handoff: `state` is what it becomes if the answer is yes; 409 is a no.
  async #step(entry, state, name, call, yes) {
    entry.touched = true;
    entry.asked.add(state);
    const answer = await this.#ask(name, call, [yes, 409]);
    if (answer === lost || answer.status === 0) {
      if (answer.noForm) entry.asked.delete(state);
      return false;
    }
    if (answer.status === yes) {
      this.ledger.acknowledge(entry, state);
      this.reached.add(state);
    }
    // A rival's step may be what said no, and it may be in the same breath as this one: only an answer settles.
    entry.asked.delete(state);
    return answer.status === yes;
  }

  // ---- agents ----

  async #actAsAgent() {
    const dice = this.random();
    if (dice < 0.12 && this.#connections.length > 0) return this.#askRemoval(this.#connections.shift());
    if (dice < 0.3 && this.#tray.length > 0) return this.#cancel(this.#take());
    // Not ever more: people are slower than agents.
    if (this.#tray.length > 60) return this.#cancel(this.#take());
    return this.#mint(dice > 0.9);
  }

  #take() {
    return this.#tray.splice(Math.floor(this.random() * this.#tray.length), 1)[0];
  }

  async #mint(twice) {
    const key = `key-${++made}`;
    const owner = this.random() < 0.4 ? 'org' : 'user';
    const entry = this.ledger.add({ kind: 'secret_form', key, owner, label: `load ${key}` });
    const calls = [this.#mintOnce(entry)];
    if (twice) calls.push(this.#mintOnce(entry)); // two at once with one key
    await Promise.all(calls);
    if (entry.state) this.#tray.push(entry);
  }

  async #mintOnce(entry) {
    const answer = await this.#ask('mint', () => this.agent.call('POST', '/v1/handoffs', mintOf(entry)), [201]);
    if (answer.status === 201) this.#minted(entry, answer);
  }

  #minted(entry, answer) {
    // A head without its body is an acknowledgement, too; the key finds the row.
    if (!entry.state) this.ledger.acknowledge(entry, 'pending');
    this.reached.add('pending');
    adopt(entry, answer);
  }

  async #cancel(entry) {
    if (!entry.id) return;
    await this.#step(entry, 'cancelled', 'cancel', () => this.agent.call('POST', `/v1/handoffs/${entry.id}/cancel`), 200);
  }

  async #askRemoval(target) {
    target.removalAsked = true;
    this.ledger.unknownRemovals += 1;
    const path = `/v1/connections/${target.connection}`;
    const answer = await this.#ask('ask removal', () => this.agent.call('DELETE', path), [202]);
    if (answer.status !== 202) return;
    const entry = { kind: 'confirm', target };
    adopt(entry, answer);
    if (!entry.id) return;
    this.ledger.unknownRemovals -= 1;
    this.#minted(this.ledger.add(entry), answer);
    this.#tray.push(entry);
  }

  async #poll() {
    const open = this.ledger.entries.slice(-40).filter(({ id, state }) => id && !finalStates.has(state));
    if (open.length === 0) return this.#mint(false);
    const entry = open[Math.floor(this.random() * open.length)];
    const answer = await this.#ask('poll', () => this.agent.call('GET', `/v1/handoffs/${entry.id}?wait=1`), [200]);
    if (answer.status !== 200) return;
    const body = parse(answer.text);
    if (body) this.ledger.saw(entry, body.status);
    if (body?.connection) this.#made(entry, body.connection.connectionId);
  }

  // ---- people ----

  async #person() {
    if (!(await this.#signedIn())) return;
    const work = [];
    for (let n = 0; n < people; ++n) work.push(this.#until(() => this.#actAsPerson()));
    await Promise.all(work);
  }

  // The session of before the crash must hold; without one, the one-use link.
  async #signedIn() {
    if (this.ledger.session) {
      const home = await this.#ask('home', () => this.person.get('/'), [200, 303]);
      if (home.status === 303) throw new Violation('LOST: a session that had begun is unknown now');
      return home.status === 200;
    }
    const { pathname } = new URL(this.running.adminLink);
    const page = await this.#ask('sign-in page', () => this.person.get(pathname), [200]);
    if (page.status !== 200) return false;
    this.ledger.signIns.sent += 1;
    const answer = await this.#ask('sign in', () => this.person.send(page.text, pathname), [303]);
    if (answer.status !== 303) return false;
    this.ledger.signIns.acknowledged += 1;
    this.ledger.session = this.person.cookies;
    return true;
  }

  async #actAsPerson() {
    if (this.#tray.length === 0) return this.#mint(false);
    const entry = this.#take();
    const path = new URL(entry.url).pathname;
    let page = await this.#ask('look', () => this.person.get(path), [200]);
    if (page.status !== 200) return;
    if (entry.owner === 'org' && entry.state === 'pending') {
      const taken = await this.#step(entry, 'opened', 'open', () => this.person.send(page.text, '/continue'), 303);
      if (!taken || this.random() < 0.2) return; // left open
      page = await this.#ask('look', () => this.person.get(path), [200]);
      if (page.status !== 200) return;
    }
    if (this.random() < 0.2) {
      await this.#step(entry, 'declined', 'decline', () => this.person.send(page.text, '/decline'), 303);
    } else if (entry.kind === 'confirm') {
      await this.#step(entry, 'completed', 'confirm', () => this.person.send(page.text, '/confirm'), 303);
    } else {
      const secret = { 'secret.key': `made-up-${entry.key}-0123456789` };
      await this.#step(entry, 'completed', 'submit', () => this.person.send(page.text, '/submit', secret), 303);
    }
  }

  #made(entry, connection) {
    if (entry.connection || entry.kind === 'confirm') return;
    entry.connection = connection;
    this.#connections.push(entry);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut
  }
}

export const mintOf = ({ key, owner, label }) => ({ body: { integration: 'demo', owner, label }, key });

// Takes the id and the link from an answer, if it came as a whole; another id for the same key is a finding.
export function adopt(entry, { text }) {
  const body = parse(text);
  if (!body) return;
  if (entry.id && entry.id !== body.handoffId) throw new Violation(`${entry.key} is ${entry.id} and ${body.handoffId}`);
  entry.id = body.handoffId;
  entry.url = body.url;
}

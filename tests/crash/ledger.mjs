// What was asked of the program and what it answered, against what is there after a crash.
//
// An entry is one handoff. `state` is the last state an answer spoke of; `asked` holds the steps that were
// sent and not answered: the only other states the row may be in.
import { Violation } from './program.mjs';

export const finalStates = new Set(['completed', 'failed', 'declined', 'cancelled', 'expired', 'locked']);

const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const rowKey = (id) => [...id.slice(id.indexOf('_') + 1)].reduce((key, digit) => key * 32n + BigInt(digits.indexOf(digit)), 0n);

// Rows as text: their keys do not fit a JavaScript number.
const everything = `select json_object(
  'integrity', (select json_group_array(integrity_check) from pragma_integrity_check),
  'handoffs', (select json_group_array(json_object('id', cast(id as text), 'kind', kind, 'state', state, 'key',
      request_key, 'connection', cast(connection as text), 'settled', settled_at <> 0)) from handoffs),
  'connections', (select json_group_array(json_object('id', cast(id as text), 'state', state, 'made_by',
      cast(created_by as text), 'secrets', (select count(*) from connection_secrets s where s.connection = c.id)))
      from connections c),
  'sessions', (select count(*) from browser_sessions),
  'links_used', (select count(*) from sign_in_links where used_at <> 0))`;

// What the chain may tell of one handoff, in this order; a claim never stands without its end.
const legalStory = /^created( opened)?( claimed completed| declined| cancelled)?$/;
const stateAfter = { created: 'pending', opened: 'opened', completed: 'completed', declined: 'declined', cancelled: 'cancelled' };

function demand(holds, what) {
  if (!holds) throw new Violation(what);
}

export class Ledger {
  entries = [];
  signIns = { sent: 0, acknowledged: 0 };
  unknownRemovals = 0; // removals asked for without an answer: they have no key to find them by
  counts = { acknowledged: 0, inFlight: 0, found: 0, notFound: 0 };

  add(entry) {
    this.entries.push(Object.assign(entry, { asked: new Set(), touched: true }));
    return entry;
  }

  acknowledge(entry, state) {
    if (finalStates.has(state)) this.saw(entry, state);
    else if (!finalStates.has(entry.state)) entry.state = state;
    this.counts.acknowledged += 1;
  }

  // A state that a read answered is as binding as an acknowledgement.
  // An earlier one may be read late.
  saw(entry, state) {
    if (!finalStates.has(state)) return;
    demand(!finalStates.has(entry.state) || entry.state === state, `${entry.id} was ${entry.state} and is ${state} now`);
    entry.state = state;
  }

  // After a restart: compares every row and every event, and settles what was open. Costs no request.
  compare(place) {
    const report = place.verifyAudit();
    demand(report.ok, `audit verify: ${report.findings}`);
    const rows = place.query(everything);
    demand(rows.integrity.join() === 'ok', `integrity_check: ${rows.integrity}`);
    const handoffs = new Map(rows.handoffs.map((row) => [row.id, row]));
    const connections = new Map(rows.connections.map((row) => [row.id, row]));
    this.#legal(handoffs, connections);
    this.#told(place.events(), handoffs, connections);
    this.#kept(handoffs, connections);
    const { sent, acknowledged } = this.signIns;
    demand(rows.sessions >= acknowledged && rows.sessions <= sent, `${acknowledged} of ${sent} sign-ins were answered, ${rows.sessions} sessions`);
    demand(rows.links_used === rows.sessions, `${rows.links_used} links used, ${rows.sessions} sessions`);
    return rows;
  }

  // Every row by itself, and no half connection.
  #legal(handoffs, connections) {
    for (const row of handoffs.values()) {
      demand(row.state !== 'completing', `handoff ${row.id} was left completing`);
      demand(Boolean(row.settled) === finalStates.has(row.state), `handoff ${row.id} is ${row.state} and settled: ${row.settled}`);
      const made = connections.get(row.connection);
      if (row.kind === 'confirm') {
        demand(made !== undefined, `removal ${row.id} is for no connection`);
        demand(row.state !== 'completed' || made.state === 'revoked', `removal ${row.id} is completed, ${made.id} is ${made.state}`);
      } else {
        demand((row.state === 'completed') === (made !== undefined), `handoff ${row.id} is ${row.state}, its connection: ${row.connection}`);
        demand(made === undefined || made.made_by === row.id, `connection ${row.connection} is not of handoff ${row.id}`);
      }
    }
    for (const row of connections.values()) {
      demand(['active', 'revoked'].includes(row.state), `connection ${row.id} is ${row.state}`);
      demand(handoffs.get(row.made_by)?.connection === row.id, `connection ${row.id} has no handoff that made it`);
      demand((row.state === 'active') === row.secrets > 0, `connection ${row.id} is ${row.state} with ${row.secrets} secrets`);
    }
  }

  // The chain and the rows tell the same.
  #told(events, handoffs, connections) {
    const stories = new Map();
    const alive = new Set();
    for (const { action, object, facts } of events) {
      const [subject, verb] = action.split('.');
      const key = ['handoff', 'connection'].includes(subject) ? String(rowKey(object)) : '';
      if (subject === 'handoff') stories.set(key, [...(stories.get(key) ?? []), verb]);
      if (action === 'handoff.completed') {
        demand(handoffs.get(key)?.connection === String(rowKey(facts.connection)), `${object} completed with ${facts.connection}`);
      }
      if (action === 'connection.created') alive.add(key);
      if (action === 'connection.removed') demand(alive.delete(key), `${object} was removed and never made`);
    }
    demand(stories.size === handoffs.size, `${handoffs.size} handoffs, ${stories.size} in the chain`);
    for (const [key, story] of stories) {
      demand(legalStory.test(story.join(' ')), `the chain tells of handoff ${key}: ${story}`);
      const row = handoffs.get(key);
      demand(row?.state === stateAfter[story.at(-1)], `handoff ${key} is ${row?.state}, the chain says ${story}`);
    }
    const active = [...connections.values()].filter(({ state }) => state === 'active');
    demand(active.length === alive.size && active.every(({ id }) => alive.has(id)), 'connections and chain differ');
  }

  // What was answered is there; what was not answered is there as a whole or not at all.
  #kept(handoffs, connections) {
    const byKey = new Map();
    for (const row of handoffs.values()) {
      if (row.key === '') continue;
      demand(!byKey.has(row.key), `two handoffs for the key ${row.key}`);
      byKey.set(row.key, row);
    }
    const known = new Set();
    for (const entry of this.entries) {
      const row = entry.id ? handoffs.get(String(rowKey(entry.id))) : byKey.get(entry.key);
      demand(row || !entry.state, `LOST: ${entry.id} was answered as ${entry.state} and is gone`);
      if (entry.touched) this.#settle(entry, row);
      if (row) {
        known.add(row.id);
        demand(row.state === entry.state, `LOST: ${entry.id} was answered as ${entry.state} and is ${row.state}`);
        this.#connection(entry, row, connections);
      }
    }
    const strangers = handoffs.size - known.size;
    demand(strangers <= this.unknownRemovals, `${strangers} handoffs that nobody asked for`);
  }

  #settle(entry, row) {
    const unanswered = (entry.state ? 0 : 1) + entry.asked.size;
    if (unanswered > 0) {
      this.counts.inFlight += 1;
      const done = row && (!entry.state || entry.asked.has(row.state));
      this.counts[done ? 'found' : 'notFound'] += 1;
    }
    if (row && (!entry.state || (entry.asked.has(row.state) && !finalStates.has(entry.state)))) entry.state = row.state;
    entry.asked.clear();
    entry.touched = false;
  }

  #connection(entry, row, connections) {
    if (entry.kind === 'confirm' || entry.state !== 'completed') return;
    const connection = connections.get(row.connection);
    demand(connection.state === 'active' || entry.removalAsked, `LOST: the connection of ${entry.id} is ${connection.state}`);
  }
}

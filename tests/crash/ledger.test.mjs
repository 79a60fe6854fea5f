// The comparison that the crash test stands on, tried on faults that are planted in a database left by a kill.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Agent, Line, Person } from './callers.mjs';
import { Ledger } from './ledger.mjs';
import { adopt, mintOf } from './load.mjs';
import { Place, Violation } from './program.mjs';

const program = process.env.COUNTERSIGN_BINARY;
const place = new Place({ program });
const ledger = new Ledger();

// One handoff of each: completed, cancelled, pending; then the program is killed.
test.before(async () => {
  const running = await place.start();
  const line = new Line(running.baseUrl);
  const agent = new Agent(line, running.agentToken);
  const person = new Person(line);
  assert.equal((await person.signIn(running.adminLink)).status, 303);
  ledger.signIns = { sent: 1, acknowledged: 1 };
  const entries = ['done', 'withdrawn', 'waiting'].map((key) => ledger.add({ kind: 'secret_form', key, owner: 'user', label: key }));
  for (const entry of entries) {
    adopt(entry, await agent.call('POST', '/v1/handoffs', mintOf(entry)));
    ledger.acknowledge(entry, 'pending');
  }
  const page = await person.get(new URL(entries[0].url).pathname);
  assert.equal((await person.send(page.text, '/submit', { 'secret.key': 'made-up-0123456789' })).status, 303);
  ledger.acknowledge(entries[0], 'completed');
  assert.equal((await agent.call('POST', `/v1/handoffs/${entries[1].id}/cancel`)).status, 200);
  ledger.acknowledge(entries[1], 'cancelled');
  running.kill();
  await running.gone;
  line.close();
});
test.after(() => place.remove());

function compareAfter(sql) {
  const copy = new Place({ program });
  try {
    cpSync(place.data, copy.data, { recursive: true });
    execFileSync('sqlite3', [join(copy.data, 'countersign.db'), sql]);
    // The plants are many, the entries one: each comparison starts from what was answered.
    const again = Object.assign(new Ledger(), { signIns: ledger.signIns });
    again.entries = ledger.entries.map((entry) => ({ ...entry, asked: new Set(entry.asked) }));
    again.compare(copy);
  } finally {
    copy.remove();
  }
}

test('What a kill left is as it was answered', () => compareAfter('select 1'));

for (const [what, sql, found] of [
  ['An answered handoff is gone', `delete from handoffs where request_key = 'waiting'`, /LOST|in the chain/],
  ['A handoff went back to an earlier state', `update handoffs set state = 'pending', settled_at = 0 where request_key = 'withdrawn'`, /the chain says/],
  ['A handoff was left in the middle', `update handoffs set state = 'completing' where request_key = 'waiting'`, /left completing/],
  ['A completed handoff has no connection', `update handoffs set connection = 0 where state = 'completed'`, /is completed, its connection/],
  ['A connection has no secret', `delete from connection_secrets`, /verify|secrets/],
  ['A connection has no handoff', `update connections set created_by = 1`, /is not of handoff/],
  ['An event is gone', `delete from audit_events where sequence = (select max(sequence) from audit_events)`, /audit verify/],
  ['A session is gone', `delete from browser_sessions`, /sign-ins/],
]) {
  test(`Noticed: ${what}`, () => {
    assert.throws(() => compareAfter(sql), (error) => error instanceof Violation && found.test(error.message));
  });
}

test('Noticed: nobody asked for a handoff that is there', () => {
  const asked = ledger.entries.splice(1, 1);
  assert.throws(() => compareAfter('select 1'), /nobody asked for/);
  ledger.entries.splice(1, 0, ...asked);
});

test('Noticed: an answer that the rows and the chain both know nothing of', () => {
  ledger.add({ kind: 'secret_form', key: 'never', owner: 'user', label: 'never' });
  ledger.acknowledge(ledger.entries.at(-1), 'pending');
  assert.throws(() => compareAfter('select 1'), /LOST/);
  ledger.entries.pop();
});

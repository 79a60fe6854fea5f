// The program as its operator meets it: each way a start can fail says why, has its own exit code and touches
// nothing; a stop loses nothing; and the audit record finds every kind of tampering.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentOf } from './support/agent.mjs';
import { program, run, startBroker, temporaryDir } from './support/broker.mjs';
import { metricBecomes } from './support/metrics.mjs';
import { Person } from './support/person.mjs';

const scratch = temporaryDir();
const seed = join(scratch, 'seed'); // a data directory with a person, an agent, two connections; each test copies it

await (async () => {
  const broker = await startBroker(undefined, { dataDir: seed });
  const person = new Person(broker.baseUrl);
  await person.signIn(broker.adminLink);
  for (const label of ['First', 'Second']) {
    await person.give((await agentOf(broker).mint({ integration: 'demo', label })).url, `demo-key-of-${label}`);
  }
  await broker.stop();
})();

function fileWith(name, text) {
  const path = join(mkdtempSync(join(scratch, 'file-')), name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function copyOfSeed() {
  const dir = mkdtempSync(join(scratch, 'data-'));
  cpSync(seed, dir, { recursive: true });
  return dir;
}

// All but the lock, which every start writes its number into, and what SQLite makes for looking at a database: an
// index in shared memory, and a write-ahead log with nothing in it.
function contents(dir) {
  const scratchOf = (name) => name === 'lock' || name.endsWith('-shm');
  const files = readdirSync(dir).filter((name) => !scratchOf(name) && statSync(join(dir, name)).size > 0);
  return Object.fromEntries(files.map((name) => [name, createHash('sha256').update(readFileSync(join(dir, name))).digest('hex')]));
}

const aWhile = { encoding: 'utf8', timeout: 60_000 };
const sql = (dir, text) => execFileSync('sqlite3', [join(dir, 'countersign.db'), text], aWhile);
const dev = (dir, listen = '127.0.0.1:0') => run(['dev', '--data-dir', dir, '--listen', listen]);
const verify = (dir) => run(['audit', 'verify', '--data-dir', dir]);

async function failsToStart(dir, code, message, listen) {
  const before = contents(dir);
  const ended = await dev(dir, listen);
  assert.equal(ended.code, code, ended.stdout + ended.stderr);
  assert.match(ended.stderr, message);
  assert.match(ended.stderr, /^countersign: [A-Z]/, 'a sentence, not a log line');
  assert.equal(ended.stdout, '', 'nothing is promised on stdout');
  assert.deepEqual(contents(dir), before, 'nothing was touched');
}

test('a usage error exits with 2', async () => {
  for (const args of [[], ['nosuch'], ['dev', '--nosuch'], ['key', 'create']]) {
    const { code, stderr, stdout } = await run(args);
    assert.equal(code, 2, stdout + stderr);
    assert.notEqual(stderr, '');
  }
  assert.equal((await run(['--help'])).code, 0);
  assert.equal((await run(['version'])).code, 0);
});

test('an unknown setting exits with 3 and names file, line, column and what was meant', async () => {
  const file = fileWith('countersign.toml', '# mine\n[server]\n  lisen = "127.0.0.1:1"\n');
  for (const command of [['config', 'check'], ['dev', '--data-dir', join(scratch, 'never')]]) {
    const { code, stderr } = await run([...command, '--config', file]);
    assert.equal(code, 3, stderr);
    assert.ok(stderr.includes(`${file}:3:3: unknown key server.lisen; did you mean "server.listen"?`), stderr);
  }
  assert.ok(!readdirSync(scratch).includes('never'), 'nothing was made');
});

test('a file that is no TOML exits with 3 and names the place', async () => {
  const file = fileWith('countersign.toml', '[server]\nlisten = \n');
  const { code, stderr } = await run(['config', 'check', '--config', file]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /countersign\.toml:2:\d+: /);
});

test('a port in use exits with 4', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address();
  await failsToStart(copyOfSeed(), 4, new RegExp(`127\\.0\\.0\\.1 port ${port}: the port is in use`), `127.0.0.1:${port}`);
});

test('a data directory that cannot be written exits with 5', async () => {
  const below = join(fileWith('a-file', ''), 'data'); // not even root can make it
  const { code, stderr } = await dev(below);
  assert.equal(code, 5, stderr);
  assert.ok(stderr.includes(below) && /cannot be written/.test(stderr), stderr);
});

test('a data directory of somebody else exits with 5', { skip: process.getuid() === 0 ? false : 'needs root' }, async () => {
  const dir = copyOfSeed();
  chmodSync(scratch, 0o755);
  const before = contents(dir);
  const copy = join(scratch, 'countersign'); // the tests' own folder may be closed to others
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
  const ended = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', copy, 'dev', '--data-dir', dir], aWhile);
  assert.equal(ended.status, 5, ended.stderr);
  assert.match(ended.stderr, /Permission denied/);
  assert.deepEqual(contents(dir), before);
});

test('another master key exits with 6 and says that it is another one', async () => {
  const dir = copyOfSeed();
  rmSync(join(dir, 'master.key'));
  assert.equal((await run(['key', 'create', join(dir, 'master.key')])).code, 0);
  await failsToStart(dir, 6, /needs the master key \S+, but the one given is \S+\. Nothing was changed/);
  const status = await run(['key', 'status', '--data-dir', dir]);
  assert.equal(status.code, 6, status.stdout);
});

test('a lost master key exits with 6 and says which one is missed', async () => {
  const dir = copyOfSeed();
  rmSync(join(dir, 'master.key'));
  await failsToStart(dir, 6, /sealed by master key \S+, and that key is not there/);
  assert.ok(!readdirSync(dir).includes('master.key'), 'no new key was made in its place');
});

test('a database of a newer program exits with 7', async () => {
  const dir = copyOfSeed();
  sql(dir, "insert into schema_migrations (position, name) select max(position) + 1, 'from the future' from schema_migrations");
  await failsToStart(dir, 7, /newer version of Countersign/);
});

test('a damaged database exits with 8', async () => {
  for (const damage of [(bytes) => bytes.fill(0x5a, 0, 4096), (bytes) => bytes.fill(0x5a, 4096)]) {
    const dir = copyOfSeed();
    const path = join(dir, 'countersign.db');
    const bytes = readFileSync(path);
    damage(bytes);
    writeFileSync(path, bytes);
    await failsToStart(dir, 8, /damaged|corrupt|malformed|not a database/i);
  }
});

test('a data directory in use exits with 9, for a second broker and for commands that write', async (t) => {
  const dataDir = copyOfSeed();
  const broker = await startBroker(t, { dataDir });
  const attempts = [
    await dev(dataDir),
    await run(['person', 'add', 'eve', '--data-dir', dataDir]),
    await run(['person', 'reset', 'owner', '--data-dir', dataDir]),
  ];
  for (const { code, stderr, stdout } of attempts) {
    assert.equal(code, 9, stdout + stderr);
    assert.match(stderr, new RegExp(`in use by process ${broker.pid}`));
  }
  assert.equal((await agentOf(broker).call('GET', '/v1/connections')).body.connections.length, 2, 'it still serves');
});

test('the ops listener answers what a supervisor asks', async (t) => {
  const broker = await startBroker(t);
  await agentOf(broker).mint();
  const get = (path, options) => fetch(new URL(path, broker.opsUrl), options);
  assert.equal((await get('/livez')).status, 200);
  assert.equal((await get('/readyz')).status, 200);
  assert.equal((await run(['health', '--ops-url', broker.opsUrl])).code, 0);
  assert.equal((await run(['health', '--ops-url', 'http://127.0.0.1:1'])).code, 1);
  assert.equal((await get('/livez', { method: 'POST', body: '' })).status, 405);
  assert.equal((await get('/v1/connections')).status, 404, 'and nothing else');
  const metrics = await (await get('/metrics')).text();
  assert.match(metrics, /^countersign_\w+(\{.*\})? \d/m);
  assert.ok(!metrics.includes(broker.agentToken));
  for (const path of ['/livez', '/readyz', '/metrics']) {
    assert.equal((await fetch(new URL(path, broker.baseUrl))).status, 404, `${path} is not public`);
  }
});

test('SIGTERM answers held polls, keeps every accepted write and ends with 0', async () => {
  const dataDir = copyOfSeed();
  const env = { COUNTERSIGN__LIMITS__GRANT_WRITES_PER_MINUTE: '1000' };
  const broker = await startBroker(undefined, { dataDir, env });
  const agent = agentOf(broker);
  const { handoffId } = await agent.mint();
  const polls = Array.from({ length: 10 }, () => agent.state(handoffId, 50));
  await metricBecomes(broker, 'countersign_held_requests', 10);
  const mints = [];
  // A late one finds no listener, which is no promise broken.
  const mint = () => mints.push(agent.call('POST', '/v1/handoffs', { integration: 'demo' }).catch(() => undefined));
  for (let n = 0; n < 50; ++n) mint();
  await Promise.race(mints); // one is answered, the others are on their way
  const stopping = broker.stop();
  for (let n = 0; n < 50; ++n) mint();

  for (const poll of await Promise.all(polls)) assert.equal(poll.status, 'pending');
  const accepted = (await Promise.all(mints)).filter((answer) => answer?.status === 201).map(({ body }) => body.handoffId);
  assert.ok(accepted.length > 0, 'some were accepted');
  assert.ok((await stopping) < 5000);

  const next = await startBroker(undefined, { dataDir, env });
  for (const id of accepted) assert.equal((await agentOf(next).state(id)).status, 'pending');
  await next.stop();
  assert.equal((await verify(dataDir)).code, 0);
});

test('key status tells whether the master key opens the database', async () => {
  const { code, stdout } = await run(['key', 'status', '--data-dir', copyOfSeed()]);
  assert.equal(code, 0);
  assert.match(stdout, /opens all \d+ keys/);
  const json = JSON.parse((await run(['key', 'status', '--json', '--data-dir', copyOfSeed()])).stdout);
  assert.equal(json.ok, true);
  assert.ok(json.keys.length >= 7);
});

test('the audit record is exported and verified beside the running broker', async (t) => {
  const dataDir = copyOfSeed();
  const broker = await startBroker(t, { dataDir });
  await agentOf(broker).mint();
  const { code, stdout } = await run(['audit', 'export', '--data-dir', dataDir]);
  assert.equal(code, 0);
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index + 1));
  const actions = new Set(events.map(({ action }) => action));
  for (const expected of [
    'key.created',
    'person.created',
    'agent.created',
    'sign_in_link.created',
    'session.started',
    'handoff.created',
    'handoff.opened',
    'handoff.claimed',
    'connection.created',
    'handoff.completed',
  ]) {
    assert.ok(actions.has(expected), expected);
  }
  const verified = await verify(dataDir);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, new RegExp(`Verified ${events.length} events`));
});

const tampering = {
  'an edited event': (dir) => sql(dir, "update audit_events set actor = 'person:somebody' where sequence = 5"),
  'edited facts': (dir) => sql(dir, "update audit_events set facts = '{}' where action = 'connection.created'"),
  'a removed event': (dir) => sql(dir, 'delete from audit_events where sequence = 7'),
  'two events that changed places': (dir) =>
    sql(dir, 'update audit_events set sequence = -1 where sequence = 6; update audit_events set sequence = 6 where sequence = 7; update audit_events set sequence = 7 where sequence = -1'),
  'a tail that was cut off': (dir) =>
    sql(dir, 'delete from audit_events where sequence > (select max(sequence) - 2 from audit_events)'),
  'an exchanged note': (dir) => sql(dir, "update audit_notes set note = 'nothing happened'"),
  'a connection that vanished': (dir) =>
    sql(dir, 'pragma foreign_keys = off; delete from connection_secrets; delete from connections'),
  'a sealed credential put in another place': (dir) =>
    sql(dir, 'update connection_secrets set sealed = (select sealed from connection_secrets order by connection limit 1)'),
  'a forged checkpoint': (dir) => {
    const path = join(dir, 'audit-checkpoints.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"count":\d+/, '"count":3'));
  },
};

for (const [what, tamper] of Object.entries(tampering)) {
  test(`audit verify finds ${what}`, async () => {
    const dir = copyOfSeed();
    assert.equal((await verify(dir)).code, 0);
    const before = contents(dir);
    tamper(dir);
    assert.notDeepEqual(contents(dir), before, 'the test changed something');
    const { code, stdout, stderr } = await verify(dir);
    assert.equal(code, 10, stdout + stderr);
    assert.match(stdout, /does not verify:\n {2}- \S/);
    const json = JSON.parse((await run(['audit', 'verify', '--json', '--data-dir', dir])).stdout);
    assert.equal(json.ok, false);
    assert.ok(json.findings.length > 0);
  });
}

test('audit verify finds a restored older copy, and no broker starts on it', async () => {
  const dir = copyOfSeed();
  const broker = await startBroker(undefined, { dataDir: dir });
  await agentOf(broker).mint();
  await broker.stop();
  copyFileSync(join(seed, 'countersign.db'), join(dir, 'countersign.db'));
  const { code, stdout } = await verify(dir);
  assert.equal(code, 10, stdout);
  assert.match(stdout, /ends before event \d+, which was there once/);
  await failsToStart(dir, 10, /older copy restored/);
});

test('an agent is added, listed and revoked from the command line', async () => {
  const dir = copyOfSeed();
  const added = await run(['agent', 'add', 'build bot', '--owner', 'owner', '--data-dir', dir]);
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /^cs_agent_\S+\n$/, 'the token alone');
  const token = added.stdout.trim();
  const agents = async () => JSON.parse((await run(['agent', 'list', '--json', '--data-dir', dir])).stdout).agents;
  const { id } = (await agents()).find((agent) => agent.name === 'build bot');

  const broker = await startBroker(undefined, { dataDir: dir });
  const call = () => fetch(`${broker.baseUrl}/v1/connections`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await call()).status, 200);
  assert.equal((await run(['agent', 'revoke', id, '--data-dir', dir])).code, 9, 'the broker has the data');
  await broker.stop();

  assert.equal((await run(['agent', 'revoke', id, '--data-dir', dir])).code, 0);
  assert.equal((await agents()).find((agent) => agent.id === id).state, 'revoked');
  const again = await startBroker(undefined, { dataDir: dir });
  const refused = await fetch(`${again.baseUrl}/v1/connections`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(refused.status, 401);
  await again.stop();
  assert.equal((await run(['agent', 'add', 'x', '--owner', 'nobody', '--data-dir', dir])).code, 1);
});

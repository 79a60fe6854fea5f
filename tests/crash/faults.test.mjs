// Storage that fails under the running program: a full disk, a file-size limit, and system calls that strace
// answers in the kernel's place. It must refuse without a lie, go on, and take writes again afterwards.
//     COUNTERSIGN_BINARY=... node --test tests/crash/faults.test.mjs
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Line, Person } from './callers.mjs';
import { Ledger } from './ledger.mjs';
import { Place } from './program.mjs';
import { adopt, mintOf } from './load.mjs';

const manyMints = 400; // more than the small disk has room for

class Scene {
  ledger = new Ledger();
  #made = 0;

  constructor(t) {
    this.place = new Place({ program: process.env.COUNTERSIGN_BINARY });
    t.after(async () => {
      this.running?.kill();
      await this.running?.gone;
      if (this.mounted) execFileSync('umount', [this.place.data]);
      this.place.remove();
    });
  }

  async start() {
    this.running = await this.place.start();
    this.line = new Line(this.running.baseUrl);
    this.ops = new Line(this.running.opsUrl);
    this.agent = new Agent(this.line, this.running.agentToken);
  }

  async killAndStart() {
    this.running.kill();
    assert.equal((await this.running.gone).signal, 'SIGKILL', 'it lived until now');
    for (const line of [this.line, this.ops]) line.close();
    await this.start();
  }

  async signIn() {
    this.person = new Person(this.line);
    assert.equal((await this.person.signIn(this.running.adminLink)).status, 303);
    Object.assign(this.ledger.signIns, { sent: 1, acknowledged: 1 });
  }

  entry() {
    const key = `fault-${++this.#made}`;
    return this.ledger.add({ kind: 'secret_form', key, owner: 'user', label: `for ${key} `.padEnd(100, '.') });
  }

  async mint(entry) {
    const answer = await this.agent.call('POST', '/v1/handoffs', mintOf(entry));
    if (answer.status !== 201) return answer;
    this.ledger.acknowledge(entry, 'pending');
    adopt(entry, answer);
    return answer;
  }

  async submit(entry) {
    const page = await this.person.get(new URL(entry.url).pathname);
    assert.equal(page.status, 200, 'pages are still shown');
    const answer = await this.person.send(page.text, '/submit', { 'secret.key': 'made-up-0123456789-abcdef' });
    if (answer.status === 303) this.ledger.acknowledge(entry, 'completed');
    return answer;
  }

  rowsOf({ key }) {
    return this.place.query(`select count(*) from handoffs where request_key = '${key}'`);
  }

  // Answers what /readyz said last.
  async readiness(wanted) {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
      if ((await this.ops.call('GET', '/readyz')).status === wanted) return wanted;
    }
    return (await this.ops.call('GET', '/readyz')).status;
  }
}

function assertRefused(answer) {
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  const { code, retryable, detail } = JSON.parse(answer.text);
  assert.deepEqual({ code, retryable }, { code: 'storage_unavailable', retryable: true });
  assert.match(detail, /nothing was changed/);
}

// The same story for every fault: `broken` makes storage fail, `whole` repairs it.
async function goesOn(t, scene, { broken, whole }) {
  await scene.start();
  await scene.signIn();
  const before = scene.entry();
  const form = scene.entry();
  for (const entry of [before, form]) assert.equal((await scene.mint(entry)).status, 201);

  await broken(scene.running);
  let refused;
  for (let n = 0; refused?.answer.status !== 503 && n < manyMints; ++n) {
    const entry = scene.entry();
    refused = { entry, answer: await scene.mint(entry) };
  }
  assertRefused(refused.answer);
  const forGood = scene.entry();
  assertRefused(await scene.mint(forGood));
  assert.equal(await scene.readiness(503), 503, 'it says that it cannot write');
  const page = await scene.submit(form);
  assert.equal(page.status, 503, 'nothing is called saved');
  assert.match(page.text, /nothing was changed/i);
  assert.equal((await scene.agent.call('GET', `/v1/handoffs/${before.id}`)).status, 200, 'reads go on');
  assert.equal((await scene.ops.call('GET', '/livez')).status, 200);

  await whole(scene.running);
  assert.equal(await scene.readiness(200), 200, 'it notices that storage works again');
  for (const { entry } of [refused, { entry: forGood }]) assert.equal(scene.rowsOf(entry), 0, 'refused is not there');
  assert.equal((await scene.mint(refused.entry)).status, 201, 'the same request, again');
  assert.equal((await scene.submit(form)).status, 303);

  await scene.killAndStart();
  scene.ledger.compare(scene.place);
  assert.equal(scene.rowsOf(forGood), 0, 'refused is not there after a crash either');
  assert.equal((await scene.mint(scene.entry())).status, 201);
}

// Attaches to the running program; the kernel never sees the calls it answers.
function strace(injected) {
  let tracer;
  return {
    async broken({ pid }) {
      const call = injected.split(':')[0];
      tracer = spawn('strace', ['-f', '-e', `trace=${call}`, '-e', `inject=${injected}`, '-o', '/dev/null', '-p', String(pid)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const [said] = await once(tracer.stderr, 'data', { signal: AbortSignal.timeout(60_000) });
      assert.match(String(said), /attached/);
    },
    async whole() {
      tracer.kill('SIGINT');
      await once(tracer, 'close', { signal: AbortSignal.timeout(60_000) });
    },
  };
}

for (const fault of [
  'pwrite64:error=EIO',
  'pwrite64:error=ENOSPC',
  'fdatasync:error=EIO',
  'fdatasync:error=ENOSPC',
]) {
  test(`Every ${fault.replace(':error=', ' answers ')}: refused, nothing is kept, and it goes on`, (t) => goesOn(t, new Scene(t), strace(fault)));
}

test('One fdatasync answers EIO: that group alone is refused, and a crash does not bring it back', async (t) => {
  const scene = new Scene(t);
  await scene.start();
  const { broken, whole } = strace('fdatasync:error=EIO:when=1');
  await broken(scene.running);
  const [refused, after] = [scene.entry(), scene.entry()];
  assertRefused(await scene.mint(refused));
  assert.equal((await scene.mint(after)).status, 201);
  await whole();
  assert.equal(await scene.readiness(200), 200);
  await scene.killAndStart();
  scene.ledger.compare(scene.place);
  assert.equal(scene.rowsOf(refused), 0);
});

// Takes all the room there is.
function ballast(file) {
  const descriptor = openSync(file, 'w');
  try {
    for (const size of [65_536, 4096]) fill(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

function fill(descriptor, size) {
  try {
    while (writeSync(descriptor, Buffer.alloc(size)) === size);
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
}

function mountSmallDisk(scene) {
  const options = ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', scene.place.data];
  scene.mounted = spawnSync('mount', options, { stdio: 'ignore' }).status === 0;
  return scene.mounted;
}

// No file may grow past what it is now: what is left where nothing may be mounted.
function sizeLimit(place) {
  const limit = (pid, size) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]);
  return {
    broken: ({ pid }) => limit(pid, statSync(join(place.data, 'countersign.db-wal')).size),
    whole: ({ pid }) => limit(pid, 'unlimited'),
  };
}

test('The disk is full: refused, nothing is kept, and room lets it go on', async (t) => {
  const scene = new Scene(t);
  if (!mountSmallDisk(scene)) {
    t.diagnostic('no tmpfs may be mounted here: a file-size limit instead');
    return goesOn(t, scene, sizeLimit(scene.place));
  }
  const file = join(scene.place.data, 'ballast');
  await goesOn(t, scene, { broken: () => ballast(file), whole: () => rmSync(file) });
});

test('A file-size limit is reached: an error like any other, not the end of the program', async (t) => {
  const scene = new Scene(t);
  await goesOn(t, scene, sizeLimit(scene.place));
});

// `countersign serve`, for what `dev` spares a newcomer: there an invited person must choose a password. Its first
// admin is made by the command line, as docs/operations.md says.
//
//   const broker = await startServed(t);              // stopped after the test
//   broker.baseUrl, .opsUrl, .invitation              the admin's one-use link
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawnProgram, temporaryDir } from './broker.mjs';

const startLimitMs = 60_000; // for a busy machine
const stopLimitMs = 20_000;

// Links are made of the port, so it must be known before the start.
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

async function stop(process_, printed) {
  if (process_.exitCode === null) process_.kill('SIGTERM');
  const late = sleep(stopLimitMs, 'late', { ref: false });
  const outcome = process_.exitCode ?? (await Promise.race([once(process_, 'close').then(([code]) => code), late]));
  if (outcome === 'late') process_.kill('SIGKILL');
  assert.equal(outcome, 0, printed.text);
}

export async function startServed(t, { env = {} } = {}) {
  const folder = temporaryDir();
  const dataDir = join(folder, 'data');
  const readyFile = join(folder, 'ready.json');
  const masterKey = join(folder, 'master.key');
  const listen = `127.0.0.1:${await freePort()}`;
  const place = {
    COUNTERSIGN__STORAGE__DATA_DIR: dataDir,
    COUNTERSIGN__KEYS__MASTER_KEY_FILE: masterKey,
    COUNTERSIGN__SERVER__LISTEN: listen,
    COUNTERSIGN__OPS__LISTEN: '127.0.0.1:0',
    ...env,
  };
  const made = await run(['key', 'create', masterKey]);
  assert.equal(made.code, 0, made.stderr);
  const added = await run(['person', 'add', 'ada', '--name', 'Ada', '--role', 'admin'], { env: place });
  assert.equal(added.code, 0, added.stderr);

  const process_ = spawnProgram(['serve', '--ready-file', readyFile], { env: { HOME: folder, ...place } });
  const printed = { text: '' };
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (printed.text += text));
  }
  t.after(() => stop(process_, printed));
  const deadline = Date.now() + startLimitMs;
  while (!existsSync(readyFile)) {
    if (process_.exitCode !== null || Date.now() > deadline) assert.fail(`not ready:\n${printed.text}`);
    await sleep(10);
  }
  const { baseUrl, opsUrl } = JSON.parse(readFileSync(readyFile, 'utf8'));
  return { baseUrl, opsUrl, invitation: added.stdout.trim() };
}

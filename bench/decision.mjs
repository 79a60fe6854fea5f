// From a person's decision to the agent's answer: an agent holds a long poll, a person declines in a browser's
// words, and the clock runs until the agent has its answer (DESIGN 10.6; the promise is 50 ms).
//   node bench/decision.mjs [--samples 300]
//
// Two figures: from the moment the decision is sent (its commit and fsync are in it), and from the moment the
// person's own answer is there (then the change is durable; what is left is the release alone).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Person } from '../tests/e2e/support/person.mjs';

const root = path.resolve(import.meta.dirname, '..');
const bin = process.env.COUNTERSIGN_BINARY ?? path.join(root, 'build/release/countersign');
const at = process.argv.indexOf('--samples');
const samples = at < 0 ? 300 : Number(process.argv[at + 1]);

const scratch = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
const file = (name) => path.join(scratch, name);
const broker = spawn(bin, ['dev', '--data-dir', file('data'), '--listen', '127.0.0.1:0', '--ready-file', file('ready'),
  '--admin-link-file', file('link')], { stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, COUNTERSIGN__LIMITS__GRANT_WRITES_PER_MINUTE: '1000000000', COUNTERSIGN__LOG__LEVEL: 'error' } });

const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const words = (values) => `p50 ${percentile(values, 0.5).toFixed(2)} · p99 ${percentile(values, 0.99).toFixed(2)} · worst ${Math.max(...values).toFixed(2)} ms (${values.length})`;

// Holds `poll`, then decides; both figures in milliseconds.
async function decide(person, link, poll, until) {
  await person.open(link);
  const held = poll().then(async (answer) => ({ body: await answer.json(), at: performance.now() }));
  await sleep(15); // the poll is on its way in
  const sent = performance.now();
  const { status } = await person.send(/\/decline$/);
  const told = performance.now();
  const { body, at: answered } = await held;
  if (status !== 303 || body.status !== until) throw new Error(`${status} ${JSON.stringify(body)}`);
  return { whole: answered - sent, release: answered - told };
}

async function main() {
  while (!existsSync(file('ready')) || !existsSync(file('link'))) await sleep(10);
  await sleep(20);
  const ready = JSON.parse(readFileSync(file('ready'), 'utf8'));
  const person = new Person(ready.baseUrl);
  await person.signIn(readFileSync(file('link'), 'utf8').trim());
  const headers = { authorization: `Bearer ${ready.agentToken}`, 'content-type': 'application/json' };

  const handoffs = [];
  for (let i = -5; i < samples; ++i) {
    const minted = await (await fetch(`${ready.baseUrl}/v1/handoffs`, { method: 'POST', headers, body: '{"integration":"demo"}' })).json();
    const figure = await decide(person, minted.url, () => fetch(`${minted.pollUrl}?wait=30`, { headers }), 'declined');
    if (i >= 0) handoffs.push(figure);
  }
  // As many as one address may ask for in a minute.
  const logins = [];
  for (let i = 0; i < 8; ++i) {
    const minted = await (await fetch(`${ready.baseUrl}/v1/auth-sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).json();
    logins.push(await decide(person, minted.loginUrl, () => fetch(`${minted.pollUrl}?wait=30`), 'denied'));
  }
  console.log(`handoff, from the decision sent: ${words(handoffs.map((one) => one.whole))}`);
  console.log(`handoff, after the person's own answer: ${words(handoffs.map((one) => one.release))}`);
  console.log(`create_auth_session, from the decision sent: ${words(logins.map((one) => one.whole))}`);
  console.log(`create_auth_session, after the person's own answer: ${words(logins.map((one) => one.release))}`);
}

try {
  await main();
} finally {
  broker.kill('SIGTERM');
  await sleep(300);
  rmSync(scratch, { recursive: true, force: true });
}

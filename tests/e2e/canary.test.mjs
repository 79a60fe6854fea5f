// A secret goes through the whole flow, typed into the form in a real browser; afterwards it is looked for in the
// database, its WAL, the checkpoint file, the log at its most talkative, everything the program ever answered,
// and the memory of the living process. It must be nowhere, in no shape. First the search proves itself: the
// label of a handoff, which may be kept, has to be found in the same places.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf } from './support/agent.mjs';
import { startBroker, temporaryDir } from './support/broker.mjs';
import { heading, openBrowser } from './support/browser.mjs';
import { Person } from './support/person.mjs';
import { findIn, findInMemory, shapesOf } from './support/search.mjs';

// Random, or an earlier run's would be found; with characters that each encoding writes in its own way.
const made = (mark) => `${mark}-${randomBytes(24).toString('hex')}+/&"<é> ${randomBytes(24).toString('hex')}`;
const canary = made('canary');
const mistyped = made('mistyped') + '\u0007'; // refused by the form, so it takes the other way through the code
const password = made('password');
const wrongPassword = made('wrong-password');
const inJson = made('in-json');
const planted = `planted-${randomBytes(24).toString('hex')}`;

const dataDir = temporaryDir();
const broker = await startBroker(
  { after },
  { dataDir, env: { COUNTERSIGN__LOG__LEVEL: 'debug' } },
);
const person = new Person(broker.baseUrl);
const answers = [];

// Of a request that is over: the body of one that was cut short would never come.
async function record(request) {
  const response = await request.response();
  const late = () => sleep(15_000, '', { ref: false }); // that of a page which has gone may never come
  const headers = response.headersArray().then((all) => all.map(({ name, value }) => `${name}: ${value}`).join('\n'));
  const parts = [headers, response.body()].map((part) => Promise.race([part, late()]).catch(() => '')); // a redirect has no body
  answers.push(...(await Promise.all(parts)));
}

async function goThroughTheFlow() {
  const agent = agentOf(broker);
  const handoff = await agent.mint({ integration: 'demo', label: planted });
  const { page, context } = await openBrowser({ after });
  const recorded = [];
  page.on('requestfinished', (request) => recorded.push(record(request)));

  await page.goto(broker.adminLink);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, /^Hello/);
  const waiting = agent.state(handoff.handoffId, 50);
  await page.goto(handoff.url);
  await page.getByLabel('API key', { exact: true }).evaluate((field, text) => (field.value = text), mistyped);
  await page.getByRole('button', { name: /^Save/ }).click();
  await page.getByText('There is a problem').waitFor();
  await page.getByLabel('API key', { exact: true }).fill(`  ${canary}  `);
  await page.getByRole('button', { name: /^Save/ }).click();
  await heading(page, /^Saved/);
  assert.equal((await waiting).status, 'completed');
  await page.reload();
  await page.locator('main a[href^="/connections/"]').click();
  await page.waitForURL(/\/connections\/\w+$/);
  await page.goto(`${broker.baseUrl}/connections`);
  await page.goto(`${broker.baseUrl}/welcome`);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Save password' }).click();
  await heading(page, /^Hello/);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await heading(page, 'You are signed out');
  for (const typed of [wrongPassword, password]) {
    await page.goto(`${broker.baseUrl}/login`);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(typed);
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Sign in' }).click()]);
  }
  await page.getByRole('heading', { name: 'Waiting for you' }).waitFor();
  await person.joins(context);
  await Promise.all(recorded);

  // An agent that sends a secret where none belongs: refused, and not kept either.
  const refused = await agent.call('POST', '/v1/handoffs', { integration: 'demo', secret: inJson });
  assert.equal(refused.status, 400);
  answers.push(JSON.stringify(refused.body), JSON.stringify([...refused.headers]));
  for (const path of ['/v1/connections', `/v1/handoffs/${handoff.handoffId}`, '/v1/integrations']) {
    const { body, headers } = await agent.call('GET', path);
    answers.push(JSON.stringify(body), JSON.stringify([...headers]));
  }
  answers.push(await (await fetch(`${broker.opsUrl}/metrics`)).text());
}

await goThroughTheFlow();

// The program forbids its user to look (PR_SET_DUMPABLE); CI runs as root.
const memory = { skip: process.getuid() === 0 ? false : "root alone may read this process's memory" };
const files = () => readdirSync(dataDir).map((name) => [name, readFileSync(join(dataDir, name))]);

test('the search finds what is planted', () => {
  const needles = shapesOf(planted);
  const where = files().filter(([, content]) => findIn(content, needles).length > 0);
  assert.ok(where.some(([name]) => name.startsWith('countersign.db')), 'in the database or its WAL');
  assert.ok(answers.some((answer) => findIn(answer, needles).length > 0), 'in the answers');
});

test('the search finds what is planted in memory', memory, () => {
  assert.notDeepEqual(findInMemory(broker.pid, shapesOf(planted)).found, []);
});

test('the search knows every shape', () => {
  const needles = shapesOf(canary);
  const shapes = {
    raw: canary,
    'a half of it': canary.slice(30),
    base64: Buffer.from(`x${canary}yz`).toString('base64'),
    'base64 for URLs': Buffer.from(`{"key":"${canary}"}`).toString('base64url'),
    'percent-encoded': encodeURIComponent(canary),
    'in a form': new URLSearchParams({ key: canary }).toString(),
    'in JSON': JSON.stringify({ key: canary }),
    'in hexadecimal': Buffer.from(canary).toString('hex'),
  };
  for (const [name, text] of Object.entries(shapes)) {
    assert.notDeepEqual(findIn(`before ${text} after`, needles), [], name);
  }
  assert.deepEqual(findIn('something else', needles), []);
});

const secrets = { canary, mistyped, password, wrongPassword };

for (const [name, secret] of Object.entries({ ...secrets, inJson })) {
  test(`${name}: in no file of the data directory`, () => {
    const names = files().map(([file]) => file);
    for (const expected of ['countersign.db', 'countersign.db-wal', 'countersign.db-shm', 'audit-checkpoints.jsonl']) {
      assert.ok(names.includes(expected), `${expected} is looked at`);
    }
    for (const [file, content] of files()) assert.deepEqual(findIn(content, shapesOf(secret)), [], file);
  });

  test(`${name}: not in the log, though it is at debug level`, () => {
    assert.match(broker.stderr(), /"level":"debug"/);
    assert.deepEqual(findIn(broker.output(), shapesOf(secret)), []);
  });

  test(`${name}: in no answer`, () => {
    assert.ok(answers.length > 20);
    for (const answer of answers) assert.deepEqual(findIn(answer, shapesOf(secret)), [], answer.toString());
  });
}

// Not for `inJson`: what an agent sends as JSON is not a secret to us (docs/threat-model.md).
test('none of what was typed is in the memory of the process', memory, (t) => {
  const needles = Object.entries(secrets).flatMap(([name, secret]) =>
    [...shapesOf(secret)].map(([shape, bytes]) => [`${name}, ${shape}`, bytes]),
  );
  const { found, bytes } = findInMemory(broker.pid, new Map(needles));
  t.diagnostic(`${(bytes / 1e6).toFixed(0)} MB looked at`);
  assert.deepEqual(found, []);
});

// Every worker and the reader, several at once, with pieces left on all their stacks and heaps.
test('many secrets through all threads leave nothing in memory', memory, async () => {
  const mark = randomBytes(24).toString('hex');
  const agent = agentOf(broker);
  for (let round = 0; round < 4; ++round) {
    const handoffs = await Promise.all(Array.from({ length: 5 }, () => agent.mint()));
    await Promise.all(
      handoffs.map(async ({ url }) => {
        const other = person.clone();
        await other.give(url, `${mark}${'x'.repeat(200 * round)}`);
      }),
    );
  }
  assert.deepEqual(findInMemory(broker.pid, shapesOf(mark)).found, []);
});

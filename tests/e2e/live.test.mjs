// What an open page learns by itself: that something waits, in all tabs of a browser, over one event stream. It is
// told and never redrawn: what a person reads or types stays under their hands. Where the stream does not get
// through, the page asks now and then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf } from './support/agent.mjs';
import { startBroker } from './support/broker.mjs';
import { openBrowser } from './support/browser.mjs';
import { metric, metricBecomes } from './support/metrics.mjs';
import { Person } from './support/person.mjs';

const streams = 'countersign_event_streams';
const atOnceMs = 1_000;
const tries = 5;
const pollEveryMs = 15_000; // static/site.js
const soonMs = 10_000; // for a busy machine, and less than a page takes that asks now and then

const note = '[data-live-note]:not([hidden])';
const titleCount = (page) => page.evaluate(() => Number(/^\((\d+)\) /.exec(document.title)?.[1] ?? 0));
const loadedAt = (page) => page.evaluate(() => performance.timeOrigin);

// Looked at from here: the browser slows down the clock of a tab that is not in front.
async function becomes(page, look, patienceMs, what) {
  const deadline = performance.now() + patienceMs;
  while (!(await look())) {
    assert.ok(performance.now() < deadline, `${what} after ${patienceMs} ms: “${await page.title()}”`);
    await sleep(20);
  }
}
const countIs = (page, wanted, patienceMs = soonMs) =>
  becomes(page, async () => (await titleCount(page)) === wanted, patienceMs, `not (${wanted})`);
const noted = (page) => becomes(page, async () => (await page.locator(note).count()) > 0, soonMs, 'no note');

async function signedIn(t, broker) {
  const { page, context } = await openBrowser(t);
  await page.goto(broker.adminLink);
  await page.getByRole('button', { name: /^Sign in as/ }).click();
  await page.getByRole('heading', { level: 1, name: /^Hello/ }).waitFor();
  return { page, context };
}

async function anotherTab(context, broker, path = '/') {
  const page = await context.newPage();
  await page.goto(new URL(path, broker.baseUrl).href);
  return page;
}

test('a new request shows in every tab, over one stream and without a reload', async (t) => {
  const broker = await startBroker(t);
  const { page: first, context } = await signedIn(t, broker);
  const tabs = [first, await anotherTab(context, broker), await anotherTab(context, broker, '/agents')];
  await metricBecomes(broker, streams, 1);
  const before = await Promise.all(tabs.map(loadedAt));

  const handoff = await agentOf(broker).mint();
  await Promise.all(tabs.map((page) => countIs(page, 1)));
  await Promise.all(tabs.slice(0, 2).map((page) => noted(page)));
  assert.equal(await tabs[2].locator('nav [data-waiting-count]').textContent(), '1', 'the bar counts, too');
  assert.equal(await first.getByText('Nothing waits').count(), 1, 'the list itself has not moved');
  assert.deepEqual(await Promise.all(tabs.map(loadedAt)), before, 'no tab was loaded again');
  assert.equal(await metric(broker, streams), 1, 'three tabs, one stream');

  await first.getByRole('link', { name: 'Show it as it is now' }).click();
  await first.getByRole('link', { name: /Demo service/ }).waitFor();
  assert.equal(await first.locator(note).count(), 0);
  tabs.push(await anotherTab(context, broker, '/connections'));
  await Promise.all(tabs.map((page) => countIs(page, 1))); // also where no more news have come
  const person = new Person(broker.baseUrl);
  await person.joins(context);
  await person.open(handoff.url);
  assert.equal((await person.send(/\/decline$/)).status, 303);
  await Promise.all(tabs.map((page) => countIs(page, 0)));
  await metricBecomes(broker, streams, 1);
});

// The best of some tries: what is measured is the program's delay, not this machine's other work.
test(`a new request shows within ${atOnceMs} ms`, async (t) => {
  const broker = await startBroker(t);
  const { page: first, context } = await signedIn(t, broker);
  const tabs = [first, await anotherTab(context, broker)];
  await metricBecomes(broker, streams, 1);
  const delays = [];
  while (delays.length < tries && !(delays.at(-1) < atOnceMs)) {
    const { length } = delays;
    await agentOf(broker).mint({ integration: 'demo', label: `number ${length}` });
    const start = performance.now();
    await Promise.all(tabs.map((page) => countIs(page, length + 1)));
    delays.push(performance.now() - start);
  }
  t.diagnostic(`ms after the agent's answer: ${delays.map((delay) => delay.toFixed(0)).join(', ')}`);
  assert.ok(delays.at(-1) < atOnceMs);
});

test('the stream passes to another tab when the one that has it goes', async (t) => {
  const broker = await startBroker(t);
  const { page: first, context } = await signedIn(t, broker);
  await metricBecomes(broker, streams, 1);
  const second = await anotherTab(context, broker);
  await first.close();
  await agentOf(broker).mint();
  await countIs(second, 1);
  await metricBecomes(broker, streams, 1);
  await agentOf(broker).mint({ integration: 'demo', label: 'the second' });
  await countIs(second, 2);
  await second.close();
  await metricBecomes(broker, streams, 0);
});

test('news leave alone what a person has typed', async (t) => {
  const broker = await startBroker(t);
  const { page } = await signedIn(t, broker);
  const handoff = await agentOf(broker).mint();
  await page.goto(handoff.url);
  await metricBecomes(broker, streams, 1);
  const typed = 'demo-half-typed-0123456789';
  await page.getByLabel('API key', { exact: true }).fill(typed);
  await agentOf(broker).mint({ integration: 'demo', label: 'another' });
  await noted(page);
  assert.equal(await page.getByLabel('API key', { exact: true }).inputValue(), typed);
  await page.getByRole('button', { name: /^Save/ }).click();
  await page.getByRole('heading', { level: 1, name: /^Saved/ }).waitFor();
});

test('signing out ends the stream, and the other tab is not told any more', async (t) => {
  const broker = await startBroker(t);
  const { page, context } = await signedIn(t, broker);
  const other = await anotherTab(context, broker);
  await metricBecomes(broker, streams, 1);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor();
  await agentOf(broker).mint(); // a stream is looked at when there is news
  await metricBecomes(broker, streams, 0);
  assert.equal(await titleCount(other), 0);
});

test('where the stream breaks off again and again, the page asks instead', async (t) => {
  const broker = await startBroker(t);
  const { page, context } = await signedIn(t, broker);
  await context.route('**/events', (route) => route.abort('connectionreset'));
  await page.reload();
  await agentOf(broker).mint();
  await countIs(page, 1, 60_000); // the browser itself tries a few times first, some seconds apart
  await noted(page);
  await metricBecomes(broker, streams, 0);
});

test('where something on the way refuses the stream, one tab asks for all, now and then', async (t) => {
  const broker = await startBroker(t);
  const { page, context } = await signedIn(t, broker);
  await metricBecomes(broker, streams, 1); // the first page has its stream and does not ask
  let asked = 0;
  context.on('request', (request) => (asked += new URL(request.url()).pathname === '/events/now'));
  await context.route('**/events', (route) => route.fulfill({ status: 502, body: 'Bad gateway' }));
  await agentOf(broker).mint();
  await context.clock.install();
  await page.reload();
  await countIs(page, 1);
  const second = await anotherTab(context, broker);
  assert.equal(asked, 1);

  await agentOf(broker).mint({ integration: 'demo', label: 'the second' });
  // The page's clock goes on by itself, too: a machine may need some seconds for all this.
  await page.clock.fastForward(pollEveryMs / 2);
  assert.equal(asked, 1, 'not all the time');
  await page.clock.fastForward(pollEveryMs / 2);
  await Promise.all([page, second].map((one) => countIs(one, 2)));
  await noted(second);
  assert.equal(asked, 2, 'one of the two');
  await metricBecomes(broker, streams, 0);
});

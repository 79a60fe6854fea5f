// The pages of webhooks, in the manner of pages.test.mjs: an address that takes deliveries, one that also sends them to
// where the person said, and what came in, hostile words included.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { agentOf } from './support/agent.mjs';
import { startBroker } from './support/broker.mjs';
import { openBrowser } from './support/browser.mjs';
import { strangeWords } from './support/hostile.mjs';
import { signIn } from './support/oauth_scene.mjs';
import { doing, testPages } from './support/page_table.mjs';
import { Person } from './support/person.mjs';
import { troublesOf } from './support/scene.mjs';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

// Where deliveries of ours go: it takes each.
const receiver = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()));
receiver.listen(0, '127.0.0.1');
await once(receiver, 'listening');
after(() => receiver.close());
const target = `http://127.0.0.1:${receiver.address().port}/in`;

const broker = await startBroker({ after }, { env: { COUNTERSIGN__OUTBOUND__ALLOWED: '127.0.0.1' } });
const agent = agentOf(broker);
const { page, context } = await openBrowser({ after });
await signIn(page, broker.adminLink);
const person = new Person(broker.baseUrl);
await person.joins(context);
const pathOf = (url) => new URL(url).pathname;

const asked = async (label) => {
  const { url, handoffId } = await agent.mint({ integration: 'generic-http', template: 'webhook', label });
  return { path: pathOf(url), handoffId };
};

async function connected(label, fields) {
  const { path, handoffId } = await asked(label);
  await person.open(path);
  const { status, text, location } = await person.send(/\/submit$/, fields);
  assert.equal(status, 303, text);
  const { connection } = await agent.state(handoffId);
  const at = `/connections/${connection.connectionId}`;
  await person.open(at);
  const [, address] = /id="webhook-address">([^<]*)</.exec(person.page);
  return { saved: location, page: at, address };
}

function signed(id, body, key = secret, late = 0) {
  const time = String(Math.floor(Date.now() / 1000) - late);
  const mac = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'));
  const signature = mac.update(`${id}.${time}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
}

async function deliver({ address }, headers, body, type = 'application/json') {
  const answer = await fetch(address, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
  await answer.arrayBuffer();
  return answer.status;
}

const own = { 'secret.signing_secret': secret, 'plain.base_url': '' };
const made = await connected('Orders', { 'secret.signing_secret': '', 'plain.base_url': '' });
const quiet = await connected('Nothing yet', own);
const both = await connected('Both ways', { ...own, 'plain.base_url': target });
const busy = await connected(`Busy ${strangeWords.bidi}`, own);
const order = JSON.stringify({ type: 'order.paid', id: 'ord_0001', total: '19.90', note: 'Thank you <b>very</b> much' });
assert.equal(await deliver(busy, signed('msg_1', order), order), 200);
assert.equal(await deliver(busy, signed('msg_1', order), order), 200);
assert.equal(await deliver(busy, signed('msg_2', ''), ''), 200);
for (const [n, words] of [strangeWords.bidi, strangeWords.long].entries()) {
  assert.equal(await deliver(busy, signed(`msg_h${n}`, words), words, `text/${'x'.repeat(120)}`), 200);
}
assert.equal(await deliver(busy, signed('msg_3', order, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), order), 401);
assert.equal(await deliver(busy, signed('msg_4', order, secret, 900), order), 401);
assert.equal(await deliver(busy, {}, order), 400);
const open = (await asked('Orders of the shop')).path;

const storageState = await context.storageState();
const plain = await openBrowser({ after }, { javaScriptEnabled: false, storageState });
const owner = { page, plainPage: plain.page, troubles: troublesOf(page), baseUrl: broker.baseUrl };
const theSecret = () => `${made.page}/signing-secret`;
const wrongAddress = { 'plain.base_url': 'http://hooks.example.com/in' };

testPages(
  {
    'webhook-form': { who: 'owner', at: () => open, says: /Take deliveries from[^]*one is made for you/, hides: /Give your/ },
    'webhook-form-failed': { who: 'owner', ...doing(() => open, /^Make the/, wrongAddress), says: /There is a problem/ },
    'webhook-saved': { who: 'owner', at: () => made.saved, says: /One step is left[^]*Show the signing secret/ },
    'webhook-empty': { who: 'owner', at: () => quiet.page, says: /Nothing has come in yet/, hides: /Show the signing/ },
    'webhook-deliveries': {
      who: 'owner',
      at: () => busy.page,
      says: /1 delivery with a wrong signature[^]*Accepted/,
      hides: /\u202e/,
    },
    'webhook-tested': { who: 'owner', ...doing(() => both.page, /^Send a test/), says: /status 204/ },
    'signing-secret-act': { who: 'owner', at: theSecret, says: /It stands on the next page alone/ },
    'signing-secret': { who: 'owner', ...doing(theSecret, /^Show the signing secret/), says: /whsec_/ },
  },
  { owner },
);

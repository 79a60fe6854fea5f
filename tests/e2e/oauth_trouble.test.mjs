// A provider that is down, slow to agree, or hostile, at each step of connecting an account: the person is told what
// happened, nothing half-made is kept, and the next try works.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryDir } from './support/broker.mjs';
import { gzipBomb, huge, json, redirect, startHostile, strangeWords, tokenAnswers } from './support/hostile.mjs';
import { bytesIn, heading, press, startOAuth } from './support/oauth_scene.mjs';

const manyTries = { COUNTERSIGN__LIMITS__GRANT_EXECUTES_PER_MINUTE: '1000' };
const scene = await startOAuth({ after }, { provider: { registration: true }, env: manyTries });
const { provider, page } = scene;

let asked = 0;
const ask = () => scene.ask({ name: `Account ${++asked}` });

// Its connection is made by another try in the same page.
async function worksAgain(request) {
  assert.equal((await scene.outcome(request, 0)).status, 'opened');
  await press(page, 'Continue to Acme');
  await heading(page, 'Now go to Acme');
  await scene.consent();
  await heading(page, /^Connected: /);
  assert.equal((await scene.outcome(request)).status, 'completed');
}

test('a provider that cannot be discovered: the agent is told, and asks again later', async () => {
  await provider.pause();
  const { status, body } = await scene.agent.call('POST', '/v1/oauth/start', { integration: 'acme' });
  assert.equal(status, 502, JSON.stringify(body));
  assert.equal(body.code, 'no_metadata');
  assert.equal(body.retryable, true);
  assert.match(body.detail, /Acme could not be asked how it does OAuth/);
  await provider.resume();
  assert.equal((await ask()).status, 'redirect');
});

test('a provider that is down when somebody leaves for it: the link goes on working', async (t) => {
  const own = await startOAuth(t, { provider: { registration: true }, dataDir: temporaryDir() });
  const request = await own.ask();
  await own.restart(); // what it knew of the provider is forgotten
  await own.provider.pause();
  await own.page.goto(request.authorizationUrl);
  await press(own.page, 'Continue to Acme');
  await heading(own.page, 'This did not work with the provider');
  assert.match(await own.page.textContent('main'), /cannot be reached/);
  assert.equal((await own.outcome(request, 0)).status, 'opened');
  await own.provider.resume();
  await own.leave(request);
  await own.consent();
  await heading(own.page, 'Connected: “Acme”');
});

const tokenTroubles = {
  'has an error': [{ status: 500, body: { error: 'server_error' } }, /had an error of its own/],
  'is not available': [{ status: 503 }, /is not available right now/],
  'cuts the connection': [{ lose: true }, /broke the connection off/],
};
for (const [how, [trouble, words]] of Object.entries(tokenTroubles)) {
  test(`a token endpoint that ${how}: the person tries again`, async () => {
    const request = await ask();
    await scene.leave(request);
    provider.disturb('token', trouble);
    await scene.consent();
    await heading(page, 'Connect your Acme account?');
    assert.match(await page.textContent('main'), words);
    assert.equal(page.url(), request.authorizationUrl);
    await worksAgain(request);
  });
}

test('a userinfo endpoint that is down: the ID token names the account', async () => {
  const request = await ask();
  await scene.leave(request);
  const before = provider.count('userinfo');
  provider.disturb('userinfo', { status: 503 });
  await scene.consent();
  await heading(page, /^Connected: /);
  assert.equal(provider.count('userinfo') - before, 1, 'it was asked');
  assert.equal((await scene.outcome(request)).connection.identityLabel, 'alice@people.example');
});

test('a userinfo endpoint that names somebody else: what was granted is given back', async (t) => {
  const request = await ask();
  await scene.leave(request);
  const before = provider.live('RefreshToken').length;
  provider.rewrite('userinfo', (body) => (body.sub = 'sub-of-somebody-else'));
  t.after(() => provider.rewrite('userinfo', undefined));
  await scene.consent();
  await heading(page, 'Acme could not be connected');
  assert.match(await page.textContent('main'), /two different accounts/);
  assert.equal((await scene.outcome(request)).status, 'failed');
  assert.equal(provider.live('RefreshToken').length, before, 'no token that nobody stores stays good');
});

test('a client that the provider does not know any more is the admin’s to mend', async () => {
  const request = await ask();
  await scene.leave(request);
  provider.disturb('token', { status: 401, body: { error: 'invalid_client' } });
  await scene.consent();
  await heading(page, 'Acme could not be connected');
  assert.match(await page.textContent('main'), /does not accept our OAuth client[^]*An admin has to mend/);
  assert.equal((await scene.outcome(request)).status, 'failed');
});

// --- a server that answers wrongly ---

async function enterClient(person) {
  assert.equal(await person.open('/integrations/acme/clients/new?template=oauth'), 200);
  const fields = { client_id: 'made-up', auth: 'none', owner: 'org', grant: 'authorization_code' };
  const { status, text } = await person.send(/\/clients$/, fields);
  assert.equal(status, 303, text);
}

// A person without a browser goes to the hostile server and comes back; answers the page they end on.
async function goThere(own, person, request) {
  assert.equal(await person.open(request.authorizationUrl), 200);
  const { status, text } = await person.send(/\/leave$/);
  assert.equal(status, 200, text);
  const [, address] = /class="button primary" href="([^"]+)"/.exec(text);
  const back = await fetch(address.replaceAll('&amp;', '&'), { redirect: 'manual' });
  const final = await person.open(back.headers.get('location'));
  return { status: final, text: person.page };
}

test('whatever a token endpoint answers, nothing of it is kept and the broker lives', async (t) => {
  const hostile = await startHostile({ t });
  const trap = await startHostile({ t });
  hostile.actsAsProvider();
  const dataDir = temporaryDir();
  const own = await startOAuth(t, {
    provider: false,
    issuer: hostile.url,
    dataDir,
    env: manyTries,
    oauth: { grants: ['authorization_code'], client_auth: ['none'], account: undefined },
  });
  const person = await own.person();
  await enterClient(person);
  const elsewhere = `${trap.url}/token`;
  const answers = {
    ...tokenAnswers,
    'fifty megabytes': huge(),
    'a gzip bomb': gzipBomb(),
    'a redirect that keeps the body': redirect(307, elsewhere),
    'a redirect': redirect(302, elsewhere),
  };
  let n = 0;
  for (const [name, behaviour] of Object.entries(answers)) {
    hostile.on('/token', behaviour);
    const before = hostile.count('/token');
    const request = await own.ask({ name: `Try ${++n}` });
    const { status, text } = await goThere(own, person, request);
    assert.equal(status, 200, `${name}: ${text}`);
    assert.match(text, /Connect your Acme account\?|Acme could not be connected/, name);
    assert.equal(hostile.count('/token') - before, 1, `${name}: asked once`);
    assert.match((await own.outcome(request, 0)).status, /^(opened|failed)$/, name);
  }
  assert.equal(trap.requests.length, 0, 'nobody is led elsewhere with a code');

  for (const [name, words] of Object.entries(strangeWords)) {
    hostile.on('/token', json({ error: 'invalid_grant', error_description: words }, { status: 400 }));
    const request = await own.ask({ name: `Words ${name}` });
    const { text } = await goThere(own, person, request);
    assert.match(text, /Acme could not be connected/, name);
    assert.doesNotMatch(text, /<script>document|<img src=x|[\u202a-\u202e\u2066-\u2069]/, name);
    assert.ok(text.length < 20_000, `${name}: cut`);
  }
  const { body } = await own.agent.call('GET', '/v1/connections');
  assert.deepEqual(body.connections, []);
  assert.ok(!bytesIn(dataDir).includes('hostile-access-token'));

  hostile.actsAsProvider();
  const { text } = await goThere(own, person, await own.ask({ name: 'In the end' }));
  assert.match(text, /Connected: “In the end”/);
});

test('ten questions in a minute are answered, the eleventh is told to wait', async (t) => {
  const own = await startOAuth(t, { provider: { registration: true } });
  for (let n = 1; n <= 10; ++n) await own.ask({ name: `Number ${n}` });
  const late = { integration: 'acme', name: 'Late' };
  const { status, headers, body } = await own.agent.call('POST', '/v1/oauth/start', late);
  assert.equal(status, 429);
  const wait = Number(headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 60, `Retry-After: ${wait}`);
  assert.equal(body.code, 'grant_cap', JSON.stringify(body));
});

// Tokens that end and are renewed, against a real authorization server that rotates refresh tokens and ends the whole
// family when it sees an old one again; and connecting again what cannot be renewed any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDir } from './support/broker.mjs';
import { bytesIn, eventually, heading, press, startOAuth } from './support/oauth_scene.mjs';
import { findIn, shapesOf } from './support/search.mjs';

// Without a secret, so that a test can speak to the provider as our client.
const publicClient = { client_auth: ['none'], grants: ['authorization_code'] };
const shortLived = { AccessToken: 3 };

async function start(t, { ttl, oauth, ...options } = {}) {
  const dataDir = temporaryDir();
  const scene = await startOAuth(t, {
    dataDir,
    provider: { registration: true, ttl },
    oauth: { ...publicClient, ...oauth },
    ...options,
  });
  return { scene, dataDir, ...scene };
}

const newest = (provider, kind) => provider.live(kind).at(-1);

// The person withdraws the access at the provider itself.
async function withdraw(provider) {
  const token = newest(provider, 'RefreshToken');
  const { status } = await fetch(`${provider.url}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token: token.value, client_id: token.client }),
  });
  assert.equal(status, 200);
  assert.deepEqual(provider.live('RefreshToken'), []);
}

const reaches = (scene, id, status) =>
  eventually(`the connection is ${status}`, async () => (await scene.connection(id)).status === status);

test('a token is renewed before it ends, and each refresh token is used once', async (t) => {
  const { scene, dataDir } = await start(t, { ttl: shortLived, oauth: { leeway_seconds: 2 } });
  const { provider, page } = scene;
  const { connectionId } = await scene.connect();
  await eventually('two renewals', () => provider.count('refresh_token') >= 2);
  provider.rewrite('token', (body) => (body.expires_in = 3600)); // now it rests, and can be looked at
  const soon = Date.now() + 60_000;
  await eventually('a token that lasts', () => scene.stored('select expires_at from oauth_accounts') > soon);
  const used = provider.requests.filter(({ grant }) => grant === 'refresh_token');
  const values = used.map((request) => request.secret('refresh_token'));
  assert.equal(new Set(values).size, values.length, 'no refresh token was sent twice');
  assert.ok(used.every(({ status }) => status === 200), 'the provider agreed each time');
  assert.equal(provider.live('RefreshToken').length, 1, 'the family lives');
  assert.equal((await scene.connection(connectionId)).status, 'active');
  await scene.open(`/connections/${connectionId}`);
  assert.match(await page.textContent('main'), /Healthy[^]*renewed by itself\. Last renewed/);
  await scene.broker.stop();
  const files = bytesIn(dataDir);
  for (const secret of provider.secrets()) {
    assert.deepEqual(findIn(files, shapesOf(secret)), []);
    assert.deepEqual(findIn(scene.broker.output(), shapesOf(secret)), []);
  }
});

test('a person renews a token by its page, and not twice in a row', async (t) => {
  const { scene } = await start(t);
  const { provider, page } = scene;
  const { connectionId } = await scene.connect();
  await scene.open(`/connections/${connectionId}`);
  await press(page, 'Renew the token now');
  await page.getByText('The token was renewed a moment ago; it still works.').waitFor();
  assert.equal(provider.count('refresh_token'), 0, 'it is as fresh as can be');
  await scene.rewrite('update oauth_accounts set refreshed_at = refreshed_at - 60000');
  const before = newest(provider, 'RefreshToken').value;
  await press(page, 'Renew the token now');
  await page.getByText('The token was renewed: the connection works.').waitFor();
  assert.equal(provider.count('refresh_token'), 1);
  assert.ok(provider.revoked(before), 'the old one is used up');
  assert.equal(provider.live('RefreshToken').length, 1);
});

test('what was withdrawn at the provider is connected again, by the same account alone', async (t) => {
  const { scene } = await start(t);
  const { provider, page } = scene;
  const { connectionId } = await scene.connect();
  await withdraw(provider);
  await scene.rewrite('update oauth_accounts set refreshed_at = refreshed_at - 60000');
  await scene.open(`/connections/${connectionId}`);
  await press(page, 'Renew the token now');
  await reaches(scene, connectionId, 'needs_reauth');
  await scene.open(`/connections/${connectionId}`);
  const told = await page.textContent('main');
  assert.match(told, /Acme has to be connected again: the provider does not accept its refresh token any more/);
  assert.match(told, /Needs to be connected again/i);
  assert.equal(await page.getByRole('button', { name: 'Renew the token now' }).count(), 0);

  await press(page, 'Connect it again');
  await heading(page, 'Connect “Acme” to Acme again?');
  assert.match(await page.textContent('main'), /for the account alice@people\.example/);
  provider.setAccount('bob');
  await press(page, 'Continue to Acme');
  await scene.consent();
  await heading(page, 'Connect “Acme” to Acme again?');
  const refused = await page.textContent('main');
  assert.match(refused, /another account than the one this connection is for/);
  assert.match(refused, /bob@people\.example/);
  assert.equal((await scene.connection(connectionId)).status, 'needs_reauth');
  assert.equal((await scene.connection(connectionId)).identityLabel, 'alice@people.example');
  assert.deepEqual(provider.live('RefreshToken'), [], 'what the other account allowed is withdrawn');

  provider.setAccount('alice');
  await press(page, 'Continue to Acme');
  await scene.consent();
  await heading(page, 'Connected: “Acme”');
  const { status, identityLabel } = await scene.connection(connectionId);
  assert.deepEqual([status, identityLabel], ['active', 'alice@people.example']);
  const { body } = await scene.agent.call('GET', '/v1/connections');
  assert.equal(body.connections.length, 1, 'the same connection, not a second one');
  assert.equal(body.connections[0].connectionId, connectionId);
});

test('a connection for one account is not connected again by one that nobody can name', async (t) => {
  const asked = (url) => ({ from: 'request', url, id: ['/account'], label: ['/account'] });
  const account = ({ api }) => ({ ...publicClient, account: asked(api) });
  const scene = await startOAuth(t, { provider: { registration: true }, oauth: account });
  const { provider, page } = scene;
  const { connectionId, identityLabel } = await scene.connect({ scopes: ['read'] });
  assert.equal(identityLabel, 'alice');
  await scene.open(`/connections/${connectionId}`);
  await press(page, 'Connect it again');
  await press(page, 'Continue to Acme');
  provider.disturb('api', { status: 503 });
  await scene.consent();
  await heading(page, 'Connect “Acme” to Acme again?');
  assert.match(await page.textContent('main'), /did not say which account it is/);
  await press(page, 'Continue to Acme');
  await scene.consent();
  await heading(page, 'Connected: “Acme”');
  assert.equal((await scene.connection(connectionId)).identityLabel, 'alice');
});

test('an answer that was lost after the rotation ends with a cause, never in silence', async (t) => {
  const { scene } = await start(t);
  const { provider, page } = scene;
  const { connectionId } = await scene.connect();
  provider.disturb('token', { lose: true });
  await scene.rewrite('update oauth_accounts set refreshed_at = refreshed_at - 60000');
  await scene.open(`/connections/${connectionId}`);
  await press(page, 'Renew the token now');
  await page.waitForURL(/done=put-off/);
  const waiting = await page.textContent('main');
  assert.match(waiting, /Cannot be renewed right now/);
  assert.match(waiting, /It is tried again/);
  assert.equal((await scene.connection(connectionId)).status, 'active', 'its token still works');

  // The provider holds a second use of the old refresh token for theft.
  await scene.rewrite('update oauth_accounts set next_try_at = 1, expires_at = 1');
  await reaches(scene, connectionId, 'needs_reauth');
  assert.deepEqual(provider.live('RefreshToken'), []);
  await page.reload();
  assert.match(await page.textContent('main'), /may have rotated the token while its answer was lost/);
});

test('while the provider is down a connection waits, and is renewed when it is back', async (t) => {
  const { scene } = await start(t);
  const { provider, page } = scene;
  const { connectionId } = await scene.connect();
  provider.disturb('token', { times: 1, status: 503, headers: { 'retry-after': '1' } });
  await scene.rewrite('update oauth_accounts set expires_at = 1');
  await eventually('a try that failed', () => provider.count('refresh_token') === 1);
  await scene.open(`/connections/${connectionId}`);
  const says = (words) =>
    eventually(`the page says ${words}`, async () => {
      await page.reload();
      return words.test(await page.textContent('main'));
    });
  await says(/Cannot be renewed right now/);
  assert.equal((await scene.connection(connectionId)).status, 'active', 'one failure is no verdict');
  await scene.rewrite('update oauth_accounts set next_try_at = 1');
  await scene.renewed();
  await says(/Healthy/);
});

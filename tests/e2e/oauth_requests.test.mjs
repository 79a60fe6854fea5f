// What is asked of an authorization server, and by which way: pushed requests (RFC 9126), resource indicators
// (RFC 8707), and what happens where a server offers less than we demand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, heading, press, startOAuth } from './support/oauth_scene.mjs';

const keysOf = (url) => [...new URL(url).searchParams.keys()].sort();

// An integration whose file names the endpoints, instead of leaving them to the server's metadata.
const named = ({ issuer, url }) => ({
  issuer,
  discover: undefined,
  authorization_endpoint: `${url}/auth`,
  token_endpoint: `${url}/token`,
  revocation_endpoint: `${url}/token/revocation`,
  registration_endpoint: `${url}/reg`,
  pushed_authorization_request_endpoint: `${url}/request`,
  jwks_uri: `${url}/jwks`,
  userinfo_endpoint: `${url}/me`,
  authorization_response_iss_parameter_supported: true,
});

const pushed = {
  'a server that demands it': { provider: { par: 'required' } },
  'a server that an integration’s file names for it': { provider: { par: 'offered' }, oauth: named },
};
for (const [how, { provider: kind, oauth }] of Object.entries(pushed)) {
  test(`a request is pushed to ${how}`, async (t) => {
    const scene = await startOAuth(t, { provider: { registration: true, ...kind }, oauth });
    const { provider, page } = scene;
    const asked = await scene.ask();
    const address = await scene.leave(asked);
    assert.deepEqual(keysOf(address), ['client_id', 'request_uri'], 'nothing else travels by the browser');
    assert.equal(provider.count('push'), 1);
    const { params, authenticatedBy } = provider.requests.find(({ route }) => route === 'push');
    assert.equal(params.code_challenge_method, 'S256');
    assert.equal(params.scope, 'openid email read');
    assert.deepEqual(authenticatedBy, ['client_secret_basic']);
    await scene.consent();
    await heading(page, 'Connected: “Acme”');
    assert.equal((await scene.outcome(asked)).status, 'completed');

    const second = await scene.ask({ name: 'Another' });
    const other = await scene.leave(second);
    assert.notEqual(new URL(other).searchParams.get('request_uri'), new URL(address).searchParams.get('request_uri'));
  });
}

test('a pushed request that is refused leads nowhere, and can be tried again', async (t) => {
  const scene = await startOAuth(t, { provider: { registration: true, par: 'required' } });
  const { provider, page } = scene;
  const asked = await scene.ask();
  provider.disturb('push', { status: 503 });
  await page.goto(asked.authorizationUrl);
  const answered = page.waitForResponse((response) => response.url().endsWith('/leave'));
  await press(page, 'Continue to Acme');
  assert.ok((await answered).status() >= 500);
  assert.match(await page.textContent('main'), /could not be asked just now/);
  assert.equal((await scene.outcome(asked, 0)).status, 'opened');
  await scene.leave(asked);
  await scene.consent();
  await heading(page, 'Connected: “Acme”');
});

test('the resource is named to the provider each time', async (t) => {
  const scene = await startOAuth(t, {
    provider: { registration: true, ttl: { AccessToken: 3 } },
    oauth: ({ api }) => ({ resource_use: 'resource', resource: api, leeway_seconds: 2 }),
  });
  const { provider } = scene;
  const { connectionId } = await scene.connect();
  await scene.renewed();
  for (const what of ['authorization', 'authorization_code', 'refresh_token']) {
    const found = provider.requests.filter(({ route, grant }) => [route, grant].includes(what));
    assert.ok(found.length > 0);
    for (const { params } of found) assert.equal(params.resource, provider.api, what);
  }
  const tokens = provider.tokens().filter(({ kind }) => kind === 'AccessToken');
  assert.ok(tokens.every(({ resource }) => resource === provider.api), 'no token is good anywhere else');
  // Each second it is on its way to the next renewal for a moment.
  await eventually('it works', async () => (await scene.connection(connectionId)).status === 'active');
});

test('nobody is sent to a server that does not say that it knows S256', async (t) => {
  const scene = await startOAuth(t, { provider: { registration: true } });
  const { provider, page } = scene;
  provider.rewrite('metadata', (body) => delete body.code_challenge_methods_supported);
  const asked = await scene.ask();
  await page.goto(asked.authorizationUrl);
  await press(page, 'Continue to Acme');
  await page.getByText(/PKCE \(S256\)/).first().waitFor();
  assert.ok(!(await page.content()).includes(provider.url), 'there is no way there');
  assert.equal(provider.count('authorization'), 0);
});

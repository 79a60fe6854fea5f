// The servers that the OAuth tests talk to, before anything is tested with them: each knob does what it says, seen by
// a client that shares no code with the program.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAccessible, openBrowser } from './support/browser.mjs';
import { raw, startHostile } from './support/hostile.mjs';
import { eventually } from './support/oauth_scene.mjs';
import { callback, plainClient } from './support/plain_client.mjs';
import { accounts, startProvider, wrongIssuer } from './support/provider.mjs';

const clientOf = (provider, metadata = {}) =>
  plainClient(provider, provider.addClient({ redirect_uris: [callback], ...metadata }));

async function tokensOf(client, more) {
  const { code } = await client.authorize({ scope: 'openid email read', ...more });
  assert.ok(code, 'the flow ends with a code');
  const { status, body } = await client.redeem(code, more?.resource && { resource: more.resource });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const userinfo = async ({ issuer }, token) =>
  (await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).json();

test('a code flow with PKCE ends with tokens, and the log tells of it without a secret', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const { code, iss, state } = await client.authorize({ scope: 'openid email read' });
  assert.deepEqual({ iss, state }, { iss: provider.issuer, state: 'the-state' });
  const { body } = await client.redeem(code);
  assert.equal(body.token_type, 'Bearer');
  assert.equal(body.expires_in, 3600);
  assert.deepEqual(body.scope.split(' ').sort(), ['email', 'openid', 'read']);
  assert.deepEqual(await userinfo(provider, body.access_token), {
    sub: accounts.alice.sub,
    email: accounts.alice.email,
    email_verified: true,
  });
  const claims = JSON.parse(Buffer.from(body.id_token.split('.')[1], 'base64url'));
  assert.equal(claims.sub, accounts.alice.sub);
  assert.equal(claims.email, accounts.alice.email);

  assert.equal(provider.count('token'), 1);
  assert.equal(provider.count('authorization_code'), 1);
  const [asked] = provider.requests.filter(({ route }) => route === 'token');
  assert.deepEqual(asked.authenticatedBy, ['client_secret_basic']);
  assert.equal(asked.secret('code'), code);
  const next = (await client.refresh(body.refresh_token)).body;
  await client.revoke(next.access_token);
  const issued = [code, body.access_token, body.refresh_token, body.id_token, next.access_token, next.refresh_token];
  for (const secret of issued) {
    assert.ok(!JSON.stringify([provider.requests, provider.tokens()]).includes(secret));
    assert.ok(provider.secrets().includes(secret), 'a canary search knows it');
  }
});

test('PKCE is for everybody, S256 only, and a code works once', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  for (const code_challenge_method of [undefined, 'plain']) {
    const without = code_challenge_method ? {} : { code_challenge: undefined };
    const { code, error } = await client.authorize({ scope: 'openid', code_challenge_method, ...without });
    assert.deepEqual({ code, error }, { code: undefined, error: 'invalid_request' });
  }
  const { code } = await client.authorize({ scope: 'openid' });
  const { body } = await client.redeem(code);
  assert.equal((await client.redeem(code)).body.error, 'invalid_grant');
  assert.ok(provider.revoked(body.refresh_token), 'a replayed code ends what came of it');
});

test('a refresh token rotates, and its replay kills the family', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const first = await tokensOf(client);
  const second = (await client.refresh(first.refresh_token)).body;
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(provider.live('RefreshToken').length, 1);
  assert.equal(provider.live('RefreshToken')[0].value, second.refresh_token);
  assert.ok(await client.isActive(second.access_token));

  assert.equal((await client.refresh(first.refresh_token)).body.error, 'invalid_grant');
  assert.equal((await client.refresh(second.refresh_token)).body.error, 'invalid_grant');
  assert.deepEqual(provider.live('RefreshToken'), []);
  assert.ok(provider.revoked(second.access_token));
  assert.equal(await client.isActive(second.access_token), false);
  assert.equal(provider.count('refresh_token'), 3);

  provider.rotates = false;
  const kept = await tokensOf(client);
  assert.equal((await client.refresh(kept.refresh_token)).body.refresh_token, kept.refresh_token);
});

test('revoking one connection leaves another alone', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const one = await tokensOf(client);
  const other = await tokensOf(client);
  assert.equal(provider.grants().length, 2);
  assert.equal((await client.revoke(one.refresh_token)).status, 200);
  assert.ok(provider.revoked(one.refresh_token));
  assert.ok(provider.revoked(one.access_token));
  assert.equal(await client.isActive(one.access_token), false);
  assert.ok(!provider.revoked(other.refresh_token));
  assert.equal((await client.revoke('never-issued')).status, 200);
  assert.throws(() => provider.revoked('never-issued'), /not issued here/);
});

test('every way for a client to say who it is', async (t) => {
  const provider = await startProvider({ t });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ways = {
    none: {},
    client_secret_basic: { client_secret: 'needs to be: encoded+%' },
    client_secret_post: {},
    private_key_jwt: { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig' }] } },
  };
  for (const [token_endpoint_auth_method, more] of Object.entries(ways)) {
    const metadata = provider.addClient({ redirect_uris: [callback], token_endpoint_auth_method, ...more });
    const client = plainClient(provider, metadata, { privateKey });
    const { refresh_token } = await tokensOf(client);
    assert.equal((await client.refresh(refresh_token)).status, 200, token_endpoint_auth_method);
    const asked = provider.requests.filter(({ grant }) => grant === 'refresh_token').at(-1);
    assert.deepEqual([asked.authenticatedBy, asked.client], [[token_endpoint_auth_method], metadata.client_id]);
  }
  const wrongKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const known = provider.addClient({ token_endpoint_auth_method: 'private_key_jwt', ...ways.private_key_jwt });
  const fields = { grant_type: 'client_credentials', scope: 'read' };
  assert.equal((await plainClient(provider, known, { privateKey }).ask('token_endpoint', fields)).status, 200);
  const impostor = await plainClient(provider, known, { privateKey: wrongKey }).ask('token_endpoint', fields);
  assert.equal(impostor.body.error, 'invalid_client');

  const narrow = clientOf(await startProvider({ t, tokenAuth: ['private_key_jwt'] }));
  assert.deepEqual((await narrow.metadata()).token_endpoint_auth_methods_supported, ['private_key_jwt']);
});

test('client credentials, a token that ends soon, a client that is gone', async (t) => {
  const lifetime = 4; // seconds, of which the provider may take off nearly one: it counts from a whole one
  const provider = await startProvider({ t, ttl: { ClientCredentials: lifetime } });
  const metadata = provider.addClient();
  const client = plainClient(provider, metadata);
  const mint = () => client.ask('token_endpoint', { grant_type: 'client_credentials', scope: 'read' });
  const { status, body } = await mint();
  assert.deepEqual([status, body.expires_in, body.refresh_token], [200, lifetime, undefined]);
  const api = () => fetch(provider.api, { headers: { authorization: `Bearer ${body.access_token}` } });
  assert.equal((await api()).status, 200);
  await sleep(lifetime * 1000 + 50);
  assert.equal((await api()).status, 401);
  provider.removeClient(metadata.client_id);
  assert.equal((await mint()).body.error, 'invalid_client');
});

test('a pushed request, offered and required', async (t) => {
  const provider = await startProvider({ t, par: 'required' });
  const client = clientOf(provider);
  assert.equal((await client.metadata()).require_pushed_authorization_requests, true);
  assert.equal((await client.authorize({ scope: 'openid' })).error, 'invalid_request');
  const pushed = await client.ask('pushed_authorization_request_endpoint', client.request({ scope: 'openid' }));
  assert.equal(pushed.status, 201);
  const { client_id } = client.request();
  const url = await client.start({ client_id, request_uri: pushed.body.request_uri });
  const { location } = await client.browser.follow(url);
  assert.equal((await client.redeem(location.searchParams.get('code'))).status, 200);
  assert.equal(provider.count('push'), 1);

  const offering = clientOf(await startProvider({ t, par: 'offered' }));
  const { pushed_authorization_request_endpoint, require_pushed_authorization_requests } = await offering.metadata();
  assert.ok(pushed_authorization_request_endpoint && !require_pushed_authorization_requests);
  assert.ok((await offering.authorize({ scope: 'openid' })).code);
  const plain = await clientOf(await startProvider({ t })).metadata();
  assert.equal(plain.pushed_authorization_request_endpoint, undefined);
});

test('a client registers itself, if that is offered', async (t) => {
  const provider = await startProvider({ t, registration: true });
  const { registration_endpoint } = await clientOf(provider).metadata();
  const response = await fetch(registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'] }),
  });
  assert.equal(response.status, 201);
  const registered = await response.json();
  assert.ok(provider.secrets().includes(registered.client_secret));
  assert.ok((await tokensOf(plainClient(provider, registered))).refresh_token);
  assert.deepEqual(provider.requests.find(({ route }) => route === 'registration').params.redirect_uris, [callback]);
  assert.equal((await clientOf(await startProvider({ t })).metadata()).registration_endpoint, undefined);
});

test('a client’s metadata document is fetched from where it is mapped to, and nothing else is', async (t) => {
  const client_id = 'https://broker.example/oauth/clients/one';
  const document = { client_id, client_name: 'Broker', redirect_uris: [callback], token_endpoint_auth_method: 'none' };
  document.grant_types = ['authorization_code', 'refresh_token'];
  const fetched = [];
  const broker = createServer((request, response) => {
    fetched.push(request.url);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise((listening) => broker.listen(0, '127.0.0.1', listening));
  t.after(() => broker.close());
  const provider = await startProvider({ t, cimd: true });
  const client = plainClient(provider, document);
  assert.equal((await client.metadata()).client_id_metadata_document_supported, true);
  assert.match((await client.authorize({ scope: 'openid' })).text, /invalid_client/);
  provider.mapDocument('https://broker.example', `http://127.0.0.1:${broker.address().port}`);
  assert.ok((await tokensOf(client)).refresh_token);
  assert.equal(fetched[0], '/oauth/clients/one');
});

test('a token for a resource, its API, and a server that refuses resources', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const challenged = await fetch(`${provider.api}/things`);
  assert.equal(challenged.status, 401);
  const [, address] = /resource_metadata="([^"]+)"/.exec(challenged.headers.get('www-authenticate'));
  const resource = await (await fetch(address)).json();
  assert.deepEqual([resource.resource, resource.authorization_servers], [provider.api, [provider.issuer]]);

  const token = await tokensOf(client, { scope: 'read', resource: resource.resource });
  const call = async ({ access_token }) =>
    (await fetch(provider.api, { headers: { authorization: `Bearer ${access_token}` } })).json();
  assert.deepEqual(await call(token), { account: 'alice', client: client.request().client_id, scope: 'read' });
  const elsewhere = await tokensOf(client, { scope: 'read', resource: 'https://elsewhere.example/' });
  assert.equal((await call(elsewhere)).error, 'invalid_token', 'a token for somebody else');
  await client.revoke(token.refresh_token);
  assert.equal((await call(token)).error, 'invalid_token');

  const structured = await startProvider({ t, tokenFormat: 'jwt' });
  const holder = clientOf(structured);
  const { access_token } = await tokensOf(holder, { scope: 'read', resource: structured.api });
  assert.equal((await holder.revoke(access_token)).body.error, 'unsupported_token_type');
  const refusing = clientOf(await startProvider({ t, resource: 'refused' }));
  assert.equal((await refusing.authorize({ scope: 'read', resource: provider.api })).error, 'invalid_target');
});

test('`iss` right, wrong, missing, and no longer advertised', async (t) => {
  const provider = await startProvider({ t, iss: 'wrong' });
  const client = clientOf(provider);
  const issOf = async (more) => (await client.authorize({ scope: 'openid', ...more })).iss;
  assert.equal(await issOf(), wrongIssuer);
  assert.equal(await issOf({ code_challenge: undefined }), wrongIssuer, 'of a refusal, too');
  provider.iss = 'missing';
  assert.equal(await issOf(), undefined);
  provider.iss = `${provider.issuer}/`;
  assert.equal(await issOf(), `${provider.issuer}/`);
  const advertised = 'authorization_response_iss_parameter_supported';
  assert.equal((await client.metadata())[advertised], true);
  assert.equal((await clientOf(await startProvider({ t, issAdvertised: false })).metadata())[advertised], undefined);
});

test('the person says no once, grants less, is somebody else', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  provider.denyNext();
  const { error, code } = await client.authorize({ scope: 'openid' });
  assert.deepEqual({ error, code }, { error: 'access_denied', code: undefined });
  provider.grantOnly(['read']);
  assert.equal((await tokensOf(client, { scope: 'openid read write' })).scope, 'openid read');
  provider.grantOnly(undefined);
  provider.setAccount('bob');
  const { access_token, scope } = await tokensOf(client, { scope: 'openid email write' });
  assert.equal(scope, 'openid email write');
  assert.equal((await userinfo(provider, access_token)).email, accounts.bob.email, 'the same browser');
  assert.equal((await userinfo(await startProvider({ t, account: 'bob' }), access_token)).error, 'invalid_token');
});

test('down and up again, nothing forgotten', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const { refresh_token } = await tokensOf(client);
  provider.disturb('metadata', { delayMs: 5_000 });
  const cut = assert.rejects(client.metadata(), TypeError);
  await eventually('it is asked', () => provider.requests.at(-1).route === 'metadata');
  await provider.pause();
  await cut;
  const [refusal] = await once(connect(provider.port, '127.0.0.1'), 'error').catch((error) => [error]);
  assert.equal(refusal.code, 'ECONNREFUSED');
  await assert.rejects(client.refresh(refresh_token), TypeError);
  await provider.resume();
  assert.equal((await client.refresh(refresh_token)).status, 200);
});

test('a token endpoint that fails, is late, loses its answer; metadata that change', async (t) => {
  const provider = await startProvider({ t });
  const client = clientOf(provider);
  const { refresh_token } = await tokensOf(client);
  provider.disturb('token', { times: 2, status: 503, headers: { 'retry-after': '7' } });
  for (const _ of [1, 2]) {
    const { status, headers } = await client.refresh(refresh_token);
    assert.deepEqual([status, headers.get('retry-after')], [503, '7']);
  }
  assert.equal(provider.count('refresh_token'), 2, 'what fails counts, too');
  assert.ok(!provider.revoked(refresh_token));

  provider.disturb('token', { delayMs: 200 });
  const before = performance.now();
  const late = (await client.refresh(refresh_token)).body;
  assert.ok(performance.now() - before >= 195);

  provider.disturb('token', { lose: true });
  await assert.rejects(client.refresh(late.refresh_token), TypeError);
  assert.ok(provider.revoked(late.refresh_token), 'it has rotated, and nobody knows the new one');
  assert.equal(provider.live('RefreshToken').length, 1);
  assert.equal((await client.refresh(late.refresh_token)).body.error, 'invalid_grant');
  assert.equal(provider.live('RefreshToken').length, 0);

  provider.disturb('revocation', { times: Infinity, status: 500 });
  assert.equal((await client.revoke('anything')).status, 500);
  provider.calm();
  assert.equal((await client.revoke('anything')).status, 200);

  provider.rewrite('token', (body) => delete body.refresh_token);
  assert.equal((await tokensOf(client)).refresh_token, undefined);
  provider.rewrite('token', undefined);
  assert.ok((await tokensOf(client)).refresh_token);
  provider.setMetadataIssuer('https://other.example');
  assert.equal((await client.metadata()).issuer, 'https://other.example');
  provider.setMetadataIssuer(undefined);
  assert.equal((await client.metadata()).issuer, provider.issuer);
});

test('pages: somebody signs in, ticks a scope off, allows; then denies; nothing comes from elsewhere', async (t) => {
  const provider = await startProvider({ t, autoConsent: false });
  const home = await startHostile({ t });
  home.on('/callback', raw('back'));
  const redirect_uris = [`${home.url}/callback`];
  const client = clientOf(provider, { client_name: 'A <b>client</b>', redirect_uris });
  const { page } = await openBrowser(t);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  const open = async () => page.goto(await client.start(client.request({ scope: 'openid read write' })));
  const parameters = async () => {
    await page.waitForURL(`${home.url}/callback?**`);
    return Object.fromEntries(new URL(page.url()).searchParams);
  };

  await open();
  await assertAccessible(page);
  await page.getByLabel('User name').fill('bob');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Let A <b>client</b> in?' }).waitFor();
  await assertAccessible(page);
  assert.equal(await page.locator('#account').textContent(), 'bob');
  await page.getByRole('checkbox', { name: 'write' }).uncheck();
  await page.getByRole('button', { name: 'Allow' }).click();
  const { body } = await client.redeem((await parameters()).code);
  assert.equal(body.scope, 'openid read');
  assert.equal((await userinfo(provider, body.access_token)).sub, accounts.bob.sub);

  await open();
  await page.getByRole('button', { name: 'Deny' }).click();
  assert.equal((await parameters()).error, 'access_denied');
  assert.deepEqual(new Set(asked), new Set([provider.url, home.url]));
});

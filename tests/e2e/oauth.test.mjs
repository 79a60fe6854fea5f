// An account is connected, from the agent's question to the connection, with every kind of OAuth client: a real
// authorization server, a real browser. And what an agent, a page, an address, a file or the log never shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { temporaryDir } from './support/broker.mjs';
import { bytesIn, heading, press, startOAuth } from './support/oauth_scene.mjs';
import { findIn, shapesOf } from './support/search.mjs';

// What a person does at the provider and on our page, when an agent asks for a client. Answers the provider's side.
async function setUpClient(scene, auth, wanted = {}) {
  const { agent, page, provider } = scene;
  const request = { integration: 'acme', ...wanted };
  const { status, body } = await agent.call('POST', '/v1/oauth/clients/handoffs', request);
  assert.equal(status, 201, JSON.stringify(body));
  await page.goto(body.url);
  await heading(page, 'Set up an OAuth client for Acme?');
  const redirectUri = await page.locator('#redirect-uri').textContent();
  assert.ok(redirectUri.startsWith(`${scene.broker.baseUrl}/oauth/callback/oc_`), redirectUri);
  const withCode = wanted.grant !== 'client_credentials';
  const registered = provider.addClient({
    token_endpoint_auth_method: auth,
    ...(withCode ? { redirect_uris: [redirectUri] } : {}),
  });
  await page.getByLabel('Client ID').fill(registered.client_id);
  await page.getByLabel('How it proves who it is').selectOption(auth);
  if (registered.client_secret) await page.getByLabel('Client secret', { exact: true }).fill(registered.client_secret);
  await press(page, 'Save the OAuth client');
  await heading(page, /^Set up: /);
  assert.equal((await scene.outcome(body)).status, 'completed');
  await page.getByRole('link', { name: 'See it' }).click();
  await heading(page, /^OAuth client /);
  return registered;
}

// The provider asks us for our key when it checks a signature.
async function publishKey({ page, provider, broker }, { client_id }) {
  const address = await page.locator('#jwks-uri').textContent();
  provider.mapDocument(broker.baseUrl, broker.baseUrl);
  provider.changeClient(client_id, { jwks_uri: address });
}

// The agent holds a connection; nobody but the two servers ever held a token.
async function nothingLeaked(scene, dataDir, more = []) {
  const { provider } = scene;
  const verifiers = provider.requests.map((request) => request.secret('code_verifier')).filter(Boolean);
  const secrets = [...provider.secrets(), ...verifiers, ...more];
  assert.ok(secrets.length >= 2, 'there were secrets to look for');
  const answers = await scene.answers();
  assert.ok(answers.some((answer) => answer.includes('Connected: ')), 'the answers were kept');
  const files = bytesIn(dataDir);
  assert.ok(files.includes('connection.created'), 'the record was found');
  const codes = new Set(provider.tokens().filter(({ kind }) => kind === 'AuthorizationCode').map(({ value }) => value));
  for (const secret of secrets) {
    const shapes = shapesOf(secret);
    assert.deepEqual(findIn(files, shapes), [], 'in a file');
    assert.deepEqual(findIn(scene.broker.output(), shapes), [], 'in the log');
    assert.deepEqual(findIn(answers.join('\n'), shapes), [], 'in an answer');
    // The code alone travels by the browser, and is used up when it arrives.
    if (!codes.has(secret)) assert.deepEqual(findIn(scene.seen.join('\n'), shapes), [], 'in an address');
  }
}

for (const auth of ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']) {
  test(`an account is connected by a client that a person entered: ${auth}`, async (t) => {
    const dataDir = temporaryDir();
    const scene = await startOAuth(t, { dataDir, env: { COUNTERSIGN__LOG__LEVEL: 'debug' } });
    const { page, provider } = scene;
    const missing = await scene.agent.call('POST', '/v1/oauth/start', { integration: 'acme' });
    assert.equal(missing.body.code, 'oauth_client_missing', 'nothing to connect with, and it says what to do');
    const client = await setUpClient(scene, auth);
    if (auth === 'private_key_jwt') await publishKey(scene, client);

    const asked = await scene.ask({ name: 'Weekly figures' });
    assert.equal(asked.status, 'redirect');
    const waiting = scene.outcome(asked);
    const url = new URL(await scene.leave(asked));
    assert.equal(url.origin, provider.url);
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(provider.count('authorization'), 0, 'the way there is a link that a person follows');
    await scene.consent();
    await heading(page, 'Connected: “Weekly figures”');
    assert.equal(page.url(), asked.authorizationUrl, 'neither code nor state stays in the address');
    const result = await page.textContent('main');
    assert.match(result, /alice@people\.example/);
    assert.match(result, /openid; .* email; .* read/);

    const outcome = await waiting;
    assert.equal(outcome.status, 'completed');
    const { name, identityLabel, status, connectionId } = outcome.connection;
    assert.deepEqual([name, identityLabel, status], ['Weekly figures', 'alice@people.example', 'active']);
    assert.equal(provider.count('authorization_code'), 1);
    const token = provider.requests.find(({ route }) => route === 'token');
    assert.deepEqual(token.authenticatedBy, [auth], 'one way of proving who it is');
    const again = await scene.ask({ name: 'Weekly figures' });
    assert.equal(again.status, 'connected');
    assert.equal(again.connection.connectionId, connectionId);
    await scene.open(`/connections/${connectionId}`);
    assert.match(await page.textContent('main'), /Healthy/);
    await nothingLeaked(scene, dataDir, client.client_secret ? [client.client_secret] : []);
  });
}

test('an agent of MCP connects an account where this server registers itself', async (t) => {
  const dataDir = temporaryDir();
  const scene = await startOAuth(t, { dataDir, provider: { registration: true } });
  const { page, provider, broker } = scene;
  const agent = new Client({ name: 'e2e agent', version: '1' });
  const headers = { authorization: `Bearer ${broker.agentToken}` };
  await agent.connect(new StreamableHTTPClientTransport(new URL(broker.mcpUrl), { requestInit: { headers } }));
  t.after(() => agent.close());
  await agent.listTools(); // from here on its client checks every answer against the tool's schema
  const call = async (name, input) => {
    const result = await agent.callTool({ name, arguments: input });
    assert.notEqual(result.isError, true, JSON.stringify(result));
    for (const secret of provider.secrets()) assert.ok(!JSON.stringify(result).includes(secret));
    return result.structuredContent;
  };

  const asked = await call('oauth.start', { integration: 'acme', scopes: ['openid', 'read', 'write'] });
  assert.equal(asked.status, 'redirect');
  const { params } = provider.requests.find(({ route }) => route === 'registration');
  assert.equal(params.application_type, 'native', 'an address of this machine');
  assert.equal(params.client_name, 'Countersign');
  const waiting = call('handoffs.wait', { handoffId: asked.handoffId, wait: 30 });
  await scene.leave(asked);
  await page.goBack();
  await heading(page, /^Connect your Acme account/);
  assert.match(await page.textContent('main'), /Change your reports/);
  await scene.leave(asked);
  await page.getByRole('link', { name: /^Go to / }).click();
  await press(page, 'Sign in');
  await page.getByRole('checkbox', { name: 'write' }).uncheck();
  await press(page, 'Allow');
  await heading(page, 'Connected: “Acme”');
  const result = await page.textContent('main');
  assert.match(result, /Less was granted than asked for/);
  assert.match(result, /Change your reports write/);

  const outcome = await waiting;
  assert.equal(outcome.status, 'completed');
  const { clients } = await call('oauth.clients.list', { integration: 'acme' });
  assert.equal(clients.length, 1);
  assert.equal(clients[0].origin.kind, 'dynamic_client_registration');
  const { connections } = await call('connections.list', { integration: 'acme' });
  assert.equal(connections[0].connectionId, outcome.connection.connectionId);
  const { connectors } = await call('list_connectors', {});
  assert.equal(connectors.find(({ connector }) => connector === 'acme').connected, true);
  await nothingLeaked(scene, dataDir);
});

test('an application’s own access needs nobody at the provider', async (t) => {
  const dataDir = temporaryDir();
  const scene = await startOAuth(t, { dataDir });
  const { page, provider } = scene;
  const client = await setUpClient(scene, 'client_secret_basic', { grant: 'client_credentials', slug: 'robot' });
  provider.changeClient(client.client_id, { scope: 'read write' });
  const asked = await scene.ask({ client: 'robot', scopes: ['read'] });
  const waiting = scene.outcome(asked);
  await page.goto(asked.authorizationUrl);
  assert.match(await page.textContent('main'), /belongs to the application/);
  await press(page, 'Connect Acme now');
  await heading(page, 'Connected: “Acme”');
  const outcome = await waiting;
  assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
  assert.equal(provider.count('client_credentials'), 1);
  assert.equal(provider.count('authorization'), 0);
  await nothingLeaked(scene, dataDir, [client.client_secret]);
});

test('a registration that an agent asks for waits for an admin', async (t) => {
  const scene = await startOAuth(t, { provider: { registration: true } });
  const { agent, page, provider } = scene;
  const { status, body } = await agent.call('POST', '/v1/oauth/clients/register-dynamic', {
    owner: 'org',
    slug: 'acme-reports',
    registrationEndpoint: `${provider.url}/reg`,
    authorizationUrl: `${provider.url}/auth`,
    tokenUrl: `${provider.url}/token`,
    scopes: ['openid', 'email', 'read'],
    originIntegration: 'acme',
  });
  assert.equal(status, 202, JSON.stringify(body));
  await page.goto(body.url);
  await heading(page, /^Let this server register itself/);
  assert.equal(provider.count('registration'), 0, 'nothing is sent before an admin says so');
  await press(page, /^Register at /);
  await heading(page, 'Set up: “acme-reports”');
  assert.equal(provider.count('registration'), 1);
  assert.equal((await scene.outcome(body)).status, 'completed');
  const asked = await scene.ask({ client: 'acme-reports', clientOwner: 'org' });
  await scene.leave(asked);
  await scene.consent();
  await heading(page, 'Connected: “Acme”');
});

test('an account is connected without script', async (t) => {
  const scene = await startOAuth(t, { provider: { registration: true }, browser: { javaScriptEnabled: false } });
  const { connectionId } = await scene.connect();
  await scene.page.getByRole('link', { name: 'See the connection' }).click();
  await heading(scene.page, 'Acme');
  assert.equal(new URL(scene.page.url()).pathname, `/connections/${connectionId}`);
});

test('who was let in by mistake is disconnected from the result page, here and there', async (t) => {
  const scene = await startOAuth(t, { provider: { registration: true } });
  const { page, provider } = scene;
  const { connectionId } = await scene.connect();
  await press(page, 'Disconnect “Acme”');
  await heading(page, 'Disconnected: “Acme”');
  assert.match(await page.textContent('main'), /has confirmed that the access is withdrawn/);
  assert.deepEqual(provider.live('RefreshToken'), []);
  assert.equal((await scene.connection(connectionId)).status, 'revoked');
});

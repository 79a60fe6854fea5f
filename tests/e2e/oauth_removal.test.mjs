// Taking a connection away again: at once here, and then at the provider, however long that takes.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { temporaryDir } from './support/broker.mjs';
import { eventually, heading, press, startOAuth } from './support/oauth_scene.mjs';

const scene = await startOAuth({ after }, { provider: { registration: true }, dataDir: temporaryDir() });
const { provider, page } = scene;

const revocations = () => provider.requests.filter(({ route }) => route === 'revocation');
const hints = (requests) => requests.map(({ params }) => params.token_type_hint);
const isOver = () => eventually('the provider has revoked it', () => provider.live('RefreshToken').length === 0);

async function removeOnItsPage(connectionId) {
  await scene.open(`/connections/${connectionId}`);
  await press(page, /^Remove “/);
  await page.waitForURL(/\/connections\?removed=1/);
}

test('who removes a connection on its page withdraws the access at the provider', async () => {
  const { connectionId } = await scene.connect({ name: 'On the page' });
  assert.equal(provider.live('RefreshToken').length, 1);
  const before = revocations().length;
  await removeOnItsPage(connectionId);
  await isOver();
  await eventually('both tokens', () => revocations().length - before === 2);
  assert.deepEqual(hints(revocations().slice(before)), ['refresh_token', 'access_token'], 'in this order');
  assert.equal((await scene.connection(connectionId)).status, 'revoked');
  await scene.open('/connections');
  assert.doesNotMatch(await page.textContent('main'), /not yet confirmed/);
});

test('an agent that asks for it by disconnect_connector gets it when the person confirms', async (t) => {
  const { connectionId } = await scene.connect({ name: 'By an agent' });
  const agent = new Client({ name: 'e2e agent', version: '1' });
  const headers = { authorization: `Bearer ${scene.broker.agentToken}` };
  await agent.connect(new StreamableHTTPClientTransport(new URL(scene.broker.mcpUrl), { requestInit: { headers } }));
  t.after(() => agent.close());
  await agent.listTools();
  const call = async (name, input) => {
    const result = await agent.callTool({ name, arguments: input });
    assert.notEqual(result.isError, true, JSON.stringify(result));
    return result.structuredContent;
  };
  const asked = await call('disconnect_connector', { connector: 'acme', connectionId });
  assert.equal((await scene.connection(connectionId)).status, 'active', 'nothing before the person says so');
  const waiting = call('handoffs.wait', { handoffId: asked.handoffId, wait: 30 });
  await page.goto(asked.url);
  await heading(page, /^Remove the connection/);
  await page.locator('main form[action$="/confirm"] button').click();
  await heading(page, /^Removed/);
  assert.equal((await waiting).status, 'completed');
  await isOver();
  assert.equal((await scene.connection(connectionId)).status, 'revoked');
});

test('a provider that is down does not hold a removal up, and confirms it later', async () => {
  const { connectionId } = await scene.connect({ name: 'While it is down' });
  await provider.pause();
  await removeOnItsPage(connectionId);
  assert.equal((await scene.connection(connectionId)).status, 'revoked', 'here it is over at once');
  const unconfirmed = page.getByText('Removed here, not yet confirmed by the provider:');
  await eventually('the page says so', async () => {
    await page.reload();
    return (await unconfirmed.count()) === 1;
  });
  assert.match(await page.textContent('main'), /“?While it is down”? at Acme: asked (once|\d+ times)/);
  assert.equal(provider.live('RefreshToken').length, 1, 'nobody could tell the provider');

  await provider.resume();
  await scene.rewrite('update oauth_revocations set due_at = 1 where settled_at = 0');
  await isOver();
  await eventually('the page says nothing more', async () => {
    await page.reload();
    return (await unconfirmed.count()) === 0;
  });
  assert.equal((await scene.events('connection.revocation_confirmed')).length >= 1, true);
});

// The pages of OAuth, in the manner of pages.test.mjs: on a phone, a tablet and a desk, in light and in dark, and once
// without script.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { temporaryDir } from './support/broker.mjs';
import { openBrowser } from './support/browser.mjs';
import { strangeWords } from './support/hostile.mjs';
import { eventually, heading, startOAuth } from './support/oauth_scene.mjs';
import { doing, testPages } from './support/page_table.mjs';
import { troublesOf } from './support/scene.mjs';

const scene = await startOAuth(
  { after },
  {
    provider: { registration: true, autoConsent: true },
    dataDir: temporaryDir(),
    env: { COUNTERSIGN__LIMITS__GRANT_EXECUTES_PER_MINUTE: '1000' },
  },
);
const { provider, page } = scene;
const person = await scene.person();
const link = {}; // what → path
const pathOf = (url) => new URL(url).pathname;

// Leaves for the provider and comes back; answers where that ended.
async function thereAndBack(asked) {
  await scene.leave(asked);
  await page.getByRole('link', { name: /^Go to / }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/h/') && url.host === new URL(scene.broker.baseUrl).host);
  return pathOf(page.url());
}

async function connected(name, wanted = {}) {
  const asked = await scene.ask({ name, ...wanted });
  const path = await thereAndBack(asked);
  const outcome = await scene.outcome(asked);
  assert.equal(outcome.status, 'completed', await page.textContent('main'));
  return { path, id: outcome.connection.connectionId };
}

async function send(path, action, fields = {}) {
  await person.open(path);
  const answer = await person.send(action, fields);
  assert.ok(answer.status < 400, `${path}: ${answer.text}`);
  return answer;
}

async function handoffs() {
  const wished = await scene.ask({ name: 'Weekly figures', scopes: ['openid', 'read', 'write'] });
  link.card = pathOf(wished.authorizationUrl);
  const done = await connected('Reports');
  link.done = done.path;
  link.connection = `/connections/${done.id}`;
  provider.grantOnly(['email']);
  link.less = (await connected('Less than asked')).path;
  provider.grantOnly(undefined);
  const undone = await connected('By mistake');
  await send(undone.path, /\/undo$/);
  link.undone = undone.path;

  const refuses = (status, error, error_description) =>
    provider.disturb('token', { status, body: { error, error_description } });
  refuses(503, 'temporarily_unavailable', strangeWords.bidi);
  link.lastTry = await thereAndBack(await scene.ask({ name: 'Not yet' }));
  refuses(400, 'invalid_grant', strangeWords.long);
  link.failed = await thereAndBack(await scene.ask({ name: 'Said so' }));
  provider.iss = 'wrong';
  link.mixedUp = await thereAndBack(await scene.ask({ name: 'Somebody else' }));
  provider.iss = 'right';
  provider.denyNext();
  link.declined = await thereAndBack(await scene.ask({ name: 'No' }));
}

// The provider refuses, or is away, when a token is to be renewed.
async function unhealthy(name, trouble, state) {
  const { id } = await connected(name);
  provider.disturb('token', trouble);
  await scene.rewrite('update oauth_accounts set refreshed_at = refreshed_at - 60000');
  await send(`/connections/${id}`, /\/renew$/);
  await eventually(state, async () => {
    await person.open(`/connections/${id}`);
    return person.page.includes(state);
  });
  return `/connections/${id}`;
}

async function connections() {
  const refused = { status: 400, body: { error: 'invalid_grant', error_description: 'It was revoked.' } };
  link.reauth = await unhealthy('Has ended', refused, 'Needs to be connected again');
  link.putOff = await unhealthy('In trouble', { status: 503 }, 'Cannot be renewed right now');
  link.again = (await send(link.reauth, /\/reconnect$/)).location;
  const { id } = await connected('Removed already');
  provider.disturb('revocation', { times: 1000, status: 503 });
  await send(`/connections/${id}`, /\/remove$/);
  await eventually('a first try', async () => {
    await person.open('/connections');
    return person.page.includes('asked once');
  });
}

async function minted(method, path, request, expected) {
  const { status, body } = await scene.agent.call(method, path, request);
  assert.equal(status, expected, JSON.stringify(body));
  return pathOf(body.url);
}

async function clients() {
  const own = { integration: 'acme' };
  const byHand = { ...own, slug: 'by-hand', label: 'For the reports' };
  link.enter = await minted('POST', '/v1/oauth/clients/handoffs', byHand, 201);
  const robot = { ...own, slug: 'robot', grant: 'client_credentials' };
  const { client_id, client_secret } = provider.addClient({ scope: 'read' });
  link.entered = await minted('POST', '/v1/oauth/clients/handoffs', robot, 201);
  const typed = { client_id, auth: 'client_secret_basic', 'secret.client_secret': client_secret };
  await send(link.entered, /\/client$/, typed);
  link.robot = pathOf((await scene.ask({ name: 'Nightly', client: 'robot', scopes: ['read'] })).authorizationUrl);
  link.removal = await minted('DELETE', '/v1/oauth/clients/org/robot', undefined, 202).catch(() =>
    minted('DELETE', '/v1/oauth/clients/user/robot', undefined, 202),
  );
  const foreign = { owner: 'org', authorizationUrl: `${provider.url}/auth`, tokenUrl: `${provider.url}/token` };
  const wanted = { ...foreign, slug: 'elsewhere', grant: 'authorization_code', clientId: 'chosen-by-the-agent' };
  link.foreign = await minted('POST', '/v1/oauth/clients', wanted, 202);
  const dynamic = { ...foreign, slug: 'registered', registrationEndpoint: `${provider.url}/reg`, scopes: [] };
  link.register = await minted('POST', '/v1/oauth/clients/register-dynamic', dynamic, 202);

  const setUp = '/integrations/acme/clients/new?template=oauth';
  const byKey = { client_id: 'signs-with-a-key', auth: 'private_key_jwt', owner: 'org', grant: 'authorization_code' };
  const saved = await send(setUp, /\/clients$/, byKey);
  link.client = saved.location.replace(/\?.*/, '');
}

await handoffs();
await connections();
await clients();
// What is due in some minutes, and what lasts for some, would change while the pictures are taken.
await scene.rewrite(`
  update handoffs set expires_at = expires_at + 3600000;
  update oauth_accounts set next_try_at = next_try_at + 3600000 where failures > 0;
  update oauth_revocations set due_at = due_at + 3600000 where settled_at = 0;`);
await heading(page, /./);
const storageState = await scene.context.storageState();
const plain = await openBrowser({ after }, { javaScriptEnabled: false, storageState });
const owner = { page, plainPage: plain.page, troubles: troublesOf(page), baseUrl: scene.broker.baseUrl };
const nobody = await openBrowser({ after });
const plainNobody = await openBrowser({ after }, { javaScriptEnabled: false });
const visitors = {
  owner,
  nobody: { ...owner, page: nobody.page, plainPage: plainNobody.page, troubles: troublesOf(nobody.page) },
};

const setUp = () => '/integrations/acme/clients/new?template=oauth';

testPages(
  {
    // The way of an account.
    'oauth-card': { who: 'owner', at: () => link.card, says: /Change your reports[^]*It leads to 127\.0\.0\.1/ },
    'oauth-card-last-try': { who: 'owner', at: () => link.lastTry, says: /is not available/, hides: /\u202e/ },
    'oauth-card-reconnect': { who: 'owner', at: () => link.again, says: /It is for the account alice@people\.example/ },
    'oauth-card-application': { who: 'owner', at: () => link.robot, says: /The token comes from/ },
    'oauth-leave': { who: 'owner', ...doing(() => link.card, /^Continue/), says: /Before you type a password/ },
    'oauth-done': { who: 'owner', at: () => link.done, says: /let in the account alice@people\.example/ },
    'oauth-done-less': { who: 'owner', at: () => link.less, says: /Less was granted than asked for/ },
    'oauth-undone': { who: 'owner', at: () => link.undone, says: /No agent can use it any more/ },
    'oauth-failed': { who: 'owner', at: () => link.failed, says: /ten thousand bytes/ },
    'oauth-failed-issuer': { who: 'owner', at: () => link.mixedUp, says: /did not name the server/, hides: /mixed-up/ },
    'oauth-declined': { who: 'owner', at: () => link.declined, says: /declined/i },
    'oauth-callback-unknown': { who: 'nobody', at: () => '/oauth/callback/oc_0000000000001', says: /not ours/ },

    // Clients.
    'oauth-client-enter': { who: 'owner', at: () => link.enter, says: /Register this at Acme/ },
    'oauth-client-enter-failed': { who: 'owner', ...doing(() => link.enter, /^Save/), says: /There is a problem/ },
    'oauth-client-entered': { who: 'owner', at: () => link.entered, says: /Accounts can be connected/ },
    'oauth-client-foreign': { who: 'owner', at: () => link.foreign, says: /The agent chose these/, hides: /Service/ },
    'oauth-client-register': { who: 'owner', at: () => link.register, says: /Nothing is sent until you say so/ },
    'oauth-client-removal': { who: 'owner', at: () => link.removal, says: /Its secret is destroyed here/ },
    'oauth-client-new': { who: 'owner', at: setUp, says: /Or enter one by hand/ },
    'oauth-client-new-failed': { who: 'owner', ...doing(setUp, /^Save/), says: /There is a problem/ },
    'oauth-client': { who: 'owner', at: () => link.client, says: /Our public key/ },
    'oauth-client-forget': { who: 'owner', at: () => `${link.client}/remove`, says: /destroys its secret/ },

    // What there is of it elsewhere.
    'integration-oauth': { who: 'owner', at: () => '/integrations/acme', says: /Connect your account/ },
    'connection-oauth': { who: 'owner', at: () => link.connection, says: /renewed by itself/ },
    'connection-oauth-ended': { who: 'owner', at: () => link.reauth, says: /has to be connected again/ },
    'connection-oauth-put-off': { who: 'owner', at: () => link.putOff, says: /It is tried again/ },
    'connections-unconfirmed': { who: 'owner', at: () => '/connections', says: /not yet confirmed by the provider/ },
  },
  visitors,
);

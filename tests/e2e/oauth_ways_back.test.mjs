// The ways back from a provider: no, the wrong server's word, an older tab, the same address twice, another browser,
// and a server of ours that was stopped or died meanwhile.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryDir } from './support/broker.mjs';
import { openBrowser } from './support/browser.mjs';
import { eventually, heading, press, startOAuth } from './support/oauth_scene.mjs';
import { wrongIssuer } from './support/provider.mjs';

const registration = { provider: { registration: true } };
const scene = await startOAuth(
  { after },
  { ...registration, env: { COUNTERSIGN__LIMITS__GRANT_EXECUTES_PER_MINUTE: '1000' } },
);
const { provider, page, context } = scene;
const redeemed = (at = provider) => at.count('authorization_code');
const lastCallback = () => scene.seen.filter((url) => url.includes('/oauth/callback/')).at(-1);

let asked = 0;
const ask = () => scene.ask({ name: `Account ${++asked}` });

test('who says no at the provider has declined, and the agent is told so', async () => {
  const before = redeemed();
  const request = await ask();
  const waiting = scene.outcome(request);
  await scene.leave(request);
  await scene.consent({ answer: 'Deny' });
  await heading(page, /declined/i);
  assert.equal((await waiting).status, 'declined');
  assert.equal(redeemed(), before);
});

test('an admin’s own wish, from the integration’s page', async () => {
  await scene.open('/integrations/acme');
  await press(page, 'Connect your account');
  await heading(page, 'Connect your Acme account?');
  await press(page, 'Continue to Acme');
  await scene.consent();
  await heading(page, /^Connected: “Acme/);
});

for (const [iss, words] of [['wrong', 'of another server'], ['missing', 'without its issuer']]) {
  test(`an answer ${words} ends it: nothing is sent, nothing of it is shown`, async (t) => {
    const before = redeemed();
    provider.iss = iss;
    t.after(() => (provider.iss = 'right'));
    const request = await ask();
    await scene.leave(request);
    await scene.consent();
    await heading(page, 'Acme could not be connected');
    const told = await page.textContent('main');
    assert.match(told, /answer did not name the server that you were sent to/);
    assert.ok(!told.includes(new URL(wrongIssuer).host));
    assert.equal(redeemed(), before, 'no token endpoint heard of the code');
    const outcome = await scene.outcome(request);
    assert.equal(outcome.status, 'failed');
    assert.ok(!JSON.stringify(outcome).includes(wrongIssuer));
  });
}

test('of two tabs the older one’s way back is over, and the newer one’s works', async () => {
  const request = await ask();
  const before = redeemed();
  await scene.leave(request);
  const newer = await context.newPage();
  await scene.leave(request, newer);
  await scene.consent();
  await heading(page, 'You have been here before');
  assert.equal(redeemed(), before, 'its code was not redeemed');
  await scene.consent({ page: newer });
  await heading(newer, /^Connected: /);
  assert.equal((await scene.outcome(request)).status, 'completed');
  await newer.close();
});

test('the same way back works once', async () => {
  const request = await ask();
  await scene.leave(request);
  await scene.consent();
  await heading(page, /^Connected: /);
  const before = redeemed();
  const answer = await page.goto(lastCallback());
  assert.equal(answer.status(), 409);
  await heading(page, 'You have been here before');
  assert.equal(redeemed(), before, 'the provider is not asked twice');
  assert.equal((await scene.outcome(request)).status, 'completed');
});

test('what the agent has withdrawn meanwhile is not done', async () => {
  const request = await ask();
  const before = redeemed();
  await scene.leave(request);
  const { status } = await scene.agent.call('POST', '/v1/oauth/cancel', { state: request.state });
  assert.equal(status, 200);
  await scene.consent();
  await heading(page, 'The agent cancelled this request');
  assert.equal(redeemed(), before);
  assert.equal((await scene.outcome(request)).status, 'cancelled');
});

test('nobody comes back in another browser', async (t) => {
  const before = redeemed();
  const request = await ask();
  const address = await scene.leave(request);
  const { page: elsewhere } = await openBrowser(t);
  await elsewhere.goto(address);
  const answered = elsewhere.waitForResponse((response) => response.url().includes('/oauth/callback/'));
  await scene.answer({ page: elsewhere });
  assert.equal((await answered).status(), 403);
  await heading(elsewhere, 'This was started in another browser');
  assert.equal(redeemed(), before);
  assert.equal((await scene.outcome(request, 0)).status, 'opened');
  const events = await scene.events('handoff.refused');
  assert.ok(events.length >= 1, 'it is on the record');

  await scene.consent();
  await heading(page, /^Connected: /);
});

test('a made-up way back leads nowhere', async () => {
  const real = new URL(lastCallback());
  const before = redeemed();
  for (const [name, value] of [['state', 'nonsense'], ['state', `${'0'.repeat(13)}.${'a'.repeat(43)}`]]) {
    const made = new URL(real);
    made.searchParams.set(name, value);
    const answer = await page.goto(made.href);
    assert.equal(answer.status(), 400);
    await heading(page, 'This way back is not ours');
  }
  const twice = await page.goto(`${real.href}&state=another`);
  assert.equal(twice.status(), 400);
  const another = new URL(real);
  another.pathname = another.pathname.replace(/oc_\w+/, 'oc_0000000000001');
  assert.equal((await page.goto(another.href)).status(), 400, 'the answer of one client at the door of another');
  assert.equal(redeemed(), before);
});

test('who is away at the provider comes back to a server that was started again', async (t) => {
  const own = await startOAuth(t, { ...registration, dataDir: temporaryDir() });
  const request = await own.ask();
  await own.leave(request);
  await own.restart();
  await own.consent();
  await heading(own.page, 'Connected: “Acme”');
  assert.equal((await own.outcome(request)).status, 'completed');
});

test('a server that dies over the token request lets it be done again', async (t) => {
  const own = await startOAuth(t, { ...registration, dataDir: temporaryDir() });
  const request = await own.ask();
  await own.leave(request);
  own.provider.disturb('token', { delayMs: 60_000 });
  await own.page.getByRole('link', { name: /^Go to / }).click();
  await press(own.page, 'Sign in');
  await own.page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
  await eventually('the code is at the provider', () => redeemed(own.provider) === 1);
  await own.broker.kill();
  await own.restart({ killed: true });
  assert.equal((await own.outcome(request, 0)).status, 'completing', 'whether it arrived nobody knows');

  await own.rewrite('update oauth_flows set claimed_until = 1');
  await eventually('it is open again', async () => (await own.outcome(request, 0)).status === 'opened');
  assert.equal(redeemed(own.provider), 1, 'a browser that repeats the way back by itself gets nowhere');
  const fresh = await own.context.newPage();
  await fresh.goto(request.authorizationUrl);
  assert.match(await fresh.textContent('main'), /was stopped before it could finish/);
  await own.leave(request, fresh);
  await own.consent({ page: fresh });
  await heading(fresh, 'Connected: “Acme”');
  const { body } = await own.agent.call('GET', '/v1/connections');
  assert.equal(body.connections.length, 1);
});

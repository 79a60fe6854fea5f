// What a person does for an agent and for other people, from the first link to the token at work: logging an agent
// in from this machine and from another, being invited in the middle of it, signing out everywhere. With and without
// script where a form is involved. What depends on the clock is in tests/flows.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { agentOf } from './support/agent.mjs';
import { run, startBroker, temporaryDir } from './support/broker.mjs';
import { heading, openBrowser } from './support/browser.mjs';
import { askToLogIn, behindProxy, connectWith } from './support/login.mjs';
import { startServed } from './support/served.mjs';

const elsewhere = '203.0.113.9';
const password = 'orchard lantern gravel 58';
const passwordAgain = '#f-step_up_password';
const oneUse = /([B-Z]{4}-){2}[B-Z]{4}/;

const press = (page, name) => page.getByRole('button', { name }).click();
const at = (page) => new URL(page.url()).pathname;

async function signIn(page, link) {
  await page.goto(link);
  await press(page, /^(Sign in|Accept) as/);
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor();
}

async function choosePassword(page, broker, text = password) {
  await page.goto(new URL('/welcome', broker.baseUrl).href);
  await page.getByLabel('New password', { exact: true }).fill(text);
  await press(page, 'Save password');
  await heading(page, /^Hello/);
}

async function signInByPassword(page, broker, login, text = password) {
  await page.goto(new URL('/login', broker.baseUrl).href);
  await page.getByLabel('User name').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(text);
  await press(page, 'Sign in');
  await heading(page, /^Hello/);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with script' : 'without script';

  test(`an agent asks to be logged in, its person allows less than it asked, ${how}`, async (t) => {
    const broker = await startBroker(t);
    const { page } = await openBrowser(t, { javaScriptEnabled });
    const login = await askToLogIn(broker, { agent_identifier: 'Nightly report', scope: 'read connect' });

    await page.goto(login.loginUrl);
    await heading(page, 'Sign in');
    await signIn(page, broker.adminLink);
    await heading(page, /Let Nightly report act for you/);
    assert.equal(page.url(), login.loginUrl, 'who signs in on the way to a request comes back to it');
    const question = await page.textContent('main');
    assert.ok(question.includes(login.userCode));
    assert.match(question, /Nobody has checked that name/);
    assert.match(question, /The address you come from/);
    assert.equal(await page.getByRole('checkbox').count(), 2, 'what was asked for and no more');
    assert.equal((await login.state()).status, 'pending', 'looking changes nothing');

    const granted = login.redeem({ wait: 50 });
    await page.getByRole('checkbox', { name: /^Ask you to connect/ }).uncheck();
    await page.getByLabel('For how long').selectOption('86400');
    await press(page, 'Allow this agent');
    await heading(page, /^Allowed: Nightly report/);

    const { status, body } = await granted;
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.status, 'active');
    assert.equal(body.approvedBy, 'Owner');
    assert.deepEqual(body.scopes, ['read']);
    const days = (Date.parse(body.expiresAt) - Date.now()) / 86_400_000;
    assert.ok(days > 0.99 && days <= 1, `it ends after ${days} days`);
    const agent = agentOf({ baseUrl: broker.baseUrl, agentToken: body.token });
    assert.equal((await agent.call('GET', '/v1/integrations')).status, 200);
    const beyond = await agent.call('POST', '/v1/handoffs', { integration: 'demo' });
    assert.equal(beyond.status, 403, 'what was unchecked is not granted');
    assert.ok(!JSON.stringify(await login.state()).includes(body.token), 'a look shows no token');
    const again = await login.redeem();
    assert.equal(again.body.code, 'grant_released', 'the token was used: it is not shown again');

    await page.reload();
    await page.getByRole('link', { name: /take it back/ }).click();
    await heading(page, 'Nightly report');
    await page.getByRole('link', { name: /^Revoke/ }).click();
    await press(page, /^Revoke/);
    await page.getByRole('status').waitFor();
    assert.equal((await agent.call('GET', '/v1/integrations')).status, 401, 'taken back at once');
    assert.ok(!broker.output().includes(body.token), 'no token in the log');
  });

  test(`a program on another machine: the code there is typed here, the code here is taken back, ${how}`, async (t) => {
    const broker = await startBroker(t, { env: behindProxy });
    const { page } = await openBrowser(t, { javaScriptEnabled });
    await signIn(page, broker.adminLink);
    const request = { agent_identifier: 'Build server' };
    const login = await askToLogIn(broker, request, { from: elsewhere });

    await page.goto(login.loginUrl);
    await heading(page, /Type the code/);
    const question = await page.textContent('main');
    assert.ok(question.includes(elsewhere), 'it is told where the program is');
    assert.ok(!(await page.content()).includes(login.userCode), 'the code is not given away');
    await page.getByLabel('Code', { exact: true }).fill('BBBB-BBBB');
    await press(page, 'Continue');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(login.userCode.toLowerCase().replace('-', ' '));
    await press(page, 'Continue');
    await heading(page, /Let Build server act for you/);
    await press(page, 'Allow this agent');
    await heading(page, /take this code back/);
    const [code] = oneUse.exec(await page.textContent('main'));

    const waiting = await login.redeem();
    assert.equal(waiting.body.status, 'pending');
    assert.equal(waiting.body.returnCodeAwaited, true);
    assert.equal(waiting.body.token, undefined, 'allowed, and still worth nothing to who relayed the link');
    const wrong = await login.redeem({ return_code: 'BBBB-BBBB-BBBB' });
    assert.equal(wrong.body.code, 'wrong_return_code');
    const { body } = await login.redeem({ return_code: code });
    assert.equal(body.status, 'active');
    const agent = agentOf({ baseUrl: broker.baseUrl, agentToken: body.token });
    assert.equal((await agent.call('GET', '/v1/integrations')).status, 200);
    await page.getByRole('link', { name: /Look again/ }).click();
    await heading(page, /^Allowed/);
  });

  test(`five wrong codes lock the request for good, ${how}`, async (t) => {
    const broker = await startBroker(t, { env: behindProxy });
    const { page } = await openBrowser(t, { javaScriptEnabled });
    await signIn(page, broker.adminLink);
    const login = await askToLogIn(broker, {}, { from: elsewhere });
    await page.goto(login.loginUrl);
    for (let tries = 1; tries <= 5; ++tries) {
      await page.getByLabel('Code', { exact: true }).fill('BBBB-BBBB');
      await Promise.all([page.waitForEvent('load'), press(page, 'Continue')]);
    }
    await page.goto(login.loginUrl);
    await heading(page, /locked|wrong/i);
    assert.equal(await page.getByLabel('Code', { exact: true }).count(), 0, 'the right code comes too late');
    const { status, reason } = await login.state();
    assert.deepEqual({ status, reason }, { status: 'cancelled', reason: 'locked' });
    assert.equal((await login.redeem()).body.token, undefined);
  });

  test(`an agent that is not allowed gets nothing, ${how}`, async (t) => {
    const broker = await startBroker(t);
    const { page } = await openBrowser(t, { javaScriptEnabled });
    await signIn(page, broker.adminLink);
    const login = await askToLogIn(broker);
    const told = login.state({ wait: 50 });
    await page.goto(login.loginUrl);
    await press(page, 'Don’t allow it');
    await heading(page, /declined/i);
    assert.equal((await told).status, 'denied');
    assert.equal((await login.redeem()).body.token, undefined);
  });
}

// The whole command, its file included.
async function clientConnect(code, broker, home) {
  const args = ['client', 'connect', code, '--client', 'claude', '--url', broker.baseUrl];
  const { code: exit, stdout, stderr } = await run(args, { env: { HOME: home } });
  return { exit, printed: stdout + stderr };
}

test('a chat asks over MCP, and the code on the page connects its program', async (t) => {
  const broker = await startBroker(t);
  const { page } = await openBrowser(t);
  const chat = new Client({ name: 'e2e chat', version: '1' });
  await chat.connect(new StreamableHTTPClientTransport(new URL(broker.mcpUrl)));
  t.after(() => chat.close());
  const call = async (name, input) => (await chat.callTool({ name, arguments: input })).structuredContent;
  const minted = await call('create_auth_session', { agent_identifier: 'Claude Code', scope: 'read' });

  await signIn(page, broker.adminLink);
  await page.goto(minted.loginUrl);
  await press(page, 'Allow this agent');
  await heading(page, /^Allowed: Claude Code/);
  const line = await page.locator('#connect-command').textContent();
  const [code] = oneUse.exec(line);
  assert.equal(line, `countersign client connect ${code} --url ${broker.baseUrl}`);
  const told = await call('get_auth_session', { sessionRequestId: minted.sessionRequestId });
  assert.equal(told.status, 'active');
  assert.ok(!/cs_agent_/.test(JSON.stringify(told)), 'no token in a model’s context');

  const home = temporaryDir();
  const { exit, printed } = await clientConnect(code, broker, home);
  assert.equal(exit, 0, printed);
  const file = join(home, '.claude.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const server = JSON.parse(readFileSync(file, 'utf8')).mcpServers.countersign;
  assert.equal(server.url, broker.mcpUrl);
  const agentToken = server.headers.Authorization.replace('Bearer ', '');
  assert.ok(!printed.includes(agentToken), 'what is written is not printed, too');
  assert.equal((await agentOf({ baseUrl: broker.baseUrl, agentToken }).call('GET', '/v1/integrations')).status, 200);

  const second = await clientConnect(code, broker, temporaryDir());
  assert.notEqual(second.exit, 0, 'the code is used up');
  assert.equal((await connectWith(broker, code)).status, 404);
  await page.reload();
  assert.doesNotMatch(await page.textContent('main'), oneUse);
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with script' : 'without script';

  test(`who is invited in the middle of a request comes back to it, ${how}`, async (t) => {
    const broker = await startServed(t);
    const { page: admin } = await openBrowser(t, { javaScriptEnabled });
    await signIn(admin, broker.invitation);
    await heading(admin, 'Choose a password');
    await admin.getByLabel('New password', { exact: true }).fill(password);
    await press(admin, 'Save password');
    await heading(admin, /^Hello, Ada/);

    const { page: bob } = await openBrowser(t, { javaScriptEnabled });
    const login = await askToLogIn(broker, { agent_identifier: 'Bob’s agent', scope: 'read' });
    await bob.goto(login.loginUrl);
    await heading(bob, 'Sign in');

    await admin.getByRole('link', { name: 'People' }).click();
    await admin.getByRole('link', { name: 'Invite somebody' }).click();
    await admin.getByLabel('User name').fill('bob');
    await admin.getByLabel('Name', { exact: true }).fill('Bob');
    assert.equal(await admin.locator(passwordAgain).count(), 0, 'who has just signed in is not asked again');
    await press(admin, 'Make the invitation');
    await heading(admin, /^Invited: Bob/);
    const link = await admin.locator('#link').textContent();

    await bob.getByLabel('One-use link').fill(`  ${link} `);
    await press(bob, 'Use this link');
    await heading(bob, /^Welcome, Bob/);
    await press(bob, /^Accept as bob/);
    await heading(bob, 'Choose a password');
    await bob.getByLabel('New password', { exact: true }).fill('short');
    await press(bob, 'Save password');
    await bob.getByRole('alert').waitFor();
    await bob.getByLabel('New password', { exact: true }).fill(`${password} of bob`);
    await press(bob, 'Save password');
    await heading(bob, /Let Bob’s agent act for you/);
    assert.equal(bob.url(), login.loginUrl);
    assert.equal(await bob.locator(passwordAgain).count(), 0);
    await press(bob, 'Allow this agent');
    await heading(bob, /^Allowed/);
    const { body } = await login.redeem();
    assert.equal(body.approvedBy, 'Bob');

    await admin.goto(login.loginUrl);
    assert.ok(!(await admin.textContent('main')).includes('Bob’s agent'), 'it is Bob’s and nobody else’s');
    const { page: late } = await openBrowser(t, { javaScriptEnabled });
    await late.goto(link);
    assert.match(await late.textContent('main'), /does not work any more/);
  });

  test(`signing out everywhere else ends the other browsers and not this one, ${how}`, async (t) => {
    const broker = await startBroker(t);
    const { page: here } = await openBrowser(t, { javaScriptEnabled });
    await signIn(here, broker.adminLink);
    await choosePassword(here, broker);
    const others = [];
    for (const _ of [1, 2]) {
      const { page } = await openBrowser(t, { javaScriptEnabled });
      await signInByPassword(page, broker, 'owner');
      others.push(page);
    }

    await here.getByRole('link', { name: 'Settings' }).click();
    const ending = here.getByRole('button', { name: /^Sign out (?!everywhere)./ });
    assert.equal(await ending.count(), 2, 'one for each other browser');
    await ending.first().click();
    await here.getByText('That browser is signed out.').waitFor();
    assert.equal(await ending.count(), 1);
    await press(here, 'Sign out everywhere else');
    await here.getByText('You are signed out everywhere else.').waitFor();
    assert.equal(await ending.count(), 0);

    for (const page of others) {
      await page.goto(new URL('/connections', broker.baseUrl).href);
      assert.equal(at(page), '/login');
    }
    await here.goto(new URL('/connections', broker.baseUrl).href);
    assert.equal(at(here), '/connections');
    assert.equal((await agentOf(broker).call('GET', '/v1/connections')).status, 200, 'agents keep their tokens');
  });
}

test('who has just entered the password is not asked for it again', async (t) => {
  const broker = await startBroker(t);
  const { page } = await openBrowser(t);
  await signIn(page, broker.adminLink);
  await choosePassword(page, broker);
  await press(page, 'Sign out');
  await heading(page, 'You are signed out');
  await signInByPassword(page, broker, 'owner');
  const login = await askToLogIn(broker);
  for (const path of ['/agents/new', '/people/new', new URL(login.loginUrl).pathname]) {
    await page.goto(new URL(path, broker.baseUrl).href);
    assert.equal(await page.locator('form button[type=submit].primary').count(), 1, path);
    assert.equal(await page.locator(passwordAgain).count(), 0, path);
  }
});

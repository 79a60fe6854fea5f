// A person's part without a pointer, with Tab, Enter, Space and the letters alone: signing in, giving a key and mending
// a mistake, letting an agent act for one, connecting an agent, inviting somebody, confirming what an agent asked for.
// Once with script and once without. All the way it must be seen where the focus is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentOf } from './support/agent.mjs';
import { startBroker } from './support/broker.mjs';
import { heading, openBrowser } from './support/browser.mjs';
import { askToLogIn, behindProxy } from './support/login.mjs';

const mostTabs = 40;

// The focused element as a person meets it: its name, and whether it can be seen that it has the focus.
const focused = () => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { top, bottom } = element.getBoundingClientRect();
  return {
    name: (element.getAttribute('aria-label') ?? (element.labels?.[0] ?? element).textContent).trim(),
    checked: element.checked,
    visible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    onScreen: top >= 0 && bottom <= innerHeight, // WCAG 2.2, 2.4.11
  };
};

// Presses Tab until something of that name has the focus; all on the way must show that it has it.
async function tabTo(page, name) {
  for (let n = 0; n < mostTabs; ++n) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(focused);
    if (at.name.startsWith('Skip to the content') && n > 0) break; // once around
    assert.ok(at.visible, `the focus on “${at.name}” can be seen`);
    assert.ok(at.onScreen, `“${at.name}” is on the screen while it has the focus`);
    if (name.test(at.name)) return at;
  }
  return assert.fail(`${name} is not reached with Tab on ${await page.title()}`);
}

async function press(page, name, key = 'Enter') {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

async function type(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.type(text);
}

async function signIn(page, broker) {
  await page.goto(broker.adminLink);
  await press(page, /^Sign in as owner$/);
  await heading(page, /^Hello/);
}

// Everything below once with script and once without: page is one who has signed in by keyboard.
function byKeyboard(what, act, env = {}) {
  for (const javaScriptEnabled of [true, false]) {
    test(`${what} by keyboard alone, ${javaScriptEnabled ? 'with' : 'without'} script`, async (t) => {
      const broker = await startBroker(t, { env });
      const { page } = await openBrowser(t, { javaScriptEnabled });
      await signIn(page, broker);
      await act(page, broker, t);
    });
  }
}

// With script the focus goes to the list of problems by itself.
async function problemLeadsTo(page, problem, field) {
  await page.getByRole('alert').waitFor();
  await page.waitForLoadState();
  assert.match(await page.title(), /^(\(\d+\) )?Error: /);
  await press(page, problem);
  assert.match((await page.evaluate(focused)).name, field, 'the problem leads to its field');
}

byKeyboard('a secret', async (page, broker) => {
  const handoff = await agentOf(broker).mint();
  await page.reload();
  await press(page, /Demo service/);
  await heading(page, /not to the agent/);
  assert.ok((await page.textContent('main')).includes(handoff.userCode));
  await press(page, /^Save/);
  await problemLeadsTo(page, /Enter the API key/, /^API key$/);
  await page.keyboard.type('demo-typed-by-hand-0123456789');
  await page.keyboard.press('Enter');
  await heading(page, /^Saved/);
  await press(page, /remove it|Look at/i);
  await heading(page, 'Demo service');
  assert.equal((await agentOf(broker).state(handoff.handoffId)).status, 'completed');
});

byKeyboard('a secret that could be tried out first', async (page, broker) => {
  const handoff = await agentOf(broker).mint({ integration: 'github' });
  await page.goto(handoff.url);
  await type(page, /^personal access token$/i, 'github_pat_typed_by_hand_0123456789');
  const offered = await tabTo(page, /^Try it at GitHub/);
  assert.equal(offered.checked, true);
  await page.keyboard.press('Space'); // nobody is to be called from here
  assert.equal((await page.evaluate(focused)).checked, false);
  await press(page, /^Save/);
  await heading(page, /^Saved/);
  assert.equal((await agentOf(broker).state(handoff.handoffId)).status, 'completed');
});

byKeyboard('logging an agent in', async (page, broker) => {
  const login = await askToLogIn(broker, { agent_identifier: 'Nightly report', scope: 'read connect' });
  await page.goto(login.loginUrl);
  await heading(page, /Let Nightly report act for you/);
  const offered = await tabTo(page, /^See which/);
  assert.equal(offered.checked, true);
  await press(page, /^Ask you to connect/, 'Space');
  const lifetime = page.getByLabel('For how long');
  const chosen = await lifetime.inputValue();
  await press(page, /^For how long$/, 'ArrowUp');
  assert.notEqual(await lifetime.inputValue(), chosen);
  await press(page, /^Allow this agent$/);
  await heading(page, /^Allowed/);
  const { body } = await login.redeem();
  assert.deepEqual(body.scopes, ['read']);
});

byKeyboard(
  'typing the code of an agent elsewhere',
  async (page, broker) => {
    const login = await askToLogIn(broker, { agent_identifier: 'Build server' }, { from: '203.0.113.9' });
    await page.goto(login.loginUrl);
    await type(page, /^Code$/, 'BBBB-BBBB');
    await page.keyboard.press('Enter');
    await problemLeadsTo(page, /code/i, /^Code$/);
    await page.keyboard.type(login.userCode);
    await page.keyboard.press('Enter');
    await heading(page, /Let Build server act for you/);
    await press(page, /^Allow this agent$/);
    await heading(page, /take this code back/);
    assert.equal((await login.state()).returnCodeAwaited, true);
    await press(page, /^Take it back/);
    await heading(page, /declined/i);
    assert.equal((await login.state({ wait: 10 })).status, 'denied');
  },
  behindProxy,
);

byKeyboard('connecting an agent', async (page, broker) => {
  await press(page, /^Agents$/);
  await heading(page, 'Agents');
  await press(page, /^Connect an agent$/);
  await heading(page, 'Connect an agent');
  await press(page, /^Connect this agent$/);
  await problemLeadsTo(page, /name/i, /^Name$/);
  await page.keyboard.type('Laptop');
  const owner = await tabTo(page, /^Mine$/);
  assert.equal(owner.checked, true);
  await page.keyboard.press('ArrowDown');
  assert.match((await page.evaluate(focused)).name, /^The workspace/);
  await page.keyboard.press('ArrowUp');
  await press(page, /^Connect this agent$/);
  await heading(page, /^Connected: Laptop/);
  await tabTo(page, /^Token$/);
  const agentToken = await page.locator('#token').textContent();
  const agent = agentOf({ baseUrl: broker.baseUrl, agentToken });
  assert.equal((await agent.call('GET', '/v1/integrations')).status, 200);
  await press(page, /^I have it/);
  await heading(page, 'Laptop');
});

byKeyboard('inviting somebody', async (page) => {
  await press(page, /^People$/);
  await heading(page, 'People');
  await press(page, /^Invite somebody$/);
  await heading(page, 'Invite somebody');
  await press(page, /^Make the invitation$/);
  await problemLeadsTo(page, /user name|login|name/i, /^User name$/);
  await page.keyboard.type('bob');
  await type(page, /^Name$/, 'Bob');
  assert.equal((await tabTo(page, /^member$/)).checked, true);
  await page.keyboard.press('ArrowDown');
  assert.match((await page.evaluate(focused)).name, /^approver$/);
  await press(page, /^Make the invitation$/);
  await heading(page, /^Invited: Bob/);
  assert.match(await page.textContent('main'), /approver/);
  await tabTo(page, /^One-use link$/);
  await press(page, /^Look at the account$/);
  await heading(page, 'Bob');
});

// The secret is one of the environment; an admin binds it to the service before an agent can ask for it.
byKeyboard(
  'binding a secret that lives elsewhere and confirming a connection that uses it',
  async (page, broker) => {
    await press(page, /^Integrations$/);
    await heading(page, 'Integrations');
    await page.goto(new URL('/providers', broker.baseUrl).href);
    await press(page, /^Bind AGENT_DEMO_KEY$/);
    await heading(page, /^Bind a secret/);
    await type(page, /^For the service$/, 'Demo');
    await type(page, /^To be used by$/, 'Owner');
    await press(page, /^Bind this secret$/);
    await page.getByRole('status').waitFor();

    const agent = agentOf(broker);
    const from = { provider: 'env', id: 'AGENT_DEMO_KEY' };
    const wanted = { integration: 'demo', template: 'api-key', owner: 'user', name: 'Main', from };
    const { status, body } = await agent.call('POST', '/v1/connections', wanted);
    assert.equal(status, 202, JSON.stringify(body));
    await page.goto(body.url);
    await heading(page, /Main/);
    await press(page, /“Main”$/);
    await heading(page, /^Saved: “Main”$/);
    assert.equal((await agent.state(body.handoffId, 10)).status, 'completed');
  },
  { COUNTERSIGN__PROVIDERS__ENV_PREFIX: 'AGENT_', AGENT_DEMO_KEY: 'demo-from-the-environment-0123' },
);

byKeyboard('a removal that an agent asks for', async (page, broker) => {
  const agent = agentOf(broker);
  const handoff = await agent.mint();
  await page.goto(handoff.url);
  await type(page, /^API key$/, 'demo-to-be-removed-0123456789');
  await page.keyboard.press('Enter');
  await heading(page, /^Saved/);
  const { connection } = await agent.state(handoff.handoffId);
  const { body } = await agent.call('DELETE', `/v1/connections/${connection.connectionId}`);
  await page.goto(body.url);
  await heading(page, /^Remove the connection/);
  await press(page, /^Remove “/);
  await heading(page, /^Removed/);
  assert.equal((await agent.state(body.handoffId)).status, 'completed');
});

test('the skip link leads past the navigation', async (t) => {
  const broker = await startBroker(t);
  const { page } = await openBrowser(t);
  await signIn(page, broker);
  await page.keyboard.press('Tab');
  assert.match((await page.evaluate(focused)).name, /^Skip/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.match((await page.evaluate(focused)).name, /^Choose one$/);
});

test('what is typed covered can be looked at, by keyboard and by name', async (t) => {
  const broker = await startBroker(t);
  const { page } = await openBrowser(t);
  await signIn(page, broker);
  await page.goto((await agentOf(broker).mint()).url);
  await type(page, /^API key$/, 'demo-looked-at-0123456789');
  const field = page.getByLabel('API key', { exact: true });
  assert.equal(await field.getAttribute('type'), 'password');
  await press(page, /^Show API key$/, 'Space');
  assert.equal(await field.getAttribute('type'), 'text');
  assert.equal((await page.evaluate(focused)).name, 'Hide API key');
  await page.keyboard.press('Space');
  assert.equal(await field.getAttribute('type'), 'password');
});

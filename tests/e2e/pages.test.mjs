// Every page as people meet it: on a phone, a tablet and a desk, in light and in dark, and once without script.
// Nothing may stick out to the side, be too small to hit, be hard to read or to use with a screen reader, or break
// our own Content-Security-Policy. Pictures of all of them are kept in tests/e2e/artifacts/.
//
// The page of an expired handoff is not here: nobody can move the clock of the real program. It is the template of
// the cancelled one, and tests/flows asks for it under a fake clock.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { doing, testPages } from './support/page_table.mjs';
import { setTheScene } from './support/scene.mjs';

const { visitors, link } = await setTheScene({ after });

let made = 0; // two looks at one page need two names
const another = (name) => `${name} ${++made}`;

// name: who looks, where, what stands there and what must not.
const pages = {
  // Signing in.
  'sign-in': { who: 'nobody', at: () => '/login', says: /Invited, or no password yet/ },
  'sign-in-for-a-handoff': { who: 'nobody', at: () => link.form, says: /the request that your agent made/ },
  'sign-in-failed': { who: 'nobody', ...doing(() => '/login', 'Sign in'), says: /There is a problem/ },
  'sign-in-bad-link': {
    who: 'nobody',
    ...doing(() => '/login', 'Use this link', { 'One-use link': 'http://127.0.0.1/sign-in/nonsense' }),
    says: /That link does not work/,
  },
  invitation: { who: 'nobody', at: () => link.invitation, says: /You are invited/ },
  'one-use-link': { who: 'nobody', at: () => link.recovery, says: /signs you in once/ },
  'one-use-link-used': { who: 'nobody', at: () => link.usedSignIn, says: /does not work any more/ },
  'cookies-dropped': { who: 'nobody', at: () => '/signed-in', says: /did not keep our cookie/ },
  'signed-out': { who: 'nobody', at: () => '/signed-out', says: /signed out/ },
  'choose-password': { who: 'bob', at: () => '/welcome', says: /Choose a password/ },
  'choose-password-failed': { who: 'bob', ...doing(() => '/welcome', 'Save password'), says: /There is a problem/ },

  // Home.
  'home-first': { who: 'newcomer', at: () => '/', says: /Try it with an agent/ },
  'home-empty': { who: 'bob', at: () => '/', says: /Nothing waits/, hides: /Bearer|curl/ }, // the token is the owner's
  'home-waiting': { who: 'owner', at: () => '/', says: /Nightly report|demo/i },

  // Handoffs.
  'handoff-form': { who: 'owner', at: () => link.form, says: /not to the agent/ },
  'handoff-form-github': { who: 'owner', at: () => link.github, says: /GitHub/ },
  'handoff-form-strange-words': { who: 'owner', at: () => link.strange, says: /202E/ },
  'handoff-form-failed': { who: 'owner', ...doing(() => link.strange, /^Save/), says: /There is a problem/ },
  'handoff-claim': { who: 'owner', at: () => link.org, says: /sent to all admins/ },
  'handoff-confirm': { who: 'owner', at: () => link.confirm, says: /Remove the connection/ },
  'handoff-saved': { who: 'owner', at: () => `${link.used}?saved=key`, says: /Saved: “Used once”/ },
  'handoff-used': { who: 'owner', at: () => link.used, says: /done already/ },
  'handoff-removed': { who: 'owner', at: () => link.removed, says: /Removed/ },
  'handoff-cancelled': { who: 'owner', at: () => link.cancelled, says: /cancelled/i },
  'handoff-declined': { who: 'owner', at: () => link.declined, says: /declined/i },
  'handoff-wrong-person': { who: 'bob', at: () => link.form, says: /made for someone else/i },
  'handoff-sent-to-admins': { who: 'bob', at: () => link.org, says: /admins/ },
  'handoff-taken': { who: 'owner', at: () => link.taken, says: /admin/ },
  'handoff-create': { who: 'owner', at: () => link.create, says: /Make the connection “Reports”/ },
  'handoff-replace': { who: 'owner', at: () => link.replace, says: /This replaces what “Used once” uses now/ },
  'handoff-created': { who: 'owner', at: () => link.created, says: /Weekly figures/ },

  // An agent that asks to act for somebody.
  'login-allow': { who: 'owner', at: () => link.allow, says: /Let Claude Code on build-7 act for you\?/ },
  'login-allow-strange-words': { who: 'owner', at: () => link.allowAlso, says: /202E/, hides: /\u202e/ },
  'login-allow-failed': {
    who: 'owner',
    ...doing(() => link.allowAlso, 'Allow this agent', { 'scope.read': false, 'scope.connect': false, 'scope.use': false }),
    says: /There is a problem/,
  },
  'login-allow-step-up': { who: 'erin', at: () => link.allow, says: /Your password, once more/ },
  'login-code': { who: 'owner', at: () => link.typeCode, says: /Only you can tell whether it is yours/ },
  'login-code-failed': {
    who: 'owner',
    ...doing(() => link.wrongCode, 'Continue', { Code: 'bbbb-bbbb' }),
    says: /There is a problem/,
  },
  'login-locked': { who: 'owner', at: () => link.locked, says: /is locked/ },
  'login-return-code': { who: 'owner', at: () => link.returnCode, says: /Type it where your agent runs/ },
  'login-return-command': { who: 'owner', at: () => link.returnCommand, says: /countersign client connect/ },
  'login-done': { who: 'owner', at: () => link.allowed, says: /may act for you/, hides: /client connect/ },
  'login-done-command': { who: 'owner', at: () => link.allowedCommand, says: /countersign client connect/ },
  'login-not-allowed': { who: 'owner', at: () => link.notAllowed, says: /declined/i },
  'login-wrong-person': { who: 'bob', at: () => link.returnCode, says: /made for someone else/i },

  // Agents.
  agents: { who: 'owner', at: () => '/agents', says: /Codex on the laptop/ },
  'agents-none': { who: 'bob', at: () => '/agents', says: /No agent is connected/ },
  'agents-none-fit': { who: 'owner', at: () => '/agents?state=expired', says: /No agent fits/ },
  'agents-revoked': { who: 'owner', at: () => '/agents?state=revoked', says: /An old one/ },
  'agent-new': { who: 'owner', at: () => '/agents/new', says: /Whose it is/ },
  'agent-new-member': { who: 'bob', at: () => '/agents/new', says: /What it may do/, hides: /Whose it is/ },
  'agent-new-failed': { who: 'owner', ...doing(() => '/agents/new', /^Connect/), says: /There is a problem/ },
  'agent-new-step-up': { who: 'erin', at: () => '/agents/new', says: /Your password, once more/ },
  'agent-new-step-up-failed': {
    who: 'erin',
    ...doing(() => '/agents/new', /^Connect/, { Name: 'Reports', step_up_password: 'not this one at all' }),
    says: /There is a problem/,
  },
  'agent-token': {
    who: 'owner',
    ...doing(() => '/agents/new', /^Connect/, { Name: () => another('Claude Code on the desk') }),
    says: /cs_agent_\w+.*shown only now|shown only now[^]*cs_agent_\w+/,
  },
  agent: { who: 'owner', at: () => link.agent, says: /Set up its program/ },
  'agent-expires-soon': { who: 'owner', at: () => link.soonAgent, says: /Expires soon/ },
  'agent-paused': { who: 'owner', at: () => link.pausedAgent, says: /Paused/ },
  'agent-revoked': { who: 'owner', at: () => link.revokedAgent, says: /Revoked/, hides: /Set up/ },
  'agent-rotate': { who: 'owner', at: () => `${link.agent}/rotate`, says: /new token/ },
  'agent-rotated': { who: 'carol', ...doing(() => `${link.rotatedAgent}/rotate`, /new token/), says: /The old token/ },
  'agent-resume': { who: 'owner', at: () => `${link.pausedAgent}/resume`, says: /go on/ },
  'agent-revoke': { who: 'owner', at: () => `${link.agent}/revoke`, says: /Revoke/ },

  // Connections, integrations, providers.
  connections: { who: 'owner', at: () => '/connections', says: /Used once/ },
  'connections-none': { who: 'bob', at: () => '/connections', says: /none yet/ },
  'connections-none-fit': { who: 'owner', at: () => '/connections?integration=github', says: /No connection fits/ },
  connection: { who: 'owner', at: () => link.connection, says: /ends in abcd/ },
  integrations: { who: 'owner', at: () => '/integrations', says: /GitHub[^]*Stripe/ },
  'integrations-found': { who: 'bob', at: () => '/integrations?q=mail', says: /Mailgun/, hides: /Stripe|JSON/ },
  'integrations-none-fit': { who: 'owner', at: () => '/integrations?q=zzzz', says: /No integration fits “zzzz”/ },
  'integration-github': { who: 'owner', at: () => '/integrations/github', says: /api\.github\.com/ },
  'integration-generic': { who: 'owner', at: () => '/integrations/generic-http', says: /address that you type/ },
  providers: { who: 'owner', at: () => '/providers', says: /AGENT_DEMO_KEY[^]*AGENT_OTHER_KEY/, hides: /demo-[0f]/ },
  'providers-none': { who: 'newcomer', at: () => '/providers', says: /No provider is configured/ },
  'providers-bind': { who: 'owner', at: () => '/providers/bind?provider=env&item=AGENT_OTHER_KEY', says: /Bind a secret/ },
  'providers-bind-failed': {
    who: 'owner',
    ...doing(() => '/providers/bind?provider=env&item=AGENT_OTHER_KEY', 'Bind this secret'),
    says: /There is a problem/,
  },
  'providers-unbind': { who: 'owner', at: () => link.unbind, says: /Unbind AGENT_DEMO_KEY/ },

  // People.
  people: { who: 'owner', at: () => '/people', says: /carol/ },
  'people-alone': { who: 'newcomer', at: () => '/people', says: /Nobody else is here yet/ },
  'people-not-for-members': { who: 'bob', at: () => '/people', says: /refused/ },
  'person-new': { who: 'owner', at: () => '/people/new', says: /Invite somebody/ },
  'person-new-failed': { who: 'owner', ...doing(() => '/people/new', /^Make/), says: /There is a problem/ },
  'person-new-step-up': { who: 'erin', at: () => '/people/new', says: /Your password, once more/ },
  'person-invited': {
    who: 'owner',
    ...doing(() => '/people/new', /^Make/, { 'User name': () => another('heidi').replace(' ', '') }),
    says: /Whoever opens it first becomes this person/,
  },
  person: { who: 'owner', at: () => link.bob, says: /Disable this account/ },
  'person-self': { who: 'owner', at: () => link.self, says: /your own account/ },
  'person-disabled': { who: 'owner', at: () => link.disabled, says: /This account is disabled/ },
  'person-role': { who: 'owner', at: () => `${link.bob}/role`, says: /Change the role of bob/ },
  'person-role-step-up': { who: 'erin', at: () => `${link.bob}/role`, says: /Your password, once more/ },
  'person-disable': { who: 'owner', at: () => `${link.bob}/disable`, says: /Signed out everywhere/ },
  'person-enable': { who: 'owner', at: () => `${link.disabled}/enable`, says: /can sign in again/ },
  'person-link': { who: 'owner', at: () => `${link.bob}/link`, says: /new sign-in link/ },
  'person-link-made': { who: 'owner', ...doing(() => `${link.frank}/link`, /^Make/), says: /all sessions have ended/ },
  'person-sessions': { who: 'owner', at: () => `${link.bob}/sessions`, says: /End all sessions/ },

  // Settings and audit.
  settings: { who: 'owner', at: () => '/settings', says: /This server/ },
  'settings-member': { who: 'bob', at: () => '/settings', says: /You have none yet/, hides: /This server/ },
  'settings-password': { who: 'erin', at: () => '/settings', says: /Present password/ },
  'settings-password-failed': { who: 'erin', ...doing(() => '/settings', 'Change the password'), says: /There is a problem/ },
  'settings-name-failed': {
    who: 'owner',
    ...doing(() => '/settings', 'Save your name', { Name: '' }),
    says: /There is a problem/,
  },
  audit: { who: 'owner', at: () => '/audit', says: /handoff\./ },
  'audit-filtered': { who: 'owner', at: () => '/audit?action=agent.', says: /agent\./, hides: /handoff\.completed\s/ },
  'audit-none-fit': { who: 'owner', at: () => '/audit?action=nothing.', says: /No event fits/ },
  'audit-own-only': { who: 'bob', at: () => '/audit', says: /What you did here/ },
  'audit-event': { who: 'owner', at: () => '/audit/12', says: /Its place in the chain/ },
  'audit-export': { who: 'owner', at: () => '/audit/export', says: /Export/ },
  'audit-export-step-up': { who: 'erin', at: () => '/audit/export', says: /Your password, once more/ },

  // What is not there.
  'not-found': { who: 'owner', at: () => '/nothing/here', says: /./ },
  'no-such-handoff': { who: 'owner', at: () => '/h/nonsense', says: /./ },
  'wrong-method': { who: 'owner', at: () => '/logout', says: /./ },
};

testPages(pages, visitors);

test('on a phone the way around shows where one is', async () => {
  const { page, baseUrl } = visitors.owner;
  await page.setViewportSize({ width: 360, height: 780 });
  for (const path of ['/', '/settings']) {
    await page.goto(new URL(path, baseUrl).href);
    const { left, right } = await page.locator('nav [aria-current=page]').evaluate((link) => link.getBoundingClientRect());
    assert.ok(left >= 0 && right <= 360, `${path}: from ${left} to ${right}`);
  }
});

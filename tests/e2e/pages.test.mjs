// Every page as people meet it: on a phone, a tablet and a desk, in light and in dark. Nothing may stick out to
// the side, be too small to hit, be hard to read or to use with a screen reader, or break our own
// Content-Security-Policy. Pictures of all of them are kept in tests/e2e/artifacts/.
//
// The page of an expired handoff is not here: nobody can move the clock of the real program. It is the template of
// the cancelled one, and tests/flows asks for it under a fake clock. Without script the pages are the same: they
// have none, which is asserted; keyboard.test.mjs goes through a whole handoff with it switched off.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { agentOf } from './support/agent.mjs';
import { run, startBroker, temporaryDir } from './support/broker.mjs';
import { assertAccessible, openBrowser } from './support/browser.mjs';
import { Person } from './support/person.mjs';

const widths = [360, 768, 1280];
const schemes = ['light', 'dark'];
// Contrast differs by scheme and layout by width; the tree that the other rules look at does not differ.
const lookedAtByAxe = ['360 light', '768 dark', '1280 light'];
const pictured = ['360 light', '360 dark', '768 dark', '1280 light'];
const leastTarget = 24; // WCAG 2.2, 2.5.8
const artifacts = new URL('./artifacts/', import.meta.url).pathname;

const dataDir = temporaryDir();
const { broker, invitations } = await startWithGuests();
const agent = agentOf(broker);
const visitors = {}; // who → { page, troubles }
const link = {}; // what → path

// People are added while no broker has the folder.
async function startWithGuests() {
  await (await startBroker(undefined, { dataDir })).stop();
  const invitations = {};
  for (const [login, role] of [['bob', 'member'], ['carol', 'admin'], ['dave', 'member']]) {
    const { code, stdout, stderr } = await run(['person', 'add', login, '--role', role, '--data-dir', dataDir]);
    assert.equal(code, 0, stderr);
    invitations[login] = new URL(stdout.trim()).pathname;
  }
  return { broker: await startBroker({ after }, { dataDir }), invitations };
}

async function visitor(signInLink) {
  const { page, context } = await openBrowser({ after });
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    // The browser's own remark that a page came with status 4xx, which is what was asked for.
    const remark = /Failed to load resource: the server responded with a status of 4/.test(message.text());
    if (message.type() === 'error' && !(remark && message.location().url === page.url())) troubles.push(message.text());
  });
  const person = new Person(broker.baseUrl);
  if (signInLink) {
    await page.goto(new URL(signInLink, broker.baseUrl).href);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await person.joins(context);
  }
  return { page, troubles, person };
}

const pathOf = ({ url }) => new URL(url).pathname;

async function settled(person, request, action, fields) {
  const minted = await agent.mint(request);
  await person.open(minted.url);
  const { status } = await person.send(action, fields);
  assert.equal(status, 303, `${action}: ${person.page}`);
  return { path: pathOf(minted), outcome: await agent.state(minted.handoffId) };
}

async function setTheScene() {
  mkdirSync(artifacts, { recursive: true });
  visitors.nobody = await visitor();
  visitors.bob = await visitor(invitations.bob);
  visitors.carol = await visitor(invitations.carol);
  visitors.owner = await visitor(broker.adminLink);
  const owner = visitors.owner.person;
  const key = { 'secret.key': 'demo-0123456789-0123456789-abcd' };

  link.usedSignIn = invitations.bob;
  link.form = pathOf(await agent.mint({ integration: 'demo', label: 'Nightly report' }));
  link.github = pathOf(await agent.mint({ integration: 'github' }));
  link.strange = pathOf(
    await agent.mint({ integration: 'generic-http', label: `Urgent\u202e\u200b ${'very-long-word'.repeat(7)}` }),
  );
  const cancelled = await agent.mint();
  await agent.call('POST', `/v1/handoffs/${cancelled.handoffId}/cancel`);
  link.cancelled = pathOf(cancelled);
  link.declined = (await settled(owner, undefined, /\/decline$/)).path;

  const used = await settled(owner, { integration: 'demo', label: 'Used once' }, /\/submit$/, key);
  link.used = used.path;
  link.connection = `/connections/${used.outcome.connection.connectionId}`;
  const removal = await agent.call('DELETE', `/v1${link.connection}`);
  link.confirm = pathOf(removal.body);

  const doomed = await settled(owner, { integration: 'demo', label: 'Removed soon' }, /\/submit$/, key);
  const removed = await agent.call('DELETE', `/v1/connections/${doomed.outcome.connection.connectionId}`);
  link.removed = pathOf(removed.body);
  await owner.open(link.removed);
  await owner.send(/\/confirm$/);

  link.org = pathOf(await agent.mint({ integration: 'openai', owner: 'org' }));
  link.taken = (await settled(visitors.carol.person, { integration: 'stripe', owner: 'org' }, /\/continue$/)).path;
}

await setTheScene();

async function press(page, path, name) {
  await page.goto(new URL(path, broker.baseUrl).href);
  await page.getByRole('button', { name }).click();
}

// name: who looks, where, what stands there and what must not. `act` presses something instead of only looking.
const pages = {
  'sign-in': { who: 'nobody', at: () => '/login', says: /Sign in/ },
  'sign-in-for-a-handoff': { who: 'nobody', at: () => link.form, says: /the request that your agent made/ },
  'sign-in-failed': { who: 'nobody', act: (page) => press(page, '/login', 'Sign in'), says: /There is a problem/ },
  'one-use-link': { who: 'nobody', at: () => invitations.dave, says: /signs you in once/ },
  'one-use-link-used': { who: 'nobody', at: () => link.usedSignIn, says: /does not work any more/ },
  'cookies-dropped': { who: 'nobody', at: () => '/signed-in', says: /did not keep our cookie/ },
  'signed-out': { who: 'nobody', at: () => '/signed-out', says: /signed out/ },
  'home-empty': { who: 'bob', at: () => '/', says: /Nothing waits/, hides: /Bearer|curl/ }, // the token is the owner's
  'home-waiting': { who: 'owner', at: () => '/', says: /Nightly report|demo/i },
  'choose-password': { who: 'bob', at: () => '/welcome', says: /Choose a password/ },
  'choose-password-failed': { who: 'bob', act: (page) => press(page, '/welcome', /password/i), says: /There is a problem/ },
  'handoff-form': { who: 'owner', at: () => link.form, says: /not to the agent/ },
  'handoff-form-github': { who: 'owner', at: () => link.github, says: /GitHub/ },
  'handoff-form-strange-words': { who: 'owner', at: () => link.strange, says: /202E/ },
  'handoff-form-failed': { who: 'owner', act: (page) => press(page, link.strange, /^Save/), says: /There is a problem/ },
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
  connections: { who: 'owner', at: () => '/connections', says: /Used once/ },
  'connections-none': { who: 'bob', at: () => '/connections', says: /none yet/ },
  connection: { who: 'owner', at: () => link.connection, says: /ends in abcd/ },
  'not-found': { who: 'owner', at: () => '/nothing/here', says: /./ },
  'no-such-handoff': { who: 'owner', at: () => '/h/nonsense', says: /./ },
  'wrong-method': { who: 'owner', at: () => '/logout', says: /./ },
};

const overflow = () => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth;

// WCAG 2.5.8 leaves out links inside a sentence.
const smallTargets = (least) =>
  [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
    .filter((element) => element.checkVisibility() && !element.matches('.skip'))
    .filter((element) => {
      const inSentence =
        getComputedStyle(element).display === 'inline' &&
        element.parentElement.textContent.trim().length > element.textContent.trim().length;
      const { width, height } = element.getBoundingClientRect();
      return !inSentence && (width < least || height < least);
    })
    .map((element) => element.outerHTML);

async function look(name, page) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
    for (const colorScheme of schemes) {
      const view = `${width} ${colorScheme}`;
      await page.emulateMedia({ colorScheme });
      assert.ok((await page.evaluate(overflow)) <= 0, `${view}: sticks out to the side`);
      assert.deepEqual(await page.evaluate(smallTargets, leastTarget), [], `${view}: too small to hit`);
      if (lookedAtByAxe.includes(view)) await assertAccessible(page);
      if (pictured.includes(view)) {
        await page.screenshot({ path: `${artifacts}${name}-${view.replace(' ', '-')}.png`, fullPage: true });
      }
    }
  }
}

for (const [name, { who, at, act, says, hides }] of Object.entries(pages)) {
  test(`page ${name}`, async () => {
    const { page, troubles } = visitors[who];
    troubles.length = 0;
    await (act ? act(page) : page.goto(new URL(at(), broker.baseUrl).href));
    assert.match(await page.textContent('main'), says);
    if (hides) assert.doesNotMatch(await page.textContent('main'), hides);
    assert.equal(await page.locator('h1').count(), 1, 'one heading of the first rank');
    assert.match(await page.title(), /\S.* – Countersign$/);
    assert.equal(await page.locator('script, [style], [onclick]').count(), 0, 'neither script nor style inline');
    await look(name, page);
    assert.deepEqual(troubles, []);
  });
}

// A broker, a real authorization server, and an integration of the operator's own that names it: "Acme".
//
//   const scene = await startOAuth(t, { provider: { registration: true }, oauth: { leeway_seconds: 1 } });
//   scene.broker, .provider, .agent, .page, .context            the browser is signed in as the owner
//   const asked = await scene.ask({ scopes: ['read'] });        oauth.start: { authorizationUrl, handoffId, ... }
//   await scene.leave(asked);                                   our consent card, to the page that leads away
//   await scene.consent();                                      the provider's pages, and back to our result
//   const connection = await scene.connect();                   all of it
//
// Options: provider (startProvider's; false: none, then `issuer` names one), oauth (put into the template, or a
// function of the provider that answers it; undefined leaves a key out), dataDir, env, browser (openBrowser's).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf } from './agent.mjs';
import { startBroker, temporaryDir } from './broker.mjs';
import { heading, openBrowser } from './browser.mjs';
import { Person } from './person.mjs';
import { startProvider } from './provider.mjs';

export { heading };

const patienceMs = 60_000;
const bodyMs = 15_000;
const sqlite = { encoding: 'utf8', timeout: patienceMs };

export const press = (page, name) => page.getByRole('button', { name }).click();

export async function signIn(page, link) {
  await page.goto(link);
  await press(page, /^(Sign in|Accept) as/);
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor();
}

// Asks again until the answer is one; what is waited for happens in another program.
export async function eventually(what, look) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `not within ${patienceMs} ms: ${what}`);
    await sleep(20);
  }
}

const scopes = [
  { name: 'openid', words: 'Know which account this is' },
  { name: 'email', words: 'See your e-mail address' },
  { name: 'read', words: 'Read your reports' },
  { name: 'write', words: 'Change your reports', asked: false },
];

function integrationAt(issuer, oauth = {}) {
  const spec = {
    issuer,
    discover: true,
    grants: ['authorization_code', 'client_credentials'],
    client_auth: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    scopes,
    pkce: 's256',
    account: { from: 'id_token', label: ['/email'] },
    leeway_seconds: 0,
    client_hint: 'At Acme: Settings, Applications, New application.',
    sources: ['https://acme.example/docs/oauth'],
    ...oauth,
  };
  for (const name of Object.keys(spec)) if (spec[name] === undefined) delete spec[name];
  return {
    slug: 'acme',
    name: 'Acme',
    description: 'Reports of the Acme company.',
    documentation_url: 'https://acme.example/docs',
    categories: ['reports'],
    base_urls: [`${new URL(issuer).origin}/api`],
    templates: [{ slug: 'oauth', kind: 'oauth2', label: 'Acme account', oauth: spec }],
  };
}

function folderOf(integration) {
  const folder = temporaryDir();
  writeFileSync(join(folder, `${integration.slug}.json`), JSON.stringify(integration));
  return folder;
}

// Every byte that the broker has written down.
export function bytesIn(folder) {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  assert.ok(files.length > 0);
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name))));
}

class OAuthScene {
  seen = []; // every address that the browser asked for
  #answers = []; // everything that we answered, to the browser and to the agent

  constructor(parts) {
    Object.assign(this, parts);
    this.agent = this.#recorded(agentOf(this.broker));
    this.page.on('request', (request) => this.seen.push(request.url()));
    this.page.on('requestfinished', (request) => this.#answers.push(this.#record(request)));
  }

  // Never rejects and always ends: a redirect has no body, and that of a page which has gone may never come.
  async #record(request) {
    if (new URL(request.url()).origin !== new URL(this.broker.baseUrl).origin) return '';
    const response = await request.response().catch(() => null);
    const parts = [response?.allHeaders().then(JSON.stringify), response?.text()].map((part) =>
      Promise.race([part, sleep(bodyMs, '', { ref: false })]).catch(() => ''),
    );
    return (await Promise.all(parts)).join('');
  }

  #recorded({ call, ...agent }) {
    const recorded = async (...request) => {
      const answer = await call(...request);
      this.#answers.push(JSON.stringify(answer.body));
      return answer;
    };
    return { ...agent, call: recorded };
  }

  answers = () => Promise.all(this.#answers);

  // --- the agent ---

  async ask(wanted = {}, headers = {}) {
    const request = { integration: 'acme', ...wanted };
    const { status, body } = await this.agent.call('POST', '/v1/oauth/start', request, headers);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  outcome = (asked, wait = 50) => this.agent.state(asked.handoffId, wait);

  async connection(id) {
    const { status, body } = await this.agent.call('GET', `/v1/connections/${id}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.connection;
  }

  // --- the person ---

  async open(path) {
    await this.page.goto(new URL(path, this.broker.baseUrl).href);
    return this.page;
  }

  // Without a browser, for what is not the point.
  async person() {
    const person = new Person(this.broker.baseUrl);
    await person.joins(this.context);
    return person;
  }

  // Our card, to the page with the plain link; answers where that leads.
  async leave(asked, page = this.page) {
    await page.goto(asked.authorizationUrl ?? asked.url ?? asked);
    await press(page, /^Continue to Acme/);
    await heading(page, 'Now go to Acme');
    return page.getByRole('link', { name: /^Go to / }).getAttribute('href');
  }

  // Follows that link and answers the provider's own pages.
  async consent({ as, answer = 'Allow', page = this.page } = {}) {
    await page.getByRole('link', { name: /^Go to / }).click();
    await this.answer({ as, answer, page });
  }

  async answer({ as, answer = 'Allow', page = this.page } = {}) {
    const consent = page.getByRole('heading', { name: /^Let .* in\?/ });
    const signInForm = page.getByRole('heading', { name: 'Sign in at the provider' });
    await consent.or(signInForm).waitFor();
    if (await signInForm.isVisible()) {
      if (as) await page.getByLabel('User name').fill(as);
      await press(page, 'Sign in');
      await consent.waitFor();
    }
    await press(page, answer);
    await page.waitForURL((url) => url.origin === new URL(this.broker.baseUrl).origin);
  }

  async connect(wanted = {}) {
    const asked = await this.ask(wanted);
    await this.leave(asked);
    await this.consent();
    await heading(this.page, /^Connected: /);
    const outcome = await this.outcome(asked);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    return outcome.connection;
  }

  renewed = () =>
    eventually('a renewal that the provider agreed to', () =>
      this.provider.requests.some(({ grant, status }) => grant === 'refresh_token' && status === 200),
    );

  // --- the record ---

  // Events of the audit record whose action fits, newest first, by the page that an admin has.
  async events(action) {
    const person = await this.person();
    assert.equal(await person.open(`/audit?action=${action}`), 200);
    return [...person.page.matchAll(/href="(\/audit\/\d+)"/g)].map(([, path]) => path);
  }

  stored = (sql) => execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', this.#database(), sql], sqlite).trim();

  #database = () => join(this.start.dataDir, 'countersign.db');

  // Nobody can move the clock of the real program; what it wrote down can be moved. It looks again after its own next
  // change.
  async rewrite(sql) {
    execFileSync('sqlite3', ['-cmd', '.timeout 5000', this.#database(), sql], sqlite);
    await this.agent.mint();
  }

  // Another process on the same data: the browser is still signed in, and the agent's token still works.
  async restart({ killed = false } = {}) {
    const listen = new URL(this.broker.baseUrl).host;
    if (!killed) await this.broker.stop();
    this.broker = await startBroker(this.t, { ...this.start, listen });
    this.agent = this.#recorded(agentOf(this.broker));
  }
}

export async function startOAuth(t, options = {}) {
  const alone = options.provider === false;
  const provider = alone ? undefined : await startProvider({ t, autoConsent: false, ...options.provider });
  const issuer = options.issuer ?? provider.issuer;
  const oauth = typeof options.oauth === 'function' ? options.oauth(provider) : options.oauth;
  const folder = folderOf(integrationAt(issuer, oauth));
  const start = {
    dataDir: options.dataDir,
    env: { COUNTERSIGN__INTEGRATIONS__FOLDER: folder, ...options.env },
  };
  const broker = await startBroker(t, start);
  const { page, context } = await openBrowser(t, options.browser);
  await signIn(page, broker.adminLink);
  return new OAuthScene({ t, provider, broker, page, context, start });
}

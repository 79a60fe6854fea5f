// A workspace in full use, so that every page has something to show: people of all kinds, agents in every state,
// requests that wait, that are done, and that nobody may answer.
//
//   const { visitors, link } = await setTheScene({ after });
//   visitors.owner → { page, plainPage, troubles, person, baseUrl }     plainPage: the same browser without script
//   link.form      → a path
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { agentOf } from './agent.mjs';
import { run, startBroker, temporaryDir } from './broker.mjs';
import { openBrowser } from './browser.mjs';
import { Person } from './person.mjs';

const elsewhere = '203.0.113.9'; // an address for documentation, RFC 5737
const password = 'seven lamps beside the quay';
const key = { 'secret.key': 'demo-0123456789-0123456789-abcd' };

const pathOf = (url) => new URL(url).pathname;

// A proxy's address is believed, so that a request can come from another machine.
const settings = {
  COUNTERSIGN__PROVIDERS__ENV_PREFIX: 'AGENT_',
  AGENT_DEMO_KEY: 'demo-fedcba9876543210',
  AGENT_OTHER_KEY: 'demo-0000000000000000',
  COUNTERSIGN__SERVER__TRUSTED_PROXIES: '127.0.0.1',
};

// People are added while no broker has the folder.
async function startWithGuests(t, dataDir) {
  await (await startBroker(undefined, { dataDir })).stop();
  const invitations = {};
  for (const [login, role] of [['bob', 'member'], ['carol', 'admin'], ['dave', 'member'], ['erin', 'admin']]) {
    const { code, stdout, stderr } = await run(['person', 'add', login, '--role', role, '--data-dir', dataDir]);
    assert.equal(code, 0, stderr);
    invitations[login] = pathOf(stdout.trim());
  }
  return { broker: await startBroker(t, { dataDir, env: settings }), invitations };
}

export function troublesOf(page) {
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    // The browser's own remark that a page came with status 4xx, which is what was asked for.
    const remark = /Failed to load resource: the server responded with a status of 4/.test(message.text());
    if (message.type() === 'error' && !(remark && message.location().url === page.url())) troubles.push(message.text());
  });
  return troubles;
}

async function visitor(t, broker, signInLink) {
  const { page, context } = await openBrowser(t);
  const troubles = troublesOf(page);
  const person = new Person(broker.baseUrl);
  if (signInLink) {
    await page.goto(new URL(signInLink, broker.baseUrl).href);
    await page.getByRole('button', { name: /^(Sign in|Accept) as/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await person.joins(context);
  }
  const plain = await openBrowser(t, { javaScriptEnabled: false, storageState: await context.storageState() });
  return { page, plainPage: plain.page, troubles, person, baseUrl: broker.baseUrl };
}

class Scene {
  visitors = {}; // who → see above
  link = {}; // what → path

  constructor(broker, invitations, dataDir) {
    this.broker = broker;
    this.invitations = invitations;
    this.dataDir = dataDir;
    this.agent = agentOf(broker);
  }

  owner() {
    return this.visitors.owner.person;
  }

  async sends(person, path, action, fields, expected = 303) {
    await person.open(path);
    const answer = await person.send(action, fields);
    assert.equal(answer.status, expected, `${path}: ${answer.text}`);
    return answer;
  }

  // Mints a handoff and lets somebody answer it.
  async settled(person, request, action, fields) {
    const minted = await this.agent.mint(request);
    await this.sends(person, pathOf(minted.url), action, fields);
    return { path: pathOf(minted.url), outcome: await this.agent.state(minted.handoffId) };
  }

  async handoffs() {
    const { agent, link } = this;
    const mint = async (request) => pathOf((await agent.mint(request)).url);
    link.form = await mint({ integration: 'demo', label: 'Nightly report' });
    link.github = await mint({ integration: 'github' });
    link.strange = await mint({
      integration: 'generic-http',
      label: `Urgent\u202e\u200b ${'very-long-word'.repeat(7)}`,
    });
    const cancelled = await agent.mint();
    await agent.call('POST', `/v1/handoffs/${cancelled.handoffId}/cancel`);
    link.cancelled = pathOf(cancelled.url);
    link.declined = (await this.settled(this.owner(), undefined, /\/decline$/)).path;
    link.org = await mint({ integration: 'openai', owner: 'org' });
    const carol = this.visitors.carol.person;
    link.taken = (await this.settled(carol, { integration: 'stripe', owner: 'org' }, /\/continue$/)).path;
  }

  async connections() {
    const { agent, link } = this;
    const used = await this.settled(this.owner(), { integration: 'demo', label: 'Used once' }, /\/submit$/, key);
    link.used = used.path;
    link.connection = `/connections/${used.outcome.connection.connectionId}`;
    const removal = await agent.call('DELETE', `/v1${link.connection}`);
    link.confirm = pathOf(removal.body.url);

    const doomed = await this.settled(this.owner(), { integration: 'demo', label: 'Removed soon' }, /\/submit$/, key);
    const removed = await agent.call('DELETE', `/v1/connections/${doomed.outcome.connection.connectionId}`);
    link.removed = pathOf(removed.body.url);
    await this.sends(this.owner(), link.removed, /\/confirm$/);
  }

  // Secrets that live elsewhere, and the connections that an agent wants to make of them.
  async references() {
    const { agent, link } = this;
    const bind = '/providers/bind?provider=env&item=AGENT_DEMO_KEY';
    await this.owner().open(bind);
    const [, me] = /value="([^"]+)"[^>]*>Owner \(owner\)/.exec(this.owner().page);
    for (const owner of [me, 'workspace']) {
      await this.sends(this.owner(), bind, /\/bind$/, { item: 'AGENT_DEMO_KEY', integration: 'demo', owner });
    }
    await this.owner().open('/providers');
    [link.unbind] = /\/providers\/bindings\/[^"]+\/unbind/.exec(this.owner().page);
    const create = async (owner, name) => {
      const from = { provider: 'env', id: 'AGENT_DEMO_KEY' };
      const wanted = { owner, name, integration: 'demo', template: 'api-key', identityLabel: 'reports@example.com', from };
      const { status, body } = await agent.call('POST', '/v1/connections', wanted);
      assert.equal(status, 202, JSON.stringify(body));
      return pathOf(body.url);
    };
    link.create = await create('user', 'Reports');
    link.replace = await create('user', 'Used once');
    link.created = await create('user', 'Weekly figures');
    await this.sends(this.owner(), link.created, /\/confirm$/);
  }

  async newAgent(person, name, fields = {}) {
    const usual = { name, owner: 'me', 'scope.read': 'yes', 'scope.connect': 'yes', lifetime: '2592000', rate: '' };
    const { text } = await this.sends(person, '/agents/new', /\/agents\/new$/, { ...usual, ...fields }, 200);
    return /\/agents\/ag_\w+/.exec(text)[0];
  }

  async agents() {
    const { link } = this;
    const owner = this.owner();
    await owner.open('/agents');
    [link.agent] = /\/agents\/ag_\w+/.exec(owner.page);
    link.soonAgent = await this.newAgent(owner, 'Codex on the laptop', { lifetime: '86400', rate: '12' });
    link.pausedAgent = await this.newAgent(owner, 'Claude Code on ci-runner-with-a-long-name.example.com', {
      owner: 'workspace',
    });
    await this.sends(owner, link.pausedAgent, /\/pause$/);
    link.revokedAgent = await this.newAgent(owner, 'An old one', { lifetime: '0' });
    await this.sends(owner, `${link.revokedAgent}/revoke`, /\/revoke$/);
    link.rotatedAgent = await this.newAgent(this.visitors.carol.person, 'Nightly reports');
  }

  async people() {
    const { link } = this;
    const owner = this.owner();
    await owner.open('/people');
    const paths = [...owner.page.matchAll(/<a href="(\/people\/[^"]+)"><bdi[^>]*>([^<]+)/g)];
    const path = Object.fromEntries(paths.map(([, href, name]) => [name, href]));
    link.self = path.Owner;
    link.bob = path.bob;
    link.dave = path.dave;
    const dave = new Person(this.broker.baseUrl);
    await dave.signIn(this.invitations.dave);
    await this.sends(dave, '/welcome', /\/welcome$/, { password });
    const { text } = await this.sends(owner, `${link.dave}/link`, /\/link$/, {}, 200);
    link.recovery = /\/sign-in\/[\w.-]+/.exec(text)[0];
    const invited = await this.sends(owner, '/people/new', /\/people\/new$/, { login: 'frank', role: 'approver' }, 200);
    link.frank = /\/people\/pe_\w+/.exec(invited.text)[0];
    link.invitation = /\/sign-in\/[\w.-]+/.exec(invited.text)[0];
    const left = await this.sends(owner, '/people/new', /\/people\/new$/, { login: 'grace', role: 'member' }, 200);
    link.disabled = /\/people\/pe_\w+/.exec(left.text)[0];
    await this.sends(owner, `${link.disabled}/disable`, /\/disable$/);
  }

  // Nobody can move the clock of the real program; what it wrote down can be moved.
  rewrite(sql) {
    const database = join(this.dataDir, 'countersign.db');
    execFileSync('sqlite3', ['-cmd', '.timeout 5000', database, sql], { timeout: 60_000 });
  }

  // Somebody with a password who has not proved for a while who they are.
  async staleProof() {
    await this.sends(this.visitors.erin.person, '/welcome', /\/welcome$/, { password });
    const past = 'update browser_sessions set verified_at = verified_at - 3600000';
    this.rewrite(`${past} where person = (select id from people where login = 'erin')`);
  }

  // A handoff lasts ten minutes; a slow machine may need more for all the pictures.
  outlastTheTests() {
    this.rewrite('update handoffs set expires_at = expires_at + 3600000');
  }

  async asksToLogIn({ over = 'rest', from, name = 'Claude Code on build-7' } = {}) {
    const wanted = { agent_identifier: name };
    const tool = { name: 'create_auth_session', arguments: wanted };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: tool };
    const response = await fetch(over === 'mcp' ? this.broker.mcpUrl : `${this.broker.baseUrl}/v1/auth-sessions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
        ...(from ? { 'x-forwarded-for': from } : {}),
      },
      body: JSON.stringify(over === 'mcp' ? call : wanted),
    });
    const answer = await response.json();
    const { loginUrl, userCode } = answer.result?.structuredContent ?? answer;
    assert.ok(loginUrl, JSON.stringify(answer));
    return { path: pathOf(loginUrl), code: userCode };
  }

  async allowed(request) {
    const { path, code } = await this.asksToLogIn(request);
    if (request.from) await this.sends(this.owner(), path, /\/continue$/, { user_code: code });
    const choice = { 'scope.read': 'yes', 'scope.connect': 'yes', lifetime: '2592000' };
    await this.sends(this.owner(), path, /\/allow$/, choice);
    return path;
  }

  async logins() {
    const { link } = this;
    link.allow = (await this.asksToLogIn()).path;
    link.allowAlso = (await this.asksToLogIn({ name: 'Allow\u202e “me” <b>now</b>' })).path;
    link.typeCode = (await this.asksToLogIn({ from: elsewhere })).path;
    link.wrongCode = (await this.asksToLogIn({ from: elsewhere })).path;
    link.returnCode = await this.allowed({ from: elsewhere });
    link.returnCommand = await this.allowed({ from: elsewhere, over: 'mcp' });
    link.allowed = await this.allowed({});
    link.allowedCommand = await this.allowed({ over: 'mcp' });
    link.notAllowed = (await this.asksToLogIn()).path;
    await this.sends(this.owner(), link.notAllowed, /\/decline$/);
    const locked = await this.asksToLogIn({ from: elsewhere });
    for (let n = 0; n < 5; ++n) {
      await this.owner().open(locked.path);
      await this.owner().send(/\/continue$/, { user_code: 'BBBB-BBBB' });
    }
    link.locked = locked.path;
  }
}

export async function setTheScene(t) {
  const dataDir = temporaryDir();
  const { broker, invitations } = await startWithGuests(t, dataDir);
  const bare = await startBroker(t);
  const scene = new Scene(broker, invitations, dataDir);
  scene.link.usedSignIn = invitations.bob;
  for (const who of ['bob', 'carol', 'erin']) scene.visitors[who] = await visitor(t, broker, invitations[who]);
  scene.visitors.owner = await visitor(t, broker, broker.adminLink);
  scene.visitors.nobody = await visitor(t, broker);
  scene.visitors.newcomer = await visitor(t, bare, bare.adminLink);
  await scene.handoffs();
  await scene.connections();
  await scene.references();
  await scene.agents();
  await scene.people();
  await scene.logins();
  await scene.staleProof();
  scene.outlastTheTests();
  return scene;
}

// The official TypeScript client against the real program, in both revisions of MCP that are served. Every
// message the program sends is held against the published schema of the revision it was negotiated in.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { compile, problems, revisions } from './mcp_schema_check.mjs';
import { startBroker } from './support/broker.mjs';
import { Person } from './support/person.mjs';

const latencyLimitMs = 50;
const tries = 5;

const broker = await startBroker({ after });
const person = new Person(broker.baseUrl);
await person.signIn(broker.adminLink);

const resultOf = {
  initialize: 'InitializeResult',
  'tools/list': 'ListToolsResult',
  'tools/call': 'CallToolResult',
  ping: 'EmptyResult',
};
const envelope = {
  '2025-06-18': { result: 'JSONRPCResponse', error: 'JSONRPCError' },
  '2025-11-25': { result: 'JSONRPCResultResponse', error: 'JSONRPCErrorResponse' },
};

// The client always asks for the newest revision it knows; an older client is made by changing what it sends.
function fetchIn(revision, faults) {
  return async (url, init) => {
    const sent = init?.body ? JSON.parse(init.body) : undefined;
    if (sent?.method === 'initialize') sent.params.protocolVersion = revision;
    const response = await fetch(url, sent ? { ...init, body: JSON.stringify(sent) } : init);
    const text = await response.clone().text();
    if (sent?.id !== undefined && text !== '') faults.push(...faultsIn(JSON.parse(text), sent.method, revision));
    return response;
  };
}

function faultsIn(message, method, revision) {
  if (message.error) return problems(message, envelope[revision].error, revision);
  const unknown = method in resultOf ? [] : [`no schema is named for the answer to ${method}`];
  return [
    ...unknown,
    ...problems(message, envelope[revision].result, revision),
    ...problems(message.result, resultOf[method], revision),
  ];
}

async function connect(t, revision, token = broker.agentToken) {
  const faults = [];
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(broker.mcpUrl), {
    fetch: fetchIn(revision, faults),
    requestInit: token === null ? {} : { headers: { Authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  t.after(async () => {
    await client.close();
    assert.deepEqual(faults, [], `what was sent does not fit ${revision}`);
  });
  assert.equal(transport.protocolVersion, revision);
  return client;
}

// callTool of the client checks structuredContent against the outputSchema that listTools brought.
async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  assert.notEqual(result.isError, true, JSON.stringify(result));
  return result.structuredContent;
}

for (const revision of revisions) {
  test(`${revision}: the client connects and lists the tools`, async (t) => {
    const client = await connect(t, revision);
    assert.equal(client.getServerVersion().name, 'countersign');
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name).sort(), [
      'connect_connector',
      'connections.create',
      'connections.createHandoff',
      'connections.get',
      'connections.list',
      'connections.refresh',
      'connections.remove',
      'create_auth_session',
      'disconnect_connector',
      'get_auth_session',
      'handoffs.cancel',
      'handoffs.get',
      'handoffs.wait',
      'integrations.list',
      'list_connectors',
      'oauth.cancel',
      'oauth.clients.create',
      'oauth.clients.createHandoff',
      'oauth.clients.list',
      'oauth.clients.registerDynamic',
      'oauth.clients.remove',
      'oauth.probe',
      'oauth.start',
      'providers.items',
      'providers.list',
    ]);
    for (const tool of tools) {
      compile(tool.inputSchema);
      compile(tool.outputSchema);
      assert.ok(tool.description.length > 0 && tool.title.length > 0, tool.name);
    }
    await client.ping();
  });

  test(`${revision}: a secret is handed over, and the wait is answered at once`, async (t) => {
    const client = await connect(t, revision);
    await client.listTools();
    const secret = `demo-${revision}-0123456789-abcd`;
    const minted = await call(client, 'connections.createHandoff', { integration: 'demo', label: `For ${revision}` });
    assert.match(minted.instructions, /Show this URL/);
    assert.equal((await call(client, 'handoffs.get', { handoffId: minted.handoffId })).status, 'pending');

    const waiting = call(client, 'handoffs.wait', { handoffId: minted.handoffId, wait: 30 });
    await person.give(minted.url, secret);
    const outcome = await waiting;
    assert.equal(outcome.status, 'completed');
    const { connections } = await call(client, 'connections.list', { integration: 'demo' });
    const found = connections.find(({ connectionId }) => connectionId === outcome.connection.connectionId);
    assert.equal(found.name, `For ${revision}`);
    const one = await call(client, 'connections.get', { connectionId: found.connectionId });
    for (const answer of [outcome, connections, one]) assert.ok(!JSON.stringify(answer).includes(secret));
  });

  test(`${revision}: what was asked for can be cancelled, and the link says so`, async (t) => {
    const client = await connect(t, revision);
    const { handoffId, url } = await call(client, 'connections.createHandoff', { integration: 'demo' });
    assert.equal((await call(client, 'handoffs.cancel', { handoffId })).status, 'cancelled');
    assert.equal((await call(client, 'handoffs.wait', { handoffId })).status, 'cancelled');
    await person.open(url);
    assert.match(person.page, /cancelled/i);
  });

  test(`${revision}: a mistake is a tool result that says what to do`, async (t) => {
    const client = await connect(t, revision);
    const unknown = await client.callTool({ name: 'connections.createHandoff', arguments: { integration: 'nosuch' } });
    assert.equal(unknown.isError, true);
    assert.match(unknown.content[0].text, /integrations\.list/);
    const wrong = await client.callTool({ name: 'handoffs.get', arguments: { handoffId: 7 } });
    assert.equal(wrong.isError, true);
    assert.match(wrong.content[0].text, /handoffId/);
    await assert.rejects(client.callTool({ name: 'no.such.tool', arguments: {} }), (error) => error.code === -32602);
    await assert.rejects(client.listResources(), /resources|Method not found/i);
  });
}

test('a removal waits for the person', async (t) => {
  const client = await connect(t, revisions.at(-1));
  const first = await call(client, 'connections.createHandoff', { integration: 'demo' });
  await person.give(first.url, 'demo-to-be-removed-0123456789');
  const { connection } = await call(client, 'handoffs.wait', { handoffId: first.handoffId });
  const removal = await call(client, 'connections.remove', { connectionId: connection.connectionId });
  const waiting = call(client, 'handoffs.wait', { handoffId: removal.handoffId });
  await person.open(removal.url);
  await person.send(/\/confirm$/);
  assert.equal((await waiting).status, 'completed');
  const { connections } = await call(client, 'connections.list');
  const left = connections.find(({ connectionId }) => connectionId === connection.connectionId);
  assert.ok(!left || left.status === 'revoked');
});

test('a wrong token is refused before anything is listed', async (t) => {
  await assert.rejects(connect(t, revisions.at(-1), 'cs_agent_0000000000000_wrong'), (error) => error.code === 401);
});

test('without a token the model asks to be logged in, and its user gives the client a token', async (t) => {
  const stranger = await connect(t, revisions.at(-1), null);
  await stranger.listTools();
  const refused = await stranger.callTool({ name: 'connections.list', arguments: {} });
  assert.equal(refused.isError, true);
  assert.match(refused.content[0].text, /create_auth_session/);

  const minted = await call(stranger, 'create_auth_session', { agent_identifier: 'e2e client', scope: 'read connect' });
  const id = { sessionRequestId: minted.sessionRequestId };
  assert.equal((await call(stranger, 'get_auth_session', id)).status, 'pending');
  const waiting = call(stranger, 'get_auth_session', { ...id, wait: 30 });
  await person.open(minted.loginUrl);
  assert.ok(person.page.includes(minted.userCode));
  const allowed = await person.send(/\/allow$/, { 'scope.read': 'yes', lifetime: '3600' });
  assert.equal(allowed.status, 303);
  const outcome = await waiting;
  assert.equal(outcome.status, 'active');
  assert.deepEqual(outcome.scopes, ['read']);
  assert.ok(!JSON.stringify(outcome).includes('cs_agent_'), 'a token in a model’s context');

  await person.open(minted.loginUrl);
  const [code] = /([B-Z]{4}-){2}[B-Z]{4}/.exec(person.page);
  const connected = await fetch(new URL('/v1/auth-sessions/connect', broker.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  assert.equal(connected.status, 200);
  const { token, mcpUrl } = await connected.json();
  assert.equal(mcpUrl, broker.mcpUrl);
  const client = await connect(t, revisions.at(-1), token);
  await client.listTools();
  assert.ok(Array.isArray((await call(client, 'connections.list')).connections));
  const beyond = await client.callTool({ name: 'connections.createHandoff', arguments: { integration: 'demo' } });
  assert.match(beyond.content[0].text, /scope connect/);
});

// The best of some tries: what is measured is the program's delay, not this machine's other work.
test(`handoffs.wait is answered within ${latencyLimitMs} ms of the completion`, async (t) => {
  const client = await connect(t, revisions.at(-1));
  const delays = [];
  for (let n = 0; n < tries; ++n) {
    const { handoffId, url } = await call(client, 'connections.createHandoff', { integration: 'demo' });
    const arrival = call(client, 'handoffs.wait', { handoffId, wait: 30 }).then((outcome) => {
      assert.equal(outcome.status, 'completed');
      return performance.now();
    });
    const { answeredAt } = await person.give(url, `demo-latency-${n}`);
    delays.push((await arrival) - answeredAt);
  }
  t.diagnostic(`ms after the person's own answer: ${delays.map((delay) => delay.toFixed(1)).join(', ')}`);
  assert.ok(Math.min(...delays) < latencyLimitMs);
});

test(`a held get_auth_session is answered within ${latencyLimitMs} ms of the decision`, async (t) => {
  const client = await connect(t, revisions.at(-1), null);
  const delays = [];
  for (let n = 0; n < tries; ++n) {
    const { sessionRequestId, loginUrl } = await call(client, 'create_auth_session');
    const arrival = call(client, 'get_auth_session', { sessionRequestId, wait: 30 }).then((outcome) => {
      assert.equal(outcome.status, 'denied');
      return performance.now();
    });
    await person.open(loginUrl);
    const { answeredAt } = await person.send(/\/decline$/);
    delays.push((await arrival) - answeredAt);
  }
  t.diagnostic(`ms after the person's own answer: ${delays.map((delay) => delay.toFixed(1)).join(', ')}`);
  assert.ok(Math.min(...delays) < latencyLimitMs);
});

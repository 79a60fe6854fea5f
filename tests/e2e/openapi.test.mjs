// GET /openapi.json of the real program, judged by others: a validator with the published OpenAPI 3.1 schema, a
// JSON Schema validator over every schema in it, and the program's own answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { agentOf } from './support/agent.mjs';
import { startBroker } from './support/broker.mjs';

const broker = await startBroker({ after });
const agent = agentOf(broker);
const served = await fetch(new URL('/openapi.json', broker.baseUrl));
const document = await served.json();
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

// Strict: a keyword that JSON Schema does not have throws, but for the two that OpenAPI brings here.
function schemas() {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['components', 'x-extensible-enum'] });
  ajv.addSchema({ $id: 'openapi', components: { schemas: document.components.schemas } });
  return (schema) => ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')));
}

function promised(operationId, status) {
  const { responses } = operations.find((operation) => operation.operationId === operationId);
  const response = responses[status];
  return response.$ref ? document.components.responses[response.$ref.split('/').at(-1)] : response;
}

test('it is open to anybody and is the document in docs/', () => {
  assert.equal(served.status, 200);
  assert.equal(served.headers.get('content-type'), 'application/json');
  const golden = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
  assert.deepEqual(document, { ...golden, servers: [{ url: broker.baseUrl }] });
});

test('it is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, '3.1');
});

test('the validator can say no', async () => {
  const broken = structuredClone(document);
  delete broken.paths['/v1/integrations'].get.responses['200'].description;
  assert.equal((await new Validator().validate(broken)).valid, false);
});

test('every schema in it is strictly valid JSON Schema 2020-12', () => {
  const compile = schemas();
  let count = 0;
  for (const { parameters = [], requestBody, responses } of operations) {
    const bodies = [requestBody, ...Object.values(responses)].flatMap((body) => Object.values(body?.content ?? {}));
    for (const { schema } of [...parameters, ...bodies]) {
      compile(schema);
      count += 1;
    }
  }
  assert.ok(count > 30, `${count} schemas`);
});

test('every operation has its own name, as the MCP tool has', () => {
  const names = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^([a-z]+(\.[A-Za-z]+)+|[a-z]+(_[a-z]+)+)$/);
});

test('what the program answers fits what it promises', async () => {
  const compile = schemas();
  const fits = (operationId, { status, headers, body }) => {
    const { schema } = promised(operationId, status).content[headers.get('content-type')];
    const validate = compile(schema);
    assert.ok(validate(body), `${operationId} ${status}: ${JSON.stringify(validate.errors)}`);
  };
  const minted = await agent.call('POST', '/v1/handoffs', { integration: 'demo' });
  const handoff = `/v1/handoffs/${minted.body.handoffId}`;
  fits('connections.createHandoff', minted);
  fits('connections.createHandoff', await agent.call('POST', '/v1/handoffs', { integration: 'no such' }));
  fits('handoffs.wait', await agent.call('GET', `${handoff}?wait=1`));
  fits('handoffs.wait', await agent.call('GET', `${handoff}?wait=soon`));
  fits('handoffs.cancel', await agent.call('POST', `${handoff}/cancel`));
  fits('connections.list', await agent.call('GET', '/v1/connections'));
  fits('connections.get', await agent.call('GET', '/v1/connections/none'));
  fits('integrations.list', await agent.call('GET', '/v1/integrations'));
  fits('providers.list', await agent.call('GET', '/v1/providers'));
  fits('connections.create', await agent.call('POST', '/v1/connections', { token: 'none is taken' }));

  const session = await agent.call('POST', '/v1/auth-sessions', {});
  const path = new URL(session.body.pollUrl).pathname;
  fits('create_auth_session', session);
  fits('get_auth_session', await agent.call('GET', `${path}?wait=1`));
  fits('redeem_auth_session', await agent.call('POST', path, { code_verifier: session.body.codeVerifier, wait: 1 }));
  fits('redeem_auth_session', await agent.call('POST', path, { code_verifier: 'x'.repeat(43) }));
  fits('cancel_auth_session', await agent.call('DELETE', path));
  fits('connect_auth_session', await agent.call('POST', '/v1/auth-sessions/connect', { code: 'BBBB-BBBB-BBBB' }));
});

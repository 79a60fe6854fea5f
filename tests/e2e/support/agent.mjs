// An agent that speaks REST, as far as a test needs one.
//
//   const agent = agentOf(broker);
//   const minted = await agent.mint({ integration: 'demo' });       // asserts 201
//   const { status, body } = await agent.call('GET', '/v1/connections');
import assert from 'node:assert/strict';

const patienceMs = 120_000; // far above the longest wait

export function agentOf({ baseUrl, agentToken }) {
  const call = async (method, path, body, headers = {}) => {
    const response = await fetch(new URL(path, baseUrl), {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        authorization: `Bearer ${agentToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return {
    call,
    async mint(request = { integration: 'demo' }) {
      const { status, body } = await call('POST', '/v1/handoffs', request);
      assert.equal(status, 201, JSON.stringify(body));
      return body;
    },
    async state(handoffId, wait) {
      const { status, body } = await call('GET', `/v1/handoffs/${handoffId}${wait ? `?wait=${wait}` : ''}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    },
  };
}

// A program that has no token and asks to be logged in, over REST.
//
//   const login = await askToLogIn(broker, { agent_identifier: 'Nightly report', scope: 'read' });
//   login.loginUrl, .userCode, …                         the answer
//   await login.state({ wait: 30 })                      GET pollUrl: the state
//   await login.redeem({ wait: 30 })                     POST pollUrl with the verifier: { status, body }
//
// `from`: the address it comes from, as a proxy of ours would report it; the broker must have been started with
// `behindProxy`.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

const patienceMs = 120_000; // far above the longest wait

export const behindProxy = { COUNTERSIGN__SERVER__TRUSTED_PROXIES: '127.0.0.1' };

async function ask(url, { method = 'GET', body, from } = {}) {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(patienceMs),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export async function askToLogIn({ baseUrl }, request = {}, { from } = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const url = new URL('/v1/auth-sessions', baseUrl);
  const { status, body } = await ask(url, { method: 'POST', body: { ...request, code_challenge }, from });
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.codeVerifier, undefined, 'it has its own');
  return {
    ...body,
    async state({ wait } = {}) {
      const looked = await ask(`${body.pollUrl}${wait ? `?wait=${wait}` : ''}`, { from });
      assert.equal(looked.status, 200, JSON.stringify(looked.body));
      return looked.body;
    },
    redeem: (more = {}) => ask(body.pollUrl, { method: 'POST', body: { code_verifier: verifier, ...more }, from }),
  };
}

// `countersign client connect CODE`, on the wire.
export const connectWith = ({ baseUrl }, code) =>
  ask(new URL('/v1/auth-sessions/connect', baseUrl), { method: 'POST', body: { code } });

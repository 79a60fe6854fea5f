// An OAuth client written with nothing but fetch, and the browser in front of it: proves that the servers of
// provider.mjs and hostile.mjs behave, without any code of ours that they will test.
//
//   const client = plainClient(provider, provider.addClient({ redirect_uris: [callback] }));
//   const { code, state, iss, error } = await client.authorize({ scope: 'openid read' });
//   const { status, body } = await client.redeem(code);         then refresh(token), revoke(token), ask(route, fields)
import { createHash, randomBytes, randomUUID, sign } from 'node:crypto';

export const callback = 'http://127.0.0.1:9/callback'; // nobody listens: the browser stops before it

// Cookies as a browser keeps them, by path; follows redirects until one leads elsewhere.
export class PlainBrowser {
  #cookies = new Map();

  async fetch(url, { form } = {}) {
    const { pathname } = new URL(url);
    const mine = [...this.#cookies.values()].filter(({ path }) => pathname.startsWith(path));
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: mine.map(({ pair }) => pair).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const path = /; path=([^;]*)/i.exec(line)?.[1] ?? '/';
      this.#cookies.set(`${pair.split('=')[0]} ${path}`, { pair, path });
    }
    return response;
  }

  // Ends at a page ({ url, text }) or where the client would take over ({ location }).
  async follow(url, options, until = callback) {
    const response = await this.fetch(url, options);
    const location = response.headers.get('location');
    if (!location) return { url, status: response.status, text: await response.text() };
    const next = new URL(location, url).href;
    return next.startsWith(until) ? { location: new URL(next) } : this.follow(next, undefined, until);
  }
}

const base64url = (value) => Buffer.from(value).toString('base64url');

// RFC 7523, ES256.
export function assertion({ clientId, privateKey, audience }) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 60, jti: randomUUID() };
  const text = `${base64url(JSON.stringify({ alg: 'ES256', typ: 'JWT' }))}.${base64url(JSON.stringify(claims))}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${base64url(signature)}`;
}

export function plainClient({ issuer }, client, { privateKey, browser = new PlainBrowser() } = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const { client_id, client_secret, token_endpoint_auth_method: method } = client;
  const [redirect_uri] = client.redirect_uris ?? [];

  const identity = () => {
    if (method === 'none') return { client_id };
    if (method === 'client_secret_post') return { client_id, client_secret };
    if (method !== 'private_key_jwt') return {};
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion({ clientId: client_id, privateKey, audience: issuer }),
    };
  };
  const metadata = async () => (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
  const ask = async (endpoint, fields) => {
    const encoded = [client_id, client_secret ?? ''].map(encodeURIComponent).join(':');
    const basic = { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` };
    const response = await fetch((await metadata())[endpoint], {
      method: 'POST',
      headers: { accept: 'application/json', ...(method === 'client_secret_basic' ? basic : {}) },
      body: new URLSearchParams({ ...identity(), ...fields }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  };
  const request = (more) => ({
    client_id,
    redirect_uri,
    response_type: 'code',
    state: 'the-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
  const start = async (fields) => `${(await metadata()).authorization_endpoint}?${new URLSearchParams(fields)}`;

  return {
    browser,
    ask,
    metadata,
    request,
    start,
    // `undefined` leaves a parameter out. The callback's parameters; or the page where it ended.
    async authorize(more = {}) {
      const fields = Object.fromEntries(Object.entries(request(more)).filter(([, value]) => value !== undefined));
      const end = await browser.follow(await start(fields));
      return end.location ? Object.fromEntries(end.location.searchParams) : end;
    },
    redeem: (code, more) =>
      ask('token_endpoint', { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...more }),
    refresh: (refresh_token, more) => ask('token_endpoint', { grant_type: 'refresh_token', refresh_token, ...more }),
    revoke: (token) => ask('revocation_endpoint', { token }),
    isActive: async (token) => (await ask('introspection_endpoint', { token })).body.active,
  };
}

// A real authorization server for one test, strict: PKCE S256 from everybody, refresh tokens rotate and a replayed one
// ends its whole family, RFC 7009, 7662, 8414, 8707, 9126, 9207, 9728; it asks somebody for consent each time.
//
//   const provider = await startProvider({ t });                   // stopped after the test; or await provider.stop()
//   provider.issuer, .url                                          both without a slash at the end
//   const client = provider.addClient({ redirect_uris: [...] });   // { client_id, client_secret, ... }
//   provider.changeClient(client.client_id, { redirect_uris }), .removeClient(client.client_id)
//
// Options: clients [metadata], registration (RFC 7591, open to all), cimd (see mapDocument), par 'offered' |
// 'required': not there unless asked for. resource 'optional' | 'refused', tokenFormat 'opaque' | 'jwt' (of tokens for
// a resource; nobody can revoke a JWT), tokenAuth [methods], scopes [more], ttl { AccessToken: seconds, ... }, iss
// 'right' | 'wrong' | 'missing', issAdvertised, account 'alice' | 'bob', autoConsent (false: pages), port.
//
// Who sits there:   setAccount('bob')   denyNext()   grantOnly(['read'])   autoConsent = false   (the pages' buttons:
// Sign in, Allow, Deny)
// What it was asked:   requests (provider_log.mjs)   count('token' | 'refresh_token' | '/token')
// What it remembers:   tokens() (provider_store.mjs)   live('RefreshToken')   grants()   revoked(token)
//                      secrets(): every code, token and secret it ever gave out, for canary searches
// An API:   GET api + anything: who the token is for, or 401 with the RFC 9728 challenge
// Trouble:
//   await provider.pause(); await provider.resume();      nobody listens; nothing is forgotten
//   provider.disturb('token', { times: 2, status: 503, headers: { 'retry-after': '1' }, body })     not processed
//   provider.disturb('token', { delayMs: 500 })           processed at once, answered late
//   provider.disturb('token', { lose: true })             processed, and the connection cut before the answer
//   provider.calm()                                       no trouble any more
//   provider.rewrite('token', (body) => delete body.expires_in)      changes each JSON answer; undefined: no more
//   provider.setMetadataIssuer('https://other.example'), .iss = 'wrong', .rotates = false
// Routes: metadata authorization token revocation introspection registration push userinfo jwks api.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Provider } from './oidc_library.mjs';
import { accounts, configurationOf } from './provider_config.mjs';
import { bodyOf, fieldsOf, logEntry } from './provider_log.mjs';
import { interact } from './provider_pages.mjs';
import { ProviderStore } from './provider_store.mjs';

export { accounts };
export const wrongIssuer = 'https://mixed-up.example';

const routes = {
  '/auth': 'authorization',
  '/token': 'token',
  '/token/revocation': 'revocation',
  '/token/introspection': 'introspection',
  '/reg': 'registration',
  '/request': 'push',
  '/me': 'userinfo',
  '/jwks': 'jwks',
};
const apiPath = '/api';
const resourceMetadataPath = '/.well-known/oauth-protected-resource';
const isApi = (path) => path === apiPath || path.startsWith(`${apiPath}/`);

function routeOf(path) {
  if (isApi(path)) return 'api';
  if (path.startsWith('/auth/')) return 'resumption';
  if (path.startsWith('/interaction/')) return 'interaction';
  return path.startsWith('/.well-known/') ? 'metadata' : routes[path];
}

class TestProvider {
  rotates = true;
  requests = [];
  #server;
  #library;
  #store = new ProviderStore();
  #given = new Set();
  #troubles = [];
  #rewrites = new Map();
  #documents = new Map();
  #person = { accounts, denials: 0 };

  async start(options) {
    await this.#listen(options.port ?? 0);
    this.port = this.#server.address().port;
    this.url = this.issuer = `http://127.0.0.1:${this.port}`;
    this.api = `${this.url}${apiPath}`;
    this.iss = options.iss ?? 'right';
    Object.assign(this.#person, { account: options.account ?? 'alice', auto: options.autoConsent ?? true });
    if (options.issAdvertised === false) {
      this.rewrite('metadata', (body) => delete body.authorization_response_iss_parameter_supported);
    }
    this.#library = new Provider(this.issuer, configurationOf(this, options, this.#store));
    this.#library.use((ctx, next) => this.#observe(ctx, next));
    this.#library.use((ctx, next) => this.#redirectsHome(ctx, next));
    this.#library.use((ctx, next) => this.#serveApi(ctx, next));
    this.#library.use((ctx, next) => interact(this.#library, this.#person, ctx, next));
    this.#library.on('server_error', (_, error) => console.error(error)); // a fault of the test's own parts
    this.#server.on('request', this.#library.callback());
    for (const client of options.clients ?? []) this.addClient(client);
  }

  async #listen(port) {
    this.#server ??= createServer();
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async pause() {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  resume = () => this.#listen(this.port);

  async stop() {
    if (this.#server.listening) await this.pause();
  }

  // --- clients ---

  addClient(metadata = {}) {
    const secretive = !['none', 'private_key_jwt'].includes(metadata.token_endpoint_auth_method);
    const withCode = metadata.redirect_uris !== undefined;
    const client = {
      client_id: `client-${randomBytes(4).toString('hex')}`,
      ...(secretive ? { client_secret: randomBytes(24).toString('base64url') } : {}),
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: withCode ? ['authorization_code', 'refresh_token'] : ['client_credentials'],
      response_types: withCode ? ['code'] : [],
      redirect_uris: [],
      ...metadata,
    };
    if (secretive) this.#given.add(client.client_secret);
    this.#store.put('Client', client.client_id, client);
    return client;
  }

  changeClient(id, changes) {
    const client = this.#store.get('Client', id);
    assert.ok(client, `there is no client ${id}`);
    this.#store.put('Client', id, { ...client, ...changes });
  }

  removeClient(id) {
    assert.ok(this.#store.remove('Client', id), `there is no client ${id}`);
  }

  // Client ID Metadata Documents have https addresses; this one's are fetched from there instead:
  //   provider.mapDocument('https://broker.example', broker.baseUrl)
  mapDocument(from, to) {
    this.#documents.set(from, to);
  }

  fetchDocument(url, { method, headers, redirect, signal }) {
    const [from, to] = [...this.#documents].find(([start]) => String(url).startsWith(start)) ?? [];
    if (!from) throw new Error(`no document is mapped for ${url}`);
    return fetch(to + String(url).slice(from.length), { method, headers, redirect, signal });
  }

  // --- who sits there ---

  // Browsers that were signed in are signed out.
  setAccount(login) {
    assert.ok(accounts[login], `there is no account ${login}`);
    this.#person.account = login;
    this.#store.forget('Session');
  }

  denyNext(times = 1) {
    this.#person.denials += times;
  }

  // Of what is asked for, only these scopes are granted; undefined: all.
  grantOnly(scopes) {
    this.#person.only = scopes && ['openid', ...scopes];
  }

  set autoConsent(wanted) {
    this.#person.auto = wanted;
  }

  // --- what it was asked, what it remembers ---

  count(what) {
    return this.requests.filter(({ route, grant, path }) => [route, grant, path].includes(what)).length;
  }

  tokens = () => this.#store.tokens();
  grants = () => this.#store.grants();
  live = (kind) => this.tokens().filter((token) => token.live && token.kind === kind);
  secrets = () => [...new Set([...this.#given, ...this.tokens().map(({ value }) => value)])];

  revoked(value) {
    const token = this.tokens().find((one) => one.value === value);
    assert.ok(token, 'that token was not issued here');
    return !token.live;
  }

  // --- trouble ---

  disturb(route, { times = 1, ...trouble }) {
    this.#troubles.push({ route, times, ...trouble });
  }

  calm() {
    this.#troubles = [];
  }

  rewrite(route, change) {
    this.#rewrites.set(route, change);
  }

  setMetadataIssuer(issuer) {
    this.rewrite('metadata', issuer && ((body) => (body.issuer = issuer)));
  }

  #troubleAt(route) {
    const trouble = this.#troubles.find((one) => one.route === route && one.times > 0);
    if (trouble) --trouble.times;
    return trouble;
  }

  // --- a request ---

  async #observe(ctx, next) {
    const route = routeOf(ctx.path);
    const entry = logEntry(ctx, route);
    this.requests.push(entry);
    const trouble = this.#troubleAt(route);
    if (trouble?.status) await this.#refuse(ctx, entry, trouble);
    else await this.#process(ctx, entry, next);
    if (trouble?.delayMs) await sleep(trouble.delayMs, undefined, { ref: false });
    if (!trouble?.lose) return;
    ctx.respond = false;
    ctx.req.socket.destroy();
  }

  async #refuse(ctx, entry, { status, headers = {}, body = { error: 'temporarily_unavailable' } }) {
    entry.learn(fieldsOf(await bodyOf(ctx.req), ctx.get('content-type')));
    ctx.status = entry.status = status;
    ctx.set(headers);
    ctx.body = body;
  }

  async #process(ctx, entry, next) {
    await next();
    entry.learn(ctx.oidc?.body);
    const change = this.#rewrites.get(entry.route);
    if (change && ctx.body && typeof ctx.body === 'object') change(ctx.body);
    entry.status = ctx.status;
    entry.error = ctx.body?.error;
    for (const name of ['access_token', 'refresh_token', 'id_token', 'client_secret', 'registration_access_token']) {
      if (typeof ctx.body?.[name] === 'string') this.#given.add(ctx.body[name]);
    }
  }

  // The last redirect of a flow is the one with `iss`.
  async #redirectsHome(ctx, next) {
    await next();
    const location = URL.parse(ctx.response.get('location'));
    if (this.iss === 'right' || !location?.searchParams.has('iss')) return;
    if (this.iss === 'missing') location.searchParams.delete('iss');
    else location.searchParams.set('iss', this.iss === 'wrong' ? wrongIssuer : this.iss);
    ctx.set('location', location.href);
  }

  async #serveApi(ctx, next) {
    if ([resourceMetadataPath, `${resourceMetadataPath}${apiPath}`].includes(ctx.path)) {
      ctx.body = { resource: this.api, authorization_servers: [this.issuer], scopes_supported: ['read', 'write'] };
      return undefined;
    }
    if (!isApi(ctx.path)) return next();
    const value = /^bearer (.+)$/i.exec(ctx.get('authorization'))?.[1];
    const { AccessToken, ClientCredentials } = this.#library;
    const token = value && ((await AccessToken.find(value)) ?? (await ClientCredentials.find(value)));
    const fits = token && [undefined, this.api].includes(token.aud) && !this.revoked(value);
    if (fits) {
      const login = Object.keys(accounts).find((name) => accounts[name].sub === token.accountId);
      ctx.body = { account: login ?? null, client: token.clientId, scope: token.scope ?? '' };
    } else {
      const error = value ? ', error="invalid_token"' : '';
      ctx.status = 401;
      ctx.set('www-authenticate', `Bearer resource_metadata="${this.url}${resourceMetadataPath}${apiPath}"${error}`);
      ctx.body = { error: 'invalid_token' };
    }
    return undefined;
  }
}

export async function startProvider({ t, ...options } = {}) {
  const provider = new TestProvider();
  await provider.start(options);
  t?.after(() => provider.stop());
  return provider;
}

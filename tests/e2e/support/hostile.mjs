// A server that answers wrongly, in whatever way a test chooses for a path.
//
//   const hostile = await startHostile({ t });                     // stopped after the test; or await hostile.stop()
//   hostile.on('/token', html());                                  // replaces what was there; 404 elsewhere
//   hostile.on('/token', redirect(307, `${other.url}/token`));
//   hostile.actsAsProvider({ issuer: 'https://other.example' });   // metadata, /authorize and /token that work, but
//                                                                  // for these changes; then spoil a path with on()
//   hostile.actsAsResource({ resource: 'https://other.example/mcp' });       // 401 at /mcp, and RFC 9728 metadata
//   hostile.requests                  everything it got: { method, path, query, headers, body }
//   hostile.count('/token')           how often
//   hostile.saw(secret)               whether a text reached it anywhere, encoded or not
//
// A behaviour is a function of a request and a response, node's own. For tables: tokenAnswers, strangeWords.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

const jsonType = { 'content-type': 'application/json' };

export function raw(text, { status = 200, headers = {} } = {}) {
  const all = { 'content-length': Buffer.byteLength(text), ...headers };
  return (_, response) => response.writeHead(status, all).end(text);
}
export const json = (value, { status = 200, headers = {} } = {}) =>
  raw(JSON.stringify(value), { status, headers: { ...jsonType, ...headers } });
export const html = () =>
  raw('<!doctype html><title>Welcome</title><h1>Welcome</h1>', { headers: { 'content-type': 'text/html' } });
export const empty = () => raw('', { headers: jsonType });
export const withByteOrderMark = (value) => raw(`\ufeff${JSON.stringify(value)}`, { headers: jsonType });
export const redirect = (status, location) => raw('', { status, headers: { location } });
export const silent = () => () => {}; // takes the request and never answers
export const cut = () => (request) => request.socket.destroy();

// Promises the whole text and sends a byte at a time.
export function slow(text = '{"access_token":"a","token_type":"Bearer"}', { everyMs = 1000 } = {}) {
  return (_, response) => {
    response.writeHead(200, { ...jsonType, 'content-length': Buffer.byteLength(text) });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(text[sent++]);
      if (sent < text.length) return;
      clearInterval(timer);
      response.end();
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  };
}

// Writes for as long as somebody reads, `limit` bytes at most: a test whose client has no limit ends all the same.
function pour(socket, chunk, limit) {
  let left = limit;
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}

export function endlessHeaders({ limit = 64 << 20 } = {}) {
  return ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n');
    pour(socket, Buffer.from('X-More: and more and more\r\n'.repeat(512)), limit);
  };
}
export function huge({ bytes = 50 << 20 } = {}) {
  return (_, response) => {
    response.writeHead(200, jsonType);
    response.write('{"access_token":"');
    pour(response, Buffer.alloc(64 << 10, 'a'), bytes);
  };
}
// A few kilobytes on the wire.
export function gzipBomb({ bytes = 50 << 20 } = {}) {
  const zipped = gzipSync(
    Buffer.concat([Buffer.from('{"access_token":"'), Buffer.alloc(bytes, 'a'), Buffer.from('"}')]),
  );
  return raw(zipped, { headers: { ...jsonType, 'content-encoding': 'gzip' } });
}

const goodToken = { access_token: 'hostile-access-token', token_type: 'Bearer', expires_in: 3600 };
const spoiled = (changes) => json({ ...goodToken, ...changes });
const jsonText = (text) => raw(text, { headers: jsonType });

// Answers of a token endpoint that nobody may accept, by name.
export const tokenAnswers = {
  'a page': html(),
  nothing: empty(),
  'a byte order mark': withByteOrderMark(goodToken),
  'no JSON': jsonText('access_token=a&token_type=bearer'),
  'half a JSON text': jsonText('{"access_token":"a","token_type":"Bea'),
  'an array': json([goodToken]),
  'a text': json('a'),
  'two access tokens': jsonText('{"access_token":"a","access_token":"b","token_type":"Bearer"}'),
  'deep JSON': jsonText(`{"access_token":"a","token_type":"Bearer","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
  'another content type': raw(JSON.stringify(goodToken), { headers: { 'content-type': 'image/png' } }),
  'expires_in as text': spoiled({ expires_in: '3600' }),
  'expires_in below zero': spoiled({ expires_in: -1 }),
  'expires_in with a fraction': spoiled({ expires_in: 0.5 }),
  'expires_in 1e99': jsonText('{"access_token":"a","token_type":"Bearer","expires_in":1e99}'),
  'expires_in 1e400': jsonText('{"access_token":"a","token_type":"Bearer","expires_in":1e400}'),
  'expires_in as an object': spoiled({ expires_in: {} }),
  'no token_type': spoiled({ token_type: undefined }),
  'another token_type': spoiled({ token_type: 'mac' }),
  'token_type as a number': spoiled({ token_type: 1 }),
  'no access token': spoiled({ access_token: undefined }),
  'an empty access token': spoiled({ access_token: '' }),
  'an access token with a line break': spoiled({ access_token: 'a\r\nX-Evil: 1' }),
  'an access token as a number': spoiled({ access_token: 7 }),
};

// For error_description and other words from outside, by name.
export const strangeWords = {
  script: '<script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">',
  long: 'ten thousand bytes '.repeat(527).slice(0, 10_000),
  'line breaks': 'first line\r\nSet-Cookie: owned=1\r\n\r\nlevel=error msg="forged"',
  bidi: 'pay \u202eecila\u202c to \u2066bob\u2069 \u200fnow\u200b',
};

// An authorization endpoint that sends the browser back at once, with these parameters besides `state`.
export function sendBack(parameters) {
  return ({ query }, response) => {
    const location = new URL(query.get('redirect_uri'));
    const all = { ...parameters, state: query.get('state') };
    for (const [name, value] of Object.entries(all)) location.searchParams.set(name, value);
    response.writeHead(303, { location: location.href }).end();
  };
}

class Hostile {
  requests = [];
  #behaviours = new Map();
  #server = createServer((request, response) => this.#answer(request, response));
  #sockets = new Set();

  async start() {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {}); // who has had enough hangs up
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  on(path, behaviour) {
    this.#behaviours.set(path, behaviour);
  }

  async #answer(request, response) {
    const { pathname: path, search: query, searchParams } = new URL(request.url, this.url);
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // gone before it had said all
    }
    const body = Buffer.concat(chunks).toString();
    request.query = searchParams;
    this.requests.push({ method: request.method, path, query: query.slice(1), headers: request.headers, body });
    const behaviour = this.#behaviours.get(path) ?? json({ error: 'not_found' }, { status: 404 });
    behaviour(request, response);
  }

  count(path) {
    return this.requests.filter((request) => request.path === path).length;
  }

  saw(text) {
    const basic = (value) => Buffer.from(String(value).replace(/^basic /i, ''), 'base64').toString();
    return this.requests.some(({ path, query, headers, body }) => {
      const said = [path, query, body, ...Object.values(headers), basic(headers.authorization ?? '')].map(String);
      const decoded = said.flatMap((one) => [...new URLSearchParams(one)].flat());
      return [...said, ...decoded].some((one) => one.includes(text));
    });
  }

  // Everything works, but for `changes` of its metadata: a value of undefined leaves a field out.
  actsAsProvider(changes = {}) {
    const metadata = {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      revocation_endpoint: `${this.url}/revoke`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      authorization_response_iss_parameter_supported: true,
      ...changes,
    };
    this.on('/.well-known/oauth-authorization-server', json(metadata));
    this.on('/.well-known/openid-configuration', json(metadata));
    this.on('/authorize', sendBack({ code: 'hostile-code', iss: metadata.issuer }));
    this.on('/token', json({ ...goodToken, refresh_token: 'hostile-refresh-token' }));
    this.on('/revoke', raw(''));
  }

  actsAsResource(changes = {}) {
    const metadata = { resource: `${this.url}/mcp`, authorization_servers: [this.url], ...changes };
    const at = '/.well-known/oauth-protected-resource/mcp';
    this.on(at, json(metadata));
    const headers = { 'www-authenticate': `Bearer resource_metadata="${this.url}${at}"` };
    this.on('/mcp', json({ error: 'invalid_token' }, { status: 401, headers }));
  }
}

export async function startHostile({ t } = {}) {
  const hostile = new Hostile();
  await hostile.start();
  t?.after(() => hostile.stop());
  return hostile;
}

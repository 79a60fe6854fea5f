// The hostile server is as hostile as it says: what an unguarded client would meet.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  cut,
  empty,
  endlessHeaders,
  gzipBomb,
  huge,
  redirect,
  sendBack,
  silent,
  slow,
  startHostile,
  strangeWords,
  tokenAnswers,
} from './support/hostile.mjs';
import { callback, plainClient } from './support/plain_client.mjs';

// Reads without any help until `enough` bytes have come or the other side ends.
async function rawAnswer({ url }, path, enough = Infinity) {
  const socket = connect(new URL(url).port, '127.0.0.1');
  socket.on('error', () => {}); // cut
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const chunks = [];
  let size = 0;
  for await (const chunk of socket) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= enough) break;
  }
  return Buffer.concat(chunks);
}

test('bodies that come too slowly, too large, too large once unpacked; headers without end', async (t) => {
  const hostile = await startHostile({ t });
  const text = '{"token_type":"Bearer"}';
  hostile.on('/slow', slow(text, { everyMs: 10 }));
  const start = performance.now();
  assert.equal(await (await fetch(`${hostile.url}/slow`)).text(), text);
  assert.ok(performance.now() - start >= 10 * text.length * 0.9);

  const mebibyte = 1 << 20;
  hostile.on('/huge', huge({ bytes: 4 * mebibyte }));
  assert.ok((await rawAnswer(hostile, '/huge')).length > 4 * mebibyte);
  hostile.on('/bomb', gzipBomb({ bytes: 4 * mebibyte }));
  const bomb = await rawAnswer(hostile, '/bomb');
  assert.ok(bomb.length < mebibyte / 50, `${bomb.length} bytes on the wire`);
  assert.ok(gunzipSync(bomb.subarray(bomb.indexOf('\r\n\r\n') + 4)).length > 4 * mebibyte);

  hostile.on('/headers', endlessHeaders());
  const headers = (await rawAnswer(hostile, '/headers', mebibyte)).toString();
  assert.ok(headers.startsWith('HTTP/1.1 200 OK\r\n') && !headers.includes('\r\n\r\n'));

  hostile.on('/cut', cut());
  await assert.rejects(fetch(`${hostile.url}/cut`), TypeError);
  hostile.on('/silent', silent());
  await assert.rejects(fetch(`${hostile.url}/silent`, { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
});

test('it stops although somebody still reads', async () => {
  const hostile = await startHostile();
  hostile.on('/slow', slow('{"a":1}'));
  const response = await fetch(`${hostile.url}/slow`);
  await hostile.stop();
  await assert.rejects(response.text());
});

test('a redirect is told, not followed here, and a 307 would carry the body along', async (t) => {
  const hostile = await startHostile({ t });
  const other = await startHostile({ t });
  other.on('/token', empty());
  for (const status of [302, 307]) {
    hostile.on('/token', redirect(status, `${other.url}/token`));
    const told = await fetch(`${hostile.url}/token`, { method: 'POST', body: 'code=secret+one', redirect: 'manual' });
    assert.deepEqual([told.status, told.headers.get('location')], [status, `${other.url}/token`]);
  }
  assert.ok(!other.saw('secret'));
  await fetch(`${hostile.url}/token`, { method: 'POST', body: 'code=secret+one' });
  assert.ok(other.saw('secret one'));
});

test('it knows what reached it, however it was encoded', async (t) => {
  const hostile = await startHostile({ t });
  const secrets = ['in/header', 'in=query', 'in&body', 'in:basic'];
  await fetch(`${hostile.url}/a?q=${encodeURIComponent('in=query')}`, { headers: { 'x-a': 'in/header' } });
  const headers = { authorization: `Basic ${Buffer.from(`id:${encodeURIComponent('in:basic')}`).toString('base64')}` };
  const body = new URLSearchParams({ token: 'in&body' });
  const { status } = await fetch(`${hostile.url}/b`, { method: 'POST', headers, body });
  assert.equal(status, 404, 'no behaviour was chosen');
  assert.deepEqual(
    secrets.filter((secret) => !hostile.saw(secret)),
    [],
  );
  assert.ok(!hostile.saw('elsewhere'));
  assert.deepEqual([hostile.count('/a'), hostile.count('/b'), hostile.count('/c')], [1, 1, 0]);
});

test('as a provider all is well but what was changed', async (t) => {
  const hostile = await startHostile({ t });
  hostile.actsAsProvider();
  const metadata = { client_id: 'c', client_secret: 's', redirect_uris: [callback] };
  const client = plainClient({ issuer: hostile.url }, metadata);
  const { code, state, iss } = await client.authorize();
  assert.deepEqual({ code, state, iss }, { code: 'hostile-code', state: 'the-state', iss: hostile.url });
  assert.equal((await client.redeem(code)).body.access_token, 'hostile-access-token');
  assert.equal((await client.revoke('a')).status, 200);

  hostile.actsAsProvider({ issuer: 'https://other.example', code_challenge_methods_supported: undefined });
  const told = await client.metadata();
  assert.equal(told.issuer, 'https://other.example');
  assert.ok(!('code_challenge_methods_supported' in told));

  hostile.actsAsResource({ resource: 'https://other.example/mcp' });
  const challenge = (await fetch(`${hostile.url}/mcp`)).headers.get('www-authenticate');
  const resource = await (await fetch(/="(.*)"/.exec(challenge)[1])).json();
  assert.deepEqual(resource, { resource: 'https://other.example/mcp', authorization_servers: [hostile.url] });
});

test('strange words arrive as they are', async (t) => {
  const hostile = await startHostile({ t });
  hostile.actsAsProvider();
  const client = plainClient({ issuer: hostile.url }, { client_id: 'c', redirect_uris: [callback] });
  for (const [name, words] of Object.entries(strangeWords)) {
    hostile.on('/authorize', sendBack({ error: 'server_error', error_description: words, iss: hostile.url }));
    assert.equal((await client.authorize()).error_description, words, name);
  }
  assert.equal(strangeWords.long.length, 10_000);
});

test('every token answer of the table is wrong in its own way', async (t) => {
  const hostile = await startHostile({ t });
  const bodies = new Set();
  for (const [name, behaviour] of Object.entries(tokenAnswers)) {
    hostile.on('/token', behaviour);
    const response = await fetch(`${hostile.url}/token`, { method: 'POST' });
    assert.equal(response.status, 200, name);
    bodies.add(`${response.headers.get('content-type')} ${Buffer.from(await response.arrayBuffer()).toString()}`);
  }
  assert.equal(bodies.size, Object.keys(tokenAnswers).length);
  const text = async (name) => {
    hostile.on('/token', tokenAnswers[name]);
    return Buffer.from(await (await fetch(`${hostile.url}/token`)).arrayBuffer()).toString();
  };
  assert.ok((await text('a byte order mark')).startsWith('\ufeff{'));
  assert.match(await text('two access tokens'), /"access_token".*"access_token"/);
  assert.match(await text('expires_in 1e99'), /"expires_in":1e99/);
  assert.ok(!('token_type' in JSON.parse(await text('no token_type'))));
});

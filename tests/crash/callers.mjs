// An agent and a person over plain HTTP, made for being cut off: a call resolves with what was answered, or
// with `lost` when no answer came. Headers that arrived are an answer, even if the body was cut.
import http from 'node:http';

const patienceMs = 120_000; // a program that lives answers long before

export const lost = Object.freeze({ status: 0, text: '', headers: {} });

export class Line {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  constructor(baseUrl) {
    this.baseUrl = baseUrl;
  }

  call(method, path, { headers = {}, body = '' } = {}) {
    return new Promise((resolve) => {
      const url = new URL(path, this.baseUrl);
      const options = { method, agent: this.#agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } };
      const request = http.request(url, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('error', () => {});
        response.on('close', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
      request.on('error', () => resolve(lost));
      request.setTimeout(patienceMs, () => request.destroy(new Error('no answer')));
      request.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

export class Agent {
  constructor(line, token) {
    this.line = line;
    this.token = token;
  }

  call(method, path, { body, key } = {}) {
    const headers = { authorization: `Bearer ${this.token}` };
    if (key) headers['idempotency-key'] = key;
    if (body) headers['content-type'] = 'application/json';
    return this.line.call(method, path, { headers, body: body ? JSON.stringify(body) : '' });
  }
}

// `cookies` outlives the program: the session of before a crash must hold after it. A `dev` cookie carries the
// port in its name, and the port is another one after each start.
export class Person {
  constructor(line, cookies = new Map()) {
    this.line = line;
    const port = new URL(line.baseUrl).port;
    this.cookies = new Map([...cookies].map(([name, value]) => [name.replace(/_\d+$/, `_${port}`), value]));
  }

  async #call(method, path, body) {
    const headers = {
      origin: this.line.baseUrl,
      cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    };
    if (method === 'POST') headers['content-type'] = 'application/x-www-form-urlencoded';
    const answer = await this.line.call(method, path, { headers, body });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    return answer;
  }

  get(path) {
    return this.#call('GET', path);
  }

  // Sends the form of a page whose action ends so. Null when the page has none: it tells of a state.
  send(page, action, fields = {}) {
    for (const [, target, inside] of page.matchAll(/<form[^>]*\saction="([^"]*)"[^>]*>(.*?)<\/form>/gs)) {
      if (!target.endsWith(action)) continue;
      const csrf = /name="csrf" value="([^"]*)"/.exec(inside)[1];
      return this.#call('POST', target, new URLSearchParams({ csrf, ...fields }).toString());
    }
    return null;
  }

  async signIn(link) {
    const { pathname } = new URL(link);
    const page = await this.get(pathname);
    if (page.status !== 200) return page;
    return this.send(page.text, pathname);
  }
}

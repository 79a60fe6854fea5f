// A person without a browser: follows pages and sends their forms as a browser without script would. For tests
// where the page itself is not the point, and for exact timing.
//
//   const person = new Person(broker.baseUrl);
//   await person.signIn(broker.adminLink);
//   await person.open(handoff.url);
//   const { status, location } = await person.send(/\/submit$/, { 'secret.key': 'made-up' });
import assert from 'node:assert/strict';

const patienceMs = 60_000;

export class Person {
  #origin;
  #cookies = new Map();
  page = '';

  constructor(baseUrl) {
    this.#origin = new URL(baseUrl).origin;
  }

  async #fetch(path, options = {}) {
    const response = await fetch(new URL(path, this.#origin), {
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
      ...options,
      headers: {
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        origin: this.#origin,
        ...options.headers,
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.#cookies.set(name, value);
    }
    return response;
  }

  async open(path) {
    const response = await this.#fetch(path);
    const location = response.headers.get('location');
    if (response.status === 303) return this.open(location);
    this.page = await response.text();
    return response.status;
  }

  // Is signed in as the one who sits before that browser.
  async joins(context) {
    for (const { name, value } of await context.cookies()) this.#cookies.set(name, value);
  }

  // Another window of this person's.
  clone() {
    const other = new Person(this.#origin);
    other.#cookies = new Map(this.#cookies);
    return other;
  }

  // Sends the form of the page last opened whose action fits, its hidden fields included.
  async send(action, fields = {}) {
    const forms = [...this.page.matchAll(/<form[^>]*\saction="([^"]*)"[^>]*>(.*?)<\/form>/gs)];
    const form = forms.find(([, target]) => action.test(target));
    assert.ok(form, `no form for ${action} on:\n${this.page}`);
    const body = new URLSearchParams(fields);
    for (const [, name, value] of form[2].matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
      body.set(name, value);
    }
    const response = await this.#fetch(form[1], { method: 'POST', body });
    const answeredAt = performance.now();
    const text = await response.text(); // the page last opened stays the one whose forms are sent
    return { status: response.status, location: response.headers.get('location'), text, answeredAt };
  }

  async signIn(link) {
    assert.equal(await this.open(link), 200);
    const { status, location } = await this.send(/^\/sign-in\//);
    assert.equal(status, 303);
    assert.equal(await this.open(location), 200, this.page);
  }

  // The whole of a person's part in a secret handoff.
  async give(handoffUrl, secret) {
    assert.equal(await this.open(handoffUrl), 200);
    const answer = await this.send(/\/submit$/, { 'secret.key': secret });
    assert.equal(answer.status, 303);
    return answer;
  }
}

// What a test's authorization server remembers: sessions, clients, grants, tokens; and, for tests, what it ever issued.
//
// A token that is not a JWT is stored under its own text.
const withGrant = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);
const issuedKinds = new Set([...withGrant, 'ClientCredentials']);

export class ProviderStore {
  #records = new Map(); // "RefreshToken:abc" to what was stored
  #issued = new Map(); // token to { kind, payload }

  // The library asks for one of these per kind of record.
  adapter = (kind) => {
    const key = (id) => `${kind}:${id}`;
    const found = (test) => [...this.#records].find(([name, record]) => name.startsWith(`${kind}:`) && test(record));
    return {
      upsert: async (id, record) => {
        this.#records.set(key(id), record);
        if (issuedKinds.has(kind)) this.#issued.set(id, { kind, payload: record });
      },
      find: async (id) => this.#records.get(key(id)),
      findByUid: async (uid) => found((record) => record.uid === uid)?.[1],
      findByUserCode: async () => undefined, // there is no device flow
      destroy: async (id) => void this.#records.delete(key(id)),
      consume: async (id) => void (this.#records.get(key(id)).consumed = Math.floor(Date.now() / 1000)),
      revokeByGrantId: async (grantId) => {
        for (const [name, record] of this.#records) {
          if (name.startsWith(`${kind}:`) && record.grantId === grantId) this.#records.delete(name);
        }
      },
    };
  };

  put = (kind, id, record) => this.#records.set(`${kind}:${id}`, record);
  get = (kind, id) => this.#records.get(`${kind}:${id}`);
  remove = (kind, id) => this.#records.delete(`${kind}:${id}`);

  forget(kind) {
    for (const name of this.#records.keys()) if (name.startsWith(`${kind}:`)) this.#records.delete(name);
  }

  grants() {
    return [...this.#records].filter(([name]) => name.startsWith('Grant:')).map(([, record]) => record);
  }

  #live(value, { kind, payload }) {
    const ended = payload.consumed !== undefined || payload.exp * 1000 <= Date.now();
    const withdrawn = withGrant.has(kind) && !this.#records.has(`Grant:${payload.grantId}`);
    return this.#records.has(`${kind}:${value}`) && !ended && !withdrawn;
  }

  // Every token ever issued, the dead ones too. `value` is not enumerable: a failed assertion does not print it.
  tokens() {
    return [...this.#issued].map(([value, { kind, payload }]) => {
      const { accountId: account, clientId: client, grantId: grant, scope, resource, rotations = 0 } = payload;
      const live = this.#live(value, { kind, payload });
      const used = payload.consumed !== undefined;
      const token = { kind, account, client, grant, scope, resource: resource ?? payload.aud, rotations, used, live };
      return Object.defineProperty(token, 'value', { value });
    });
  }
}

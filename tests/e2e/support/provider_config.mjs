// The configuration of a test's authorization server (provider.mjs), and who can sign in there.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { errors } from './oidc_library.mjs';
import { errorPage, interactionUrl, policyThatAsks } from './provider_pages.mjs';

export const accounts = {
  alice: { sub: 'sub-a1b2c3', email: 'alice@people.example', email_verified: true, name: 'Alice Example' },
  bob: { sub: 'sub-d4e5f6', email: 'bob@people.example', email_verified: true, name: 'Bob Example' },
};
for (const [login, account] of Object.entries(accounts)) account.preferred_username = login;

// The same for all servers of a process: an RSA key takes a tenth of a second.
let keys;
function signingKeys() {
  const jwk = ({ privateKey }, kid, alg) => ({ ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });
  keys ??= [
    jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'rsa-1', 'RS256'),
    jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ec-1', 'ES256'),
  ];
  return structuredClone(keys); // the library keeps what it is given
}

// Nothing ends, and so nothing is renewed in the middle of a test, that does not ask for it.
const defaultTtl = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 120,
  Grant: 86_400,
  IdToken: 120,
  Interaction: 600,
  RefreshToken: 86_400,
  Session: 3600,
};

export function configurationOf(self, options, store) {
  const scopes = ['openid', 'offline_access', 'profile', 'email', 'read', 'write', ...(options.scopes ?? [])];
  const resourceInfo = (_, resource) => {
    if (options.resource === 'refused') throw new errors.InvalidTarget();
    return { scope: scopes.join(' '), audience: resource, accessTokenFormat: options.tokenFormat ?? 'opaque' };
  };
  return {
    adapter: store.adapter,
    jwks: { keys: signingKeys() },
    scopes,
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false, // the ID token tells the e-mail address, as those of large providers do
    clockTolerance: 0,
    responseTypes: ['code'],
    clientAuthMethods: options.tokenAuth ?? ['client_secret_basic', 'client_secret_post', 'none', 'private_key_jwt'],
    pkce: { required: () => true },
    rotateRefreshToken: () => self.rotates,
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    ttl: { ...defaultTtl, ...options.ttl },
    // Cookies know no ports: two servers of one test must not share them.
    cookies: {
      keys: [randomBytes(16).toString('hex')],
      names: Object.fromEntries(['session', 'interaction', 'resume'].map((one) => [one, `op_${self.port}_${one}`])),
    },
    interactions: { url: interactionUrl, policy: policyThatAsks() },
    findAccount: (_, sub) => {
      const account = Object.values(accounts).find((one) => one.sub === sub);
      return account && { accountId: sub, claims: () => account };
    },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out);
    },
    clientBasedCORS: () => false,
    fetch: (url, request) => self.fetchDocument(url, request),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      registration: { enabled: Boolean(options.registration) },
      clientIdMetadataDocument: options.cimd
        ? { enabled: true, ack: 'draft-02', cacheDuration: { min: 0, max: 0 } }
        : { enabled: false },
      pushedAuthorizationRequests: {
        enabled: options.par !== undefined,
        requirePushedAuthorizationRequests: options.par === 'required',
      },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceInfo },
    },
  };
}

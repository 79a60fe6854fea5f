// One line of what an authorization server was asked, fit to be printed: secrets are only told by their length.
//
//   { route, method, path, grant, client, authenticatedBy, params, status, error }      and, not enumerable:
//   entry.secret('refresh_token')      the text itself
import { parse } from 'node:querystring';

const secretNames = new Set([
  'access_token',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'registration_access_token',
  'refresh_token',
  'token',
]);

const told = (name, value) => (secretNames.has(name) ? `<${value.length} characters>` : value);

export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export function fieldsOf(body, contentType = '') {
  if (!contentType.includes('json')) return { ...parse(body) };
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

const claimsOf = (jwt) => {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
  } catch {
    return {};
  }
};

function basicClient(authorization = '') {
  if (!/^basic /i.test(authorization)) return undefined;
  return decodeURIComponent(Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0]);
}

// All ways by which it says who it is: more than one is a fault (RFC 6749 section 2.3).
function authentications(headers, fields) {
  const ways = [];
  if (basicClient(headers.authorization) !== undefined) ways.push('client_secret_basic');
  if (fields.client_secret !== undefined) ways.push('client_secret_post');
  if (fields.client_assertion !== undefined) ways.push('private_key_jwt');
  return ways.length === 0 && fields.client_id !== undefined ? ['none'] : ways;
}

export function logEntry({ method, path, headers, query }, route) {
  const entry = { route, method, path };
  let fields = {};
  Object.defineProperties(entry, {
    secret: { value: (name) => fields[name] },
    headers: { value: headers },
    learn: {
      value: (parsed) => {
        fields = { ...query, ...parsed };
        entry.grant = fields.grant_type;
        entry.client = basicClient(headers.authorization) ?? fields.client_id ?? claimsOf(fields.client_assertion).iss;
        entry.authenticatedBy = authentications(headers, fields);
        entry.params = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, told(name, value)]));
      },
    },
  });
  entry.learn({});
  return entry;
}

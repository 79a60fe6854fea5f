// The sign-in and consent pages of a test's authorization server, plain and without anything from elsewhere; or, in
// auto mode, the same answers without a page.
//
// `person` is whoever sits there: { auto, account, accounts, only, denials }, changed while the server runs.
import { parse } from 'node:querystring';
import { interactionPolicy } from './oidc_library.mjs';
import { bodyOf } from './provider_log.mjs';

const prefix = '/interaction/';
const marks = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => String(text).replace(/[&<>"']/g, (mark) => marks[mark]);

export const page = (title, body) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body>
</html>`;

export const errorPage = ({ error, error_description: words = '' }) =>
  page('This request was refused', `<p id="error">${escaped(error)}</p><p>${escaped(words)}</p>`);

const signInPage = ({ account }) =>
  page(
    'Sign in at the provider',
    `<form method="post">
<label>User name <input name="login" value="${escaped(account)}" autocomplete="username"></label>
<button>Sign in</button>
</form>`,
  );

function consentPage(client, login, scopes) {
  const box = (scope) =>
    `<p><label><input type="checkbox" name="scope" value="${escaped(scope)}" checked> ${escaped(scope)}</label></p>`;
  return page(
    `Let ${client.clientName ?? client.clientId} in?`,
    `<p>Signed in as <strong id="account">${escaped(login)}</strong></p>
<form method="post">
${scopes.map(box).join('\n')}
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Deny</button>
</form>`,
  );
}

// Each time a new grant, so that revoking one connection's tokens leaves those of another alone.
async function grantOf(provider, { session, params }, allowed) {
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const asked = params.scope?.split(' ') ?? [];
  const given = asked.filter(allowed).join(' ');
  const refused = asked.filter((scope) => !allowed(scope)).join(' ');
  grant.addOIDCScope(given);
  grant.rejectOIDCScope(refused);
  for (const resource of [params.resource ?? []].flat()) {
    grant.addResourceScope(resource, given);
    grant.rejectResourceScope(resource, refused);
  }
  return grant.save();
}

// Somebody is asked each time, also who has allowed it before: a test need not know what happened earlier.
export function policyThatAsks() {
  const { Check, base } = interactionPolicy;
  const policy = base();
  const { checks } = policy.get('consent');
  checks.remove('native_client_prompt');
  const asks = ({ oidc }) => !oidc.result?.consent;
  checks.add(new Check('asked_each_time', 'somebody is asked each time', 'interaction_required', asks));
  return policy;
}

const refusal = { error: 'access_denied', error_description: 'The person said no' };

// `undefined`: a page is to be shown.
function answerOf(person, asked, form) {
  if (asked === 'login') {
    const login = person.auto ? person.account : form?.login;
    return login && (person.accounts[login] ? { login: { accountId: person.accounts[login].sub } } : undefined);
  }
  if (person.auto) {
    const denied = person.denials > 0;
    if (denied) --person.denials;
    return denied ? refusal : { allowed: (scope) => person.only?.includes(scope) ?? true };
  }
  if (!form) return undefined;
  const ticked = [form.scope ?? []].flat();
  return form.answer === 'allow' ? { allowed: (scope) => scope === 'openid' || ticked.includes(scope) } : refusal;
}

async function shownPage(provider, person, details) {
  if (details.prompt.name === 'login') return signInPage(person);
  const client = await provider.Client.find(details.params.client_id);
  const login = Object.keys(person.accounts).find((name) => person.accounts[name].sub === details.session.accountId);
  const scopes = details.params.scope?.split(' ').filter((scope) => scope !== 'openid') ?? [];
  return consentPage(client, login, scopes);
}

export const interactionUrl = (_, { uid }) => `${prefix}${uid}`;

// Answers what `interactionUrl` leads to.
export async function interact(provider, person, ctx, next) {
  if (!ctx.path.startsWith(prefix)) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const form = ctx.method === 'POST' ? parse(await bodyOf(ctx.req)) : undefined;
  const answer = answerOf(person, details.prompt.name, form);
  if (!answer) {
    ctx.body = await shownPage(provider, person, details);
    return undefined;
  }
  const result = answer.allowed ? { consent: { grantId: await grantOf(provider, details, answer.allowed) } } : answer;
  ctx.status = 303;
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
  return undefined;
}

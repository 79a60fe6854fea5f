// oidc-provider on every Node from 18 on, and quiet. It is made for newer ones and says so on every start; what it
// misses in older ones is put in here: three small functions.
import * as nodeCrypto from 'node:crypto';
import * as nodeModule from 'node:module';

globalThis.crypto ??= nodeCrypto.webcrypto;
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

const asModule = (source) => `data:text/javascript,${encodeURIComponent(source)}`;

// A built-in module cannot be given another export: oidc-provider, and nobody else, is handed one around it.
if (!('hash' in nodeCrypto)) {
  const around = asModule(`
    import { createHash } from 'node:crypto';
    export * from 'node:crypto';
    export { default } from 'node:crypto';
    export const hash = (algorithm, data, encoding = 'hex') =>
      createHash(algorithm).update(data).digest(encoding === 'buffer' ? undefined : encoding);`);
  nodeModule.register(
    asModule(`
    export async function resolve(name, context, next) {
      const wanted = name === 'node:crypto' && context.parentURL?.includes('/oidc-provider/');
      return wanted ? { url: ${JSON.stringify(around)}, format: 'module', shortCircuit: true } : next(name, context);
    }`),
  );
}

const { warn } = console;
console.warn = () => {};
export const { Provider, errors, interactionPolicy } = await import('oidc-provider').finally(() => {
  console.warn = warn;
});

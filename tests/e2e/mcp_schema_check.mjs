// Checks JSON against a definition of the published MCP schemas (tests/golden/mcp-schema).
//
//   node tests/e2e/mcp_schema_check.mjs <Definition> [revision] < value.json
//
// Without a revision the value must fit in all of them. Exit 0: fits; 1: does not, with the reasons; 2: bad call.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

export const revisions = ['2025-06-18', '2025-11-25'];

const validators = new Map(
  revisions.map((revision) => {
    const file = new URL(`../golden/mcp-schema/${revision}.json`, import.meta.url);
    const schema = JSON.parse(readFileSync(file, 'utf8'));
    // The older file is written in draft-07, the newer one in 2020-12. Formats are annotations in both.
    const Dialect = schema.$schema.includes('2020-12') ? Ajv2020 : Ajv;
    const ajv = new Dialect({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema(schema, revision);
    return [revision, { ajv, root: schema.$defs ? '$defs' : 'definitions' }];
  }),
);

// The reasons why `value` is not a `definition` of that revision; empty when it is.
export function problems(value, definition, revision) {
  const { ajv, root } = validators.get(revision);
  const validate = ajv.getSchema(`${revision}#/${root}/${definition}`);
  if (!validate) return [`${revision} has no definition ${definition}`];
  if (validate(value)) return [];
  return validate.errors.map((error) => `${revision} ${definition} ${error.instancePath || '/'}: ${error.message}`);
}

// An input or output schema of a tool, as a validator for values. Strict: an unknown keyword throws.
export function compile(schema) {
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
}

function main([definition, revision]) {
  if (!definition || (revision && !revisions.includes(revision))) {
    console.error(`usage: mcp_schema_check.mjs <Definition> [${revisions.join('|')}] < value.json`);
    return 2;
  }
  const value = JSON.parse(readFileSync(0, 'utf8'));
  const found = (revision ? [revision] : revisions).flatMap((one) => problems(value, definition, one));
  for (const line of found) console.error(line);
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));

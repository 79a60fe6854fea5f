// What the C++ golden tests say we send (tests/golden/mcp) must be what the published schemas ask for, and
// our own argument check must agree with an independent JSON Schema validator.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { compile, problems, revisions } from './mcp_schema_check.mjs';

const folder = new URL('../golden/mcp/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const golden = readdirSync(folder).filter((name) => /^[A-Z]/.test(name));

const errorDefinition = { '2025-06-18': 'JSONRPCError', '2025-11-25': 'JSONRPCErrorResponse' };
const resultDefinition = { '2025-06-18': 'JSONRPCResponse', '2025-11-25': 'JSONRPCResultResponse' };

test('there are golden messages to check', () => assert.ok(golden.length >= 14));

for (const name of golden) {
  for (const revision of revisions) {
    const definition = name.split('.')[0];
    const message = read(name);
    // The older schema has no form for an error without an id, its transport page does ("has no `id`").
    if (!('id' in message) && revision === '2025-06-18') continue;
    test(`${name} fits ${revision}`, () => {
      if (definition === 'Error') return assert.deepEqual(problems(message, errorDefinition[revision], revision), []);
      assert.deepEqual(problems(message, resultDefinition[revision], revision), []);
      assert.deepEqual(problems(message.result, definition, revision), []);
    });
  }
}

test('listed schemas are strictly valid JSON Schema 2020-12', () => {
  for (const tool of read('ListToolsResult.dotted.json').result.tools) {
    compile(tool.inputSchema);
    if (tool.outputSchema) compile(tool.outputSchema);
  }
});

test('the independent validator gives the verdicts our schema check is tested with', () => {
  for (const { schema, value, valid } of read('schema_cases.json')) {
    assert.equal(compile(schema)(value), valid, JSON.stringify({ schema, value }));
  }
});

test('a wrong message is found', () => {
  for (const revision of revisions) {
    assert.notDeepEqual(problems({ tools: [{ name: 'x' }] }, 'ListToolsResult', revision), []);
    assert.notDeepEqual(problems({ content: 'text' }, 'CallToolResult', revision), []);
    assert.notDeepEqual(problems({}, 'NoSuchDefinition', revision), []);
  }
});

// Looks for a secret wherever it could have been left: files, texts and the memory of a process, in every shape
// in which a program might have written it down.
//
//   const needles = shapesOf(secret);                     // Map: name of the shape → bytes
//   findIn(buffer, needles)                               // names of the shapes found
//   findInMemory(pid, needles)                            // [{ shape, region, address }]; needs root or the owner
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const windowBytes = 24; // a left-over piece of a longer secret is a find, too
const blockBytes = 4 * 1024 * 1024;

// Raw pieces, base64 in its three alignments (both alphabets), percent-encoding and JSON's escapes.
export function shapesOf(secret) {
  const bytes = Buffer.from(secret);
  const needles = new Map();
  const pieces = Math.max(1, Math.floor(bytes.length / windowBytes));
  for (let n = 0; n < pieces; ++n) {
    needles.set(`raw piece ${n + 1} of ${pieces}`, bytes.subarray(n * windowBytes, (n + 1) * windowBytes));
  }
  for (let shift = 0; shift < 3; ++shift) {
    // Only the characters that the secret alone decides: not those it shares with its neighbours.
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const inner = encoded.slice(shift === 0 ? 0 : 4, Math.floor((shift + bytes.length) / 3) * 4);
    needles.set(`base64 at ${shift}`, Buffer.from(inner));
    needles.set(`base64url at ${shift}`, Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_')));
  }
  needles.set('hexadecimal', Buffer.from(bytes.toString('hex')));
  const percent = encodeURIComponent(secret);
  needles.set('percent-encoded', Buffer.from(percent));
  needles.set('form-encoded', Buffer.from(new URLSearchParams({ k: secret }).toString().slice(2)));
  needles.set('percent-encoded in lower case', Buffer.from(percent.replace(/%../g, (code) => code.toLowerCase())));
  needles.set('in JSON', Buffer.from(JSON.stringify(secret).slice(1, -1)));
  needles.set('in JSON, all escaped', Buffer.from([...bytes].map((b) => `\\u${b.toString(16).padStart(4, '0')}`).join('')));
  needles.set('in HTML', Buffer.from(secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')));
  needles.set('UTF-16', Buffer.from(secret, 'utf16le'));
  return needles;
}

export function findIn(haystack, needles) {
  const buffer = Buffer.from(haystack);
  return [...needles].filter(([, needle]) => buffer.includes(needle)).map(([shape]) => shape);
}

function* readableRegions(pid) {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line);
    if (!fields || !fields[3].startsWith('r') || fields[4] === '[vvar]' || fields[4] === '[vsyscall]') continue;
    yield { from: BigInt(`0x${fields[1]}`), to: BigInt(`0x${fields[2]}`), name: fields[4] || 'anonymous' };
  }
}

// Where in one region; blocks overlap by the longest needle, so that nothing hides on a border.
function findInRegion(memory, region, needles, overlap) {
  const block = Buffer.alloc(blockBytes + overlap);
  const found = [];
  let bytes = 0;
  for (let at = region.from; at < region.to; at += BigInt(blockBytes)) {
    const wanted = Number(region.to - at < BigInt(block.length) ? region.to - at : BigInt(block.length));
    let length;
    try {
      length = readSync(memory, block, 0, wanted, at);
    } catch (error) {
      if (error.code === 'EIO') break; // a guard page, or unmapped in the meantime
      throw error;
    }
    bytes += length;
    const part = block.subarray(0, length);
    for (const [shape, needle] of needles) {
      for (let hit = part.indexOf(needle); hit !== -1; hit = part.indexOf(needle, hit + 1)) {
        if (hit < blockBytes) found.push({ shape, region: region.name, address: `0x${(at + BigInt(hit)).toString(16)}` });
      }
    }
  }
  return { found, bytes };
}

export function findInMemory(pid, needles) {
  const overlap = Math.max(...[...needles.values()].map(({ length }) => length));
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const found = [];
  let bytes = 0;
  try {
    for (const region of readableRegions(pid)) {
      const result = findInRegion(memory, region, needles, overlap);
      found.push(...result.found);
      bytes += result.bytes;
    }
  } finally {
    closeSync(memory);
  }
  return { found, bytes };
}

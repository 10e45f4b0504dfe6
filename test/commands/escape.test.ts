import t from 'tap';
import { escapeBytes, unescapeBytes } from '../../src/commands/escape.js';
import { allFixtures } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { noPython, pythonWords } from '../support/python.js';
import { run } from '../support/run.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

t.test('every byte comes back', async (t) => {
  t.same(Buffer.from(unescapeBytes(escapeBytes(everyByte))), Buffer.from(everyByte));
  t.match(escapeBytes(everyByte), /^[ -~]*$/, 'printable ASCII only');
});

t.test('as the manifests escape', { skip: noPython ?? false }, async (t) => {
  const program = 'import urllib.parse as p; print(p.quote_from_bytes(bytes(range(256)), safe="/ -_.,:+@~"))';
  const [python] = pythonWords('');
  const said = await run(python, ['-c', program]);
  t.equal(escapeBytes(everyByte), said.stdout.trimEnd());
});

t.test('names of the fixtures come back', async (t) => {
  for (const path of Object.keys(readManifest(allFixtures[0]!.manifest))) {
    t.equal(escapeBytes(unescapeBytes(path)), path);
  }
});

t.test('text that is not escaped is UTF-8', async (t) => {
  t.same(Buffer.from(unescapeBytes('é%2f')), Buffer.from([0xc3, 0xa9, 0x2f]));
});

t.test('a percent sign without two digits is refused', async (t) => {
  for (const wrong of ['%', 'a%4', 'a%zz', '%%41', '%+1']) {
    t.throws(() => unescapeBytes(wrong), { code: 'bad-escape', message: /write %25/ }, wrong);
  }
});

/** Each example does what its first line says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { rootObstacle } from '../fuse/mount-fixture.js';
import { FaultServer } from '../remote/fault-server.js';
import { fixture } from '../support/fixture.js';
import { remains } from '../support/mounted.js';
import { expectedManifest } from '../support/opened.js';
import { packageRoot } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const examples = join(packageRoot, 'examples');
const made = fixture('lz4');
const manifest = expectedManifest(made) as Record<string, { sha256?: string }>;

async function output(name: string, ...words: string[]): Promise<string> {
  const ended = await run(process.execPath, [join(examples, name), ...words]);
  if (ended.status !== 0) throw new Error(`${name}: ${describeRun(ended)}`);
  return ended.stdout;
}

const tested: Record<string, (t: Test) => Promise<void>> = {
  'list.mjs': async (t) => {
    const expected = readdirNames('data').map((name) => `file\t${name}\n`);
    t.equal(await output('list.mjs', made.image, 'data'), expected.join(''));
  },
  'cat.mjs': async (t) => {
    const text = await output('cat.mjs', fixture('plain').image, 'data/text.bin');
    t.equal(await output('cat.mjs', made.image, 'data/text.bin'), text);
    t.ok(text.length > 100);
  },
  'hash.mjs': async (t) => {
    const lines = (await output('hash.mjs', made.image))
      .split('\n')
      .filter((line) => !line.includes('\ufffd'));
    for (const name of ['data/text.bin', 'data/sparse.bin', 'hard/d/three']) {
      t.ok(lines.includes(`${manifest[name]!.sha256}  ${name}`), name);
    }
  },
  'remote.mjs': async (t) => {
    const server = await FaultServer.start(t, readFileSync(made.image));
    const first = await output('remote.mjs', server.url(), 'data/text.bin', scratch.folder());
    const text = await output('cat.mjs', made.image, 'data/text.bin');
    t.equal(first, `${Buffer.from(text).toString('hex', 0, 16)}\n`);
  },
  'mount.mjs': async (t) => {
    const directory = scratch.folder();
    t.match(await output('mount.mjs', made.image, directory), /^data\n/);
    t.same(await remains(directory), []);
  },
};

const readdirNames = (directory: string): string[] =>
  Object.keys(manifest)
    .filter((path) => path.startsWith(`${directory}/`))
    .map((path) => path.slice(directory.length + 1))
    .sort();

t.same(
  readdirSync(examples)
    .filter((name) => name.endsWith('.mjs'))
    .sort(),
  Object.keys(tested).sort(),
);
for (const [name, prove] of Object.entries(tested)) {
  t.test(name, { skip: name === 'mount.mjs' && rootObstacle() }, (t) => prove(t));
}

/** No false alarms: what mkfs.erofs of any version and the tests' own writer make is clean, at once or over a network. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Source } from '../../src/cache/source.js';
import { checkImage } from '../../src/check/check-image.js';
import { type Finding, Findings } from '../../src/check/finding.js';
import { openForCheck } from '../../src/check/open-for-check.js';
import { allFixtures, fixture, optionValues } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { chunked, flatSparse, hole } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { MemorySource, RemoteSource } from '../support/memory-source.js';
import { expectedManifest } from '../support/opened.js';
import { checked } from './checked.js';

for (const { name, image, options } of allFixtures) {
  t.test(name, async (t) => {
    const found: Finding[] = [];
    const findings = new Findings(10, (finding) => found.push(finding));
    const spec = {
      image,
      offset: Number(optionValues(options, 'offset')[0] ?? 0),
      devices: optionValues(options, 'device'),
    };
    const opened = await openForCheck(spec, findings);
    if (opened === undefined) throw new Error(found[0]?.message);
    t.teardown(() => opened.close());
    const totals = await checkImage(opened, findings);
    t.same(found, []);
    t.equal(totals.inodes, opened.image.geometry.inodes, 'every inode was looked at');
    t.equal(totals.directories, directoriesOf(name), 'and every directory');
  });
}

function directoriesOf(name: string): number {
  const entries = Object.values(expectedManifest(fixture(name))) as { mode: string }[];
  return entries.filter(({ mode }) => mode.startsWith('4')).length;
}

t.test('files of terabytes', async (t) => {
  const root = directory({
    hole: file(hole(2 ** 50)),
    flat: file(flatSparse(2 ** 41, 2 ** 20, { 0: 'first' })),
    chunks: file(chunked({ size: 2 ** 44, bits: 31, chunks: [undefined, undefined] })),
  });
  const { findings } = await checked([writeImage({ root, blocks: 2 ** 30 }).bytes.source()]);
  t.same(findings, []);
});

t.test('a source that has to be waited for', async (t) => {
  const bytes = (name: string) => new Uint8Array(readFileSync(fixture(name).image));
  for (const name of ['plain', 'lz4-fragments', 'metabox-lz4', '48bit-lz4']) {
    const here = await checked([new MemorySource(bytes(name))]);
    const remote: Source = new RemoteSource(bytes(name));
    t.same(await checked([remote]), here, name);
  }
});

t.test('a source that fails says nothing about the image', async (t) => {
  const bytes = new Uint8Array(readFileSync(fixture('lz4').image));
  await t.rejects(checked([new RemoteSource(bytes, 6)]), { code: 'io', message: 'the network is gone' });
});

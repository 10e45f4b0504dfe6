import t from 'tap';
import { fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';

const { image, manifest } = fixture('plain');
const paths = Object.entries(readManifest(manifest));

t.test('every name of the image, and a report of the counts', async (t) => {
  const said = await erofs(['tree', '--json', image]);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  const objects = said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const report = objects.pop();
  t.same(objects.map(({ path }) => path).sort(), paths.map(([path]) => path).sort());
  const directories = paths.filter(([, { mode }]) => String(mode).startsWith('4')).length - 1;
  t.match(report, { type: 'report', directories, files: paths.length - directories - 1 });
});

t.test('one directory, by its path', async (t) => {
  const said = await erofs(['tree', '-h', image, '/hard']);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  t.match(
    said.stdout,
    /^\[ +\d+\] {2}\/hard\n├── \[.*\n└── \[ 8\.8K\] {2}two\n\n1 directory, 3 files, 26\.4 KiB\n$/s,
  );
});

t.test('wrong usage', async (t) => {
  const said = await erofs(['tree', '-L', '0', image]);
  t.match(said, { status: 2, stdout: '', stderr: /^erofs tree: --level: expected [^\n]*\n$/ });
});

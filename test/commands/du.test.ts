import t from 'tap';
import { fixture } from '../support/fixture.js';
import { readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';

const { image, manifest } = fixture('lz4');

async function lines(...words: string[]): Promise<string[]> {
  const said = await erofs(['du', ...words]);
  t.match(said, { status: 0, stderr: '' }, describeRun(said));
  return said.stdout.split('\n').slice(0, -1);
}

t.test('one line a directory, below before above', async (t) => {
  const all = await lines(image, '/data', '/hard', '-c');
  t.match(all, [/^\d+\t\/data$/, /^\d+\t\/hard\/d$/, /^\d+\t\/hard$/, /^\d+\ttotal$/]);
  const [data, , hard, total] = all.map((line) => Number(line.split('\t')[0]));
  t.equal(total, data! + hard!);
  t.equal((await lines('-s', image)).length, 1);
  t.equal((await lines('-d', '1', image)).at(-1)!.split('\t')[1], '/');
  t.match(await lines('-h', '-s', image), [/^8\d\dK\t\/$/]);
});

t.test('sizes that programs see', async (t) => {
  const size = readManifest(manifest)['data/text.bin']!.size as number;
  t.same(await lines('--apparent-size', image, '/data/text.bin'), [`${size}\t/data/text.bin`]);
  const [stored] = await lines(image, '/data/text.bin');
  t.ok(Number.parseInt(stored!, 10) < size, 'compressed it is less');
});

t.test('as JSON', async (t) => {
  const [file, total] = (await lines('--json', '-c', image, '/data/text.bin')).map((line) =>
    JSON.parse(line),
  );
  t.match(file, { path: '/data/text.bin', type: 'regular file', stored_bytes: Number, plain_bytes: 90_000 });
  t.equal(file.stored_bytes, file.data_bytes + file.metadata_bytes);
  const { path: _, ...sums } = file;
  t.strictSame(total, { ...sums, type: 'total' });
});

t.test('wrong usage', async (t) => {
  for (const words of [
    ['-s', '-a'],
    ['-d', 'x'],
    ['-d', '-1'],
  ]) {
    const said = await erofs(['du', ...words, image]);
    t.match(said, { status: 2, stdout: '' }, describeRun(said));
    t.match(said.stderr, /^erofs du: --(summarize|max-depth)[^\n]*\n$/);
  }
});

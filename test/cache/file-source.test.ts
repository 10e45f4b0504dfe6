import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openFileSource } from '../../src/cache/file-source.js';

const folder = mkdtempSync(join(tmpdir(), 'source-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const path = join(folder, 'blob');
writeFileSync(path, bytes);

t.test('a file', async (t) => {
  const source = openFileSource(path);
  t.teardown(() => source.close());
  t.equal(source.size, bytes.length);
  const dst = new Uint8Array(100);
  source.readSync!(dst, 4900);
  t.strictSame(dst, bytes.slice(4900));
  t.strictSame(
    await source.read([
      { offset: 10, length: 3 },
      { offset: 0, length: 2 },
    ]),
    [bytes.slice(10, 13), bytes.slice(0, 2)],
  );
});

t.test('beyond its end there are no zeros', async (t) => {
  const source = openFileSource(path);
  t.teardown(() => source.close());
  t.throws(() => source.readSync!(new Uint8Array(101), 4900), {
    code: 'truncated',
    message: /ends at byte 5000, 101 bytes were wanted from byte 4900/,
  });
  t.throws(() => source.readSync!(new Uint8Array(1), 9999), { code: 'truncated' });
});

t.test('what is no file', async (t) => {
  t.throws(() => openFileSource(join(folder, 'nothing')), { code: 'ENOENT' });
  t.throws(() => openFileSource(folder), { code: 'EISDIR' });
  t.throws(() => openFileSource('/dev/null'), { code: 'EINVAL' });
});

const noLoop =
  process.getuid?.() !== 0 ? 'needs root' : existsSync('/dev/loop-control') ? false : 'needs loop';

t.test('a block device has the size that the kernel says', { skip: noLoop }, async (t) => {
  writeFileSync(join(folder, 'disk'), new Uint8Array(8192).fill(7));
  const disk = join(folder, 'disk');
  const device = execFileSync('losetup', ['--find', '--show', '--read-only', disk], {
    encoding: 'utf8',
  }).trim();
  const source = openFileSource(device);
  t.teardown(() => {
    source.close();
    execFileSync('losetup', ['--detach', device]);
  });
  t.equal(source.size, 8192);
  const dst = new Uint8Array(1);
  source.readSync!(dst, 8191);
  t.equal(dst[0], 7);
});

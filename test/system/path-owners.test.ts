import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { untrustedAbove } from '../../src/system/path-owners.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);
const user = process.geteuid!();
const STRANGER = 4321;

/** FOLDER/above/directory; FOLDER and all above it are as they should be. */
function nested(): { above: string; directory: string } {
  const above = join(scratch.folder(), 'above');
  const directory = join(above, 'directory');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { above, directory };
}

t.test('modes of what a directory lies in', async (t) => {
  for (const [mode, isTrusted] of [
    [0o700, true],
    [0o755, true],
    [0o1777, true],
    [0o1775, true],
    [0o777, false],
    [0o702, false],
  ] as const) {
    const { above, directory } = nested();
    chmodSync(above, mode);
    const octal = mode.toString(8);
    const complaint = `others may write to ${above}, which it lies in (mode ${octal}); use: chmod go-w ${above}`;
    t.equal(untrustedAbove(directory, user), isTrusted ? undefined : complaint, octal);
    t.equal(
      untrustedAbove(join(directory, 'below', '..', 'directory'), user),
      untrustedAbove(directory, user),
    );
    chmodSync(directory, 0o777);
    t.equal(
      untrustedAbove(directory, user),
      isTrusted ? undefined : complaint,
      'its own mode is not looked at',
    );
  }
});

t.test('owners and groups', { skip: isRoot ? false : 'needs root to give directories away' }, async (t) => {
  const { above, directory } = nested();
  chownSync(above, STRANGER, STRANGER);
  t.match(untrustedAbove(directory, 0), /above, which it lies in, belongs to user 4321; it should be root's/);
  t.equal(untrustedAbove(directory, STRANGER), undefined, 'to its owner it is safe');
  chmodSync(above, 0o770);
  t.equal(untrustedAbove(directory, STRANGER), undefined, "a user's own group");
  chownSync(above, STRANGER, 100);
  t.match(untrustedAbove(directory, STRANGER), /others may write to /, 'another group');
  chmodSync(above, 0o1770);
  t.equal(untrustedAbove(directory, STRANGER), undefined, 'which may not replace anything');
});

t.test('links on the way', { skip: isRoot ? false : 'needs root to give links away' }, async (t) => {
  const { above, directory } = nested();
  const link = join(scratch.folder(), 'link');
  symlinkSync(above, link);
  const through = join(link, 'directory');
  t.equal(untrustedAbove(through, 0), undefined);
  chmodSync(above, 0o777);
  t.match(untrustedAbove(through, 0), new RegExp(`others may write to ${above}`), 'where it leads');
  chmodSync(above, 0o700);
  lchownSync(link, STRANGER, STRANGER);
  t.match(
    untrustedAbove(through, 0),
    new RegExp(`${link}, which it lies in, belongs to user 4321`),
    'whose it is',
  );
  const relative = join(scratch.folder(), 'relative');
  symlinkSync('../link-of-another', relative);
  t.throws(() => untrustedAbove(join(relative, 'x'), 0), { code: 'ENOENT' });
  t.equal(untrustedAbove(directory, 0), undefined);
  t.equal(untrustedAbove('/', 0), undefined);
});

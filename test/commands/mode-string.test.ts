import t from 'tap';
import { modeString, typeName } from '../../src/commands/mode-string.js';

const expected: readonly [number, string, string][] = [
  [0o100644, '-rw-r--r--', 'regular file'],
  [0o040755, 'drwxr-xr-x', 'directory'],
  [0o120777, 'lrwxrwxrwx', 'symbolic link'],
  [0o020666, 'crw-rw-rw-', 'character device'],
  [0o060660, 'brw-rw----', 'block device'],
  [0o010600, 'prw-------', 'fifo'],
  [0o140755, 'srwxr-xr-x', 'socket'],
  [0o104755, '-rwsr-xr-x', 'regular file'],
  [0o104644, '-rwSr--r--', 'regular file'],
  [0o102755, '-rwxr-sr-x', 'regular file'],
  [0o102745, '-rwxr-Sr-x', 'regular file'],
  [0o041777, 'drwxrwxrwt', 'directory'],
  [0o041776, 'drwxrwxrwT', 'directory'],
  [0o107000, '---S--S--T', 'regular file'],
  [0o000000, '?---------', 'unknown type'],
];

for (const [mode, letters, type] of expected) {
  t.equal(modeString(mode), letters, mode.toString(8));
  t.equal(typeName(mode), type);
}

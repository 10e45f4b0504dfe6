/** Users and groups by name, as the image itself names them: in its /etc/passwd and /etc/group. */
import { readRange } from '../commands/content.js';
import { isRegular } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import { PathError, resolvePath } from '../commands/path.js';
import { FindError } from './errors.js';

const FILES = { user: '/etc/passwd', group: '/etc/group' } as const;
/** bytes; a table that is longer is none that a system could use */
const LONGEST = 16 << 20;

/** A number stands for itself. Rejects with FindError where the image does not have the name, and as reading does. */
export async function accountId(open: OpenTree, kind: 'user' | 'group', name: string): Promise<number> {
  if (/^[0-9]{1,10}$/.test(name)) return Number(name);
  const file = FILES[kind];
  for (const line of (await readTable(open, file)).split('\n')) {
    const [known, , id] = line.split(':');
    if (known === name && /^[0-9]+$/.test(id ?? '')) return Number(id);
  }
  throw new FindError(kind, name, `a number, or a name that the image has in ${file}`);
}

async function readTable(open: OpenTree, file: string): Promise<string> {
  try {
    const node = await resolvePath(open, Buffer.from(file), true);
    const { mode, size } = await open.run(() => open.tree.getattr(node));
    if (!isRegular(mode) || size > LONGEST) return '';
    const bytes = new Uint8Array(size);
    await readRange(open, node, 0, size, bytes, () => {});
    return Buffer.from(bytes.buffer).toString('utf8');
  } catch (error) {
    if (error instanceof PathError) return '';
    throw error;
  }
}

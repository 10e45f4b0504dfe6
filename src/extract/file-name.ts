/** Which names may be made in a directory: one component that stays in it. */
import { quoteName } from '../commands/quote.js';
import { ExtractError } from './errors.js';

/** NAME_MAX of EROFS and of Linux. */
const NAME_LIMIT = 255;

/** Throws code 'bad-name'. */
export function checkName(name: Uint8Array): void {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new ExtractError('bad-name', `the name ${quoteName(name)} ${fault}; it is not extracted`);
}

function faultOf(name: Uint8Array): string | undefined {
  if (name.length === 0) return 'is empty';
  if (name.length > NAME_LIMIT) return `has ${name.length} bytes, more than ${NAME_LIMIT}`;
  if (name.includes(0)) return 'holds a NUL';
  if (name.includes(0x2f)) return 'holds a "/"';
  const isDots = name.every((byte) => byte === 0x2e) && name.length <= 2;
  return isDots ? 'means a directory that exists already' : undefined;
}

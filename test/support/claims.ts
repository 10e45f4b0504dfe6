/** Why processes cannot tell each other here what they fetch; false where they can. For `skip` of a test. */
import { loadLibc } from '../../src/system/libc.js';

export function withoutClaims(): string | false {
  if (process.platform !== 'linux') return 'locks of open files are made on Linux alone';
  try {
    loadLibc();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The paths in an image that begin as typed; of what is here alone, no network is asked. */
import type { OpenedImage } from '../open.js';
import type { ImageArguments } from './image-options.js';

/** Names beyond which a list is no help to who types. */
const MOST = 2000;

/**
 * Slashes stand behind directories; names that a terminal would not show as they are are left out. Rejects with what opening and
 * reading the image does.
 */
export async function pathsBeginningWith(
  given: ImageArguments,
  typed: string,
  isLate: () => boolean,
): Promise<string[]> {
  const [{ specOf }, { openImage }] = await Promise.all([import('./image-options.js'), import('../open.js')]);
  const offline = { ...given, offline: true };
  const opened = await openImage(await specOf(offline, () => {}), () => {});
  try {
    return await namesIn(opened, typed, isLate);
  } finally {
    opened.close();
  }
}

async function namesIn(opened: OpenedImage, typed: string, isLate: () => boolean): Promise<string[]> {
  const [{ resolvePath }, { namesAfter }, { isDirectory }] = await Promise.all([
    import('./path.js'),
    import('./names.js'),
    import('./mode-string.js'),
  ]);
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const beginning = Buffer.from(typed.slice(folder.length));
  const directory = await resolvePath(opened, Buffer.from(folder), true);
  const found: string[] = [];
  for (let cookie: number | undefined = 0; cookie !== undefined && found.length < MOST && !isLate(); ) {
    const batch = await namesAfter(opened, directory, cookie);
    for (const { name, node } of batch.names) {
      if (beginning.compare(name, 0, beginning.length) !== 0 || !isTypeable(name)) continue;
      const { mode } = await opened.run(() => opened.tree.getattr(node));
      found.push(`${folder}${Buffer.from(name).toString()}${isDirectory(mode) ? '/' : ''}`);
    }
    cookie = batch.next;
  }
  return found;
}

/** UTF-8 without control characters: a line of what a shell reads. */
function isTypeable(name: Uint8Array): boolean {
  const text = Buffer.from(name).toString();
  return !/\p{Cc}/u.test(text) && Buffer.from(text).equals(name);
}

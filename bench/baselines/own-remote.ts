/** This program, lazily over HTTP, with a cache that is empty each time. */
import { rmSync } from 'node:fs';
import type { Container } from '../images/container.js';
import { OWN } from './baseline.js';
import { mountBy, noFuse } from './mounting.js';
import { mountWords } from './own.js';
import type { RemoteBaseline } from './remote-baseline.js';

/** `options` of `erofs mount`, after which it is called `name`; `of` says which files of the container are its layers. */
export const ownRemote = (
  name: string = OWN,
  options: readonly string[] = [],
  of: (container: Container) => readonly string[] = ({ whole }) => [whole],
): RemoteBaseline => ({
  name,
  missing: noFuse,
  obtain: async (container, site, workspace) => {
    const cache = workspace.folder('cache');
    const images = of(container).map((file) => site.url(file));
    const words = mountWords(images, workspace.file('mount.log'), ['--cache-dir', cache, ...options]);
    const mounted = await mountBy(workspace, (mountpoint) => [...words, mountpoint]);
    return {
      path: mounted.path,
      unmount: async () => {
        await mounted.unmount();
        rmSync(cache, { recursive: true });
      },
    };
  },
});

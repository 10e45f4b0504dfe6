/** How large a root file system is as an artifact: nothing is timed. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../bench.js';
import { VARIANTS, type VariantName } from '../images/variants.js';
import type { Entry } from '../measure/series.js';

const OTHERS = ['plain', 'zstd-64k', 'lz4hc-4k', 'fragments'] as const satisfies VariantName[];

export const rootfsArtifact: Scenario = {
  name: 'rootfs-artifact',
  title: 'a root file system: size of the artifact',
  async *contests({ images }) {
    const container = await images.container();
    if (container === undefined) return;
    const tree = bytesBelow(container.tree);
    const entry = (subject: string, bytes: number): Entry => ({
      subject,
      round: async () => [
        { measure: 'size', unit: 'MB', value: bytes / 1e6 },
        { measure: 'ratio', unit: '% of the tree', value: (bytes / tree) * 100 },
      ],
    });
    const layered = (names: readonly string[]): number =>
      names.reduce((sum, name) => sum + container.size(name), 0);
    const entries = [
      entry('EROFS, LZ4HC 64 KiB', container.size(container.whole)),
      entry('the same in layers', layered(container.layers)),
      entry('tar.gz layers', layered(container.archives)),
    ];
    for (const name of OTHERS.slice(0, images.size.variants)) {
      const image = await images.containerAs(name);
      if (image !== undefined) entries.push(entry(`EROFS, ${VARIANTS[name].title}`, statSync(image).size));
    }
    yield { scenario: 'rootfs-artifact', on: 'container image', entries };
  },
};

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + lstatSync(join(parentPath, name)).size, 0);
}

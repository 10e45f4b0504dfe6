/** What checking every byte costs: the same image, mounted with an fs-verity digest and without one. */
import { join } from 'node:path';
import { command } from '../../test/support/paths.js';
import { OWN } from '../baselines/baseline.js';
import { own } from '../baselines/own.js';
import type { Scenario } from '../bench.js';
import { LARGE } from '../images/tree.js';
import { VARIANTS } from '../images/variants.js';
import { warm } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import { read } from '../measure/reader.js';

const VARIANT = 'lz4hc-64k';
const PIECE = 1 << 20;

export const verity: Scenario = {
  name: 'verity',
  title: 'mounted with an fs-verity digest: first answer, then one large file and all small ones, cold',
  async *contests(bench) {
    const image = await bench.images.erofs(VARIANT);
    const { shape } = await bench.images.tree();
    const plain = own();
    if (image === undefined || plain.missing() !== undefined) return;
    const { stdout } = await run(process.execPath, [command, 'digest', '--compact', image]);
    const options = [
      '--fsverity-digest',
      `sha256:${stdout.trim()}`,
      '--cache-dir',
      bench.workspace.folder('cache'),
    ];
    const verified = own(`${OWN}, verified`, options);
    // the Merkle tree is built by the first mount of all, and kept
    await (await verified.mount(image, bench.workspace)).unmount();
    const entries = [plain, verified].map((baseline) => ({
      subject: baseline.name,
      round: async () => {
        warm(image);
        const started = performance.now();
        const { path, unmount } = await baseline.mount(image, bench.workspace);
        try {
          await run('stat', [join(path, LARGE)]);
          const answered = (performance.now() - started) / 1000;
          const { seconds } = await read(['sequential', join(path, LARGE), `${PIECE}`], shape.large);
          const files = await run('tar', ['-C', path, '-cf', '-', 'small'], { discard: true });
          return [
            { measure: 'first answer', unit: 's', value: answered },
            { measure: 'sequential', unit: 'MB/s', value: shape.large / 1e6 / seconds },
            { measure: 'tar', unit: 's', value: files.seconds },
          ] as const;
        } finally {
          await unmount();
        }
      },
    }));
    yield { scenario: 'verity', on: VARIANTS[VARIANT].title, entries };
  },
};

/**
 * Layers that overlayfs itself made of random changes, with whiteouts, opaque directories, redirects and metacopies as it writes
 * them, as our tree shows them and as overlayfs does. OVERLAY_SEEDS=FIRST-LAST tries others by hand.
 */
import t from 'tap';
import { OverlayTree } from '../../src/tree/overlay-tree.js';
import { Scratch } from '../support/scratch.js';
import { layersOf, noRandomLayers, randomLayers, Strangers, sameShown, shownBy } from './overlay-kernel.js';

const [first = 1, last = 4] = (process.env.OVERLAY_SEEDS ?? '1-4').split('-').map(Number);
const scratch = new Scratch(t);

t.test('random layers', { skip: noRandomLayers ?? false }, async (t) => {
  for (let seed = first; seed <= last; seed++) {
    const { images, shown } = await randomLayers(scratch, seed, 2 + (seed % 7));
    const layers = await layersOf(t, images);
    sameShown(t, shownBy(new OverlayTree(layers, { namespaces: ['trusted'] })), shown, `seed ${seed}`);
    sameShown(t, shownBy(new Strangers(layers)), shown, `seed ${seed}, by ids alone`);
    const forgetful = { namespaces: ['trusted'], names: 1 } as const;
    sameShown(t, shownBy(new OverlayTree(layers, forgetful)), shown, `seed ${seed}, with room for no name`);
    sameShown(t, shownBy(new Strangers(layers, forgetful)), shown, `seed ${seed}, by ids alone, with none`);
  }
});

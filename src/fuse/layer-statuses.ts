/** How far the layers of what is mounted are verified, each in a word. */
import type { LayerStatus } from '../control/controlled-mount.js';
import type { ImageSpec, OpenedLayer } from '../open.js';
import type { Proof } from '../proof/proof-spec.js';

/** Of a container image what its manifest makes possible; of others what proves each blob. */
export function layerStatuses(
  { container }: ImageSpec,
  layers: readonly Pick<OpenedLayer, 'proofs'>[],
): LayerStatus[] {
  if (container !== undefined) {
    return container.layers.map(({ digest, guarantee }) => ({ name: digest, guarantee }));
  }
  return layers.flatMap(({ proofs }) =>
    proofs.map((proof) => ({ name: proof.blob, guarantee: guaranteeOf(proof) })),
  );
}

function guaranteeOf({ kind, trust, by }: Proof): string {
  if (trust === 'signed') return 'signed';
  // a pinned digest of the whole blob, of which a tree was built
  return kind === 'fs-verity' && trust === 'pinned' && by !== undefined ? 'digest' : kind;
}

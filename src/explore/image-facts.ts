/** What the page shows of the image as a whole: its layers, their devices, how each is verified, and the superblocks. */
import { guaranteeText } from '../layers/guarantee.js';
import type { OpenedImage, OpenedLayer } from '../open.js';
import { proofText } from '../proof/proof-spec.js';
import { superblockStructures } from '../report/superblock-fields.js';
import type { ShownImage, ShownLayer, ShownProblem } from './shapes.js';
import { shownProblem } from './shown-problem.js';

/** `name` is what people call it. What cannot be read is a problem. */
export async function imageFacts(
  opened: OpenedImage,
  name: string,
  mount: ShownImage['mount'],
): Promise<ShownImage> {
  const problems: ShownProblem[] = [];
  const layers: ShownLayer[] = [];
  for (const layer of opened.layers) layers.push(await shownLayer(layer, problems));
  return { name, mount, layers, problems };
}

async function shownLayer(layer: OpenedLayer, problems: ShownProblem[]): Promise<ShownLayer> {
  const { image, name } = layer;
  const { blockSize, inodes } = image.geometry;
  let structures: ShownLayer['structures'] = [];
  try {
    structures = await layer.run(() => superblockStructures(image));
  } catch (error) {
    problems.push(shownProblem(undefined, error));
  }
  const devices = image.bytes.sizes.map((size, device) => ({
    name: layer.proofs[device]?.blob ?? name,
    size,
    verified: verifiedBy(layer, device),
  }));
  return { name, block_size: blockSize, inodes, devices, structures };
}

function verifiedBy({ proofs, guarantees }: OpenedLayer, device: number): string {
  const proof = proofs[device];
  const guarantee = guarantees[device];
  if (guarantee !== undefined && (proof === undefined || proof.kind === 'none'))
    return guaranteeText(guarantee);
  return proof === undefined ? 'not verified' : proofText(proof);
}

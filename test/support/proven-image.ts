/** Images under dm-verity trees that are made here, without veritysetup. */
import { type DmVerityParameters, dmVerityTree, writeSuperblock } from '../../src/verity/dm-verity.js';
import { treeStart } from '../../src/verity/dm-verity-checks.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';

export interface ProvenImage {
  /** the data, padded to whole blocks; with the hash area behind it where that is appended */
  readonly bytes: Uint8Array;
  /** superblock and tree, or the tree alone */
  readonly hashArea: Uint8Array;
  readonly parameters: DmVerityParameters;
  /** hexadecimal */
  readonly root: string;
  /** bytes of data */
  readonly dataSize: number;
  /** byte of the hash area in `bytes` */
  readonly hashOffset: number;
}

export interface Asked extends Partial<Omit<DmVerityParameters, 'dataBlocks'>> {
  readonly superblock?: boolean;
  readonly appended?: boolean;
}

export function proven(
  image: Uint8Array,
  { superblock = true, appended = true, ...asked }: Asked = {},
): ProvenImage {
  const dataBlockSize = asked.dataBlockSize ?? 4096;
  const parameters: DmVerityParameters = {
    hashType: 1,
    algorithm: 'sha256',
    hashBlockSize: 4096,
    salt: new Uint8Array(32),
    ...asked,
    dataBlockSize,
    dataBlocks: Math.ceil(image.length / dataBlockSize),
  };
  const tree = dmVerityTree(parameters, { allowSha1: true });
  const data = new Uint8Array(tree.dataSize);
  data.set(image);
  const builder = new TreeBuilder(tree);
  builder.add(data);
  const { root, bytes } = builder.finish();
  const { hashBlockSize } = parameters;
  const hashOffset = appended ? Math.ceil(data.length / hashBlockSize) * hashBlockSize : 0;
  const start = treeStart(hashOffset, hashBlockSize, superblock);
  const file = new Uint8Array(start + bytes.length);
  if (appended) file.set(data);
  if (superblock) file.set(writeSuperblock({ ...parameters, uuid: new Uint8Array(16) }), hashOffset);
  file.set(bytes, start);
  return {
    bytes: appended ? file : data,
    hashArea: file.subarray(hashOffset),
    parameters,
    root: Buffer.from(root).toString('hex'),
    dataSize: data.length,
    hashOffset,
  };
}

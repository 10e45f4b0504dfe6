/** `erofs dump`: structures of an image under their on-disk names. */
import type { Argv, CommandModule } from 'yargs';
import type { OpenedImage, OpenedLayer } from '../open.js';
import type { OnDiskStructure } from '../report/on-disk-field.js';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

const WHAT = ['superblock', 'inode', 'extents', 'nid'] as const;

interface DumpArguments extends ImageArguments, PathArguments {
  readonly what: (typeof WHAT)[number];
  readonly of: string | undefined;
  readonly json: boolean;
}

export const command: CommandModule<object, DumpArguments> = {
  command: 'dump <image> [what] [of]',
  describe: 'Print on-disk fields: of the superblock, or of an inode with its extents',
  builder: (parser) =>
    pathOptions(imageOptions(parser))
      .positional('what', {
        choices: WHAT,
        default: 'superblock' as const,
        describe: 'which structures',
      })
      .positional('of', { type: 'string', describe: 'the path of inode and extents, the number of nid' })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a structure or extent' })
      .example('$0 dump root.erofs', '')
      .example('$0 dump root.erofs inode /usr/bin/sudo', '')
      .example('$0 dump root.erofs nid 36', '')
      .check(({ what, of }) => {
        if ((what === 'superblock') !== (of === undefined))
          throw new UsageError(
            `dump ${what}: ${of === undefined ? 'a path or number is missing' : 'takes no path'}`,
          );
        return true;
      }) as unknown as Argv<DumpArguments>,
  handler: (given) =>
    withImage('erofs dump', given, async (opened) => {
      const { structureText } = await import('./structure-text.js');
      const { byteString, Output } = await import('./output.js');
      const output = new Output(process.stdout);
      if (given.what === 'extents') {
        const { extentsOf } = await import('../report/extents.js');
        const { extentObject, extentText } = await import('../report/extent-object.js');
        const { layer, nid } = await findInode(opened, given);
        const inode = await layer.run(() => layer.image.inode(nid));
        for await (const extents of extentsOf(layer, inode)) {
          for (const extent of extents) {
            const object = extentObject(extent);
            await output.line(given.json ? JSON.stringify(object) : extentText(object));
          }
        }
      } else {
        for await (const { layer, structures } of structuresOf(opened, given)) {
          const named = opened.layers.length > 1 ? { layer: layer.name } : {};
          if (!given.json && opened.layers.length > 1) await output.line(byteString(`${layer.name}:`));
          for (const structure of structures) {
            const lines = given.json
              ? [JSON.stringify({ ...named, ...structure })]
              : structureText(structure);
            for (const line of lines) await output.line(byteString(line));
          }
        }
      }
      await output.flush();
    }),
};

async function* structuresOf(
  opened: OpenedImage,
  given: DumpArguments,
): AsyncGenerator<{ layer: OpenedLayer; structures: OnDiskStructure[] }> {
  if (given.what === 'superblock') {
    const { superblockStructures } = await import('../report/superblock-fields.js');
    for (const layer of opened.layers) {
      yield { layer, structures: await layer.run(() => superblockStructures(layer.image)) };
    }
    return;
  }
  const { inodeStructures } = await import('../report/inode-fields.js');
  const { layer, nid } = await findInode(opened, given);
  yield { layer, structures: await layer.run(() => inodeStructures(layer.image, layer.image.inode(nid))) };
}

/** The inode at a path, of the layer that shows it, or of a number as `erofs stat` prints it. */
async function findInode(
  opened: OpenedImage,
  { what, of, escaped }: DumpArguments,
): Promise<{ layer: OpenedLayer; nid: number }> {
  if (what === 'nid') {
    if (opened.layers.length > 1)
      throw new UsageError('dump nid: each layer has numbers of its own; name one layer alone');
    return { layer: opened.layers[0]!, nid: await readNumber(of!) };
  }
  const { pathArgument, resolvePath } = await import('./path.js');
  const { layer, node } = opened.origin(await resolvePath(opened, pathArgument(of!, escaped), false));
  return { layer, nid: node };
}

/** "36", "0x24", or "36 (metabox)" */
async function readNumber(text: string): Promise<number> {
  const { METABOX_NID } = await import('../erofs-reader/bytes.js');
  const [, digits, metabox] = /^(0x[0-9a-f]+|[0-9]+)( ?\(metabox\))?$/i.exec(text) ?? [];
  const number = Number(digits);
  if (!Number.isSafeInteger(number) || number >= METABOX_NID)
    throw new UsageError(`dump nid ${text}: expected a number, with (metabox) behind it where it is there`);
  return metabox === undefined ? number : METABOX_NID + number;
}

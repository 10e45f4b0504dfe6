/** openImage() of Node.js: whatever the command reads, as an Image. */
import { Readable } from 'node:stream';
import { imageSpec } from '../image-spec.js';
import { openImage as openSpecified } from '../open.js';
import { openSpec } from '../open-options.js';
import { givenSettings } from './given-settings.js';
import type { Image, NameEncoding, Path, StreamRange } from './image.js';
import { ImageFiles } from './image-files.js';
import { nameBytes, nameText } from './names.js';
import type { OpenOptions } from './open-options.js';

/** An Image with what only Node.js has. */
export interface NodeImage<Name = string> extends Image<Name>, AsyncDisposable {
  /** The bytes of a file; the next are read when the last were taken. What is wrong with the path is an 'error' of the stream. */
  createReadStream(path: Path, range?: StreamRange): Readable;
}

/** How an image is opened and its names are given. */
export interface ImageOptions extends OpenOptions {
  /** 'text' unless given; text has no place for names that are not UTF-8, which reject then */
  readonly names?: NameEncoding | undefined;
}

class FilesOfNode<Name> extends ImageFiles<Name> implements NodeImage<Name> {
  createReadStream(path: Path, range: StreamRange = {}): Readable {
    // objects are pieces: one is read ahead of who takes them, not sixteen
    return Readable.from(this.pieces(path, range), { objectMode: false, highWaterMark: 1 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens what `erofs ls` takes: a file, a block device, an http or https URL, a container image (oci://REGISTRY/NAME:TAG,
 * oci-layout:DIR, oci-archive:FILE, docker-archive:FILE) or a snapshot of containerd. Paths are relative to the working directory.
 *
 * Rejects with an error that has a string `code`: 'usage' for the options, ENOENT and its kin for paths, 'not-erofs',
 * 'corrupt', 'unsupported', 'truncated', 'missing-device', 'integrity' and those of networks for the image.
 */
export function openImage(
  reference: string,
  options: ImageOptions & { readonly names: 'bytes' },
): Promise<NodeImage<Uint8Array>>;
export function openImage(
  reference: string,
  options?: ImageOptions & { readonly names?: 'text' | undefined },
): Promise<NodeImage>;
export async function openImage(
  reference: string,
  options: ImageOptions = {},
): Promise<NodeImage | NodeImage<Uint8Array>> {
  const { offset, devices, upper = [], objects, allowTruncated, uid, gid, settings, report, names } = options;
  const spec = await imageSpec({
    ...{ images: [reference, ...upper], offset, devices, stores: objects, allowTruncated, uid, gid, report },
    ...openSpec(givenSettings(settings), (name) => `the setting ${name}`),
  });
  const opened = await openSpecified(spec, report);
  return names === 'bytes' ? new FilesOfNode(opened, nameBytes) : new FilesOfNode(opened, nameText);
}

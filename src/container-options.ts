/** Options about images in registries, layouts and archives, and what their values say. Paths become absolute here. */
import { blobReference } from './layers/layer-blob.js';
import type { TarIndex } from './layers/layer-roles.js';
import type { LongOption, OptionWords } from './options/long-option.js';
import { absolute } from './options/reference.js';
import { isDigest } from './registry/digest.js';

export const CONTAINER_OPTIONS = {
  platform: {
    value: 'OS/ARCH',
    describe: 'which image of an index is taken, as linux/arm64/v8 (default: that of this machine)',
  },
  'plain-http': { describe: 'ask the registry over http; loopback addresses always are' },
  'hosts-dir': {
    value: 'DIR',
    repeats: true,
    describe: "where HOST/hosts.toml tells mirrors and certificates (default: containerd's and Docker's)",
  },
  'tar-index': {
    value: '[DIGEST=]FILE',
    repeats: true,
    describe:
      "an EROFS index of a tar layer, as mkfs.erofs makes it, or sha256:HEX of one in the image's repository; without DIGEST of the only one",
  },
  'require-lazy': { describe: 'refuse layers of which all must be fetched before anything can be read' },
} as const satisfies Record<string, LongOption>;

export type ContainerOptionName = keyof typeof CONTAINER_OPTIONS;

/** What is said of the image, beside how its registry is asked. */
export interface ContainerChoice {
  readonly platform?: string;
  /** by the digest of the tar layer; '' stands for the only one */
  readonly tarIndexes: Readonly<Record<string, TarIndex>>;
}

/** Throws OptionUsageError. */
export function containerChoice(words: OptionWords<ContainerOptionName>): ContainerChoice {
  const platform = words.one('platform');
  const tarIndexes: Record<string, TarIndex> = {};
  for (const text of words.all('tar-index')) {
    const [, digest = '', image = ''] =
      /^(?:(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})=)?(.+)$/.exec(text) ?? [];
    if (image === '' || digest in tarIndexes) {
      throw words.refused('tar-index', text, 'FILE, or DIGEST=FILE once for each tar layer');
    }
    tarIndexes[digest] = { image: isDigest(image) ? blobReference(image) : absolute(image) };
  }
  return { ...(platform !== undefined && { platform }), tarIndexes };
}

/**
 * For which machines an image is, and which of an index's images is taken.
 *
 * LAW: an image that lists EROFS among its features is taken before one for the same machine that does not; one that wants a feature
 * that is not known here is never taken (erofs-image-spec; image-spec image-index.md, "os.features").
 */
import { RegistryError } from './errors.js';

/** In the words of Go: "linux", "amd64", "v7". */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

export const EROFS_FEATURE = 'erofs';
const KNOWN_FEATURES = new Set([EROFS_FEATURE]);

/** Names of node:process that Go has not. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mips64el: 'mips64le',
};

/** What else people write. */
const ALIASES: Readonly<Record<string, string>> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64' };

/** What an architecture is where no variant is told. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8', amd64: 'v1' };

/** Images are for Linux wherever they are read. */
export const hostPlatform = (architecture: string = process.arch): Platform => ({
  os: 'linux',
  architecture: ARCHITECTURES[architecture] ?? architecture,
});

/** "OS/ARCHITECTURE" or "OS/ARCHITECTURE/VARIANT". Throws RegistryError 'reference'. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9_.-]+)\/([a-z0-9_.-]+)(?:\/([a-z0-9_.-]+))?$/.exec(text);
  if (match === null) {
    throw new RegistryError(
      'reference',
      `${text} is no platform: OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT was expected, as linux/arm64`,
    );
  }
  const [, os, architecture, variant] = match;
  return {
    os: os!,
    architecture: ALIASES[architecture!] ?? architecture!,
    ...(variant !== undefined && { variant }),
  };
}

/** "linux/arm/v7", with what it needs: "linux/amd64 (erofs)". */
export function platformText({ os, architecture, variant, osFeatures = [] }: Platform): string {
  const name = [os, architecture, ...(variant ? [variant] : [])].join('/');
  return osFeatures.length === 0 ? name : `${name} (${osFeatures.join(', ')})`;
}

/**
 * How well an image fits: the higher, the better; undefined where it cannot be taken. `wanted` without a variant takes any, its
 * architecture's usual one first; with a variant it takes that or an older one.
 */
export function fitOf(wanted: Platform, offered: Platform): number | undefined {
  const { osFeatures = [] } = offered;
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return undefined;
  if (!osFeatures.every((feature) => KNOWN_FEATURES.has(feature))) return undefined;
  const usual = DEFAULT_VARIANTS[wanted.architecture] ?? '';
  const most = variantNumber(wanted.variant || usual);
  const found = variantNumber(offered.variant || usual);
  if (wanted.variant && found > most) return undefined;
  const distance = Math.min(VARIANTS - 1, Math.abs(most - found));
  return (osFeatures.includes(EROFS_FEATURE) ? VARIANTS : 0) + VARIANTS - distance;
}

/** More than any architecture has. */
const VARIANTS = 100;

/** "v8.1" is 8.1; 0 for what has no number. */
const variantNumber = (variant: string): number => Number(/^v(\d+(?:\.\d+)?)$/.exec(variant)?.[1] ?? 0);

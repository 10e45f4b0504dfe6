/** For which machines images are, and which one is taken. */
import t from 'tap';
import {
  fitOf,
  hostPlatform,
  type Platform,
  parsePlatform,
  platformText,
} from '../../src/registry/platform.js';

const platform = (text: string, ...osFeatures: string[]): Platform => ({
  ...parsePlatform(text),
  ...(osFeatures.length > 0 && { osFeatures }),
});

/** Those that can be taken, the best first. */
const ranked = (wanted: string, ...offers: Platform[]): string[] =>
  offers
    .map((offer) => ({ offer, fit: fitOf(parsePlatform(wanted), offer) }))
    .filter(({ fit }) => fit !== undefined)
    .sort((left, right) => right.fit! - left.fit!)
    .map(({ offer }) => platformText(offer));

t.test('an image that lists EROFS goes first, one with an unknown feature is none', async (t) => {
  t.same(
    ranked(
      'linux/amd64',
      platform('linux/amd64'),
      platform('linux/amd64', 'erofs'),
      platform('linux/amd64', 'erofs', 'holograms'),
      platform('linux/amd64', 'holograms'),
      platform('linux/arm64', 'erofs'),
      platform('windows/amd64'),
      platform('unknown/unknown'),
    ),
    ['linux/amd64 (erofs)', 'linux/amd64'],
  );
  t.same(
    ranked('linux/amd64', platform('linux/amd64/v1'), platform('linux/amd64/v3', 'erofs')),
    ['linux/amd64/v3 (erofs)', 'linux/amd64/v1'],
    'more than a variant',
  );
});

t.test('variants', async (t) => {
  const arms = ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7', 'linux/arm/v8'].map((text) => platform(text));
  t.same(ranked('linux/arm/v6', ...arms), ['linux/arm/v6', 'linux/arm/v5'], 'newer ones do not run');
  t.same(ranked('linux/arm', ...arms)[0], 'linux/arm/v7', 'the usual one');
  t.same(ranked('linux/arm64', platform('linux/arm64/v8')), ['linux/arm64/v8']);
  t.same(ranked('linux/arm64/v8', platform('linux/arm64')), ['linux/arm64']);
  t.same(ranked('linux/arm64', platform('linux/arm64/v9'), platform('linux/arm64')), [
    'linux/arm64',
    'linux/arm64/v9',
  ]);
  t.same(ranked('linux/amd64', platform('linux/amd64/v2')), ['linux/amd64/v2'], 'better than none');
});

t.test('names', async (t) => {
  t.same(hostPlatform('x64'), { os: 'linux', architecture: 'amd64' });
  t.same(hostPlatform('arm64'), { os: 'linux', architecture: 'arm64' });
  t.same(hostPlatform('ppc64'), { os: 'linux', architecture: 'ppc64le' });
  t.same(hostPlatform('riscv64'), { os: 'linux', architecture: 'riscv64' });
  t.same(parsePlatform('linux/aarch64'), { os: 'linux', architecture: 'arm64' });
  t.same(parsePlatform('linux/arm/v7'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  for (const text of ['', 'amd64', 'linux/', 'linux/a/b/c', 'linux/AMD64', '/x']) {
    t.throws(() => parsePlatform(text), { code: 'reference' }, text);
  }
});

/** The table of docs/format-support.md: each feature of the format and what proves it, computed from all fixtures. */
import { join } from 'node:path';
import { FEATURES } from './features.js';
import { featuresOf } from './features-image.js';
import { allFixtures } from './fixture.js';
import { openFixture } from './opened.js';
import { packageRoot } from './paths.js';

export const formatSupportPath = join(packageRoot, 'docs', 'format-support.md');

/** Names listed in a row; the test reads all of them. */
const NAMES_SHOWN = 6;

export interface Proof {
  readonly section: string;
  readonly feature: string;
  /** names of fixtures, in their order */
  readonly fixtures: readonly string[];
  /** test files, from the package's root */
  readonly tests: readonly string[];
}

/** Looks at every fixture. Rejects where one cannot be read, or uses what the list of features does not have. */
export async function proofs(): Promise<Proof[]> {
  const fixturesOf = new Map<string, string[]>();
  for (const fixture of allFixtures) {
    const opened = await openFixture(fixture);
    try {
      for (const feature of await featuresOf(opened, fixture)) {
        fixturesOf.set(feature, [...(fixturesOf.get(feature) ?? []), fixture.name]);
      }
    } finally {
      opened.close();
    }
  }
  const all = Object.entries(FEATURES).flatMap(([section, features]) =>
    Object.entries(features).map(
      ([feature, tests]): Proof => ({ section, feature, fixtures: fixturesOf.get(feature) ?? [], tests }),
    ),
  );
  const unlisted = [...fixturesOf.keys()].filter((name) => !all.some(({ feature }) => feature === name));
  if (unlisted.length > 0) throw new Error(`not in test/support/features.ts: ${unlisted.join(', ')}`);
  return all;
}

/** The document, in Markdown. */
export function formatSupport(all: readonly Proof[]): string {
  const lines = [
    '# What of the format is read, and what proves it',
    '',
    'Written by `npm run format-support` from the images in `test/fixtures/images`, and compared with them by',
    '`test/erofs-reader/format-support.test.ts`. A fixture proves what is found in it: its whole tree, read by every way',
    'there is, is compared with the manifest that Linux gave. Where a test file is named, it makes images of its own.',
  ];
  for (const section of new Set(all.map(({ section }) => section))) {
    lines.push('', `## ${section}`, '', '| feature | fixtures | tests |', '|---|---|---|');
    for (const { feature, fixtures, tests } of all.filter((proof) => proof.section === section)) {
      lines.push(`| ${feature} | ${fixtureList(fixtures)} | ${tests.map(code).join(' ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function fixtureList(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(code).join(' ');
  const more = names.length - NAMES_SHOWN;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const code = (text: string): string => `\`${text}\``;

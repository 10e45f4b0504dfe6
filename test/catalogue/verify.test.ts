/** Each row of the catalogue through `erofs verify`: the codes that it says, no others, and nothing of its neighbours. */
import t from 'tap';
import { checked, type FindingText } from '../check/checked.js';
import { rowsOf } from './rows.js';
import { findsOfWhole, neighbours, worldNames, worldOf } from './worlds.js';

const codesOf = (findings: readonly FindingText[]): string[] => [
  ...new Set(findings.map(({ code }) => code)),
];

for (const world of worldNames) {
  t.test(world, async (t) => {
    const rows = rowsOf(world);
    const { image, devices } = worldOf(world, rows);
    const sources = [image.bytes, ...devices].map((bytes) => bytes.source());
    const { findings } = await checked(sources, 100_000);
    const isBelow = (path: string) => (finding: FindingText) =>
      finding.path === path || finding.path?.startsWith(`${path}/`);
    for (const row of rows) {
      const found = findings.filter(isBelow(`/${row.name}`));
      const said = found.map(({ code, path, message }) => `${code} ${path}: ${message}`).join('\n');
      t.strictSame(codesOf(found).sort(), [...row.finds].sort(), `${row.name}: ${said}`);
      const blamed = Object.keys(neighbours(row)).filter((name) =>
        found.some(isBelow(`/${row.name}/${name}`)),
      );
      t.strictSame(blamed, [], 'nothing of its neighbours');
    }
    const whole = findings.filter(({ path }) => path === undefined || path === '/');
    const said = whole.map(({ message }) => message).join('\n');
    t.strictSame(codesOf(whole).sort(), [...findsOfWhole[world]].sort(), said);
  });
}

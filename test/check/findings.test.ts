/** One thing wrong with an image: exactly that finding, under the path and nid that it belongs to. */
import t from 'tap';
import { SEVERITIES } from '../../src/check/finding.js';
import { checked, type FindingText } from './checked.js';
import type { DamagedImage } from './damage-case.js';
import { damagedImages, shownElsewhere } from './damaged-images.js';

/** What openForCheck() makes of an image that does not open is a finding of this code. */
async function findingsOf({ source, devices = [] }: DamagedImage): Promise<readonly FindingText[]> {
  return (await checked([source, ...devices])).findings;
}

for (const { code, what, make } of damagedImages.filter(({ code }) => code !== 'unopenable')) {
  t.test(`${code}: ${what}`, async (t) => {
    const image = make();
    const findings = await findingsOf(image);
    const said = findings.map(({ message }) => message).join('; ');
    const kinds = new Set(findings.map(({ code, path }) => `${code} ${path ?? '(image)'}`));
    t.same([...kinds], [`${code} ${image.path ?? '(image)'}`], said);
    const meant = findings.find(({ message }) => image.message.test(message));
    t.match(meant, { severity: SEVERITIES[code] }, said);
    if (image.nid !== undefined) t.equal(meant?.nid, image.nid);
  });
}

for (const { what, make } of damagedImages.filter(({ code }) => code === 'unopenable')) {
  t.test(`unopenable: ${what}`, async (t) => {
    const { source, message } = make();
    await t.rejects(checked([source]), { name: 'ErofsError', message });
  });
}

t.test('every code has an image that shows it', async (t) => {
  const shown = new Set([...shownElsewhere, ...damagedImages.map(({ code }) => code)]);
  t.same(
    Object.keys(SEVERITIES).filter((code) => !shown.has(code as never)),
    [],
  );
});

/** The names of feature bits, for people. A bit that two features share has both names. */
import { FEATURE_COMPAT, FEATURE_INCOMPAT } from './layout.js';

export function compatFeatureNames(bits: number): string[] {
  return namesOf(FEATURE_COMPAT, bits);
}

export function incompatFeatureNames(bits: number): string[] {
  return namesOf(FEATURE_INCOMPAT, bits);
}

function namesOf(features: Readonly<Record<string, number>>, bits: number): string[] {
  const names = new Map<number, string>();
  for (const [name, bit] of Object.entries(features)) {
    if (!(bits & bit)) continue;
    const shared = names.get(bit);
    names.set(bit, shared === undefined ? name.toLowerCase() : `${shared}/${name.toLowerCase()}`);
  }
  const known = Object.values(features).reduce((all, bit) => all | bit, 0);
  const unknown = (bits & ~known) >>> 0;
  return [...names.values(), ...(unknown === 0 ? [] : [`0x${unknown.toString(16)}`])];
}

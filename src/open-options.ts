/** The long options that say how an image is opened, whichever command opens it, and from their values to an ImageSpec. */
import { CONTAINER_OPTIONS, type ContainerChoice, containerChoice } from './container-options.js';
import { NETWORK_OPTIONS, remoteSpec } from './network-options.js';
import type { ImageSpec } from './open.js';
import { type GivenOptions, type LongOption, OptionWords } from './options/long-option.js';
import { PROOF_OPTIONS, proofSpec } from './proof/proof-options.js';

interface OptionGroup {
  readonly heading: string;
  readonly options: Readonly<Record<string, LongOption>>;
}

export const OPEN_OPTION_GROUPS: readonly OptionGroup[] = [
  { heading: 'Verification:', options: PROOF_OPTIONS },
  { heading: 'Network:', options: NETWORK_OPTIONS },
  { heading: 'Container images:', options: CONTAINER_OPTIONS },
];

export const OPEN_OPTIONS: ReadonlyMap<string, LongOption> = new Map(
  OPEN_OPTION_GROUPS.flatMap(({ options }) => Object.entries(options)),
);

/** `spell` as OptionWords takes it. Throws OptionUsageError, VerityError. */
export function openSpec(
  given: GivenOptions,
  spell: (name: string) => string,
): Required<Pick<ImageSpec, 'proof' | 'remote'>> & { readonly choice: ContainerChoice } {
  return {
    proof: proofSpec(new OptionWords(given, spell)),
    remote: remoteSpec(new OptionWords(given, spell)),
    choice: containerChoice(new OptionWords(given, spell)),
  };
}

/** An inspected container image for people and programs. */
import type { InspectedLayer, Inspection } from '../container-inspection.js';
import { guaranteeText } from '../layers/guarantee.js';
import { sizeText } from './size-text.js';

/** For programs: the names that the other commands' JSON has, and null for what is absent. */
export function inspectionObject(inspection: Inspection): object {
  const { name, digest, mediaType, platform, platforms, layers, notes, obstacle } = inspection;
  return {
    ...{ name, digest, media_type: mediaType, platform: platform ?? null },
    platforms: platforms.map(({ platform, digest, size, isChosen }) => ({
      ...{ platform: platform ?? null, digest, size: size ?? null, chosen: isChosen },
    })),
    layers: layers.map(({ digest, size, mediaType, role, guarantee, isPacked, notes }) => ({
      ...{ digest, size, media_type: mediaType, role: role ?? null, guarantee: guarantee ?? null },
      ...{ packed: isPacked ?? null, notes },
    })),
    ...{ notes, obstacle: obstacle ?? null },
  };
}

export function inspectionLines({
  name,
  digest,
  mediaType,
  platform,
  platforms,
  layers,
  notes,
  obstacle,
}: Inspection): string[] {
  return [
    name,
    `  manifest  ${digest} (${mediaType})`,
    ...(platform === undefined ? [] : [`  platform  ${platform}`]),
    ...(platforms.length > 1 ? ['  offered'] : []),
    ...(platforms.length > 1
      ? platforms.map(
          (offered) =>
            `    ${offered.isChosen ? '*' : ' '} ${offered.platform ?? 'of no platform'}  ${offered.digest}`,
        )
      : []),
    `  layers    ${layers.length}, ${sizeText(layers.reduce((sum, { size }) => sum + size, 0))}, the lowest first`,
    ...layers.flatMap((layer, i) => layerLines(layer, i + 1)),
    ...notes.map((note) => `  note      ${note}`),
    obstacle === undefined ? '  can be mounted' : `  cannot be mounted: ${obstacle}`,
  ];
}

function layerLines(
  { digest, size, mediaType, role, guarantee, isPacked, notes }: InspectedLayer,
  number: number,
): string[] {
  const details = [
    ...(role === undefined || role === 'layer' ? [] : [`for the ${role} of others`]),
    ...(guarantee === undefined ? [] : [guaranteeText(guarantee)]),
    ...(isPacked === true ? ['fetched whole before anything of it can be read'] : []),
    ...notes,
  ];
  return [
    `    ${number}  ${digest}  ${sizeText(size)}  ${mediaType}`,
    ...details.map((detail) => `       ${detail}`),
  ];
}

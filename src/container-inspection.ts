/** A container image as it is inspected: also one that cannot be mounted. */
import type { ContainerContext } from './container-spec.js';
import { resolveContainer } from './container-spec.js';
import type { LayerFacts } from './layers/layer-roles.js';
import { platformText } from './registry/platform.js';

/** `role` and all that follows from it are absent where the layers cannot be put together. */
export type InspectedLayer = Pick<LayerFacts, 'digest' | 'size' | 'mediaType' | 'notes'> &
  Partial<Pick<LayerFacts, 'role' | 'guarantee' | 'isPacked'>>;

export interface Inspection {
  /** in full: "docker.io/library/debian:12" */
  readonly name: string;
  /** of the manifest */
  readonly digest: string;
  readonly mediaType: string;
  /** "linux/amd64 (erofs)" */
  readonly platform: string | undefined;
  /** all that the index has; of the manifest alone where there is none */
  readonly platforms: readonly {
    readonly platform: string | undefined;
    readonly digest: string;
    readonly size?: number;
    readonly isChosen: boolean;
  }[];
  /** lowest first */
  readonly layers: readonly InspectedLayer[];
  /** what refers to the image and is not made use of, and why */
  readonly notes: readonly string[];
  /** why it cannot be mounted */
  readonly obstacle?: string;
}

/** Rejects as findContainer does where the image itself cannot be found. */
export async function inspectContainer(reference: string, context: ContainerContext): Promise<Inspection> {
  const { image, put } = await resolveContainer(reference, context);
  const platform = image.platform && platformText(image.platform);
  const offered = image.index?.images.map(({ digest, size, isChosen, ...entry }) => ({
    platform: entry.platform && platformText(entry.platform),
    ...{ digest, size, isChosen },
  }));
  const found = {
    ...{ name: image.name, digest: image.digest, mediaType: image.mediaType, platform },
    platforms: offered ?? [{ platform, digest: image.digest, isChosen: true }],
  };
  try {
    const { facts: layers, notes } = await put();
    return { ...found, layers, notes };
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'string') throw error;
    const layers = image.layers.map(({ digest, size, mediaType }) => ({
      digest,
      size,
      mediaType,
      notes: [],
    }));
    return { ...found, layers, notes: [], obstacle: (error as Error).message };
  }
}

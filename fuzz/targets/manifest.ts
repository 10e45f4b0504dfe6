/** Documents of container images: manifests, indexes, configs, what their annotations say of layers, and sidecars. */
import { LayerError } from '../../src/layers/layer-error.js';
import { layersOf } from '../../src/layers/layer-roles.js';
import { RegistryError } from '../../src/registry/errors.js';
import { type ImageManifest, parseConfig, parseDocument, parseJson } from '../../src/registry/manifest.js';
import { fitOf, hostPlatform } from '../../src/registry/platform.js';
import { parseVerityArtifact } from '../../src/verity/annotations-artifact.js';
import { ProofError } from '../../src/verity/layer-proof.js';
import { parseSidecar } from '../../src/verity/sidecar.js';
import type { Edit } from '../input.js';
import { JsonEditor } from '../mutators/json.js';
import type { Rules } from '../rules.js';
import type { Base, Target } from '../target.js';
import { DOCUMENTS } from './documents.js';

const NAME = 'a document';
const PLACE = { kind: 'registry', registry: 'registry.example', repository: 'image' } as const;

/** As many readers as a document may meet: it is each of them that must not be confused. */
function run(bytes: Uint8Array, _edits: readonly Edit[], rules: Rules): void {
  const document = rules.operation('reading a document', () => parseDocument(bytes, NAME));
  const config = rules.operation('reading a config', () => parseConfig(bytes, NAME));
  const host = hostPlatform('x64');
  if (config?.platform !== undefined) fitOf(host, config.platform);
  if (document?.kind === 'manifest') readManifest(document, config?.diffIds, rules);
  for (const { platform } of document?.kind === 'index' ? document.manifests : []) {
    if (platform !== undefined) rules.operation('fitting a platform', () => fitOf(host, platform));
  }
  const json = rules.operation('reading JSON', () => parseJson(bytes, NAME));
  if (json !== undefined) rules.operation('reading an artifact', () => parseVerityArtifact(json));
  rules.operation('reading a sidecar', () => parseSidecar(Buffer.from(bytes).toString('utf8'), NAME));
}

function readManifest(
  { layers: descriptors }: ImageManifest,
  diffIds: readonly string[] | undefined,
  rules: Rules,
): void {
  const layers = descriptors.map((descriptor) => ({ ...descriptor, place: PLACE }));
  rules.operation('describing layers', () => layersOf({ name: NAME, layers, diffIds }));
}

export const manifestTarget: Target = {
  name: 'manifest',
  share: 15,
  allows: (error) =>
    error instanceof RegistryError || error instanceof LayerError || error instanceof ProofError,
  bases: async () =>
    Object.entries(DOCUMENTS).map(([name, document]): Base => {
      const text = JSON.stringify(document);
      const editor = new JsonEditor(text);
      return { name, bytes: new Uint8Array(Buffer.from(text)), edit: (random) => editor.edit(random), run };
    }),
};

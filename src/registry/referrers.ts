/**
 * What a registry has about a manifest: signatures, indexes (distribution-spec, "Listing Referrers").
 *
 * LAW: a list of referrers is nobody's word: only what each of them proves itself counts.
 */
import type { ExchangeAnswer } from '../remote/http-exchange.js';
import { fieldOf, valuesOf } from '../remote/response-fields.js';
import type { Descriptor } from './descriptor.js';
import { algorithmOf, hexOf } from './digest.js';
import { RegistryError } from './errors.js';
import { parseDocument } from './manifest.js';
import type { RegistryClient } from './registry-client.js';

/** A registry that goes on and on is left at some point. */
const MOST_PAGES = 50;

/**
 * Of one kind, where one is given. Registries without the API, and those that hide it behind a login, have them under a tag, or none.
 * Rejects with RegistryError 'unreachable'.
 */
export async function fetchReferrers(
  client: RegistryClient,
  digest: string,
  artifactType?: string,
): Promise<readonly Descriptor[]> {
  const found = (await fromApi(client, digest, artifactType)) ?? (await fromTag(client, digest)) ?? [];
  return artifactType === undefined ? found : found.filter((entry) => entry.artifactType === artifactType);
}

/** undefined where the registry has no such API. */
async function fromApi(
  client: RegistryClient,
  digest: string,
  artifactType: string | undefined,
): Promise<readonly Descriptor[] | undefined> {
  const path = `referrers/${digest}`;
  const found: Descriptor[] = [];
  let query: Readonly<Record<string, string>> | undefined =
    artifactType === undefined ? {} : { artifactType };
  for (let pages = 0; query !== undefined && pages < MOST_PAGES; pages++) {
    const answer: ExchangeAnswer | undefined = await client.optional(path, query);
    const manifests = answer && manifestsOf(answer, `the referrers of ${client.name}@${digest}`);
    if (answer === undefined || manifests === undefined) return pages === 0 ? undefined : found;
    found.push(...manifests);
    query = nextPage(answer);
  }
  return found;
}

/** The tag where clients write them for registries without the API: "sha256-HEX". */
async function fromTag(client: RegistryClient, digest: string): Promise<readonly Descriptor[] | undefined> {
  const tag = `${algorithmOf(digest).slice(0, 32)}-${hexOf(digest).slice(0, 64)}`;
  const answer = await client.optional(`manifests/${tag}`, {});
  return answer && manifestsOf(answer, `${client.name}:${tag}`);
}

/** undefined for a page of somebody else. */
function manifestsOf(answer: ExchangeAnswer, place: string): readonly Descriptor[] | undefined {
  try {
    const document = parseDocument(answer.body, place, fieldOf(answer.fields, 'content-type'));
    return document.kind === 'index' ? document.manifests : undefined;
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** The query of `Link: <URL>; rel="next"`; the path stays what was asked for. */
function nextPage({ fields }: ExchangeAnswer): Readonly<Record<string, string>> | undefined {
  for (const value of valuesOf(fields, 'link')) {
    const target = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(value)?.[1];
    if (target === undefined || !URL.canParse(target, 'http://registry/')) continue;
    const query = new URL(target, 'http://registry/').searchParams;
    query.delete('ns');
    return Object.fromEntries(query);
  }
  return undefined;
}

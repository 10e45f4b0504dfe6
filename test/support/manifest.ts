/** Manifests (see test/fixtures/manifest.py) and what differs between two of them. */
import { readFileSync } from 'node:fs';

export type Fields = Record<string, unknown>;
/** One entry a path; names are percent-escaped bytes. */
export type Manifest = Record<string, Fields>;

export const readManifest = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest;

/** What `erofs ls -R --json` prints: one object a line, its path a field. Throws on a path given twice. */
export function parseListing(text: string): Manifest {
  const manifest: Manifest = {};
  for (const line of text.trimEnd().split('\n')) {
    const { path, ...fields } = JSON.parse(line) as Fields & { path: string };
    if (path in manifest) throw new Error(`ls names ${path} twice`);
    manifest[path] = fields;
  }
  return manifest;
}

/** One line a difference: "sizes/text-1: size 5, expected 1"; empty where both are equal. */
export function differences(actual: Manifest, expected: Manifest): string[] {
  const found: string[] = [];
  for (const path of Object.keys(expected)) {
    const fields = actual[path];
    if (!fields) found.push(`${path}: missing`);
    else found.push(...fieldDifferences(path, fields, expected[path]!));
  }
  for (const path of Object.keys(actual)) if (!(path in expected)) found.push(`${path}: not expected`);
  return found;
}

function fieldDifferences(path: string, actual: Fields, expected: Fields): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    .filter((name) => canonical(actual[name]) !== canonical(expected[name]))
    .map((name) => `${path}: ${name} ${short(actual[name])}, expected ${short(expected[name])}`);
}

/** Equal values give equal texts, whatever the order of their keys. */
const canonical = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const short = (value: unknown): string => {
  const text = canonical(value) ?? 'nothing';
  return text.length <= 100 ? text : `${text.slice(0, 100)}... (${text.length} characters)`;
};

/** The manifest as somebody sees it to whom `hides` conceals xattrs. */
export function withoutXattrs(manifest: Manifest, hides: (name: string) => boolean): Manifest {
  return mapFields(manifest, ({ xattrs, ...fields }) => {
    const rest = Object.entries((xattrs ?? {}) as Fields).filter(([name]) => !hides(name));
    return rest.length > 0 ? { ...fields, xattrs: Object.fromEntries(rest) } : fields;
  });
}

export const mapFields = (manifest: Manifest, change: (fields: Fields, path: string) => Fields): Manifest =>
  Object.fromEntries(Object.entries(manifest).map(([path, fields]) => [path, change(fields, path)]));

/** path -> sha256 of every regular file whose name is UTF-8, so that every front end can be asked for it. */
export const fileDigests = (manifest: Manifest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(manifest)
      .filter(([path, { sha256 }]) => typeof sha256 === 'string' && isUtf8(path))
      .map(([path, { sha256 }]) => [path, sha256 as string]),
  );

/** Whether the bytes of a percent-escaped path are UTF-8. */
export function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** How images are named: by a path, or by an http or https URL. */
import { resolve } from 'node:path';

export const isUrl = (reference: string): boolean => /^https?:\/\//i.test(reference);

/** A path becomes absolute, as it may be used by another process; a URL is that already. */
export const absolute = (reference: string): string => (isUrl(reference) ? reference : resolve(reference));

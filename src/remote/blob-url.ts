/** URLs of blobs: what is sent, what people see, and what names the blob for ever. No secret is in the latter two. */
import { createHash } from 'node:crypto';
import { RemoteError } from './remote-blob.js';

/** Query fields of signed URLs, which change while the blob does not, and those that carry tokens. */
const SIGNATURE_FIELD =
  /^(x-(amz|goog|oss|cos|obs|tos)-.*|awsaccesskeyid|googleaccessid|ossaccesskeyid|signature|expires|key-pair-id|policy|sig|se|sp|sv|sr|st|spr|sip|ske|skoid|sks|skt|sktid|skv|hmac|hdnea|hdnts|(access[-_]?|auth[-_]?|api[-_]?)?(token|key)|auth|password|secret)$/i;

/** Throws RemoteError 'options' for what is no http or https URL. */
export function parseBlobUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isHttp(url)) {
    const shown = url === undefined ? 'the address of the image' : `${url.protocol}//…`;
    throw new RemoteError(
      'options',
      `${shown} is not a URL that can be read: http:// or https:// was expected`,
    );
  }
  url.hash = '';
  return url;
}

export const isHttp = (url: URL): boolean => url.protocol === 'http:' || url.protocol === 'https:';

/** Scheme, host, port and path. */
export const publicName = (url: URL): string => url.origin + url.pathname;

/**
 * The public name, and a digest of those query fields that may name the blob: two blobs of one path do not share an id,
 * and a blob does not change its id with its signature.
 */
export function identifyingName(url: URL): string {
  const fields = [...url.searchParams].filter(([name]) => !SIGNATURE_FIELD.test(name));
  if (fields.length === 0) return publicName(url);
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);
  return `${publicName(url)}?${digest}`;
}

/** "Authorization" for the user and password that stand in the URL, which are taken out of it. Throws RemoteError 'options'. */
export function takeUserinfo(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const userinfo = `${decodeUserinfo(url.username)}:${decodeUserinfo(url.password)}`;
  url.username = '';
  url.password = '';
  return { authorization: `Basic ${Buffer.from(userinfo).toString('base64')}` };
}

function decodeUserinfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RemoteError('options', 'the user or password in the URL is not valid: write % as %25');
  }
}

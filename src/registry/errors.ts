/**
 * Why an image of a registry, a layout or an archive cannot be used.
 *
 * - `reference`     what was asked for is no name of an image or registry
 * - `configuration` hosts.toml, or a folder of certificates, says something that cannot be followed
 * - `credentials`   a file of credentials or a credential helper cannot be used
 * - `not-found`     there is no such image, document or blob
 * - `denied`        it is not given to who asks
 * - `unreachable`   no answer came
 * - `protocol`      an answer that is none
 * - `corrupt`       a document is not what its digest says, or contradicts itself
 * - `unsupported`   a form that is known and not read
 * - `no-platform`   the image is for other machines
 * - `offline`       not kept from before, and the network may not be used
 */
export type RegistryErrorCode =
  | 'reference'
  | 'configuration'
  | 'credentials'
  | 'not-found'
  | 'denied'
  | 'unreachable'
  | 'protocol'
  | 'corrupt'
  | 'unsupported'
  | 'no-platform'
  | 'offline';

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

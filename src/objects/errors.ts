/**
 * Why the bytes of a file cannot be had from an object store; always EIO for whoever reads the file.
 *
 * - `object-missing`  no store has the object
 * - `object-refused`  what stands in its place is no regular file, or cannot be opened
 * - `object-size`     it is longer or shorter than the image says
 * - `object-unproven` the image has no digest for it, and every file must have one
 * - `integrity`       it does not match its digest
 */
export type ObjectErrorCode =
  | 'object-missing'
  | 'object-refused'
  | 'object-size'
  | 'object-unproven'
  | 'integrity';

export class ObjectError extends Error {
  override readonly name = 'ObjectError';
  readonly code: ObjectErrorCode;

  constructor(code: ObjectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

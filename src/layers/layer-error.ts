/**
 * - `bad-index`     a chunk index that is damaged, or contradicts itself or the layer
 * - `bad-chunk`     bytes that are not those that the chunk index tells, also when asked for again (errno EIO)
 * - `bad-digest`    a blob has not the digest that the image gives (errno EIO)
 * - `bad-diff-id`   a blob with the right digest unpacks to something else than the image says (errno EIO)
 * - `undecodable`   a blob with the right digest cannot be unpacked (errno EIO)
 * - `truncated`     a file that ends before the layer does (errno EIO)
 * - `too-large`     it unpacks to more than the cache may take
 * - `not-lazy`      all of it would have to be fetched before anything is read, which is refused
 * - `tar-layer`     a layer that is no EROFS image, and has no index
 * - `foreign-layer` a layer in another system's format
 * - `bad-roles`     layers that cannot be put together as their roles say
 * - `unknown-blob`  a reference to a blob that nobody described
 */
export type LayerErrorCode =
  | 'bad-index'
  | 'bad-chunk'
  | 'bad-digest'
  | 'bad-diff-id'
  | 'undecodable'
  | 'truncated'
  | 'too-large'
  | 'not-lazy'
  | 'tar-layer'
  | 'foreign-layer'
  | 'bad-roles'
  | 'unknown-blob';

export class LayerError extends Error {
  override readonly name = 'LayerError';
  readonly code: LayerErrorCode;

  constructor(code: LayerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

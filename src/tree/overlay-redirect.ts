/**
 * Where the xattr overlay.redirect leads: what was renamed in a layer says under which name it is found in those below
 * (fs/overlayfs/namei.c). A name stands beside the renamed one; a path begins at the root of the layers below.
 */
import { corrupt } from '../erofs-reader/errors.js';
import { pathNames } from './overlay-xattr.js';
import type { NodeId } from './tree.js';

export interface Redirect {
  readonly isAbsolute: boolean;
  /** at least one; just one where it is not absolute */
  readonly names: readonly Uint8Array[];
}

const SLASH = 0x2f;
/** PATH_MAX: longer ones could be opened by nobody, and would be followed for long. */
const LONGEST = 4096;

/** `what` names the node for people. Throws 'corrupt' for what is neither a name nor an absolute path. */
export function parseLayerRedirect(value: Uint8Array, what: string, node: NodeId): Redirect {
  const isAbsolute = value[0] === SLASH;
  const names = value.length > LONGEST ? undefined : pathNames(value, isAbsolute ? 1 : 0);
  if (names !== undefined && (isAbsolute || names.length === 1)) return { isAbsolute, names };
  const found =
    value.length > LONGEST ? `${value.length} bytes long` : JSON.stringify(Buffer.from(value).toString());
  throw corrupt(
    `${what}: the xattr overlay.redirect is ${found}; expected one name, or an absolute path of at most ${LONGEST} bytes without empty parts, "." and ".."`,
    { nid: node },
  );
}

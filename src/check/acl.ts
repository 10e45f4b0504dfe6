/** POSIX ACLs in the form of xattr values: version 2, then entries in the order of their tags (Linux acl(5), posix_acl_xattr.h). */

const VERSION = 2;
const HEADER_SIZE = 4;
const ENTRY_SIZE = 8;

const Tag = { USER_OBJ: 0x01, USER: 0x02, GROUP_OBJ: 0x04, GROUP: 0x08, MASK: 0x10, OTHER: 0x20 } as const;
const TAGS: readonly number[] = Object.values(Tag);

/** What is wrong with an ACL, as the end of a sentence; undefined where nothing is. */
export function aclProblem(value: Uint8Array): string | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length < HEADER_SIZE || (value.length - HEADER_SIZE) % ENTRY_SIZE !== 0) {
    return `of ${value.length} bytes, expected ${HEADER_SIZE} and a multiple of ${ENTRY_SIZE}`;
  }
  const version = view.getUint32(0, true);
  if (version !== VERSION) return `of version ${version}, expected ${VERSION}`;
  let last = 0;
  for (let at = HEADER_SIZE; at < value.length; at += ENTRY_SIZE) {
    const tag = view.getUint16(at, true);
    const permissions = view.getUint16(at + 2, true);
    if (!TAGS.includes(tag)) return `with the unknown tag ${tag}`;
    if (permissions > 7) return `with the permissions ${permissions}, expected 0 to 7`;
    const repeats = tag === Tag.USER || tag === Tag.GROUP;
    if (tag < last || (tag === last && !repeats)) return `with tag ${tag} behind tag ${last}`;
    last = tag;
  }
  return undefined;
}

/** The inodes that no name leads to: the packed one, whose data is fragments, and the metabox (erofs-format §12). */
import { checkInode } from './inode-check.js';
import { METADATA_EXPANSION, type Session } from './session.js';

export async function checkSpecialInodes(session: Session): Promise<void> {
  const { geometry, bytes } = session.image;
  const { packedNid, metaboxNid } = geometry;
  if (packedNid !== undefined) await checkInode(session, { place: undefined, nid: packedNid });
  if (metaboxNid === undefined) return;
  const metabox = await checkInode(session, { place: undefined, nid: metaboxNid });
  const size = Math.min(metabox?.size ?? 0, METADATA_EXPANSION * bytes.sizes[0]!);
  session.indexEntriesLeft += size / 2;
}

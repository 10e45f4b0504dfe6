/** An opened image together with the object stores that hold the bytes of its files. */
import { countedMemory } from './cache/lru.js';
import { StoredObjects, type StoredObjectsOptions } from './objects/stored-objects.js';
import type { OpenedLayer } from './open.js';
import { type FilePlace, ObjectsTree } from './tree/objects-tree.js';
import type { OverlayNamespace } from './tree/overlay-xattr.js';

/** Structured-clonable: a part of ImageSpec. */
export interface ObjectsSpec extends Omit<StoredObjectsOptions, 'memory'> {
  /** absolute paths of directories; the first that has an object gives it */
  readonly stores: readonly string[];
  /** whose overlay attributes count; found out by those of the root directory unless given */
  readonly namespace?: OverlayNamespace | undefined;
}

/**
 * The same image with a tree that shows the objects; closing it closes `opened`. Rejects with the system's error where a
 * store cannot be opened, and as the tree does; then `opened` is still open.
 */
export async function openObjects<Opened extends OpenedLayer>(
  opened: Opened,
  spec: ObjectsSpec,
  memory: { readonly objects: number; readonly inodes: number },
): Promise<Opened> {
  const objects = new StoredObjects(spec.stores, { ...spec, memory: memory.objects });
  try {
    const options = {
      namespace: spec.namespace,
      files: countedMemory<{ readonly place: FilePlace }>(memory.inodes),
    };
    const tree = await opened.run(() => new ObjectsTree(opened.tree, objects, options));
    return {
      ...opened,
      tree,
      close: () => {
        objects.close();
        opened.close();
      },
    };
  } catch (error) {
    objects.close();
    throw error;
  }
}

/**
 * The bytes of external files, from the first store that has the object.
 *
 * With `requireVerity` a file's object is hashed whole when it is opened, and refused unless its fs-verity digest is
 * the one in the image; from then on every block is checked against that tree each time it is read. The tree stays
 * in memory: 0.8 % of the object.
 */
import { BytesSource } from '../cache/bytes-source.js';
import { eachPieceSync } from '../cache/pieces.js';
import type { Source } from '../cache/source.js';
import { VerifiedSource } from '../cache/verified-source.js';
import type { ExternalFile, ObjectReader } from '../tree/objects-tree.js';
import { digestText } from '../verity/digest-text.js';
import { DEFAULT_BLOCK_SIZE, emptyRoot, fileDigest, fsVerityTree } from '../verity/fs-verity.js';
import type { HashBackend } from '../verity/hash.js';
import { type BuiltTree, TreeBuilder } from '../verity/tree-builder.js';
import { Verifier } from '../verity/verifier.js';
import { ObjectError } from './errors.js';
import { nameOf, ObjectStore } from './object-store.js';
import { OpenObjects } from './open-objects.js';

export interface StoredObjectsOptions {
  /** serve no byte that is not proven by a digest in the image */
  readonly requireVerity?: boolean | undefined;
  readonly hashBackend?: HashBackend | undefined;
  /** bytes of the hash trees of objects that stay open: 64 MiB, for 8 GiB of objects, unless given */
  readonly memory?: number | undefined;
}

/** Descriptors: every worker has so many, and 1024 is what a process may have. */
const OPEN_COUNT = 64;
const TREES = 64 << 20;
/** The tree is in memory already; what is taken from it is checked again, which costs 3 µs for 512 KiB of data. */
const LEAF_BUDGET = 64 << 10;
const NO_SALT = new Uint8Array(0);

export class StoredObjects implements ObjectReader {
  readonly #stores: readonly ObjectStore[];
  readonly #options: StoredObjectsOptions;
  readonly #open: OpenObjects;

  /** `stores` are absolute paths of directories, the preferred first. Throws the system's error where one cannot be opened. */
  constructor(stores: readonly string[], options: StoredObjectsOptions = {}) {
    this.#options = options;
    this.#open = new OpenObjects(OPEN_COUNT, options.memory ?? TREES);
    const opened: ObjectStore[] = [];
    try {
      for (const path of stores) opened.push(new ObjectStore(path));
    } catch (error) {
      for (const store of opened) store.close();
      throw error;
    }
    this.#stores = opened;
  }

  /** Throws ObjectError; IntegrityError for a block that does not match; 'truncated' where the object became shorter. */
  read(file: ExternalFile, offset: number, dst: Uint8Array): void {
    const source = this.#open.get(file) ?? this.#openFile(file);
    source.readSync!(dst, offset);
  }

  close(): void {
    this.#open.close();
    for (const store of this.#stores) store.close();
  }

  #openFile(file: ExternalFile): Source {
    if (this.#options.requireVerity === true && file.digest === undefined) {
      throw new ObjectError(
        'object-unproven',
        `${nameOf('', file.path)}: the image has no digest for this object, and every file must have one; make the image with digests, or mount it without --require-verity`,
      );
    }
    const source = this.#find(file);
    try {
      if (source.size !== file.size) {
        throw new ObjectError(
          'object-size',
          `${source.name} has ${source.size} bytes, the image says ${file.size}; it is another object or was changed`,
        );
      }
      const object =
        this.#options.requireVerity === true ? this.#verified(file, source) : { source, memory: 0 };
      this.#open.add(file, object);
      return object.source;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** Like overlayfs, a store that has something else in the object's place counts as one that lacks it. */
  #find({ path }: ExternalFile): Source {
    const found: string[] = [];
    let missing = true;
    for (const store of this.#stores) {
      try {
        return store.open(path);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT') missing = false;
        found.push(`${nameOf(store.path, path)}: ${WORDING[code ?? ''] ?? (error as Error).message}`);
      }
    }
    throw new ObjectError(
      missing ? 'object-missing' : 'object-refused',
      `the bytes of a file are in no object store: ${found.join('; ')}; fetch the object, or add its store with --objects`,
    );
  }

  #verified(file: ExternalFile, source: Source): { source: Source; memory: number } {
    const { algorithm } = file.digest!;
    const parameters = { algorithm, blockSize: DEFAULT_BLOCK_SIZE, salt: NO_SALT };
    const tree = fsVerityTree(parameters, source.size, this.#options.hashBackend);
    let built: BuiltTree = { root: emptyRoot(algorithm), bytes: new Uint8Array(0) };
    if (tree !== undefined) {
      const builder = new TreeBuilder(tree);
      eachPieceSync(source, source.size, (piece) => builder.add(piece));
      built = builder.finish();
    }
    const digest = fileDigest(
      { ...parameters, fileSize: source.size, root: built.root },
      this.#options.hashBackend,
    );
    const [found, expected] = [digestText(digest), digestText(file.digest!)];
    if (found !== expected) {
      throw new ObjectError(
        'integrity',
        `${source.name} has the fs-verity digest ${found}, the image says ${expected}; it was damaged or changed: fetch it again`,
      );
    }
    if (tree === undefined) return { source, memory: 0 };
    const hashes = new BytesSource(built.bytes, `the hash tree of ${source.name}`, expected);
    const verifier = new Verifier(tree, built.root);
    return {
      source: new VerifiedSource({ data: source, hashes, treeStart: 0, verifier, memory: LEAF_BUDGET }),
      memory: built.bytes.length,
    };
  }
}

const WORDING: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of the path is no directory, or a symbolic link',
  ELOOP: 'a symbolic link stands there',
  EISDIR: 'a directory stands there',
  EINVAL: 'no regular file stands there',
  EACCES: 'it may not be read',
};

/** How an image is opened, for openImage() and mount() alike; shapes alone. */

/** What one of the command's long options is given: true where it takes no value, several values where it may be repeated. */
export type Setting = string | number | true | readonly string[];

/** How an image is opened, wherever it is. */
export interface OpenOptions {
  /** byte offset of the file system in the image; 0 unless given */
  readonly offset?: number | undefined;
  /** the extra devices of the image, in the order of its device table: paths or URLs */
  readonly devices?: readonly string[] | undefined;
  /** images that are merged above it as overlayfs does, the last one wins */
  readonly upper?: readonly string[] | undefined;
  /** directories with the bytes of files that the image keeps elsewhere (composefs) */
  readonly objects?: readonly string[] | undefined;
  /** open an image that is shorter than it says; reading what is missing still fails */
  readonly allowTruncated?: boolean | undefined;
  /** show every node with this owner instead of its own */
  readonly uid?: number | undefined;
  /** show every node with this group instead of its own */
  readonly gid?: number | undefined;
  /**
   * The command's long options about verification, networks and container images, without the dashes in front:
   * `{ 'verity-root': '4fd2…', offline: true, 'read-timeout': 5 }`.
   */
  readonly settings?: Readonly<Record<string, Setting>> | undefined;
  /** told of what is gone on after, such as an invalid name that is left out of its directory; nobody unless given */
  readonly report?: ((problem: Error) => void) | undefined;
}

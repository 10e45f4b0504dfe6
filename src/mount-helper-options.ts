/** What mount(8) may give to its helper: `mount.fuse.erofs IMAGE DIR [-sfnv] [-o OPTIONS] [-t TYPE] [-N NAMESPACE]`. */

/** As parseArgs of node:util takes it, with what the manual says. */
export const HELPER_OPTIONS = {
  options: {
    type: 'string',
    short: 'o',
    multiple: true,
    describe: 'LIST: mount options with commas between; repeatable',
  },
  type: { type: 'string', short: 't', describe: 'TYPE: fuse.NAME: the mount shall show this type' },
  fake: { type: 'boolean', short: 'f', describe: 'only look whether it could be mounted, and mount nothing' },
  verbose: {
    type: 'boolean',
    short: 'v',
    describe: 'say which driver serves the mount, and which options have no effect',
  },
  sloppy: { type: 'boolean', short: 's', describe: 'options that nobody knows have no effect' },
  'no-mtab': { type: 'boolean', short: 'n', describe: 'no effect: no file is kept of what is mounted' },
  namespace: { type: 'string', short: 'N', describe: 'NAMESPACE: no effect: mount(8) is in it already' },
} as const;

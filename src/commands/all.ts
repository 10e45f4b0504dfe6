/** Every command, in the order in which help and manual name them. */
import type { Command, CommandTables } from '../config/command-table.js';
import { command as cache } from './cache.js';
import { command as cat } from './cat.js';
import { command as completion } from './completion.js';
import { configCommand } from './config.js';
import { command as diff } from './diff.js';
import { command as digest } from './digest.js';
import { command as doctor } from './doctor.js';
import { command as du } from './du.js';
import { command as dump } from './dump.js';
import { command as explain } from './explain.js';
import { command as explore } from './explore.js';
import { command as extract } from './extract.js';
import { command as find } from './find.js';
import { command as info } from './info.js';
import { command as inspect } from './inspect.js';
import { command as ls } from './ls.js';
import { command as mount } from './mount.js';
import { command as pull } from './pull.js';
import { command as stat } from './stat.js';
import { command as stats } from './stats.js';
import { command as status } from './status.js';
import { command as tree } from './tree.js';
import { command as umount } from './umount.js';
import { command as upgrade } from './upgrade.js';
import { command as verify } from './verify.js';

/** `tables` are those of these commands, once they are made. */
export function allCommands(tables: () => CommandTables): Command[] {
  return [
    mount,
    umount,
    upgrade,
    status,
    stats,
    doctor,
    ls,
    tree,
    find,
    du,
    cat,
    stat,
    extract,
    explain,
    explore,
    diff,
    dump,
    info,
    inspect,
    digest,
    verify,
    pull,
    cache,
    configCommand(tables),
    completion,
  ] as Command[];
}

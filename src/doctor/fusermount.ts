/** The setuid program through which a plain user mounts. Root does without. */
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

const SETUID = 0o4000;
/** No path of a program, and no text of a configuration. */
const REFUSED = 'EACCES';
const CONFIGURATION = '/etc/fuse.conf';

export async function fusermount(machine: Machine): Promise<Finding> {
  const name = 'fusermount3';
  if (machine.user === 0) return good(name, 'root mounts without it');
  const find = (program: string) => unlessRefused(() => machine.findProgram(program));
  const path = find(name) ?? find('fusermount');
  if (path === undefined) {
    return bad(name, 'is not installed; a plain user mounts through it', 'sudo apt install fuse3');
  }
  if (path === REFUSED) return bad(name, 'this user may not run it', `sudo chmod 4755 /usr/bin/${name}`);
  const { mode, owner } = machine.stat(path) ?? { mode: 0, owner: 0 };
  if (owner !== 0) {
    const reinstall = 'sudo apt install --reinstall fuse3';
    return bad(name, `${path} belongs to user ${owner} and should be root's`, reinstall);
  }
  if ((mode & SETUID) === 0) {
    const found = `${path} is not setuid (mode ${(mode & 0o7777).toString(8)})`;
    return bad(name, found, `sudo chmod 4755 ${path}`);
  }
  if (/^NoNewPrivs:\s*1$/m.test(machine.read('/proc/self/status') ?? '')) {
    const found = 'cannot become root: this process has no_new_privs set, from a container or a systemd unit';
    return bad(
      name,
      found,
      'docker run --security-opt no-new-privileges=false, or NoNewPrivileges=no in the unit',
    );
  }
  const version = /(\d+(?:\.\d+)+)/.exec(await machine.run(path, ['--version']))?.[1];
  return good(name, `${path}, setuid, version ${version ?? 'unknown'}`);
}

/** REFUSED where it is there and not for this user. */
function unlessRefused(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === REFUSED) return REFUSED;
    throw error;
  }
}

/** A choice of whoever administers the machine, and nothing wrong. */
export function allowOther({ user, read }: Machine): Finding {
  const check = 'user_allow_other';
  if (user === 0) return good(check, 'root may use -o allow_other without it');
  const text = unlessRefused(() => read(CONFIGURATION));
  if (text === REFUSED) {
    const found = `${CONFIGURATION} cannot be read by this user, so whether -o allow_other works is not known`;
    return warning(check, found, `sudo chmod a+r ${CONFIGURATION}`);
  }
  if (/^\s*user_allow_other\s*$/m.test(text ?? '')) return good(check, '-o allow_other is allowed');
  const wanted = `echo user_allow_other | sudo tee -a ${CONFIGURATION}`;
  return good(check, `is not in ${CONFIGURATION}: -o allow_other is for root`, wanted);
}

/** What AppArmor and the kernel's settings forbid. */
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

const PROFILE = '/etc/apparmor.d/fusermount3';

/** Profiles of containers forbid mount(2), with CAP_SYS_ADMIN as well; Ubuntu's one of fusermount3 most directories. */
export function appArmor({ user, read, stat }: Machine): Finding {
  const check = 'AppArmor';
  if (read('/sys/module/apparmor/parameters/enabled')?.trim() !== 'Y') return good(check, 'is not in use');
  const own = /^(.+) \(enforce\)/.exec(read('/proc/self/attr/current') ?? '')?.[1];
  if (own !== undefined && /^(docker-default|containers-default|cri-containerd|lxc-)/.test(own)) {
    const remedy = 'docker run --security-opt apparmor=unconfined';
    return bad(check, `the profile ${own}, which forbids to mount, holds for this process`, remedy);
  }
  const isConfined = stat(PROFILE) !== undefined && stat('/etc/apparmor.d/disable/fusermount3') === undefined;
  if (user === 0 || !isConfined) return good(check, 'no profile is in the way');
  return warning(
    check,
    'the profile of fusermount3 lets a plain user mount in some directories alone, such as those below the home',
    `sudo aa-disable ${PROFILE}`,
  );
}

interface Setting {
  readonly path: string;
  readonly forbids: string;
  readonly allows: string;
}

const SETTINGS: readonly Setting[] = [
  { path: 'user/max_user_namespaces', forbids: '0', allows: 'user.max_user_namespaces=15000' },
  { path: 'kernel/unprivileged_userns_clone', forbids: '0', allows: 'kernel.unprivileged_userns_clone=1' },
  {
    path: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    allows: 'kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

/** Of use where there is no fusermount3: unshare -Urm erofs mount. */
export function userNamespaces({ user, read }: Machine): Finding {
  const check = 'user namespaces';
  if (user === 0) return good(check, 'root does without them');
  const closed = SETTINGS.find(({ path, forbids }) => read(`/proc/sys/${path}`)?.trim() === forbids);
  if (closed === undefined) return good(check, 'a plain user may make them');
  const found = `a plain user may make none (${closed.path.replace('/', '.')} is ${closed.forbids}), so fusermount3 is the only way to mount`;
  return warning(check, found, `sudo sysctl -w ${closed.allows}`);
}

/** What root may do that a plain user may not: mount through the kernel, drop caches. */
export const isRoot = process.geteuid?.() === 0;

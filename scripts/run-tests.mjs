// Runs compiled test files, each in a process of its own, and counts every assertion of their TAP output.
// tap's own runner is not used: it would load its TypeScript plugin into every file, and the files are JavaScript.
import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { Parser } from 'tap-parser';

/** A file that has not ended by then is killed with all that it started in its process group. */
const fileLimitSeconds = 280;
/** What tap says, and no more than says, of a test that begins when the file's tests have ended: it is not run. */
const tooLate = /^Error: .*(after (parent (test|promise)|end\(\))|exceeds plan).*$/m;
/** After its end a file's output must close; a process that it left behind and that holds it is a failure. */
const outputLimitSeconds = 5;

/**
 * Runs `files`, `jobs` at a time; prints one line a file, and what failed below it.
 * Returns {passed, failed, skipped} over all assertions. A file that crashes, hangs or asserts nothing is a failure.
 */
export async function runTests(files, { dist, environment, jobs }) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await runFile(file, environment);
      totals.passed += result.passed;
      totals.failed += result.failures.length;
      totals.skipped += result.skips.length;
      console.log(describe(relative(dist, file).replace(/\.js$/, ''), result));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return totals;
}

async function runFile(file, environment) {
  const started = Date.now();
  const result = { passed: 0, failures: [], skips: [], seconds: 0 };
  const parser = new Parser();
  watch(parser, result);
  // no --enable-source-maps: to read the maps of all modules costs each file 0.1 s, and compiled lines are much like the source's
  const child = spawn(process.execPath, [file], {
    detached: true,
    env: { ...process.env, TAP_TIMEOUT: String(fileLimitSeconds - 20), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    if (stderr.length < 20_000) stderr += text;
  });
  const parsed = new Promise((resolve) => parser.once('complete', resolve));
  child.stdout.pipe(parser);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const end = await new Promise((resolve) => {
    const limit = setTimeout(() => {
      result.failures.push({ name: `not ended after ${fileLimitSeconds} s: killed` });
      killGroup(child.pid);
    }, fileLimitSeconds * 1000);
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (status, signal) => {
      clearTimeout(limit);
      resolve({ status, signal });
    });
  });
  if (!(await within(closed, outputLimitSeconds))) {
    result.failures.push({ name: 'left a process behind that holds its output open' });
    child.stdout.destroy();
    child.stderr.destroy();
    parser.end();
  }
  const outcome = await parsed;
  const { skipAll, skipReason } = outcome.plan;
  // a file that asserts nothing says `1..0 # no tests found`; one that cannot run here says why
  if (skipAll && outcome.count === 0 && skipReason !== 'no tests found') {
    result.skips.push(skipReason || 'no reason given');
  }
  const late = tooLate.exec(stderr);
  if (late) result.failures.push({ name: 'a test was not run', details: late[0] });
  const isGood = end.status === 0 && outcome.ok && (result.passed > 0 || result.skips.length > 0);
  if (!isGood && result.failures.length === 0) {
    const how = end.error?.message ?? end.signal ?? `exit ${end.status}`;
    result.failures.push({ name: `no assertion failed, but the file did (${how})`, details: stderr.trim() });
  }
  result.seconds = (Date.now() - started) / 1000;
  return result;
}

/** Counts leaves: the point that closes a subtest only repeats what its own points say. */
function watch(parser, result) {
  parser.on('child', (child) => watch(child, result));
  parser.on('assert', (point) => {
    if (point.skip) result.skips.push(point.skip === true ? 'no reason given' : point.skip);
    else if (point.todo) result.skips.push(`todo: ${point.name}`);
    else if (point.ok) result.passed += point.closingTestPoint ? 0 : 1;
    else if (
      !point.closingTestPoint ||
      !result.failures.some(({ name }) => name.startsWith(point.fullname))
    ) {
      result.failures.push({ name: point.fullname || point.name, details: diagnosis(point.diag) });
    }
  });
}

function diagnosis(diag) {
  if (!diag) return '';
  const { message, diff, found, wanted, stack, at, exitCode, signal, expired } = diag;
  const parts = [];
  const place = at?.fileName ? `${at.fileName}:${at.lineNumber}` : (stack ?? '').split('\n')[0];
  if (place) parts.push(`at ${place}`);
  if (message) parts.push(message);
  if (diff) parts.push(diff.trimEnd());
  else if (found !== undefined || wanted !== undefined) {
    parts.push(`found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
  }
  if (expired) parts.push(`time limit of ${expired}`);
  if (signal || exitCode) parts.push(`${signal ?? `exit ${exitCode}`}`);
  return parts.join('\n');
}

function describe(name, { passed, failures, skips, seconds }) {
  const counts = [`${passed} passed`];
  if (failures.length > 0) counts.push(`${failures.length} failed`);
  if (skips.length > 0) counts.push(`${skips.length} skipped`);
  const lines = [
    `${failures.length > 0 ? 'FAIL' : 'ok  '} ${name}: ${counts.join(', ')} (${seconds.toFixed(1)} s)`,
  ];
  for (const { name: failed, details } of failures) {
    lines.push(`     not ok ${failed}`);
    if (details) lines.push(details.split('\n').slice(0, 40).join('\n').replace(/^/gm, '       '));
  }
  for (const reason of new Set(skips)) {
    lines.push(`     skipped ${skips.filter((other) => other === reason).length}: ${reason}`);
  }
  return lines.join('\n');
}

const within = (promise, seconds) =>
  new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), seconds * 1000);
    promise.then(() => {
      clearTimeout(limit);
      resolve(true);
    });
  });

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

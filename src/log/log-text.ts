/**
 * A line of the log for people: "2024-05-01T12:00:00.000Z INFO  mounted: the message field=value other="two words"".
 *
 * LAW: what was one line stays one, and a terminal that shows it obeys none of it: names in images may hold any character. Values that
 * are not plain words are JSON, and so is a message with such characters. (pino-pretty writes them as they are.)
 */

/** JSON lines for programs, or text for people. */
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const WIDTH = 'ERROR'.length;
/** Control characters, those that turn the direction of writing, and line separators; JSON leaves most of them as they are. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[^\s"=\p{C}]+$/u;

/** `json` is a line as pino writes it, with its newline; so has what comes back. */
export function logText(json: string): string {
  const { time, level, event, msg, pid: _, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const message = String(msg);
  const words = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  const head = `${time} ${(LEVELS[level as number] ?? String(level)).padEnd(WIDTH)} ${event}:`;
  const isSafe = message.search(UNSAFE) < 0;
  const line = [head, isSafe ? message : JSON.stringify(message), ...words].join(' ');
  return `${line.replace(UNSAFE, escaped)}\n`;
}

/** As JSON escapes a character: each of its units in UTF-16. */
function escaped(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}

function valueText(value: unknown): string {
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value);
}

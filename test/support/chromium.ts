/** Headless Chromium, spoken to over a pipe (Chrome DevTools Protocol), where it is installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { killGroup } from './run.js';
import { until } from './until.js';

/** undefined where there is none. */
export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

/** In a container there is no sandbox of its own to be had, and little shared memory. */
export const headless = (profile: string): string[] => [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  `--user-data-dir=${profile}`,
];

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/** One page of a browser of its own. */
export class Page {
  /** what the page wrote to its console, and what was thrown in it */
  readonly complaints: string[] = [];
  readonly #browser: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #session: string | undefined;
  #count = 0;

  private constructor(browser: ChildProcess) {
    this.#browser = browser;
    let text = '';
    (browser.stdio[4] as Readable).setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const messages = text.split('\0');
      text = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message) as Reply);
    });
  }

  /** `profile` is an empty folder. Throws where the browser does not do as it is told. */
  static async open(profile: string, size: { width: number; height: number }): Promise<Page> {
    const words = [...headless(profile), '--remote-debugging-pipe', 'about:blank'];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    const page = new Page(spawn(chromium!, words, { detached: true, stdio: [...stdio] }));
    const { targetId } = await page.tell('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.tell('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log']) await page.tell(`${domain}.enable`);
    await page.tell('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
    return page;
  }

  close(): void {
    killGroup(this.#browser);
  }

  /** Rejects with the browser's words where it refuses. */
  tell(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#browser.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result!) : reject(new Error(`${method}: ${error.message}`)),
      );
    });
  }

  /** What an expression gives in the page, as JSON has it. Rejects with what it throws. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.tell('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails !== undefined)
      throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  /** Settles when an expression is true in the page; rejects where it stays false. */
  async until(expression: string): Promise<void> {
    if (await until(() => this.value<boolean>(`!!(${expression})`), 60)) return;
    throw new Error(`the page never came to ${expression}: ${this.complaints.join('; ')}`);
  }

  /** A key pressed and released, as KeyboardEvent.key names it; it may have a text. */
  async press(key: string, text?: string): Promise<void> {
    const codes: Readonly<Record<string, number>> = {
      ...{ Backspace: 8, Tab: 9, Enter: 13, End: 35, Home: 36 },
      ...{ ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 },
    };
    const event = { key, code: key, windowsVirtualKeyCode: codes[key] ?? 0, ...(text && { text }) };
    await this.tell('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', ...event });
    await this.tell('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.tell('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }

  #take({ id, method, params, ...reply }: Reply): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(reply);
      this.#waiting.delete(id);
    } else if (/^(Runtime\.(exceptionThrown|consoleAPICalled)|Log\.entryAdded)$/.test(method ?? '')) {
      this.complaints.push(JSON.stringify(params));
    }
  }
}

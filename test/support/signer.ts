/** Somebody who signs root hashes, with a key and a certificate that openssl makes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Scratch } from './scratch.js';

export class Signer {
  /** PEM: what others pin */
  readonly certificateFile: string;
  readonly #keyFile: string;

  /** Throws with openssl's own words where it fails. */
  constructor(scratch: Scratch, name: string) {
    const folder = scratch.folder('self', 'signer');
    this.certificateFile = join(folder, 'certificate.pem');
    this.#keyFile = join(folder, 'key.pem');
    const made = ['-keyout', this.#keyFile, '-out', this.certificateFile, '-subj', `/CN=${name}`];
    openssl(['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...made]);
  }

  /** PKCS#7 in DER. `root` is hexadecimal. */
  sign(root: string): Buffer {
    const by = ['-inkey', this.#keyFile, '-signer', this.certificateFile];
    return openssl(['smime', '-sign', '-binary', '-noattr', '-nocerts', '-outform', 'der', ...by], root);
  }
}

function openssl(parameters: readonly string[], input = ''): Buffer {
  const { status, stdout, stderr } = spawnSync('openssl', parameters, { input });
  if (status === 0) return stdout;
  throw new Error(`openssl ${parameters[0]}: ${stderr}`);
}

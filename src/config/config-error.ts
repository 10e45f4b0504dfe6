/** The environment or the configuration file says what no command understands; `message` names the variable, or file and key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'usage';
}

/** Runs the programs of this machine that containers need (runc, mount, skopeo, umoci). */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const OUTPUT_BYTES_MAX = 8 << 20;

/** A program that failed: `message` is what it said, without log decoration. */
export class CommandError extends Error {
  readonly command: string;
  readonly exitCode: number | undefined;
  /** The program is not on this machine. */
  readonly missing: boolean;

  constructor(command: string, exitCode: number | undefined, stderr: string, missing: boolean) {
    super(missing ? `${command} is not installed` : lastWords(stderr) || `${command} failed with exit code ${exitCode ?? 'none'}`);
    this.name = 'CommandError';
    this.command = command;
    this.exitCode = exitCode;
    this.missing = missing;
  }
}

export interface CommandOptions {
  signal?: AbortSignal;
  cwd?: string;
}

/** Resolves with the standard output; rejects with a CommandError. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { maxBuffer: OUTPUT_BYTES_MAX, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const code = error.code as unknown;
      reject(new CommandError(command, typeof code === 'number' ? code : undefined, stderr || error.message, code === 'ENOENT'));
    });
  });
}

/** Go programs log `time=... level=... msg="..."`: the last message is the reason. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  const last = lines.at(-1) ?? '';
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(last)?.[1];
  return message === undefined ? last : message.replaceAll(/\\(["\\])/g, '$1');
}

const USUAL_DIRS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The program's path: in PATH, or where programs of this machine usually are. */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_DIRS]
    .map((dir) => join(dir, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

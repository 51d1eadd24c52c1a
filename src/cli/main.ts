/** The command line. Only the command that is asked for is loaded; all of them for help. */
import { Command, CommanderError } from 'commander';
import { UserError } from './errors.ts';
import { systemPath } from './needs.ts';
import { version } from './version.ts';

const COMMANDS: Record<string, () => Promise<Command>> = {
  up: async () => (await import('./up.ts')).upCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  list: async () => (await import('./list.ts')).listCommand(),
  kubeconfig: async () => (await import('./kubeconfig.ts')).kubeconfigCommand(),
  logs: async () => (await import('./logs.ts')).logsCommand(),
  down: async () => (await import('./down.ts')).downCommand(),
  delete: async () => (await import('./delete.ts')).deleteCommand(),
  join: async () => (await import('./fleet/join.ts')).joinCommand(),
  leave: async () => (await import('./fleet/leave.ts')).leaveCommand(),
  why: async () => (await import('./fleet/why.ts')).whyCommand(),
  snapshot: async () => (await import('./snapshot.ts')).snapshotCommand(),
  calc: async () => (await import('./calc.ts')).calcCommand(),
  load: async () => (await import('./load.ts')).loadCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  version: async () => (await import('./version.ts')).versionCommand(),
};
const ALIASES: Record<string, string> = { ls: 'list' };

async function program(asked: string | undefined): Promise<Command> {
  const root = new Command('argosy')
    .description('Kubernetes clusters on one Linux machine, with capacity that is there before it is needed')
    .version(version)
    .showHelpAfterError('(argosy help shows all commands)');
  const one = COMMANDS[ALIASES[asked ?? ''] ?? asked ?? ''];
  const commands = one === undefined ? await Promise.all(Object.values(COMMANDS).map((load) => load())) : [await one()];
  for (const command of commands) root.addCommand(command);
  return root;
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.env.PATH = systemPath();
try {
  const root = await program(process.argv[2]);
  await root.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.exitCode = 1;
    process.stderr.write(`argosy: ${explain(error)}\n`);
  }
}

function explain(error: unknown): string {
  if (error instanceof UserError) return error.mend === undefined ? error.message : `${error.message}\n  to mend it: ${error.mend}`;
  // Not foreseen: whoever reports it needs the stack.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

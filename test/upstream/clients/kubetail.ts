/** kubetail, of Debian: a shell script around kubectl that follows the logs of several pods at once. */
import { execFileSync, spawn } from 'node:child_process';
import { eventually } from '../../e2e/cluster.ts';
import type { Part } from './part.ts';

const TALKERS = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: talkers}
spec:
  replicas: 2
  selector: {matchLabels: {app: talkers}}
  template:
    metadata: {labels: {app: talkers}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: left, image: busybox, command: [sh, -c, 'while sleep 1; do echo "left of $HOSTNAME"; done']}
      - {name: right, image: busybox, command: [sh, -c, 'while sleep 1; do echo "right of $HOSTNAME"; done']}
`;

export const kubetail: Part = {
  name: 'kubetail',
  tools: [],
  whyNot() {
    try {
      execFileSync('/usr/bin/kubetail', ['--version'], { stdio: 'ignore' });
      return undefined;
    } catch {
      return 'needs the Debian package kubetail';
    }
  },
  async run({ cluster, holds }) {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    await cluster.apply(TALKERS);
    await cluster.kubectl('rollout', 'status', 'deployment/talkers', '--timeout=60s');
    const names = (await cluster.json<{ items: { metadata: { name: string } }[] }>('get', 'pods', '-l', 'app=talkers')).items.map(
      ({ metadata }) => metadata.name,
    );

    /**
     * In a group of its own: it ends its whole group when it ends. And as under an older bash: what it joins its commands by (&) means
     * something else since 5.2.
     */
    const start = (...args: string[]): Disposable & { text(): string } => {
      const tail = spawn('bash', ['+O', 'patsub_replacement', '/usr/bin/kubetail', ...args, '-k', 'false'], { env, detached: true });
      let text = '';
      tail.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      return {
        text: () => text,
        [Symbol.dispose]: () => void (tail.exitCode === null && tail.signalCode === null && tail.pid !== undefined && process.kill(-tail.pid)),
      };
    };
    await holds('finds the pods of a name and all their containers', async () => {
      using listed = start('talkers', '--dry-run');
      for (const name of names)
        for (const container of ['left', 'right'])
          await eventually(`${name} ${container} is listed`, async () => new RegExp(`${name}.* ${container}`).test(listed.text()), 30);
    });
    await holds('follows the logs of all containers that a selector finds', async () => {
      using tail = start('--selector', 'app=talkers', '--since', '1m');
      for (const name of names)
        for (const container of ['left', 'right'])
          await eventually(`${container} of ${name} is heard twice`, async () => tail.text().split(`${container} of ${name}`).length > 2, 30);
    });
    await cluster.kubectl('delete', 'deployment', 'talkers');
  },
};

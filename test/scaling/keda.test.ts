/** ScaledObjects as users have them: the real API and controllers under a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployments, horizontalPodAutoscalers, secrets } from '../../src/kube/resources.ts';
import { scaledObjects } from '../../src/scaling/index.ts';
import { triggerAuthentications } from '../../src/scaling/keda/types.ts';
import { query, Scaled } from './scaled.ts';

test('work wakes a target from zero, its autoscaler follows the work, and it sleeps again after the cooldown', async () => {
  await using scaled = await Scaled.start();
  const { world, answers } = scaled;
  await scaled.deploy('app', 0);
  await scaled.scale('app');
  await scaled.says('app', 'Active=False ScalerNotActive');
  assert.equal((await scaled.hpa('keda-hpa-app')).spec?.minReplicas, 1);
  answers.set('server', 35);
  await scaled.wants('app', 4);
  assert.deepEqual(await scaled.events('KEDAScaleTargetActivated'), ['Scaled apps/v1.Deployment default/app from 0 to 1, triggered by s0-prometheus']);
  answers.set('server', 0);
  await scaled.says('app', 'Active=False ScalerCooldown');
  const lastWork = world.clock.now();
  await scaled.wants('app', 0);
  const slept = (world.clock.now() - lastWork) / 1000;
  assert.ok(slept >= 50 && slept <= 75, `after ${slept} s`);
  assert.match((await scaled.events('KEDAScaleTargetDeactivated'))[0] ?? '', /^Deactivated apps\/v1.Deployment default\/app from \d to 0$/);
  await scaled.says('app', 'HPAActive=True ScalingDisabled');
});

test('the autoscaler is what KEDA makes, and what is changed of it comes back', async () => {
  await using scaled = await Scaled.start();
  const { world } = scaled;
  await scaled.deploy('app', 1);
  await scaled.scale(
    'app',
    { minReplicaCount: 2, maxReplicaCount: 9, triggers: [query('server'), query('other', { metricType: 'Value' })] },
    { labels: { team: 'blue' } },
  );
  await scaled.says('app', 'Ready=True ScaledObjectReady');
  const hpa = await scaled.hpa('keda-hpa-app');
  assert.deepEqual(hpa.metadata.labels, {
    'app.kubernetes.io/managed-by': 'keda-operator',
    'app.kubernetes.io/name': 'keda-hpa-app',
    'app.kubernetes.io/part-of': 'app',
    'app.kubernetes.io/version': '2.21.0',
    'scaledobject.keda.sh/name': 'app',
    team: 'blue',
  });
  const selector = { matchLabels: { 'scaledobject.keda.sh/name': 'app' } };
  assert.deepEqual(hpa.spec?.metrics, [
    { type: 'External', external: { metric: { name: 's0-prometheus', selector }, target: { type: 'AverageValue', averageValue: '10' } } },
    { type: 'External', external: { metric: { name: 's1-prometheus', selector }, target: { type: 'Value', value: '10' } } },
  ]);
  await world.client.patch(horizontalPodAutoscalers, { namespace: 'default', name: 'keda-hpa-app' }, { spec: { maxReplicas: 50 } }, { type: 'merge' });
  await world.until('it is put right', async () => (await scaled.hpa('keda-hpa-app')).spec?.maxReplicas === 9);
  await world.client.delete(horizontalPodAutoscalers, { namespace: 'default', name: 'keda-hpa-app' });
  await world.until('it is made again', () =>
    scaled.hpa('keda-hpa-app').then(
      () => true,
      () => false,
    ),
  );
  await world.client.patch(
    scaledObjects,
    { namespace: 'default', name: 'app' },
    { spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'mine' } } } },
    { type: 'merge' },
  );
  await world.until('it has its new name', async () => (await world.list(horizontalPodAutoscalers)).map(({ metadata }) => metadata.name).join() === 'mine');
});

test('while a scaler fails nothing is scaled; beyond the threshold the fallback holds; then the work counts again', async () => {
  await using scaled = await Scaled.start();
  const { answers } = scaled;
  answers.set('server', 30);
  await scaled.deploy('app', 1);
  await scaled.scale('app', { minReplicaCount: 1, fallback: { failureThreshold: 3, replicas: 6 } });
  await scaled.wants('app', 3);
  answers.set('server', new Error('connection refused'));
  await scaled.says('app', 'Fallback=True FallbackExists');
  assert.equal((await scaled.get('app')).status?.health?.['s0-prometheus']?.status, 'Failing');
  await scaled.wants('app', 6);
  assert.deepEqual(await scaled.events('ScaledObjectFallbackActivated'), ['ScaledObject fallback is active']);
  answers.set('server', 30);
  await scaled.says('app', 'Fallback=False NoFallbackFound');
  await scaled.wants('app', 3);
  assert.deepEqual(await scaled.events('ScaledObjectFallbackDeactivated'), ['ScaledObject fallback is no longer active']);
});

test('a failure without a fallback changes nothing for an hour and is told', async () => {
  await using scaled = await Scaled.start();
  const { answers, world } = scaled;
  answers.set('server', 30);
  await scaled.deploy('app', 1);
  await scaled.scale('app');
  await scaled.wants('app', 3);
  answers.set('server', new Error('connection refused'));
  await scaled.says('app', 'Ready=False TriggerError');
  await world.clock.advance(3_600_000);
  assert.equal(await scaled.replicas('app'), 3);
  await scaled.says('app', 'HPAActive=False FailedGetExternalMetric');
  assert.ok((await scaled.events('KEDAScalerFailed')).includes('s0-prometheus: connection refused'));
});

test('paused it stands still, at the replicas asked for; unpaused it goes on', async () => {
  await using scaled = await Scaled.start();
  const { answers, world } = scaled;
  answers.set('server', 30);
  await scaled.deploy('app', 1);
  await scaled.scale('app');
  await scaled.wants('app', 3);
  await scaled.annotate('app', { 'autoscaling.keda.sh/paused-replicas': '5' });
  await scaled.says('app', 'Paused=True ScaledObjectPaused');
  await scaled.wants('app', 5);
  assert.deepEqual(await world.list(horizontalPodAutoscalers), []);
  const { asked } = scaled;
  await world.clock.advance(600_000);
  assert.equal(scaled.asked, asked);
  assert.equal((await scaled.get('app')).status?.pausedReplicaCount, 5);
  await scaled.annotate('app', { 'autoscaling.keda.sh/paused-replicas': null });
  await scaled.says('app', 'Paused=False ScaledObjectUnpaused');
  await scaled.wants('app', 3);
  assert.equal((await scaled.get('app')).status?.pausedReplicaCount, undefined);
});

test('a pause of one direction is a policy of the autoscaler, and leaves it with the annotation', async () => {
  await using scaled = await Scaled.start();
  const { world } = scaled;
  await scaled.deploy('app', 1);
  await scaled.scale('app', { minReplicaCount: 1 }, { annotations: { 'autoscaling.keda.sh/paused-scale-in': 'true' } });
  const policy = async (): Promise<string | undefined> => (await scaled.hpa('keda-hpa-app')).spec?.behavior?.scaleDown?.selectPolicy;
  await world.until('scaling in is off', async () => (await policy()) === 'Disabled');
  await scaled.annotate('app', { 'autoscaling.keda.sh/paused-scale-in': null });
  await world.until('it is on', async () => (await policy()) !== 'Disabled');
});

test('controllers that start again in the middle of scaling up carry on without a dip', async () => {
  await using scaled = await Scaled.start();
  const { answers, world } = scaled;
  answers.set('server', 200);
  await scaled.deploy('app', 1);
  await scaled.scale('app', { minReplicaCount: 1, maxReplicaCount: 20 });
  let least = 0;
  const watch = async (): Promise<boolean> => {
    const now = await scaled.replicas('app');
    assert.ok(now >= least, `from ${least} to ${now}`);
    least = now;
    return now === 20;
  };
  await world.until('half way', async () => (await watch()) || least >= 5);
  await world.stopControllers();
  await world.clock.advance(20_000);
  world.startControllers();
  await world.until('all of them', watch);
});

for (const byMs of [3_600_000, -3_600_000])
  test(`when the machine's time is set ${byMs > 0 ? 'forward' : 'back'} an hour, work is still looked at and scaled for`, async () => {
    await using scaled = await Scaled.start();
    const { answers, world } = scaled;
    answers.set('server', 30);
    await scaled.deploy('app', 1);
    await scaled.scale('app', { minReplicaCount: 0, maxReplicaCount: 20, cooldownPeriod: 60 });
    await world.until('three', async () => (await scaled.replicas('app')) === 3);
    world.clock.set(byMs);
    const { asked } = scaled;
    answers.set('server', 100);
    await world.until('ten', async () => (await scaled.replicas('app')) === 10, 120_000);
    assert.ok(scaled.asked > asked, 'the server is asked');
    answers.set('server', 0);
    await world.until('it sleeps', async () => (await scaled.replicas('app')) === 0, 600_000);
    answers.set('server', 30);
    await world.until('it wakes', async () => (await scaled.replicas('app')) >= 1, 60_000);
  });

test('a target gets back what it had when it is asked for, and the ScaledObject goes with its autoscaler', async () => {
  await using scaled = await Scaled.start();
  const { answers, world } = scaled;
  answers.set('server', 50);
  await scaled.deploy('app', 2);
  await scaled.scale('app', { advanced: { restoreToOriginalReplicaCount: true } });
  await scaled.wants('app', 5);
  await world.client.delete(scaledObjects, { namespace: 'default', name: 'app' });
  await scaled.wants('app', 2);
  await world.until('nothing is left', async () => (await world.list(scaledObjects)).length + (await world.list(horizontalPodAutoscalers)).length === 0);
  await world.clock.advance(600_000);
  assert.equal(await scaled.replicas('app'), 2);
});

test('a formula makes one metric of all triggers', async () => {
  await using scaled = await Scaled.start();
  const { answers } = scaled;
  answers.set('a', 12).set('b', 8);
  await scaled.deploy('app', 1);
  const advanced = { scalingModifiers: { formula: 'max(one, two) + 8', target: '5' } };
  await scaled.scale('app', { triggers: [query('a', { name: 'one' }), query('b', { name: 'two' })], advanced });
  await scaled.wants('app', 4);
  const [metric] = (await scaled.hpa('keda-hpa-app')).spec?.metrics ?? [];
  assert.deepEqual([metric?.external?.metric.name, metric?.external?.target], ['composite-metric', { type: 'AverageValue', averageValue: '5' }]);
});

test('with useCachedMetrics the server is asked once a polling interval, however often the autoscaler looks', async () => {
  await using scaled = await Scaled.start();
  const { answers, world } = scaled;
  answers.set('server', 10);
  await scaled.deploy('app', 1);
  await scaled.scale('app', { pollingInterval: 60, minReplicaCount: 1, triggers: [query('server', { useCachedMetrics: true })] });
  await scaled.says('app', 'Active=True ScalerActive');
  const { asked } = scaled;
  await world.clock.advance(600_000);
  assert.ok(scaled.asked - asked <= 11, `asked ${scaled.asked - asked} times`);
});

test('secrets are read from the authentication, and a missing one is named', async () => {
  await using scaled = await Scaled.start();
  const { world } = scaled;
  await scaled.deploy('app', 1);
  await scaled.scale('app', {
    triggers: [
      query('server', {
        metadata: { serverAddress: 'http://server', query: 'work', threshold: '10', authModes: 'basic' },
        authenticationRef: { name: 'auth' },
      }),
    ],
  });
  const message = async (): Promise<string> => (await scaled.get('app')).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  await world.until('the authentication is missed', async () => /triggerauthentications.keda.sh "auth" not found/.test(await message()));
  const metadata = { name: 'auth', namespace: 'default' };
  await world.client.create({ group: 'keda.sh', version: 'v1alpha1', kind: 'TriggerAuthentication', plural: 'triggerauthentications', namespaced: true }, {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata,
    spec: { secretTargetRef: ['username', 'password'].map((key) => ({ parameter: key, name: 'login', key })) },
  } as never);
  await world.until('the secret is missed', async () => /there is no key username in secret default\/login for parameter username/.test(await message()));
  await world.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', namespace: 'default' },
    stringData: { username: 'me', password: 'it' },
  });
  await scaled.says('app', 'Ready=True ScaledObjectReady');
});

test('an authentication says who uses it', async () => {
  await using scaled = await Scaled.start();
  const { world } = scaled;
  const key = { namespace: 'default', name: 'auth' };
  await world.create(triggerAuthentications, { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', metadata: key, spec: {} });
  const users = async (): Promise<string | undefined> => (await world.client.get(triggerAuthentications, key)).status?.scaledobjects;
  for (const app of ['b', 'a']) {
    await scaled.deploy(app, 1);
    await scaled.scale(app, { triggers: [{ ...query('server'), authenticationRef: { name: 'auth' } }, query('server')] });
  }
  await world.until('both are named', async () => (await users()) === 'a,b');
  const triggers = [query('server')];
  await world.client.patch(scaledObjects, { namespace: 'default', name: 'a' }, { spec: { triggers } }, { type: 'merge' });
  await world.until('one uses it no longer', async () => (await users()) === 'b');
  await world.client.delete(scaledObjects, { namespace: 'default', name: 'b' });
  await world.until('nobody does', async () => (await users()) === '');
});

test('a target that is missing is told, and found when it comes', async () => {
  await using scaled = await Scaled.start();
  await scaled.scale('app');
  await scaled.says('app', 'Ready=False ScaledObjectCheckFailed');
  assert.deepEqual(await scaled.events('ScaledObjectCheckFailed').then((texts) => texts.includes("Target resource doesn't exist")), true);
  await scaled.deploy('app', 1);
  await scaled.says('app', 'Ready=True ScaledObjectReady');
});

test('pods of another workload, and times of day, scale too', async () => {
  await using scaled = await Scaled.start();
  const { world } = scaled;
  await scaled.deploy('web', 6);
  await scaled.deploy('worker', 1);
  await scaled.scale('worker', { triggers: [{ type: 'kubernetes-workload', metadata: { podSelector: 'app=web', value: '2' } }] });
  await scaled.wants('worker', 3);
  await world.client.patch(deployments, { namespace: 'default', name: 'web' }, { spec: { replicas: 0 } }, { type: 'merge' });
  await scaled.wants('worker', 0, 1_200_000);
  await scaled.deploy('office', 0);
  const hours = { timezone: 'Europe/Berlin', start: '0 3 * * *', end: '0 4 * * *', desiredReplicas: '4' };
  await scaled.scale('office', { triggers: [{ type: 'cron', metadata: hours }] });
  const berlin = (): number => new Date(world.clock.now() + 3_600_000).getUTCHours();
  await scaled.wants('office', 4, 86_400_000);
  assert.equal(berlin(), 3);
  await scaled.wants('office', 0, 86_400_000);
  assert.equal(berlin(), 4);
});

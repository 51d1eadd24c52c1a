/** Rules that taint devices of dynamic resource allocation. */
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { KubeObject } from '../types.ts';
import { validateStatusConditions, type StatusCondition } from './conditions.ts';
import { invalidValue, named, notSupported, required, tooLong, tooMany, type Errors } from './field.ts';

export interface DeviceTaintRule extends KubeObject {
  spec?: {
    deviceSelector?: { driver?: string; pool?: string; device?: string };
    taint?: { key?: string; value?: string; effect?: string; timeAdded?: string };
  };
  status?: { conditions?: StatusCondition[] };
}

const DRIVER_MAX = 63;
const POOL_MAX = 253;
const CONDITIONS_MAX = 8;
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];

export function validateDeviceTaintRule(errors: Errors, { spec }: DeviceTaintRule, old: DeviceTaintRule | undefined): void {
  const { driver, pool, device } = spec?.deviceSelector ?? {};
  if (driver !== undefined) validateDriver(errors, 'spec.deviceSelector.driver', driver);
  if (pool !== undefined) validatePool(errors, 'spec.deviceSelector.pool', pool);
  if (device !== undefined) named(errors, 'spec.deviceSelector.device', device, isDns1123Label);
  const { key = '', value = '', effect = '' } = spec?.taint ?? {};
  named(errors, 'spec.taint.key', key, isQualifiedName);
  if (value !== '') named(errors, 'spec.taint.value', value, isLabelValue);
  // An effect that was accepted once may stay.
  if (old !== undefined && old.spec?.taint?.effect === effect) return;
  if (effect === '') errors.push(required('spec.taint.effect'));
  else if (!EFFECTS.includes(effect)) errors.push(notSupported('spec.taint.effect', effect, EFFECTS));
}

function validateDriver(errors: Errors, field: string, driver: string): void {
  if (driver === '') return void errors.push(required(field));
  if (driver.length > DRIVER_MAX) errors.push(tooLong(field, DRIVER_MAX));
  for (const why of isDns1123Subdomain(driver.toLowerCase())) errors.push(invalidValue(field, driver, why));
}

function validatePool(errors: Errors, field: string, pool: string): void {
  if (pool === '') return void errors.push(required(field));
  if (pool.length > POOL_MAX) errors.push(tooLong(field, POOL_MAX));
  for (const part of pool.split('/')) named(errors, field, part, isDns1123Subdomain);
}

export function validateDeviceTaintRuleStatus(errors: Errors, { status }: DeviceTaintRule): void {
  const conditions = status?.conditions ?? [];
  validateStatusConditions(errors, 'status.conditions', conditions);
  if (conditions.length > CONDITIONS_MAX) errors.push(tooMany('status.conditions', conditions.length, CONDITIONS_MAX));
}

import { isConfigKey, isDns1123Label, isPortName } from '../names.ts';
import { compareQuantities, isQuantity } from '../quantity.ts';
import type { Container } from '../types.ts';
import { duplicate, forbiddenField, invalidValue, named, nonNegative, oneOf, portNumber, positive, required, type Errors } from './field.ts';
import { validateMounts } from './pod-volumes.ts';
import { validateIds } from './security-context.ts';

type Probe = NonNullable<Container['livenessProbe']>;
type Handler = NonNullable<NonNullable<Container['lifecycle']>['preStop']>;

/** Printable ASCII but '='. */
const ENV_NAME = /^[ -<>-~]+$/;
const ENV_WHY = "a valid environment variable name must consist only of printable ASCII characters other than '='";

export function validateContainers(errors: Errors, path: string, containers: readonly Container[], names: Set<string>, volumes: ReadonlySet<string>): void {
  for (const [i, container] of containers.entries()) {
    const at = `${path}[${i}]`;
    if (!container.name) errors.push(required(`${at}.name`));
    else {
      named(errors, `${at}.name`, container.name, isDns1123Label);
      if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
      names.add(container.name);
    }
    if (!container.image) errors.push(required(`${at}.image`));
    else if (container.image !== container.image.trim())
      errors.push(invalidValue(`${at}.image`, container.image, 'must not have leading or trailing whitespace'));
    oneOf(errors, `${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
    oneOf(errors, `${at}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']);
    validatePorts(errors, `${at}.ports`, container.ports ?? []);
    validateEnv(errors, `${at}.env`, container.env ?? []);
    validateMounts(errors, `${at}.volumeMounts`, container.volumeMounts ?? [], volumes);
    validateResources(errors, `${at}.resources`, container.resources);
    validateIds(errors, `${at}.securityContext`, container.securityContext);
    for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const)
      validateProbe(errors, `${at}.${name}`, container[name], name !== 'readinessProbe');
    for (const name of ['postStart', 'preStop'] as const)
      if (container.lifecycle?.[name]) validateHandler(errors, `${at}.lifecycle.${name}`, container.lifecycle[name]);
  }
}

function validatePorts(errors: Errors, path: string, ports: NonNullable<Container['ports']>): void {
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = `${path}[${i}]`;
    if (port.name) {
      named(errors, `${at}.name`, port.name, isPortName);
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if (port.containerPort === undefined) errors.push(required(`${at}.containerPort`));
    else portNumber(errors, `${at}.containerPort`, port.containerPort);
    portNumber(errors, `${at}.hostPort`, port.hostPort);
    if (!port.protocol) errors.push(required(`${at}.protocol`));
    else oneOf(errors, `${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']);
  }
}

function validateEnv(errors: Errors, path: string, env: NonNullable<Container['env']>): void {
  for (const [i, { name, value, valueFrom }] of env.entries()) {
    const at = `${path}[${i}]`;
    if (!name) errors.push(required(`${at}.name`));
    else if (!ENV_NAME.test(name)) errors.push(invalidValue(`${at}.name`, name, ENV_WHY));
    if (!valueFrom) continue;
    const sources = Object.values(valueFrom).filter((source) => source !== undefined && source !== null);
    if (sources.length === 0)
      errors.push(invalidValue(`${at}.valueFrom`, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'));
    if (sources.length > 1 || (sources.length === 1 && value))
      errors.push(invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const ref = valueFrom[source];
      if (ref && !ref.key) errors.push(required(`${at}.valueFrom.${source}.key`));
      else if (ref) named(errors, `${at}.valueFrom.${source}.key`, ref.key, isConfigKey);
    }
    if (valueFrom.fieldRef && !valueFrom.fieldRef.fieldPath) errors.push(required(`${at}.valueFrom.fieldRef.fieldPath`));
  }
}

const QUANTITY_WHY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const INTEGER_RESOURCES = /\//;

export function validateResources(errors: Errors, path: string, resources: Container['resources']): void {
  const good = (field: string, value: string | number): boolean => {
    if (!isQuantity(value)) {
      errors.push(invalidValue(field, value, QUANTITY_WHY));
      return false;
    }
    if (compareQuantities(value, '0') < 0) {
      errors.push(invalidValue(field, String(value), 'must be greater than or equal to 0'));
      return false;
    }
    return true;
  };
  const limits = resources?.limits ?? {};
  for (const [name, value] of Object.entries(limits)) good(`${path}.limits[${name}]`, value);
  for (const [name, value] of Object.entries(resources?.requests ?? {})) {
    if (!good(`${path}.requests[${name}]`, value)) continue;
    const limit = limits[name];
    if (limit !== undefined && isQuantity(limit) && compareQuantities(value, limit) > 0)
      errors.push(invalidValue(`${path}.requests`, String(value), `must be less than or equal to ${name} limit of ${limit}`));
    if (limit === undefined && INTEGER_RESOURCES.test(name) && !name.startsWith('kubernetes.io/'))
      errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
  }
}

function validateProbe(errors: Errors, path: string, probe: Probe | undefined, successMustBeOne: boolean): void {
  if (!probe) return;
  validateHandler(errors, path, probe);
  nonNegative(errors, `${path}.initialDelaySeconds`, probe.initialDelaySeconds);
  nonNegative(errors, `${path}.timeoutSeconds`, probe.timeoutSeconds);
  nonNegative(errors, `${path}.periodSeconds`, probe.periodSeconds);
  nonNegative(errors, `${path}.successThreshold`, probe.successThreshold);
  nonNegative(errors, `${path}.failureThreshold`, probe.failureThreshold);
  positive(errors, `${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds);
  if (successMustBeOne && probe.successThreshold !== undefined && probe.successThreshold !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function validateHandler(errors: Errors, path: string, handler: Partial<Handler> & { grpc?: unknown }): void {
  const given = HANDLERS.filter((name) => handler[name] !== undefined);
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const name of given.slice(1)) errors.push(forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type'));
  if (handler.exec && !handler.exec.command?.length) errors.push(required(`${path}.exec.command`));
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    if (handler[name] === undefined) continue;
    // Go's zero for a port that is not named.
    const port = handler[name].port ?? 0;
    if (typeof port === 'number') portNumber(errors, `${path}.${name}.port`, port);
    else named(errors, `${path}.${name}.port`, port, isPortName);
  }
  oneOf(errors, `${path}.httpGet.scheme`, handler.httpGet?.scheme, ['HTTP', 'HTTPS']);
}

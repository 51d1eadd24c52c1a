/** Ingresses without a class get the default one. */
import type { Unstructured } from '../../kube/types.ts';
import { newestDefault } from './newest-default.ts';
import type { AdmissionPlugin } from './plugin.ts';

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
/** How a class was named before there was a field for it. */
const CLASS = 'kubernetes.io/ingress.class';

export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  admit(request) {
    const { definition, operation, object } = request;
    if (operation !== 'create' || definition.group !== 'networking.k8s.io' || definition.plural !== 'ingresses') return;
    const spec = ((object as Unstructured)['spec'] ??= {}) as { ingressClassName?: string };
    if (spec.ingressClassName !== undefined || object.metadata.annotations?.[CLASS] !== undefined) return;
    const name = newestDefault(request, 'networking.k8s.io/ingressclasses', ({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true');
    if (name !== undefined) spec.ingressClassName = name;
  },
};

/** Protobuf numbers of kinds whose descriptors kubectl does not carry; clients of client-go send these kinds in protobuf all the same. */
import type { FieldData, TypeData } from '../../src/kube/schema/table-data.ts';

const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
const REGISTRATION = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.';

/** Fields in the order of their numbers from 1; '-' where there is none. '*': Go keeps it by pointer. */
const NUMBERS: Record<string, string> = {
  [`${EXTENSIONS}CustomResourceColumnDefinition`]: 'name type format description priority jsonPath',
  [`${EXTENSIONS}CustomResourceConversion`]: 'strategy webhook*',
  [`${EXTENSIONS}CustomResourceDefinition`]: 'metadata spec status',
  [`${EXTENSIONS}CustomResourceDefinitionCondition`]: 'type status lastTransitionTime reason message',
  [`${EXTENSIONS}CustomResourceDefinitionList`]: 'metadata items',
  [`${EXTENSIONS}CustomResourceDefinitionNames`]: 'plural singular shortNames kind listKind categories',
  [`${EXTENSIONS}CustomResourceDefinitionSpec`]: 'group - names scope - - versions - conversion* preserveUnknownFields',
  [`${EXTENSIONS}CustomResourceDefinitionStatus`]: 'conditions acceptedNames storedVersions',
  [`${EXTENSIONS}CustomResourceDefinitionVersion`]:
    'name served storage schema* subresources* additionalPrinterColumns deprecated deprecationWarning* selectableFields',
  [`${EXTENSIONS}CustomResourceSubresourceScale`]: 'specReplicasPath statusReplicasPath labelSelectorPath*',
  [`${EXTENSIONS}CustomResourceSubresources`]: 'status* scale*',
  [`${EXTENSIONS}CustomResourceValidation`]: 'openAPIV3Schema*',
  [`${EXTENSIONS}ExternalDocumentation`]: 'description url',
  [`${EXTENSIONS}JSONSchemaProps`]:
    'id $schema $ref* description type format title default* maximum* exclusiveMaximum minimum* exclusiveMinimum maxLength* minLength* pattern maxItems* minItems* uniqueItems multipleOf* enum maxProperties* minProperties* required items* allOf oneOf anyOf not* properties additionalProperties* patternProperties dependencies additionalItems* definitions externalDocs* example* nullable x-kubernetes-preserve-unknown-fields* x-kubernetes-embedded-resource x-kubernetes-int-or-string x-kubernetes-list-map-keys x-kubernetes-list-type* x-kubernetes-map-type* x-kubernetes-validations',
  [`${EXTENSIONS}SelectableField`]: 'jsonPath',
  [`${EXTENSIONS}ServiceReference`]: 'namespace name path* port*',
  [`${EXTENSIONS}ValidationRule`]: 'rule message messageExpression reason* fieldPath optionalOldSelf*',
  [`${EXTENSIONS}WebhookClientConfig`]: 'service* caBundle url*',
  [`${EXTENSIONS}WebhookConversion`]: '- clientConfig* conversionReviewVersions',
  [`${REGISTRATION}APIService`]: 'metadata spec status',
  [`${REGISTRATION}APIServiceCondition`]: 'type status lastTransitionTime reason message',
  [`${REGISTRATION}APIServiceList`]: 'metadata items',
  [`${REGISTRATION}APIServiceSpec`]: 'service* group version insecureSkipTLSVerify caBundle - groupPriorityMinimum versionPriority',
  [`${REGISTRATION}APIServiceStatus`]: 'conditions',
  [`${REGISTRATION}ServiceReference`]: 'namespace name port*',
};

/** Messages that are something else in JSON: a value, one of two, or an object without fields. */
const WIRES: Record<string, NonNullable<FieldData['w']>> = {
  status: 'empty',
  additionalItems: 'schemaOrBool',
  additionalProperties: 'schemaOrBool',
  default: 'json',
  dependencies: 'schemaOrStrings',
  enum: 'json',
  example: 'json',
  items: 'schemaOrList',
};

/** Completes the types of the table; throws for a field that the table does not have. */
export function numberFields(types: Record<string, TypeData>): void {
  for (const [name, fields] of Object.entries(NUMBERS)) {
    for (const [i, text] of fields.split(' ').entries()) {
      if (text === '-') continue;
      const found = types[name]?.fields.find(({ n }) => n === text.replace('*', ''));
      if (found === undefined) throw new Error(`${name} has no field ${text}`);
      found.p = i + 1;
      if (text.endsWith('*')) found.z = 1;
      const wire = /\.(?:JSONSchemaProps|CustomResourceSubresources)$/.test(name) ? WIRES[found.n] : undefined;
      if (wire !== undefined) found.w = wire;
    }
  }
}

import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";
import type { Property, PropertyType, TypeDefinition } from "@aws-cdk/service-spec-types";
import type { Resource, Template } from "./packaging.ts";

const spec = loadAwsServiceSpecSync();

const PSEUDO_PARAMETERS = [
  "AccountId",
  "NoValue",
  "Partition",
  "Region",
  "StackId",
  "StackName",
  "URLSuffix",
];
const ATTRIBUTES = [
  ...["Type", "Properties", "DependsOn", "Condition", "Metadata"],
  ...["DeletionPolicy", "UpdateReplacePolicy"],
];

/**
 * Errors for which CloudFormation would reject a template, according to the schema in this package's version: unknown
 * types, properties and attributes, values of the wrong type, missing members, dangling and circular references.
 */
export function templateErrors(template: Template): string[] {
  const errors: string[] = [];
  for (const [name, resource] of Object.entries(template.Resources)) {
    for (const key of Object.keys(resource))
      if (!ATTRIBUTES.includes(key)) errors.push(`${name}: no such attribute as ${key}`);
    errors.push(...propertyErrors(name, resource.Type, resource.Properties ?? {}));
  }
  const { Resources, Outputs = {}, Conditions = {} } = template;
  for (const [path, node] of nodesOf({ Resources, Outputs, Conditions })) {
    if (node === null || node === undefined) errors.push(`${path}: null`);
    for (const reference of referencesIn(node))
      if (!exists(reference, template))
        errors.push(`${path}: there is no ${Object.values(reference).join(" ")}`);
  }
  return [...errors, ...circularDependencies(template)];
}

function propertyErrors(name: string, type: string, properties: Record<string, unknown>): string[] {
  if (type.startsWith("Custom::")) return properties.ServiceToken ? [] : [`${name}: no ServiceToken`];
  const [resource] = spec.lookup("resource", "cloudFormationType", "equals", type);
  return resource
    ? memberErrors(properties, resource.properties, name)
    : [`${name}: no such type as ${type}`];
}

function memberErrors(value: object, members: Record<string, Property>, path: string): string[] {
  const missing = Object.keys(members).filter((key) => members[key]?.required && !(key in value));
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries(value).flatMap(([key, member]) => {
      const property = members[key];
      if (!property) return [`${path}.${key}: no such property`];
      const types = [property.type, ...(property.previousTypes ?? [])];
      return unionErrors(member, types, `${path}.${key}`);
    }),
  ];
}

/** Empty if one of the types fits, otherwise the errors of the first type. */
function unionErrors(value: unknown, types: PropertyType[], path: string): string[] {
  const errors = types.map((type) => valueErrors(value, type, path));
  return errors.find((each) => each.length === 0) ?? errors[0] ?? [];
}

function valueErrors(value: unknown, type: PropertyType, path: string): string[] {
  if (isIntrinsic(value)) return [];
  const check = (fits: boolean) => (fits ? [] : [`${path}: ${JSON.stringify(value)} is no ${type.type}`]);
  switch (type.type) {
    case "string":
      if (type.allowedValues && !type.allowedValues.includes(String(value)))
        return [`${path}: ${value} is none of ${type.allowedValues.join(", ")}`];
      return check(typeof value === "string");
    case "date-time":
      return check(typeof value === "string");
    case "integer":
      return check(/^-?\d+$/.test(String(value)));
    case "number":
      return check(/^-?\d+(\.\d+)?$/.test(String(value)));
    case "boolean":
      return check(/^(true|false)$/.test(String(value)));
    case "json":
      return check(typeof value === "string" || isObject(value));
    case "tag":
      return check(isObject(value) && "Key" in value && "Value" in value);
    case "array":
      if (!Array.isArray(value)) return check(false);
      return value.flatMap((each, index) => valueErrors(each, type.element, `${path}.${index}`));
    case "map":
      if (!isObject(value)) return check(false);
      return Object.entries(value).flatMap(([key, each]) =>
        valueErrors(each, type.element, `${path}.${key}`),
      );
    case "ref": {
      if (!isObject(value)) return check(false);
      const definition = spec.get("typeDefinition", type.reference.$ref) as TypeDefinition;
      return memberErrors(value, definition.properties, path);
    }
    case "union":
      return unionErrors(value, type.types, path);
    default:
      throw new Error(`${path}: the schema has the unknown type ${type.type}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIntrinsic(value: unknown): boolean {
  if (!isObject(value)) return false;
  const [key = "", ...more] = Object.keys(value);
  return more.length === 0 && /^(Ref|Fn::\w+)$/.test(key);
}

/** A value and all nested values, with their paths. */
function* nodesOf(value: unknown, path = ""): Generator<[path: string, node: unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) yield* nodesOf(member, path ? `${path}.${key}` : key);
}

type Reference = { resource: string; attribute?: string } | { condition: string };

/** The references of the value itself, without those of its members. */
function referencesIn(node: unknown): Reference[] {
  if (!isObject(node)) return [];
  const { Ref, Condition, ...more } = node as Record<string, unknown>;
  const { "Fn::GetAtt": getAtt, "Fn::Sub": sub, "Fn::If": choice } = more;
  const references: Reference[] = [];
  if (typeof Ref === "string") references.push({ resource: Ref });
  if (typeof Condition === "string") references.push({ condition: Condition });
  if (Array.isArray(choice)) references.push({ condition: String(choice[0]) });
  if (getAtt) {
    const [resource = "", ...attribute] = [getAtt].flat().join(".").split(".");
    references.push({ resource, attribute: attribute.join(".") });
  }
  const { DependsOn = [] } = node as Partial<Resource>;
  for (const resource of [DependsOn].flat()) references.push({ resource });
  if (sub) {
    const [text, names = {}] = [sub].flat() as [string, object?];
    for (const [, name = ""] of text.matchAll(/\$\{([^!}]+)\}/g)) {
      const [resource = "", ...attribute] = name.split(".");
      if (!(name in names))
        references.push({ resource, ...(attribute.length > 0 && { attribute: attribute.join(".") }) });
    }
  }
  return references;
}

function exists(reference: Reference, { Resources, Conditions = {} }: Template): boolean {
  if ("condition" in reference) return reference.condition in Conditions;
  const { resource: name, attribute } = reference;
  if (name.startsWith("AWS::")) return PSEUDO_PARAMETERS.includes(name.slice("AWS::".length));
  const type = Resources[name]?.Type;
  if (type === undefined) return false;
  if (attribute === undefined || type.startsWith("Custom::")) return true;
  const [resource] = spec.lookup("resource", "cloudFormationType", "equals", type);
  return resource !== undefined && attribute in resource.attributes;
}

/** Circular dependencies between resources. */
function circularDependencies({ Resources }: Template): string[] {
  const dependenciesOf = (name: string) =>
    [...nodesOf(Resources[name])]
      .flatMap(([, node]) => referencesIn(node))
      .flatMap((reference) =>
        "resource" in reference && reference.resource in Resources ? [reference.resource] : [],
      );
  const done = new Set<string>();
  const visit = (name: string, path: string[]): string[] => {
    if (path.includes(name))
      return [`${[...path.slice(path.indexOf(name)), name].join(" > ")}: circular dependency`];
    if (done.has(name)) return [];
    const found = [...new Set(dependenciesOf(name))].flatMap((next) => visit(next, [...path, name]));
    done.add(name);
    return found;
  };
  return Object.keys(Resources).flatMap((name) => visit(name, []));
}

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
 * What CloudFormation would refuse of a template, by its schema of this package's day: unknown types, properties and
 * attributes, values of the wrong type, missing members, references to what is not there or goes in a circle.
 */
export function faultsOf(template: Template): string[] {
  const faults: string[] = [];
  for (const [name, resource] of Object.entries(template.Resources)) {
    for (const key of Object.keys(resource))
      if (!ATTRIBUTES.includes(key)) faults.push(`${name}: no such attribute as ${key}`);
    faults.push(...faultsOfProperties(name, resource.Type, resource.Properties ?? {}));
  }
  const { Resources, Outputs = {}, Conditions = {} } = template;
  for (const [path, node] of nodesOf({ Resources, Outputs, Conditions })) {
    if (node === null || node === undefined) faults.push(`${path}: null`);
    for (const reference of referencesIn(node))
      if (!isThere(reference, template))
        faults.push(`${path}: nothing is there like ${Object.values(reference).join(" ")}`);
  }
  return [...faults, ...circlesOf(template)];
}

function faultsOfProperties(name: string, type: string, properties: Record<string, unknown>): string[] {
  if (type.startsWith("Custom::")) return properties.ServiceToken ? [] : [`${name}: no ServiceToken`];
  const [resource] = spec.lookup("resource", "cloudFormationType", "equals", type);
  return resource
    ? faultsOfMembers(properties, resource.properties, name)
    : [`${name}: no such type as ${type}`];
}

function faultsOfMembers(value: object, members: Record<string, Property>, path: string): string[] {
  const missing = Object.keys(members).filter((key) => members[key]?.required && !(key in value));
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries(value).flatMap(([key, member]) => {
      const property = members[key];
      if (!property) return [`${path}.${key}: no such property`];
      const types = [property.type, ...(property.previousTypes ?? [])];
      return faultsOfUnion(member, types, `${path}.${key}`);
    }),
  ];
}

/** None if one of the types fits, else those of the first. */
function faultsOfUnion(value: unknown, types: PropertyType[], path: string): string[] {
  const faults = types.map((type) => faultsOfValue(value, type, path));
  return faults.find((each) => each.length === 0) ?? faults[0] ?? [];
}

function faultsOfValue(value: unknown, type: PropertyType, path: string): string[] {
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
      return value.flatMap((each, index) => faultsOfValue(each, type.element, `${path}.${index}`));
    case "map":
      if (!isObject(value)) return check(false);
      return Object.entries(value).flatMap(([key, each]) =>
        faultsOfValue(each, type.element, `${path}.${key}`),
      );
    case "ref": {
      if (!isObject(value)) return check(false);
      const definition = spec.get("typeDefinition", type.reference.$ref) as TypeDefinition;
      return faultsOfMembers(value, definition.properties, path);
    }
    case "union":
      return faultsOfUnion(value, type.types, path);
    default:
      throw new Error(`${path}: the schema has a type ${type.type}, unknown here`);
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

/** All values within a value, with the paths to them. */
function* nodesOf(value: unknown, path = ""): Generator<[path: string, node: unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) yield* nodesOf(member, path ? `${path}.${key}` : key);
}

type Reference = { resource: string; attribute?: string } | { condition: string };

/** Those that a value itself makes, not those of its members. */
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

function isThere(reference: Reference, { Resources, Conditions = {} }: Template): boolean {
  if ("condition" in reference) return reference.condition in Conditions;
  const { resource: name, attribute } = reference;
  if (name.startsWith("AWS::")) return PSEUDO_PARAMETERS.includes(name.slice("AWS::".length));
  const type = Resources[name]?.Type;
  if (type === undefined) return false;
  if (attribute === undefined || type.startsWith("Custom::")) return true;
  const [resource] = spec.lookup("resource", "cloudFormationType", "equals", type);
  return resource !== undefined && attribute in resource.attributes;
}

/** Resources that wait for each other. */
function circlesOf({ Resources }: Template): string[] {
  const waitsFor = (name: string) =>
    [...nodesOf(Resources[name])]
      .flatMap(([, node]) => referencesIn(node))
      .flatMap((reference) =>
        "resource" in reference && reference.resource in Resources ? [reference.resource] : [],
      );
  const done = new Set<string>();
  const visit = (name: string, waiting: string[]): string[] => {
    if (waiting.includes(name))
      return [`${[...waiting.slice(waiting.indexOf(name)), name].join(" > ")}: a circle`];
    if (done.has(name)) return [];
    const circles = [...new Set(waitsFor(name))].flatMap((next) => visit(next, [...waiting, name]));
    done.add(name);
    return circles;
  };
  return Object.keys(Resources).flatMap((name) => visit(name, []));
}

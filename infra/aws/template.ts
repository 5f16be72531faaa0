/** A resource of a CloudFormation template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
}

/** A CloudFormation template while the Serverless Framework builds it. */
export interface Template {
  Resources: Record<string, Resource>;
}

/** Lists the names of the resources of a type. */
export function namesOf({ Resources }: Template, type: string): string[] {
  return Object.keys(Resources).filter((name) => Resources[name]?.Type === type);
}

/**
 * Finds a resource by its name.
 *
 * @throws Error if the template has none
 */
export function resourceOf({ Resources }: Template, name: string): Resource {
  const resource = Resources[name];
  if (!resource) throw new Error(`the template has no resource ${name}`);
  return resource;
}

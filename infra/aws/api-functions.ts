import type { Template } from "./template.ts";

/** The part of the Serverless Framework that the plugin in this folder uses. */
export interface Serverless {
  service: {
    functions: Record<string, FunctionDefinition>;
    provider: { compiledCloudFormationTemplate: Template };
  };
  getProvider(name: "aws"): {
    naming: Record<
      | "getNormalizedFunctionName"
      | "getLambdaLogicalId"
      | "getLogGroupLogicalId"
      | "getLambdaApiGatewayPermissionLogicalId",
      (functionName: string) => string
    >;
    getStage(): string;
  };
}

interface FunctionDefinition {
  role?: unknown;
  events?: { http?: { method: string; path: string } }[];
}

/** A function with a route of the API, and the names of its resources in the template. */
export interface ApiFunction {
  /** Its name in serverless.yml. */
  name: string;
  /** The name in the form that its resources start with: `GetPurchase`. */
  prefix: string;
  method: string;
  /** Without the leading slash: `ticket_options/{id}`. */
  path: string;
  lambda: string;
  role: string;
  logGroup: string;
  permission: string;
}

/**
 * Lists the functions of serverless.yml that have a route. The function that applies the migrations has none:
 * CloudFormation calls it, and it has its own role (migrations.yml).
 *
 * @throws Error if a function has neither a route nor its own role, or both; or if it has several routes, since its
 *   permission would have to cover all of them
 */
export function apiFunctions(serverless: Serverless): ApiFunction[] {
  const { naming } = serverless.getProvider("aws");
  return Object.entries(serverless.service.functions).flatMap(([name, { events = [], role }]) => {
    const [route, ...more] = events.flatMap(({ http }) => http ?? []);
    if (!route && role === undefined) throw new Error(`function ${name} has neither a route nor a role`);
    if (!route) return [];
    if (role !== undefined) throw new Error(`function ${name} has a route: its role is derived`);
    if (more.length > 0) throw new Error(`function ${name} has several routes: give each its own function`);
    if (!route.method || !route.path) throw new Error(`the route of function ${name} has no method or path`);
    const prefix = naming.getNormalizedFunctionName(name);
    return {
      name,
      prefix,
      method: route.method.toUpperCase(),
      path: route.path.replace(/^\//, ""),
      lambda: naming.getLambdaLogicalId(name),
      role: `${prefix}Role`,
      logGroup: naming.getLogGroupLogicalId(name),
      permission: naming.getLambdaApiGatewayPermissionLogicalId(name),
    };
  });
}

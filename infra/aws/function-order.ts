import type { ApiFunction } from "./api-functions.ts";
import { resourceOf, type Template } from "./template.ts";

// The order in which a deploy updates the functions.

/** Makes the functions depend on the migrations, if the template has them, so that new code finds its tables. */
export function waitForMigrations(template: Template, functions: ApiFunction[]): void {
  if (!template.Resources.Migrations) return;
  for (const { lambda } of functions) addDependency(template, lambda, "Migrations");
}

/** Makes each function with `updateAfter` depend on that function, or on its alias, if the API calls that. */
export function updateInOrder(template: Template, functions: ApiFunction[]): void {
  for (const { lambda, updateAfter } of functions) {
    const before = functions.find(({ name }) => name === updateAfter);
    if (before)
      addDependency(template, lambda, template.Resources[before.alias] ? before.alias : before.lambda);
  }
}

function addDependency(template: Template, name: string, dependency: string): void {
  const resource = resourceOf(template, name);
  resource.DependsOn = [...(resource.DependsOn ?? []), dependency];
}

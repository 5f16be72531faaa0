import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/** A route of the API, such as `/ticket_options/{id}`. */
export interface Route {
  method: string;
  resource: string;
  /** The name of the function that it calls, and of the function's file in functions/. */
  name: string;
}

interface Definition {
  events: { http: { method: string; path: string } }[];
}

/** The routes in serverless.yml. */
export const routes: Route[] = functions().flatMap(([name, { events }]) =>
  events.map(({ http }) => ({ method: http.method.toUpperCase(), resource: http.path, name })),
);

function functions(): [name: string, definition: Definition][] {
  const text = readFileSync(path.join(import.meta.dirname, "../../serverless.yml"), "utf8");
  const parsed = parse(text, { merge: true, logLevel: "error" }); // it would warn about CloudFormation's own tags
  const groups: (Record<string, Definition> | string)[] = parsed.functions;
  // The others are functions that run during a deploy and have their own file.
  return groups.flatMap((group) => (typeof group === "string" ? [] : Object.entries(group)));
}

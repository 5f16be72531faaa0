import type { APIGatewayProxyEvent } from "aws-lambda";
import { config } from "./config.ts";

/** The path of what a request created in the collection that it was sent to, as clients reach it. */
export function locationOf({ requestContext, resource }: APIGatewayProxyEvent, id: string): string {
  // The context's path has the stage in it, or the base path of a custom domain; the event's own has no stage.
  const { publicBasePath } = config;
  const collection =
    publicBasePath === undefined ? requestContext.path : publicBasePath.replace(/\/$/, "") + resource;
  return `${collection}/${id}`;
}

import type { APIGatewayProxyEvent } from "aws-lambda";

/**
 * The path of what a request created in the collection that it was sent to, as clients reach it.
 *
 * @param publicBasePath of the API, where it is not that of the request
 */
export function locationOf(
  { requestContext, resource }: APIGatewayProxyEvent,
  id: string,
  publicBasePath: string | undefined,
): string {
  // The context's path has the stage in it, or the base path of a custom domain; the event's own has no stage.
  const collection =
    publicBasePath === undefined ? requestContext.path : publicBasePath.replace(/\/$/, "") + resource;
  return `${collection}/${id}`;
}

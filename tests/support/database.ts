import { inject } from "vitest";
import { dataApi } from "../../lib/data-api.ts";

/** The tests' database, with the rights of the functions' role. */
export const database = dataApi(inject("functionsDatabase"));

/** The tests' database, with all rights. */
export const ownDatabase = dataApi(inject("ownerDatabase"));

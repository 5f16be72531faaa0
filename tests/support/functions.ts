import { inject } from "vitest";

// Runs before the tests import the functions, which read the environment when they load.
Object.assign(process.env, inject("functionsEnvironment"));

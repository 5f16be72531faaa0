import { inject } from "vitest";

// Before the tests import the functions, which read it as they load.
Object.assign(process.env, inject("functionsEnvironment"));

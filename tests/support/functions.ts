import { inject } from "vitest";
import { localEnvironment } from "./environment.ts";

// Before the tests import the functions, which read it as they load.
Object.assign(process.env, localEnvironment(inject("dataApiUrl")));

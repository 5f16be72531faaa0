import { inject } from "vitest";

// Before the tests import what works as the owner of the database.
Object.assign(process.env, inject("ownerEnvironment"));

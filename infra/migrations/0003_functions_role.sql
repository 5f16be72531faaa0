-- The role that the functions connect as. It belongs to the whole cluster, so another database may have made it. Its
-- password is set from its secret: infra/functions-role.ts.
if not exists (select from pg_roles where rolname = 'ticket_functions') then
  create role ticket_functions login;
end if;

-- Milliseconds. lib/data-api.ts has the limits that come after them.
alter role ticket_functions set lock_timeout = 2000;
alter role ticket_functions set statement_timeout = 3000;

-- No table of its own, not even a temporary one.
revoke create on schema public from public;
execute format('revoke temporary on database %I from public', current_database());
execute format('grant connect on database %I to ticket_functions', current_database());
grant usage on schema public to ticket_functions;

grant select, insert on ticket_options, ticket_option_stripes, purchases, tickets to ticket_functions;
-- All that a sale may change.
grant update (allocation, updated_at) on ticket_option_stripes to ticket_functions;

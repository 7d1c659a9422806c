-- What the bot needs in its database and no more: it appends to the audit and cannot change or remove a row of it,
-- nor give itself the right to. Run as the tables' owner, after each `deno task migrate`.

grant usage on schema public to countersign_app;
grant select, insert, update, delete on all tables in schema public to countersign_app;
revoke update, delete on audit from countersign_app;
revoke insert, update, delete on kysely_migration, kysely_migration_lock from countersign_app;

-- The roles of docs/operations.md and the database, once, as a superuser, by psql with both passwords in its environment:
-- countersign_owner owns the tables and migrates, countersign_app is the bot's.

\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
create role countersign_owner login password :'owner_password';
create role countersign_app login password :'app_password';
create database countersign owner countersign_owner;
